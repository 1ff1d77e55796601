#include "io/binary_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

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

BinaryWriter::BinaryWriter(const Comm& comm, const std::string& path) : comm_(comm), pending_(comm, path) {
  comm.guard([&] {
    if (!file_.take(open(pending_.temporary_path().c_str(), O_WRONLY | O_CLOEXEC)))
      throw IoError(text(path, ": cannot be written: ", std::strerror(errno)));
  });
}

void BinaryWriter::write_bytes(Offset at, const char* from, std::size_t count) {
  for (std::size_t done = 0; done < count;) {
    const ssize_t written = pwrite(file_, from + done, count - done, at + static_cast<Offset>(done));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw IoError(text(pending_.path(), ": cannot be written: ", std::strerror(errno)));
    done += static_cast<std::size_t>(written);
  }
}

void BinaryWriter::commit() {
  comm_.guard([&] {  // some file systems tell of a full disk only now
    if (!file_.close()) throw IoError(text(pending_.path(), ": cannot be written: ", std::strerror(errno)));
  });
  pending_.commit();
}

}  // namespace filigree::io
