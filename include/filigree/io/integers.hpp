// Matrices of whole numbers, of which a double holds only those up to 2^53 exactly.
#pragma once

#include <cstdint>

#include "filigree/io/read.hpp"
#include "filigree/io/write.hpp"

#pragma GCC visibility push(default)
namespace filigree::io {

using Integers = DistCsr<std::int64_t>;
using IntegerFile = MatrixFile<std::int64_t>;

/// Kinds of values, as the header of a file declares them.
enum class Values {
  none,      ///< every value is one: a MatrixMarket pattern, an edge list without weights
  integers,  ///< MatrixMarket `integer`
  reals,     ///< all others
};
/// Returns the kind of a file's values: by the header of MatrixMarket, else by its format. Collective.
Values values_of(const Comm& comm, const std::string& path, const ReadOptions& options = {});

/// Reads a matrix with integers of 64 bits as values, as read() does: MatrixMarket files of integers and patterns, and
/// any others whose values a double holds as whole numbers below 2^53. Throws IoError("path:line: what") or
/// InvalidArgument on all ranks for another value, and where duplicates sum up to more than 64 bits. Collective.
IntegerFile read_integers(const Comm& comm, const std::string& path, const ReadOptions& options = {});

/// Writes a matrix of integers, as write() does: MatrixMarket files hold all values, as `integer`; others those that a
/// double holds exactly. Throws InvalidArgument, naming an entry, for the rest. Collective.
void write(const Integers& matrix, const VertexNames& names, const std::string& path,
           Format format = Format::automatic);

/// Converts values to integers. Throws InvalidArgument on all ranks unless all are whole numbers below
/// 2^53. Collective.
Integers as_integers(const Graph& matrix);
/// Converts values to doubles, rounded beyond 2^53. Collective.
Graph as_reals(const Integers& matrix);

/// An entry whose value a double does not hold exactly.
struct WideEntry {
  Global row, col;
  std::int64_t value;
};
/// Returns the first such entry on the lowest rank that has any. Collective.
std::optional<WideEntry> wide_entry(const Integers& matrix);

}  // namespace filigree::io
#pragma GCC visibility pop
