// Text as it lies in a file: plain, or compressed by gzip or Zstandard.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "filigree/core/types.hpp"

namespace filigree::io {

enum class Packing { none, gzip, zstd };

/// The packing by the extension of a path, .gz or .zst in any case; none for others.
Packing packing_of(const std::string& path);
/// A path without the extension that packing_of() knows.
std::string without_packing(const std::string& path);
/// The packing by the first bytes of a file.
Packing packing_of_content(std::string_view first_bytes);

/// The name of a packing that is not read, by the first 8 bytes of a file; null if none.
const char* foreign_packing(std::string_view first_bytes);

/// Whether a file that begins so is packed by Zstandard without a checksum, so that damage may go unnoticed.
bool lacks_checksum(std::string_view first_bytes);

/// `bytes` as a file of its own; such files, concatenated, are a file of the concatenated texts.
std::string pack(Packing packing, std::string_view bytes);

/// An open file, read from the front to the back as if it were not compressed. A single reader.
class Unpacked {
 public:
  virtual ~Unpacked() = default;
  /// The next `most` bytes of the text; fewer only at its end or before a failure, none only at its end. Throws
  /// IoError, without a path, when reading fails or the compressed data is damaged.
  virtual std::size_t read(char* to, std::size_t most) = 0;
  /// Bytes of the file that were needed for the text so far.
  virtual Offset stored() const = 0;
};
/// Reads bytes [begin, end) of an open file; compressed data only as a whole, from 0. Unless `trust`, read() throws
/// where text is both above 100 MB and above 200 times the bytes it came from: graphs are never packed so well, and a
/// file made for it fills any disk or hours.
std::unique_ptr<Unpacked> unpack(Packing packing, int file, Offset begin, Offset end, bool trust = false);
/// Reads bytes [begin, end) of an open file, which are deflated without a header, as in zip archives. Arrays may be
/// packed as well as they like: their lengths are known before.
std::unique_ptr<Unpacked> unpack_deflated(int file, Offset begin, Offset end);

/// Reads up to `most` bytes of an open file at position `at`, fewer only at its end. Throws IoError, without a path.
std::size_t read_at(int file, Offset at, char* to, std::size_t most);

}  // namespace filigree::io
