// Formats that one rank parses whole, because their lines depend on those before.
//
//   rank 0: file -> ParsedGraph (read_graphml, read_gml, read_pajek)      all ranks: distribute() -> GraphFile
#pragma once

#include <string>
#include <vector>

#include "filigree/io/names.hpp"
#include "filigree/io/read.hpp"
#include "filigree/matrix/dist_csr.hpp"

namespace filigree::io {

/// A graph as rank 0 parsed it; vertices in the order of the file. Other ranks have an empty one.
struct ParsedGraph {
  Global num_vertices = 0;
  Strings names;  ///< one for each vertex; if there are none, vertices are called 1, 2, ...
  Entries<double> entries;
  bool has_weights = false;  ///< else they are left out
  std::vector<std::string> remarks;

  /// An arc or, unless it is one way, an edge: arcs both ways, one for a loop. An edge goes one way too where
  /// distribute() adds the other way to every arc (ReadOptions::undirected).
  void add(Global from, Global to, double weight, bool one_way) {
    push(from, to, weight);
    if (!one_way && from != to) push(to, from, weight);
  }

 private:
  void push(Global from, Global to, double weight) {
    entries.row.push_back(from);
    entries.col.push_back(to);
    entries.val.push_back(weight);
  }
};

/// Hands the graph to all ranks, by rows. Collective. Memory on rank 0: the parsed graph, 24 bytes an arc and the
/// names.
GraphFile distribute(const Comm& comm, const std::string& path, ParsedGraph graph, const ReadOptions& options);

/// What to do with labels that need not be names: names if all vertices have one, no two the same, none of them empty
/// or with control characters. Else `otherwise` and a remark.
void take_labels(ParsedGraph& graph, const Strings& labels, Strings otherwise);

/// The weight of an edge. Throws Error without a position unless the text is a number, finite if options say so.
double parse_weight(std::string_view text, const ReadOptions& options);

}  // namespace filigree::io
