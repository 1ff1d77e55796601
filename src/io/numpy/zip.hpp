// Zip archives of files, stored or deflated; all numbers little-endian:
//
//   each member     local header, name, extra fields, its bytes
//   directory       a header of each member with its name, sizes, checksum and offset
//   end             where the directory begins; with 64-bit numbers in records before it (zip64)
//
// Format: PKWARE, APPNOTE.TXT, version 6.3.10. Archives that are encrypted or in several parts are refused.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/binary_file.hpp"
#include "io/packed.hpp"

namespace filigree::io {

/// CRC-32 of zip and gzip, of bytes that follow those with the checksum `before`.
std::uint32_t crc32(std::uint32_t before, std::string_view bytes);
/// The checksum of bytes whose front has the checksum `front` and whose other `rest_bytes` have `rest`.
std::uint32_t joined_crc32(std::uint32_t front, std::uint32_t rest, Offset rest_bytes);

struct ZipMember {
  std::string name;
  bool deflated = false;
  std::uint32_t crc = 0;
  Offset packed_bytes = 0;
  Offset bytes = 0;
  Offset header_at = 0;  ///< of the local header
};

/// An archive open for reading on every rank.
class ZipReader {
 public:
  /// Reads the directory. Throws IoError on all ranks if that is damaged. Collective.
  ZipReader(const Comm& comm, const std::string& path);

  const std::string& path() const { return path_; }
  const std::vector<ZipMember>& members() const { return members_; }

  /// The first `most` bytes of a member, or all; not checked. Not collective.
  std::string front(const ZipMember& member, Offset most) const;
  /// Takes bytes in pieces of a multiple of the unit, in order.
  using Use = std::function<void(std::string_view)>;
  /// All bytes from `begin` on; throws IoError unless the member has its checksum. Not collective.
  void read(const ZipMember& member, Offset begin, Offset unit, const Use& use) const;
  /// This rank's bytes [begin, end), where those of all ranks follow each other up to the end of the member. The
  /// checksum is that of all bytes. Stored bytes are read once, deflated ones are inflated on each rank. Collective.
  void read_share(const Comm& comm, const ZipMember& member, Offset begin, Offset end, Offset unit,
                  const Use& use) const;

 private:
  Offset data_begin(const ZipMember& member) const;
  std::unique_ptr<Unpacked> open(const ZipMember& member, Offset begin, Offset end) const;
  [[noreturn]] void fail(const ZipMember& member, const std::string& what) const;
  std::uint32_t for_pieces(const ZipMember& member, Offset begin, Offset end, Offset unit, const Use& use) const;
  void expect_checksum(const ZipMember& member, std::uint32_t crc) const;

  std::string path_;
  Descriptor file_;
  Offset size_ = 0;
  std::vector<ZipMember> members_;
};

/// An archive that all ranks write, its members stored and without a date.
class ZipWriter {
 public:
  /// Throws IoError on all ranks when the directory is missing or not writable. Collective.
  ZipWriter(const Comm& comm, const std::string& path) : comm_(comm), file_(comm, path) {}

  /// A part of a member as it is written: a rank's numbers.
  class Part {
   public:
    Part(BinaryWriter& file, Offset at) : file_(file), at_(at) {}
    template <class T>
    void push_back(T value) {
      const char* const bytes = reinterpret_cast<const char*>(&value);
      bytes_.append(bytes, sizeof value);
      if (std::ssize(bytes_) >= slice_bytes) flush();
    }
    void flush();
    std::uint32_t crc() const { return crc_; }

   private:
    BinaryWriter& file_;
    Offset at_;
    std::string bytes_;
    std::uint32_t crc_ = 0;
  };
  /// Adds a member: `front`, the same on all ranks, then the numbers of each rank, `mine_bytes` of them, which
  /// write(part) adds. Collective.
  void add(const std::string& name, const std::string& front, Offset mine_bytes,
           const std::function<void(Part&)>& write);
  /// Writes the directory and gives the file its name. Collective.
  void commit();

 private:
  Comm comm_;
  BinaryWriter file_;
  Offset end_ = 0;
  std::vector<ZipMember> members_;
};

}  // namespace filigree::io
