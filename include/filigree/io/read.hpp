// Reading graphs and sparse matrices, in parallel.
#pragma once

#include <string>
#include <vector>

#include "filigree/core/timing.hpp"
#include "filigree/io/format.hpp"
#include "filigree/io/names.hpp"
#include "filigree/matrix/dist_csr.hpp"

#pragma GCC visibility push(default)
namespace filigree::io {

/// Numbering of the vertices of an edge list, or of a DIMACS file without a problem line.
///   compact: those that occur, numbered without gaps in numeric order of their ids (byte order of names), which are
///            whole numbers of 64 bits. Vertices are names if the first edges of the file are not numbers.
///   keep:    the id, from 0 to below 10^18, is the vertex number; ids that do not occur are isolated vertices.
///   names:   compact, with texts for names even where they are numbers ("007").
enum class Ids { compact, keep, names };

/// Columns of an edge list to read, each by its number from 1 or by its name in the heading. Empty: as a known
/// heading says (source and target, from and to, ..., weight), else the first, the second and the third.
struct Columns {
  std::string source;
  std::string target;
  std::string weight;
};

/// Lines of an edge list that begin with # % or //: comments, or data.
enum class Comments { skip, none };

struct ReadOptions {
  Format format = Format::automatic;  ///< automatic: by the first bytes, then by extension, else an edge list
  bool undirected = false;            ///< every arc both ways; an edge listed both ways counts as duplicates
  bool weights = false;               ///< edge list: a column, the third if nothing says otherwise, is the weight; one
                                      ///< of .wel always is
  Ids ids = Ids::compact;
  Columns columns = {};
  Comments comments = Comments::skip;
  std::string vertices = {};    ///< edge list: a file of all vertices, a name a line; they are numbered in its order
  bool isolated_lines = false;  ///< edge list: a line of one vertex is a vertex without edges, not an error
  bool bipartite = false;       ///< edge list: the second column numbers vertices of its own, named "to:1", "to:2", ...
  EntryPolicy policy = {Duplicates::first, Loops::keep};
  bool finite = true;  ///< refuse values that are not; false: NaN and infinity are values (nan, inf, -infinity in
                       ///< any case), except in METIS and DIMACS
  /// Unpack compressed text however large it becomes (packed.hpp), and read files that claim far more rows than they
  /// have entries (claims.hpp).
  bool trust = false;
  std::string group = {};  ///< HDF5: the group of a matrix that another program wrote, where there are several
  Progress progress = {};  ///< phase "read", bytes of this rank's part; may throw
};

/// Findings of read(), beside the graph.
struct ReadReport {
  Format format = Format::automatic;  ///< never automatic
  Offset header_lines = 0;            ///< edge list: lines before the first edge that are neither edge nor comment
  Offset comment_lines = 0;           ///< edge list: lines skipped as comments
  std::vector<std::string> remarks;   ///< for users: what was skipped, where names come from
  std::string names_path;             ///< of the file beside it that named the vertices, empty if there was none
  EntryCounts entries;                ///< duplicates and loops, handled by the policy
  std::string hash;                   ///< content_hash() of the graph, 16 hexadecimal digits
};

template <class V>
struct MatrixFile {
  DistCsr<V> graph;
  VertexNames names;  ///< distributed like the rows of the graph
  ReadReport report;
};
using GraphFile = MatrixFile<double>;

/// Reads a graph, or a sparse matrix, from a file. docs/file_formats.md says what is read of each format.
///
/// comm     text is read by byte ranges; GraphML, GML and Pajek on rank 0
/// path     a file, a pipe, or "-" for standard input; text may be compressed
/// options  the format where its first bytes do not show it; columns of edge lists; duplicates and loops
/// returns  the graph, its rows in blocks of nearly equal nonzeros; names, distributed like the rows; what was met
///
/// Entries come in the order of the file, so the graph is the same on any number of ranks. Formats without names take
/// those of PATH.names, a line for each row.
///
/// Throws IoError("path:line: what") on all ranks. Collective. Memory per rank: the graph, the names, and 40 bytes a
/// nonzero; 24 bytes an arc on rank 0 of what it parses; the whole of a pipe.
GraphFile read(const Comm& comm, const std::string& path, const ReadOptions& options = {});

/// Finds an arc, or a vertex if `to` is -1, in a file that read() has read by these options. Returns "g.txt:7" or
/// "g.mtx: row 1, column 2"; empty if the format has no such positions. Reads an edge list again. Collective.
std::string place_of(const Comm& comm, const std::string& path, const ReadOptions& options, Format format,
                     const VertexNames& names, Global from, Global to);

}  // namespace filigree::io
#pragma GCC visibility pop
