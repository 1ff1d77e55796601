#include "filigree/io/text_writer.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "io/descriptor.hpp"
#include "io/pending_file.hpp"

namespace filigree::io {

struct TextWriter::Output {
  virtual ~Output() = default;
  virtual void write(std::string_view mine) = 0;
  virtual void commit() = 0;
};

/// Every rank writes its own bytes in place.
struct TextWriter::File : TextWriter::Output {
  Comm comm;
  PendingFile pending;
  Descriptor file;
  Offset end = 0;

  File(const Comm& communicator, const std::string& path) : comm(communicator), pending(communicator, path) {
    comm.guard([&] { check(file.take(open(pending.temporary_path().c_str(), O_WRONLY | O_CLOEXEC))); });
  }

  void check(bool done) const {
    if (!done) throw IoError(text(pending.path(), ": cannot be written: ", std::strerror(errno)));
  }

  void write(std::string_view mine) override {
    Offset at = end + comm.exclusive_sum(static_cast<Offset>(mine.size()));
    end += comm.sum(static_cast<Offset>(mine.size()));
    comm.guard([&] {
      while (!mine.empty()) {
        const ssize_t written = pwrite(file, mine.data(), mine.size(), at);
        if (written < 0 && errno == EINTR) continue;
        check(written >= 0);
        mine.remove_prefix(static_cast<std::size_t>(written));
        at += written;
      }
    });
  }

  void commit() override {
    comm.guard([&] { check(file.close()); });  // some file systems tell of a full disk only now
    pending.commit();
  }
};

/// Rank 0 prints for all.
struct TextWriter::Screen : TextWriter::Output {
  Comm comm;

  explicit Screen(const Comm& communicator) : comm(communicator) {}

  void write(std::string_view mine) override {
    std::vector<Offset> counts(static_cast<std::size_t>(comm.size()), 0);
    counts[0] = static_cast<Offset>(mine.size());
    const std::vector<char> all = comm.all_to_all(std::span<const char>(mine), counts).values;
    comm.guard([&] {
      if (std::fwrite(all.data(), 1, all.size(), stdout) < all.size()) {
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
