// The header of a .npy file, and its elements as doubles.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "io/binary_file.hpp"

namespace filigree::io {

constexpr std::string_view npy_magic = "\x93NUMPY";

struct NpyHeader {
  std::string type;  ///< as NumPy writes it: byte order, kind, bytes
  bool by_columns = false;
  Global num_rows = 0;
  Global num_cols = 1;
  Offset data_begin = 0;

  Offset element_bytes() const { return type[2] - '0'; }
  bool is_big_endian() const { return type[0] == '>'; }
};

/// Throws IoError unless the file holds a matrix of numbers, all of it. Not collective.
NpyHeader read_npy_header(const BinaryFile& file);

/// A stored element (bytes, whether they are big-endian) as a double; nothing if a double cannot hold it exactly.
using NpyConvert = std::optional<double> (*)(const char*, bool);
NpyConvert npy_conversion_of(const std::string& type);

}  // namespace filigree::io
