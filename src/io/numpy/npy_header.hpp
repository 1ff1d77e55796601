// The header of a .npy file, and its elements as doubles.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/binary_file.hpp"

namespace filigree::io {

constexpr std::string_view npy_magic = "\x93NUMPY";

struct NpyHeader {
  std::string type;  ///< as NumPy writes it: byte order, kind, size
  bool by_columns = false;
  std::vector<Global> shape;  ///< two lengths at most
  Offset data_begin = 0;

  /// A single dimension is a column.
  Global num_rows() const { return shape.empty() ? 1 : shape[0]; }
  Global num_cols() const { return shape.size() < 2 ? 1 : shape[1]; }
  Offset element_bytes() const;
  bool is_big_endian() const { return type[0] == '>'; }
  bool holds_integers() const { return type[1] == 'i' || type[1] == 'u'; }
};

/// Reads the header of an array of anything; read(at, to) reads from the `size` bytes behind it. Throws IoError,
/// messages begin with `path`. Not collective.
NpyHeader read_npy_header(const std::string& path, Offset size,
                          const std::function<void(Offset, std::span<char>)>& read);
/// Throws IoError unless it is of an array of numbers, or truths, that takes just the `size` bytes of a file.
void expect_numbers(const std::string& path, const NpyHeader& header, Offset size);

/// The header of a file that holds a matrix of numbers, all of it. Not collective.
NpyHeader read_npy_header(const BinaryFile& file);

/// The header of an array, padded so that elements begin at a multiple of 64 bytes.
std::string npy_header_text(const std::string& type, const std::vector<Global>& shape, bool by_columns = false);

/// A stored element (bytes, whether they are big-endian) as a double; nothing if a double cannot hold it exactly.
using NpyConvert = std::optional<double> (*)(const char*, bool);
NpyConvert npy_conversion_of(const std::string& type);

}  // namespace filigree::io
