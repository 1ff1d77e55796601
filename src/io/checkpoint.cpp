#include "io/checkpoint.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>

#include "core/mailbox.hpp"
#include "io/descriptor.hpp"
#include "io/output_place.hpp"

namespace filigree::io {
namespace {

/// In front of the identity and of every slice.
struct BlockHeader {
  char kind[16];  // "filigree part 1": with its version
  std::int64_t num_bytes;
  std::uint64_t hash;  // of what follows
};

constexpr char kind[16] = "filigree part 1";

/// The block that begins here, if it is whole.
std::optional<Bytes> read_block(std::FILE* file) {
  BlockHeader header;
  const long begin = std::ftell(file);
  if (std::fseek(file, 0, SEEK_END) != 0) return std::nullopt;
  const long left = std::ftell(file) - begin - static_cast<long>(sizeof header);
  if (std::fseek(file, begin, SEEK_SET) != 0 || std::fread(&header, sizeof header, 1, file) != 1 ||
      std::memcmp(header.kind, kind, sizeof kind) != 0 || header.num_bytes < 0 || header.num_bytes > left)
    return std::nullopt;
  Bytes bytes(z(header.num_bytes));
  if (std::fread(bytes.data(), 1, bytes.size(), file) != bytes.size() ||
      XXH3_64bits(bytes.data(), bytes.size()) != header.hash)
    return std::nullopt;
  return bytes;
}

/// Whether the file begins as a checkpoint does, as far as it goes: it may have been cut short.
bool is_checkpoint(std::FILE* file) {
  std::array<char, sizeof kind> begin{};
  std::rewind(file);
  const std::size_t count = std::fread(begin.data(), 1, begin.size(), file);
  std::rewind(file);
  return std::memcmp(begin.data(), kind, count) == 0;
}

}  // namespace

void CheckpointFile::fail(const char* what) const {
  throw IoError(text(path_, ": ", what, ": ", std::strerror(errno)));
}

bool CheckpointFile::exists() const { return access(path_.c_str(), F_OK) == 0; }

std::optional<Bytes> CheckpointFile::identity() const {
  Descriptor descriptor;
  if (!descriptor.take(::open(path_.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC))) return std::nullopt;
  const File file(fdopen(descriptor, "rb"));
  if (!file) return std::nullopt;
  descriptor.release();
  return read_block(file.get());
}

bool CheckpointFile::open_locked() {
  while (!file_) {
    Descriptor descriptor;
    struct stat opened {};
    struct stat called {};
    if (!descriptor.take(::open(path_.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666))) {
      if (errno == ELOOP) throw IoError(text(path_, ": is a symbolic link, where a checkpoint is to be"));
      fail("cannot be written");
    }
    if (fstat(descriptor, &opened) != 0) fail("cannot be written");
    if (!S_ISREG(opened.st_mode) || is_planted(opened, folder_of(path_)))
      throw IoError(text(path_, ": is no file of yours; a checkpoint is to be there"));
    // A file system without locks does without.
    if (flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) return false;
    // It may have finished, and removed the file, meanwhile.
    if (lstat(path_.c_str(), &called) != 0 || called.st_ino != opened.st_ino) continue;
    File file(fdopen(descriptor, "r+b"));
    if (!file) fail("cannot be opened");
    descriptor.release();
    if (!is_checkpoint(file.get()))
      throw IoError(text(path_, ": is no checkpoint of filigree, which is to be there; rename it or remove it"));
    file_ = std::move(file);
  }
  return true;
}

Offset CheckpointFile::open(std::span<const std::byte> identity) {
  ends_.clear();
  if (!open_locked())
    throw IoError(text(path_, ": another job is at work on it; let it finish, or name another output"));
  std::rewind(file_.get());
  const auto found = read_block(file_.get());
  if (!found || !std::ranges::equal(*found, identity)) {
    if (std::fflush(file_.get()) != 0 || ftruncate(fileno(file_.get()), 0) != 0) fail("cannot be cut");
    write_block(identity);
    return 0;
  }
  ends_.push_back(std::ftell(file_.get()));
  while (read_block(file_.get())) ends_.push_back(std::ftell(file_.get()));
  truncate(std::ssize(ends_) - 1);
  return std::ssize(ends_) - 1;
}

Bytes CheckpointFile::read(Offset slice) {
  std::optional<Bytes> bytes;
  if (std::fseek(file_.get(), ends_[z(slice)], SEEK_SET) == 0) bytes = read_block(file_.get());
  if (!bytes) fail("cannot be read");
  return std::move(*bytes);
}

void CheckpointFile::truncate(Offset count) {
  ends_.resize(z(count) + 1);
  // stdio may hold bytes that it read behind: flushing forgets them.
  if (std::fflush(file_.get()) != 0 || ftruncate(fileno(file_.get()), ends_.back()) != 0) fail("cannot be cut");
}

void CheckpointFile::append(std::span<const std::byte> slice) { write_block(slice); }

void CheckpointFile::write_block(std::span<const std::byte> bytes) {
  BlockHeader header{};
  std::memcpy(header.kind, kind, sizeof kind);
  header.num_bytes = std::ssize(bytes);
  header.hash = XXH3_64bits(bytes.data(), bytes.size());
  if (std::fseek(file_.get(), ends_.empty() ? 0 : ends_.back(), SEEK_SET) != 0 ||
      std::fwrite(&header, sizeof header, 1, file_.get()) != 1 ||
      std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size() || std::fflush(file_.get()) != 0)
    fail("cannot be written");
  ends_.push_back(std::ftell(file_.get()));
}

void CheckpointFile::remove() {
  std::remove(path_.c_str());
  file_.reset();
}

bool CheckpointFile::remove_leftover() {
  if (!identity() || !open_locked()) return false;
  remove();
  return true;
}

bool Checkpoint::is_of_another(std::span<const std::byte> identity) const {
  return on_root([&] {
           const auto found = file_.identity();
           return Offset{file_.exists() && (!found || !std::ranges::equal(*found, identity))};
         }) != 0;
}

Offset Checkpoint::open(std::span<const std::byte> identity) {
  return on_root([&] { return file_.open(identity); });
}

Bytes Checkpoint::read(Offset slice) {
  Bytes bytes;
  const Offset size = on_root([&] {
    bytes = file_.read(slice);
    return std::ssize(bytes);
  });
  comm_.guard([&] { bytes.resize(z(size)); });
  comm_.broadcast(bytes);
  return bytes;
}

void Checkpoint::truncate(Offset count) {
  on_root([&] {
    file_.truncate(count);
    return Offset{0};
  });
}

void Checkpoint::append(std::span<const std::byte> mine) {
  const Bytes all = gather_on_root(comm_, mine);
  on_root([&] {
    file_.append(all);
    return Offset{0};
  });
}

void Checkpoint::remove() {
  comm_.barrier();
  if (comm_.is_root()) file_.remove();
}

}  // namespace filigree::io
