#include "io/binary_file.hpp"

#include <unistd.h>

#include <cerrno>

#include "io/packed.hpp"

namespace filigree::io {

BinaryFile::BinaryFile(const Comm& comm, const std::string& path) : path_(path) {
  comm.guard([&] { size_ = open_regular(path, file_); });
}

void BinaryFile::read_bytes(Offset at, char* to, std::size_t count) const {
  try {
    if (read_at(file_, at, to, count) < count) throw IoError("became shorter while it was read");
  } catch (const IoError& fault) {
    throw IoError(text(path_, ": ", fault.what()));
  }
}

BinaryWriter::BinaryWriter(const Comm& comm, const std::string& path) : pending_(comm, path) {}

void BinaryWriter::write_bytes(Offset at, const char* from, std::size_t count) {
  const Offset end = at + static_cast<Offset>(count);
  for (std::size_t done = 0; done < count;) {
    const ssize_t written = pwrite(pending_.file(), from + done, count - done, at + static_cast<Offset>(done));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw pending_.failure(errno, end);
    done += static_cast<std::size_t>(written);
  }
}

void BinaryWriter::commit() { pending_.commit(); }

}  // namespace filigree::io
