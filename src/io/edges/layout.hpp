// Layout: where the lines of an edge list have vertices and weights.
#pragma once

#include <string>
#include <vector>

#include "filigree/io/read.hpp"
#include "io/edges/dialect.hpp"
#include "io/text_file.hpp"

namespace filigree::io::edges {

struct Layout {
  Dialect dialect;
  int source = 0;  ///< columns, from 0
  int target = 1;
  int weight = 2;
  bool weighted = false;
  bool lists = false;          ///< adjacency lists: a vertex and its neighbours
  bool bipartite = false;      ///< the target column has vertices of its own
  bool columns_known = false;  ///< chosen by options or a heading, so that further columns need no remark
  bool maybe_lists = false;    ///< the third column holds what the first two do
  Offset heading = -1;         ///< where a line begins that heads the columns and would read as an edge; -1: none does

  /// Columns up to the last that is read.
  int num_columns() const { return std::max({source, target, weighted ? weight : 0}) + 1; }
  /// Whether parse_numbers() reads the usual lines.
  bool is_plain() const {
    return !dialect.names && !lists && source == 0 && target == 1 && (!weighted || weight == 2) &&
           dialect.separator != '\t';
  }
};

/// The layout that the first megabyte of a file has under these options. Adds to `remarks` what users should know.
/// Throws IoError("path:line: what") for columns that are not there, names that were to be kept as vertex numbers, and
/// adjacency lists that are to be read as edges. Collective.
Layout layout_of(const Comm& comm, const TextFile& file, const ReadOptions& options, std::vector<std::string>& remarks);

}  // namespace filigree::io::edges
