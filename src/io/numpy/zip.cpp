#include "io/numpy/zip.hpp"

#include <isa-l/crc.h>

#include <algorithm>
#include <cstring>

#include "io/fields.hpp"
#include "io/packed.hpp"

namespace filigree::io {

std::uint32_t crc32(std::uint32_t before, std::string_view bytes) {
  return crc32_gzip_refl(before, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
}

std::uint32_t joined_crc32(std::uint32_t front, std::uint32_t rest, Offset rest_bytes) {
  // Polynomials over GF(2) modulo that of the checksum, the highest bit being x^0.
  const auto times = [](std::uint32_t a, std::uint32_t b) {
    std::uint32_t product = 0;
    for (; a != 0; a <<= 1) {
      if ((a >> 31) != 0) product ^= b;
      b = (b & 1) != 0 ? (b >> 1) ^ 0xedb88320 : b >> 1;
    }
    return product;
  };
  std::uint32_t power = 0x00800000;  // x^8: a byte
  for (auto n = static_cast<std::uint64_t>(rest_bytes); n != 0; n >>= 1) {
    if ((n & 1) != 0) front = times(front, power);
    power = times(power, power);
  }
  return front ^ rest;
}

namespace {

constexpr std::string_view local_mark = "PK\x03\x04";
constexpr std::string_view entry_mark = "PK\x01\x02";
constexpr std::string_view end_mark = "PK\x05\x06";
constexpr std::string_view end64_mark = "PK\x06\x06";
constexpr std::string_view locator64_mark = "PK\x06\x07";
constexpr Offset local_bytes = 30;
constexpr Offset end_bytes = 22;
constexpr Offset end64_bytes = 56;
constexpr Offset locator64_bytes = 20;
constexpr std::uint16_t version = 45;  // the first that knows zip64
constexpr std::uint16_t zip64_field = 1;
constexpr std::uint16_t see_zip64_16 = 0xffff;
constexpr std::uint32_t see_zip64 = 0xffffffff;
constexpr std::uint16_t new_year_1980 = (1 << 5) + 1;

[[noreturn]] void damaged(const std::string& path, const std::string& what) { throw IoError(text(path, ": ", what)); }

/// Numbers at the front of some bytes, one by one.
class Numbers {
 public:
  explicit Numbers(std::string_view bytes) : rest_(bytes) {}
  template <class T>
  T take() {
    T value{};
    if (rest_.size() < sizeof value) throw IoError("ends within a record of the zip archive");
    std::memcpy(&value, rest_.data(), sizeof value);
    rest_.remove_prefix(sizeof value);
    return value;
  }
  std::string_view take_bytes(std::size_t count) {
    if (rest_.size() < count) throw IoError("ends within a record of the zip archive");
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

/// A size that must be below that of Offset, as a file's is.
Offset size_of(std::uint64_t stored) {
  if (stored > std::uint64_t{1} << 62) throw IoError(text("a size of ", stored, " bytes"));
  return static_cast<Offset>(stored);
}

std::string bytes_at(int file, Offset size, Offset at, Offset count) {
  if (at < 0 || count < 0 || at > size - count) throw IoError("ends before its zip directory says");
  std::string bytes(z(count), '\0');
  if (read_at(file, at, bytes.data(), bytes.size()) < bytes.size()) throw IoError("became shorter while it was read");
  return bytes;
}

struct Directory {
  std::uint64_t count = 0;
  Offset begin = 0;
  Offset bytes = 0;
};

/// Where the directory lies, as the end of the archive says.
Directory find_directory(int file, Offset size) {
  constexpr Offset most_comment = 0xffff;
  const Offset tail_begin = std::max<Offset>(0, size - end_bytes - most_comment);
  const std::string tail = bytes_at(file, size, tail_begin, size - tail_begin);
  const std::size_t found = tail.rfind(end_mark);
  if (found == std::string::npos || std::ssize(tail) - static_cast<Offset>(found) < end_bytes)
    throw IoError("has no directory of a zip archive at its end: is it cut off?");
  const Offset end_at = tail_begin + static_cast<Offset>(found);
  Numbers end(std::string_view(tail).substr(found + end_mark.size()));
  const auto part = end.take<std::uint16_t>();
  const auto directory_part = end.take<std::uint16_t>();
  Directory directory;
  end.take<std::uint16_t>();
  directory.count = end.take<std::uint16_t>();
  const auto bytes = end.take<std::uint32_t>();
  const auto begin = end.take<std::uint32_t>();
  const bool large = directory.count == see_zip64_16 || bytes == see_zip64 || begin == see_zip64;
  if (!large) {
    if (part != 0 || directory_part != 0) throw IoError("is a part of a zip archive in several parts");
    directory.bytes = bytes;
    directory.begin = begin;
    return directory;
  }
  const std::string locator = bytes_at(file, size, end_at - locator64_bytes, locator64_bytes);
  if (!locator.starts_with(locator64_mark)) throw IoError("has no zip64 directory, though its end refers to one");
  Numbers where(std::string_view(locator).substr(locator64_mark.size() + sizeof(std::uint32_t)));
  const std::string record = bytes_at(file, size, size_of(where.take<std::uint64_t>()), end64_bytes);
  if (!record.starts_with(end64_mark)) throw IoError("has no zip64 directory where its end says");
  Numbers end64(std::string_view(record).substr(32));
  directory.count = end64.take<std::uint64_t>();
  directory.bytes = size_of(end64.take<std::uint64_t>());
  directory.begin = size_of(end64.take<std::uint64_t>());
  return directory;
}

/// The member that the front of a directory describes.
ZipMember take_member(Numbers& directory) {
  constexpr std::uint16_t encrypted = 1;
  constexpr std::uint16_t stored = 0;
  constexpr std::uint16_t deflated = 8;
  ZipMember member;
  if (directory.take_bytes(entry_mark.size()) != entry_mark) throw IoError("its zip directory is damaged");
  directory.take<std::uint32_t>();  // versions
  const auto flags = directory.take<std::uint16_t>();
  const auto method = directory.take<std::uint16_t>();
  directory.take<std::uint32_t>();  // time and date
  member.crc = directory.take<std::uint32_t>();
  const auto packed_bytes = directory.take<std::uint32_t>();
  const auto bytes = directory.take<std::uint32_t>();
  const auto name_bytes = directory.take<std::uint16_t>();
  const auto extra_bytes = directory.take<std::uint16_t>();
  const auto comment_bytes = directory.take<std::uint16_t>();
  directory.take_bytes(8);  // part, attributes
  const auto header_at = directory.take<std::uint32_t>();
  member.name = directory.take_bytes(name_bytes);
  Numbers extra(directory.take_bytes(extra_bytes));
  directory.take_bytes(comment_bytes);

  member.bytes = bytes;
  member.packed_bytes = packed_bytes;
  member.header_at = header_at;
  while (extra.rest().size() >= 4) {
    const auto field = extra.take<std::uint16_t>();
    const auto length = extra.take<std::uint16_t>();
    Numbers content(extra.take_bytes(length));
    if (field != zip64_field) continue;
    if (bytes == see_zip64) member.bytes = size_of(content.take<std::uint64_t>());
    if (packed_bytes == see_zip64) member.packed_bytes = size_of(content.take<std::uint64_t>());
    if (header_at == see_zip64) member.header_at = size_of(content.take<std::uint64_t>());
  }
  member.deflated = method == deflated;
  const auto refuse = [&](const std::string& what) { throw IoError(text(quoted(member.name), ' ', what)); };
  if ((flags & encrypted) != 0) refuse("is encrypted");
  if (method != stored && method != deflated)
    refuse(text("is compressed by method ", method, " of zip; only deflate (8) is read"));
  if (!member.deflated && member.packed_bytes != member.bytes) refuse("is stored with two different sizes");
  constexpr Offset most_ratio = 1032;  // of deflate
  if (member.bytes / most_ratio > member.packed_bytes)
    refuse(text("claims ", member.bytes, " bytes, more than ", member.packed_bytes, " bytes can hold"));
  return member;
}

}  // namespace

ZipReader::ZipReader(const Comm& comm, const std::string& path) : path_(path) {
  comm.guard([&] {
    size_ = open_regular(path, file_);
    try {
      const Directory found = find_directory(file_, size_);
      const std::string bytes = bytes_at(file_, size_, found.begin, found.bytes);
      Numbers directory(bytes);
      for (std::uint64_t i = 0; i < found.count; ++i) {
        members_.push_back(take_member(directory));
        if (data_begin(members_.back()) > size_ - members_.back().packed_bytes)
          throw IoError(text("ends within ", quoted(members_.back().name)));
      }
    } catch (const IoError& fault) {
      damaged(path, fault.what());
    }
  });
}

Offset ZipReader::data_begin(const ZipMember& member) const {
  const std::string header = bytes_at(file_, size_, member.header_at, local_bytes);
  if (!header.starts_with(local_mark))
    throw IoError(text("has no ", quoted(member.name), " where its zip directory says"));
  Numbers lengths(std::string_view(header).substr(26));
  const auto name_bytes = lengths.take<std::uint16_t>();
  return member.header_at + local_bytes + name_bytes + lengths.take<std::uint16_t>();
}

/// A deflated member is opened from its front, whatever `begin` is.
std::unique_ptr<Unpacked> ZipReader::open(const ZipMember& member, Offset begin, Offset end) const {
  const Offset at = data_begin(member);
  return member.deflated ? unpack_deflated(file_, at, at + member.packed_bytes)
                         : unpack(Packing::none, file_, at + begin, at + end);
}

void ZipReader::fail(const ZipMember& member, const std::string& what) const {
  damaged(path_, text(member.name, ": ", what));
}

/// Returns the checksum of what it read: of bytes [begin, end) of a stored member, of all bytes of a deflated one.
std::uint32_t ZipReader::for_pieces(const ZipMember& member, Offset begin, Offset end, Offset unit,
                                    const Use& use) const {
  std::uint32_t crc = 0;
  std::string piece;
  const auto unpacked = open(member, begin, end);
  const auto next = [&](Offset bytes) {
    piece.resize(z(bytes));
    try {
      piece.resize(unpacked->read(piece.data(), piece.size()));
    } catch (const IoError& fault) {
      fail(member, fault.what());
    }
    crc = crc32(crc, piece);
  };
  const auto read_up_to = [&](Offset from, Offset to, const Use& consume) {
    const Offset most = std::max<Offset>(1, (Offset{1} << 18) / unit) * unit;
    for (; from < to; from += std::ssize(piece)) {
      const Offset wanted = std::min(most, to - from);
      next(wanted);
      if (std::ssize(piece) < wanted) fail(member, "is shorter than its size says");
      if (consume) consume(piece);
    }
  };
  if (member.deflated) read_up_to(0, begin, {});
  read_up_to(begin, end, use);
  if (!member.deflated) return crc;
  read_up_to(end, member.bytes, {});
  const std::uint32_t of_all = crc;
  if (next(1); !piece.empty()) fail(member, "is longer than its size says");
  return of_all;
}

void ZipReader::expect_checksum(const ZipMember& member, std::uint32_t crc) const {
  if (crc != member.crc) fail(member, "its bytes do not match their checksum; the file is damaged");
}

std::string ZipReader::front(const ZipMember& member, Offset most) const {
  std::string bytes(z(std::min(most, member.bytes)), '\0');
  try {
    bytes.resize(open(member, 0, member.bytes)->read(bytes.data(), bytes.size()));
  } catch (const IoError& fault) {
    fail(member, fault.what());
  }
  return bytes;
}

void ZipReader::read(const ZipMember& member, Offset begin, Offset unit, const Use& use) const {
  const std::string skipped = member.deflated ? "" : front(member, begin);
  const std::uint32_t crc = for_pieces(member, begin, member.bytes, unit, use);
  expect_checksum(member, member.deflated ? crc : joined_crc32(crc32(0, skipped), crc, member.bytes - begin));
}

void ZipReader::read_share(const Comm& comm, const ZipMember& member, Offset begin, Offset end, Offset unit,
                           const Use& use) const {
  const std::uint32_t mine = comm.guard([&] { return for_pieces(member, begin, end, unit, use); });
  const Offset front_bytes = comm.broadcast(begin);
  const std::vector<std::uint32_t> crcs = comm.all_gather(mine);
  const std::vector<Offset> lengths = comm.all_gather(end - begin);
  comm.guard([&] {
    std::uint32_t crc = mine;
    if (!member.deflated) {
      crc = crc32(0, front(member, front_bytes));
      for (std::size_t rank = 0; rank < crcs.size(); ++rank) crc = joined_crc32(crc, crcs[rank], lengths[rank]);
    }
    expect_checksum(member, crc);
  });
}

// -- Writing ---------------------------------------------------------------------------------------------------------

namespace {

/// A record of numbers, each in as many bytes as its type has.
template <class... Numbers>
std::string record(std::string_view mark, const Numbers&... numbers) {
  std::string bytes(mark);
  (bytes.append(reinterpret_cast<const char*>(&numbers), sizeof numbers), ...);
  return bytes;
}

constexpr std::uint16_t u16(Offset value) { return static_cast<std::uint16_t>(value); }
constexpr std::uint64_t u64(Offset value) { return static_cast<std::uint64_t>(value); }

/// Sizes are always in zip64's fields, so that small archives go the way of large ones.
std::string local_header(const ZipMember& member) {
  constexpr Offset sizes_bytes = 2 * sizeof(std::uint64_t);
  constexpr Offset extra_bytes = 2 * sizeof(std::uint16_t) + sizes_bytes;
  return record(local_mark, version, u16(0), u16(0), u16(0), new_year_1980, member.crc, see_zip64, see_zip64,
                u16(std::ssize(member.name)), u16(extra_bytes)) +
         member.name + record("", zip64_field, u16(sizes_bytes), u64(member.bytes), u64(member.bytes));
}

std::string directory_entry(const ZipMember& member) {
  constexpr Offset fields_bytes = 3 * sizeof(std::uint64_t);
  constexpr Offset extra_bytes = 2 * sizeof(std::uint16_t) + fields_bytes;
  constexpr std::uint16_t made_on_unix = 3 << 8 | version;
  constexpr std::uint32_t mode = std::uint32_t{0100644} << 16;
  return record(entry_mark, made_on_unix, version, u16(0), u16(0), u16(0), new_year_1980, member.crc, see_zip64,
                see_zip64, u16(std::ssize(member.name)), u16(extra_bytes), u16(0), u16(0), u16(0), mode, see_zip64) +
         member.name +
         record("", zip64_field, u16(fields_bytes), u64(member.bytes), u64(member.bytes), u64(member.header_at));
}

}  // namespace

void ZipWriter::Part::flush() {
  file_.write(at_, std::span<const char>(bytes_));
  crc_ = crc32(crc_, bytes_);
  at_ += std::ssize(bytes_);
  bytes_.clear();
}

void ZipWriter::add(const std::string& name, const std::string& front, Offset mine_bytes,
                    const std::function<void(Part&)>& write) {
  const Offset before = comm_.exclusive_sum(mine_bytes);
  ZipMember member;
  member.name = name;
  member.bytes = std::ssize(front) + comm_.sum(mine_bytes);
  member.packed_bytes = member.bytes;
  member.header_at = end_;
  const Offset begin = end_ + std::ssize(local_header(member));
  const std::uint32_t mine = comm_.guard([&] {
    Part part(file_, begin + std::ssize(front) + before);
    write(part);
    part.flush();
    return part.crc();
  });
  const std::vector<std::uint32_t> crcs = comm_.all_gather(mine);
  const std::vector<Offset> lengths = comm_.all_gather(mine_bytes);
  member.crc = crc32(0, front);
  for (std::size_t rank = 0; rank < crcs.size(); ++rank)
    member.crc = joined_crc32(member.crc, crcs[rank], lengths[rank]);
  comm_.guard([&] {
    if (comm_.is_root()) file_.write(end_, std::span<const char>(local_header(member) + front));
  });
  end_ = begin + member.bytes;
  members_.push_back(std::move(member));
}

void ZipWriter::commit() {
  comm_.guard([&] {
    if (!comm_.is_root()) return;
    std::string tail;
    for (const ZipMember& member : members_) tail += directory_entry(member);
    const auto count = static_cast<std::uint64_t>(members_.size());
    const std::uint64_t directory_bytes = tail.size();
    constexpr std::uint32_t first_part = 0;
    tail += record(end64_mark, u64(end64_bytes - 12), version, version, first_part, first_part, count, count,
                   directory_bytes, u64(end_));
    tail += record(locator64_mark, first_part, u64(end_) + directory_bytes, std::uint32_t{1});
    tail += record(end_mark, u16(0), u16(0), see_zip64_16, see_zip64_16, see_zip64, see_zip64, u16(0));
    file_.write(end_, std::span<const char>(tail));
  });
  file_.commit();
}

}  // namespace filigree::io
