#include "filigree/io/text_writer.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "core/mailbox.hpp"
#include "io/binary_file.hpp"
#include "io/packed.hpp"

namespace filigree::io {

struct TextWriter::Output {
  virtual ~Output() = default;
  virtual void write(std::string_view mine) = 0;
  virtual void commit() = 0;
};

/// Every rank writes its own bytes in place, packed as a file of its own if the path asks for that.
struct TextWriter::File : TextWriter::Output {
  Comm comm;
  BinaryWriter file;
  Packing packing;
  Offset end = 0;

  File(const Comm& communicator, const std::string& path)
      : comm(communicator), file(communicator, path), packing(packing_of(path)) {}

  void write(std::string_view mine) override {
    if (packing == Packing::none) return write_bytes(mine);
    write_bytes(comm.guard([&] { return mine.empty() ? std::string() : pack(packing, mine); }));
  }

  void write_bytes(std::string_view mine) {
    const Offset at = end + comm.exclusive_sum(static_cast<Offset>(mine.size()));
    end += comm.sum(static_cast<Offset>(mine.size()));
    comm.guard([&] { file.write(at, std::span<const char>(mine)); });
  }

  void commit() override {
    // No text at all is packed as well.
    if (packing != Packing::none && end == 0) write_bytes(comm.is_root() ? pack(packing, {}) : std::string());
    file.commit();
  }
};

/// Rank 0 prints for all.
struct TextWriter::Screen : TextWriter::Output {
  Comm comm;

  explicit Screen(const Comm& communicator) : comm(communicator) {}

  void write(std::string_view mine) override {
    const std::vector<char> all = gather_on_root(comm, std::span<const char>(mine));
    comm.guard([&] {
      if (!all.empty() && std::fwrite(all.data(), 1, all.size(), stdout) < all.size()) {
        throw IoError(text("standard output cannot be written: ", std::strerror(errno)));
      }
    });
  }

  void commit() override {
    comm.guard([&] {
      if (comm.is_root() && std::fflush(stdout) != 0) {
        throw IoError(text("standard output cannot be written: ", std::strerror(errno)));
      }
    });
  }
};

TextWriter::TextWriter(const Comm& comm, const std::string& path) {
  if (path == "-")
    output_ = std::make_unique<Screen>(comm);
  else
    output_ = std::make_unique<File>(comm, path);
}
TextWriter::~TextWriter() = default;
void TextWriter::write(std::string_view mine) { output_->write(mine); }
void TextWriter::commit() { output_->commit(); }

}  // namespace filigree::io
