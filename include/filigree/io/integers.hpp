// Matrices of whole numbers, of which a double holds only those up to 2^53 exactly.
#pragma once

#include <cstdint>

#include "filigree/io/read.hpp"
#include "filigree/io/write.hpp"

namespace filigree::io {

using Integers = DistCsr<std::int64_t>;
using IntegerFile = MatrixFile<std::int64_t>;

/// What a file says its values are, before they are read.
enum class Values {
  none,      ///< every value is one: a MatrixMarket pattern, an edge list without weights
  integers,  ///< MatrixMarket `integer`
  reals,     ///< all others
};
/// By the header of a MatrixMarket file, else by its format. Collective.
Values values_of(const Comm& comm, const std::string& path, const ReadOptions& options = {});

/// As read(), with values of 64 bits: MatrixMarket files of integers and patterns, and any others whose values a double
/// holds as whole numbers below 2^53. Throws IoError("path:line: what") or InvalidArgument on all ranks for another
/// value, and where duplicates sum up to more than 64 bits. Collective.
IntegerFile read_integers(const Comm& comm, const std::string& path, const ReadOptions& options = {});

/// As write(): MatrixMarket files hold all values, as `integer`; others those that a double holds exactly. Throws
/// InvalidArgument, naming an entry, for the rest. Collective.
void write(const Integers& matrix, const VertexNames& names, const std::string& path,
           Format format = Format::automatic);

/// The same matrix with values as integers. Throws InvalidArgument on all ranks unless all are whole numbers below
/// 2^53. Collective.
Integers as_integers(const Graph& matrix);
/// The same matrix with values as doubles, rounded beyond 2^53. Collective.
Graph as_reals(const Integers& matrix);

/// An entry that a double does not hold exactly, the first on the lowest rank that has any. Collective.
struct WideEntry {
  Global row, col;
  std::int64_t value;
};
std::optional<WideEntry> wide_entry(const Integers& matrix);

}  // namespace filigree::io
