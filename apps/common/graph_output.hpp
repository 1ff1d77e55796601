// The format of a graph or matrix on the command line.
#pragma once

#include <string>

#include "app.hpp"
#include "filigree/io/format.hpp"

namespace filigree::app {

/// Adds an option that takes the name of a format, or auto; `to_write`: only those that are written.
Option add_format_option(Command cli, const std::string& name, io::Format& format, bool to_write,
                         const std::string& help);

/// The format in which a graph or matrix is written: by the extension of the path, or `--output-format`.
class GraphOutput {
 public:
  void add_to(Command cli);
  /// A usage error, which lists what is possible, unless there is a format for the path. Belongs in Command::check():
  /// before the work. An empty path is none.
  void check(const std::string& path) const;
  /// That of a path which passed check().
  io::Format format(const std::string& path) const { return io::format_to_write(path, asked_); }

 private:
  io::Format asked_ = io::Format::automatic;
};

}  // namespace filigree::app
