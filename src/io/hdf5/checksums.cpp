#include "io/hdf5/checksums.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>

#include "core/index.hpp"
#include "core/mailbox.hpp"
#include "filigree/matrix/partition.hpp"
#include "io/packed.hpp"

namespace filigree::io::hdf5 {
namespace {

static_assert(std::endian::native == std::endian::little, "checksums are stored as they lie in memory");

constexpr Offset block_bytes = Offset{1} << 16;
constexpr char magic[16] = "filigree sums 1";

struct Footer {
  char magic[16];
  std::int64_t size;
  std::int64_t num_ranges;
  std::uint64_t hash;
};

/// That begin before a position.
Offset num_blocks(Offset size) { return (size + block_bytes - 1) / block_bytes; }
Offset end_of(Offset block, Offset size) { return std::min(size, (block + 1) * block_bytes); }

std::uint64_t hash_of(std::span<const std::byte> bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

std::uint64_t hash_of(std::span<const std::uint64_t> hashes, std::span<const ByteRange> ranges, Footer footer) {
  footer.hash = 0;
  const std::uint64_t parts[] = {hash_of(std::as_bytes(hashes)), hash_of(std::as_bytes(ranges)),
                                 hash_of(std::as_bytes(std::span(&footer, 1)))};
  return hash_of(std::as_bytes(std::span(parts)));
}

void write_all(int file, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw IoError(std::strerror(errno));
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

}  // namespace

void append_checksums(const Comm& comm, const std::string& path, std::vector<ByteRange> ranges) {
  std::ranges::sort(ranges, {}, &ByteRange::begin);
  Offset size = 0;
  std::vector<std::uint64_t> mine;
  comm.guard([&] {
    Descriptor file;
    size = open_regular(path, file);
    const Partition blocks = Partition::uniform(num_blocks(size), comm.size());
    std::vector<char> bytes(z(block_bytes));
    for (Global block = blocks.begin(comm.rank()); block < blocks.end(comm.rank()); ++block) {
      const std::size_t length = z(end_of(block, size) - block * block_bytes);
      if (read_at(file, block * block_bytes, bytes.data(), length) < length)
        throw IoError("the file became shorter while it was read");
      mine.push_back(hash_of(std::as_bytes(std::span(bytes).first(length))));
    }
  });
  const std::vector<std::uint64_t> hashes = gather_on_root(comm, std::span<const std::uint64_t>(mine));
  comm.guard([&] {
    if (!comm.is_root()) return;
    Footer footer{};
    std::memcpy(footer.magic, magic, sizeof magic);
    footer.size = size;
    footer.num_ranges = std::ssize(ranges);
    footer.hash = hash_of(hashes, ranges, footer);
    Descriptor file;
    if (!file.take(open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC))) throw IoError(std::strerror(errno));
    write_all(file, std::as_bytes(std::span(hashes)));
    write_all(file, std::as_bytes(std::span(ranges)));
    write_all(file, std::as_bytes(std::span(&footer, 1)));
    if (!file.close()) throw IoError(std::strerror(errno));  // some file systems report a full disk only now
  });
}

CheckedFile::CheckedFile(const std::string& path) : path_(path) {
  size_ = file_size_ = open_regular(path, file_);
  load_checksums();
}

void CheckedFile::load_checksums() {
  Footer footer{};
  if (size_ < static_cast<Offset>(sizeof footer)) return;
  const Offset footer_begin = size_ - static_cast<Offset>(sizeof footer);
  read_bytes(footer_begin, std::as_writable_bytes(std::span(&footer, 1)));
  if (std::memcmp(footer.magic, magic, sizeof magic) != 0) return;
  const auto damaged = [&] { throw IoError(text(path_, ": is damaged: its checksums do not match their own")); };
  if (footer.size <= 0 || footer.size > size_ || footer.num_ranges < 0 || footer.num_ranges > size_) damaged();
  const Offset begin = footer.size;
  const Offset hashes_bytes = num_blocks(footer.size) * static_cast<Offset>(sizeof(std::uint64_t));
  const Offset ranges_bytes = footer.num_ranges * static_cast<Offset>(sizeof(ByteRange));
  if (begin + hashes_bytes + ranges_bytes != footer_begin) damaged();
  hashes_.resize(z(num_blocks(footer.size)));
  std::vector<ByteRange> ranges(z(footer.num_ranges));
  read_bytes(begin, std::as_writable_bytes(std::span(hashes_)));
  read_bytes(begin + hashes_bytes, std::as_writable_bytes(std::span(ranges)));
  if (hash_of(hashes_, ranges, footer) != footer.hash) damaged();
  size_ = footer.size;
  is_checked_.resize(hashes_.size());
  buffer_.resize(z(block_bytes));
  Offset next = 0;
  for (const ByteRange& range : ranges) {
    if (range.begin < 0 || range.end < range.begin || range.end > size_) damaged();
    const Offset first = num_blocks(range.begin);  // that begins in the range
    check_blocks(next, first);
    next = std::max(next, range.end == size_ ? num_blocks(size_) : range.end / block_bytes);
  }
  check_blocks(next, num_blocks(size_));
}

void CheckedFile::read_bytes(Offset begin, std::span<std::byte> to) const {
  try {
    if (read_at(file_, begin, reinterpret_cast<char*>(to.data()), to.size()) < to.size())
      throw IoError("became shorter while it was read");
  } catch (const IoError& fault) {
    throw IoError(text(path_, ": ", fault.what()));
  }
}

void CheckedFile::compare(Offset block, std::span<const std::byte> bytes) {
  if (hash_of(bytes) != hashes_[z(block)])
    throw IoError(text(path_, ": is damaged: bytes ", block * block_bytes, " to ", end_of(block, size_) - 1,
                       " do not match their checksum"));
  is_checked_[z(block)] = true;
}

void CheckedFile::check_blocks(Offset first, Offset last) {
  for (Offset block = first; block < last; ++block) {
    if (is_checked_[z(block)]) continue;
    const auto bytes = std::span(buffer_).first(z(end_of(block, size_) - block * block_bytes));
    read_bytes(block * block_bytes, bytes);
    compare(block, bytes);
  }
}

void CheckedFile::require_inside(Offset begin, Offset end) const {
  if (begin < 0 || end > size_) throw IoError(text(path_, ": bytes ", begin, " to ", end, " lie behind its end"));
}

void CheckedFile::check(Offset begin, Offset end) {
  if (!has_checksums() || begin >= end) return;
  require_inside(begin, end);
  check_blocks(begin / block_bytes, num_blocks(end));
}

bool CheckedFile::is_same(int file) const {
  struct stat mine {};
  struct stat other {};
  return fstat(file_, &mine) == 0 && fstat(file, &other) == 0 && mine.st_dev == other.st_dev &&
         mine.st_ino == other.st_ino;
}

void CheckedFile::read(Offset begin, std::span<std::byte> to) {
  if (!has_checksums()) return read_bytes(begin, to);
  const Offset end = begin > size_ ? begin : begin + std::ssize(to);  // which need not fit in
  require_inside(begin, end);
  for (Offset block = begin / block_bytes; block * block_bytes < end; ++block) {
    const Offset from = std::max(begin, block * block_bytes);
    const auto part = to.subspan(z(from - begin), z(std::min(end, end_of(block, size_)) - from));
    const bool is_whole = std::ssize(part) == end_of(block, size_) - block * block_bytes;
    if (!is_whole) check_blocks(block, block + 1);
    read_bytes(from, part);
    if (is_whole && !is_checked_[z(block)]) compare(block, part);
  }
}

}  // namespace filigree::io::hdf5
