// The library's exceptions. Each message names what is wrong, where, and what would be right.
#pragma once

#include <sstream>
#include <stdexcept>
#include <string>

#pragma GCC visibility push(default)
namespace filigree {

/// Base of everything the library throws on purpose.
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};
/// An argument outside its documented range.
struct InvalidArgument : Error {
  using Error::Error;
};
/// A file that cannot be read, written or understood.
struct IoError : Error {
  using Error::Error;
};
/// A call into MPI that failed.
struct MpiError : Error {
  using Error::Error;
};

/// "a", 3, " b" -> "a3 b": the text of an error from its parts.
template <class... Parts>
std::string text(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

/// Throws InvalidArgument unless `holds`. The parts are formatted only on failure.
template <class... Parts>
void require(bool holds, const Parts&... parts) {
  if (!holds) throw InvalidArgument(text(parts...));
}

}  // namespace filigree
#pragma GCC visibility pop
