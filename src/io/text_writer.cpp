#include "filigree/io/text_writer.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "core/mailbox.hpp"
#include "io/binary_file.hpp"
#include "io/output_place.hpp"
#include "io/packed.hpp"

namespace filigree::io {
namespace {

/// Takes the ranks' bytes in order of rank. All members but the destructor are collective.
struct Sink {
  virtual ~Sink() = default;
  virtual void write(std::string_view mine) = 0;
  virtual void commit() = 0;
};

/// Every rank writes its own bytes in place.
struct File : Sink {
  Comm comm;
  BinaryWriter file;
  Offset end = 0;

  File(const Comm& communicator, const std::string& path) : comm(communicator), file(communicator, path) {}

  void write(std::string_view mine) override {
    const Offset at = end + comm.exclusive_sum(static_cast<Offset>(mine.size()));
    end += comm.sum(static_cast<Offset>(mine.size()));
    comm.guard([&] { file.write(at, std::span<const char>(mine)); });
  }

  void commit() override { file.commit(); }
};

/// Rank 0 writes for all, to standard output or to what takes bytes from front to back.
struct Stream : Sink {
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  Comm comm;
  std::string name;
  std::unique_ptr<std::FILE, Close> opened;
  std::FILE* file = stdout;

  explicit Stream(const Comm& communicator) : comm(communicator), name("standard output") {}
  Stream(const Comm& communicator, const std::string& path) : comm(communicator), name(path) {
    comm.guard([&] {
      if (!comm.is_root()) return;
      opened.reset(std::fopen(path.c_str(), "ae"));
      file = opened.get();
      expect(file != nullptr);
    });
  }

  void write(std::string_view mine) override {
    const std::vector<char> all = gather_on_root(comm, std::span<const char>(mine));
    comm.guard([&] { expect(all.empty() || std::fwrite(all.data(), 1, all.size(), file) == all.size()); });
  }

  void commit() override {
    comm.guard([&] { expect(!comm.is_root() || std::fflush(file) == 0); });
  }

  void expect(bool done) const {
    if (!done) throw IoError(text(name, ": cannot be written: ", std::strerror(errno)));
  }
};

std::unique_ptr<Sink> open_sink(const Comm& comm, const std::string& path) {
  if (path == "-") return std::make_unique<Stream>(comm);
  const bool is_stream = comm.guard([&] { return comm.is_root() && find_output(path).is_stream; });
  if (comm.broadcast(static_cast<int>(is_stream)) != 0) return std::make_unique<Stream>(comm, path);
  return std::make_unique<File>(comm, path);
}

}  // namespace

/// What is written, packed if the path asks for that: each piece as a file of its own.
struct TextWriter::Output {
  Comm comm;
  Packing packing;
  std::unique_ptr<Sink> sink;
  bool is_empty = true;

  void write(std::string_view mine) {
    if (packing == Packing::none) return sink->write(mine);
    is_empty = is_empty && comm.sum(static_cast<Offset>(mine.size())) == 0;
    sink->write(comm.guard([&] { return mine.empty() ? std::string() : pack(packing, mine); }));
  }

  void commit() {
    // No text at all is packed as well.
    if (packing != Packing::none && is_empty) sink->write(comm.is_root() ? pack(packing, {}) : std::string());
    sink->commit();
  }
};

TextWriter::TextWriter(const Comm& comm, const std::string& path)
    : output_(new Output{comm, packing_of(path), open_sink(comm, path)}) {}
TextWriter::~TextWriter() = default;
void TextWriter::write(std::string_view mine) { output_->write(mine); }
void TextWriter::commit() { output_->commit(); }

}  // namespace filigree::io
