// Serialized graphs of the GAP benchmark suite, .sg and with weights .wsg; all numbers little-endian:
//
//   directed    1 byte, 0 or 1         arcs   int64, an undirected edge counts as two    vertices    int64
//   offsets     int64, vertices + 1, from 0 to arcs: where the neighbours of each vertex begin
//   neighbours  int32 each, with weights pairs of int32 (neighbour, weight)
//   directed graphs: offsets and neighbours once more, of the arcs that come in
//
// Format: Beamer, Asanovic, Patterson, The GAP Benchmark Suite, arXiv:1508.03619, and its reference implementation.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "filigree/core/invalid_arc.hpp"
#include "filigree/matrix/symmetry.hpp"
#include "io/binary_file.hpp"
#include "io/formats.hpp"
#include "matrix/balanced_rows.hpp"

namespace filigree::io {
namespace {

constexpr Offset header_bytes = 1 + 2 * sizeof(std::int64_t);
constexpr Offset most_vertices = std::numeric_limits<std::int32_t>::max();

struct Header {
  bool directed = false;
  Offset num_arcs = 0;
  Global num_vertices = 0;
  Offset numbers_per_arc = 1;  ///< int32 each

  Offset offsets_bytes() const { return (num_vertices + 1) * Offset{sizeof(std::int64_t)}; }
  Offset arc_bytes() const { return numbers_per_arc * Offset{sizeof(std::int32_t)}; }
  /// Offsets and neighbours together.
  Offset lists_bytes() const { return offsets_bytes() + num_arcs * arc_bytes(); }
  Offset out_lists() const { return header_bytes; }
  Offset in_lists() const { return header_bytes + lists_bytes(); }
  Offset file_bytes() const { return header_bytes + (directed ? 2 : 1) * lists_bytes(); }
};

[[noreturn]] void damaged(const BinaryFile& file, const std::string& what) {
  throw IoError(text(file.path(), ": ", what));
}

/// Every rank reads it. Not collective.
Header read_header(const BinaryFile& file, bool weighted) {
  if (file.size() < header_bytes)
    damaged(file, text("holds ", file.size(), " bytes, less than a header of ", header_bytes));
  Header header;
  const auto directed = file.read<std::uint8_t>(0);
  header.num_arcs = file.read<std::int64_t>(1);
  header.num_vertices = file.read<std::int64_t>(9);
  header.numbers_per_arc = weighted ? 2 : 1;
  if (directed > 1) damaged(file, text("byte 0: directed is ", int{directed}, ", must be 0 or 1"));
  header.directed = directed == 1;
  // Below the size of the file: what they sum up to is far from overflow.
  if (header.num_arcs < 0 || header.num_arcs > file.size())
    damaged(file, text("byte 1: ", header.num_arcs, " arcs in a file of ", file.size(), " bytes"));
  if (header.num_vertices < 0 || header.num_vertices > std::min(file.size(), most_vertices))
    damaged(file, text("byte 9: ", header.num_vertices, " vertices in a file of ", file.size(), " bytes"));
  if (header.file_bytes() == file.size()) return header;
  const Offset expected = header.file_bytes();
  header.numbers_per_arc = weighted ? 1 : 2;
  damaged(file, text("holds ", file.size(), " bytes; ", header.num_vertices, " vertices and ", header.num_arcs, ' ',
                     directed == 1 ? "directed" : "undirected", " arcs take ", expected,
                     header.file_bytes() != file.size() ? ""
                     : weighted                         ? ": they are not weighted, as in a .sg file"
                                                        : ": they are weighted, as in a .wsg file"));
}

/// This rank's rows of the out- or in-neighbours.
struct Rows {
  Offset neighbours_at = 0;  ///< offset in the file of the first arc
  Global first = 0;
  std::vector<Offset> row_ptr;  ///< from the first arc of all
};

/// Distributes the rows; checks that offsets ascend from 0 to the number of arcs. `at`: where the offsets begin.
/// Collective.
Rows read_rows(const Comm& comm, const BinaryFile& file, const Header& header, Offset at) {
  const auto read_offsets = [&](const Partition& rows) {
    return comm.guard([&] {
      std::vector<Offset> row_ptr(z(rows.size(comm.rank())) + 1);
      file.read(at + rows.begin(comm.rank()) * Offset{sizeof(Offset)}, std::span<Offset>(row_ptr));
      return row_ptr;
    });
  };
  const Partition uniform = Partition::uniform(header.num_vertices, comm.size());
  const std::vector<Offset> row_ptr = read_offsets(uniform);
  comm.guard([&] {
    for (std::size_t i = 0; i < row_ptr.size(); ++i) {
      const Global vertex = uniform.begin(comm.rank()) + static_cast<Global>(i);
      if (i == 0 && vertex > 0) continue;  // the rank below checks it
      const Offset least = i > 0 ? row_ptr[i - 1] : 0;
      const bool from_zero = vertex > 0 || row_ptr[i] == 0;
      const bool to_end = vertex < header.num_vertices || row_ptr[i] == header.num_arcs;
      if (least <= row_ptr[i] && row_ptr[i] <= header.num_arcs && from_zero && to_end) continue;
      damaged(file, text("byte ", at + vertex * Offset{sizeof(Offset)}, ": offset ", vertex, " is ", row_ptr[i],
                         i > 0 ? text(" after ", least) : "", "; offsets ascend from 0 to ", header.num_arcs));
    }
  });
  const Partition rows =
      balanced_rows(comm, comm.size(), header.num_vertices, header.num_arcs, uniform.begin(comm.rank()), row_ptr);
  return {at + header.offsets_bytes(), rows.begin(comm.rank()), read_offsets(rows)};
}

/// Calls f(row, neighbour, weight) for the arcs of a rank's rows in order, a slice at a time. Not collective.
template <class F>
void for_arcs(const BinaryFile& file, const Header& header, const Rows& rows, F f) {
  std::vector<std::int32_t> numbers;
  std::size_t row = 0;
  for (Offset arc = rows.row_ptr.front(); arc < rows.row_ptr.back();) {
    const Offset count = std::min(rows.row_ptr.back() - arc, slice_bytes / header.arc_bytes());
    numbers.resize(z(count * header.numbers_per_arc));
    file.read(rows.neighbours_at + arc * header.arc_bytes(), std::span<std::int32_t>(numbers));
    for (const std::int32_t* p = numbers.data(); p < numbers.data() + numbers.size(); p += header.numbers_per_arc) {
      while (arc == rows.row_ptr[row + 1]) ++row;
      const Global vertex = rows.first + static_cast<Global>(row);
      if (*p < 0 || *p >= header.num_vertices) {
        damaged(file, text("byte ", rows.neighbours_at + arc * header.arc_bytes(), ": vertex ", vertex,
                           " has the neighbour ", *p, ", must be in [0, ", header.num_vertices, ")"));
      }
      f(vertex, Global{*p}, header.numbers_per_arc > 1 ? p[1] : 1);
      ++arc;
    }
  }
}

std::uint64_t fingerprint(Global from, Global to, std::int32_t weight) {
  const std::uint64_t words[] = {static_cast<std::uint64_t>(from), static_cast<std::uint64_t>(to),
                                 static_cast<std::uint64_t>(weight)};
  return XXH3_64bits(words, sizeof words);
}

/// Throws unless every arc is there in both directions, as often: of a directed graph among the out-neighbours of its
/// begin and the in-neighbours of its end, of an undirected one in the lists of both. `out` are the rows of the first
/// lists. Sums of fingerprints agree only if this holds (false positives: 2^-64). Collective.
void check_both_directions(const Comm& comm, const BinaryFile& file, const Header& header, const Rows& out,
                           std::uint64_t sum_of_arcs) {
  const Rows in = header.directed ? read_rows(comm, file, header, header.in_lists()) : out;
  std::uint64_t difference = sum_of_arcs;
  comm.guard([&] {
    for_arcs(file, header, in,
             [&](Global to, Global from, std::int32_t weight) { difference -= fingerprint(from, to, weight); });
  });
  if (comm.sum(difference) == 0) return;

  // Only to name an arc: bring both kinds together and see where they do not cancel out.
  Entries<std::int64_t> entries;
  const auto add = [&](Global from, Global to, std::int64_t value) {
    entries.row.push_back(from);
    entries.col.push_back(to);
    entries.val.push_back(value);
  };
  constexpr int shift = 33;  // 31 bits are left: sums of 2^32 of them cannot overflow
  const auto shortened = [](Global from, Global to, std::int32_t weight) {
    return static_cast<std::int64_t>(fingerprint(from, to, weight) >> shift) + 1;
  };
  comm.guard([&] {
    for_arcs(file, header, out, [&](Global from, Global to, std::int32_t w) { add(from, to, shortened(from, to, w)); });
    for_arcs(file, header, in, [&](Global to, Global from, std::int32_t w) { add(from, to, -shortened(from, to, w)); });
  });
  const auto sums =
      DistCsr<std::int64_t>::from_entries(comm, header.num_vertices, header.num_vertices, std::move(entries));
  comm.guard([&] {
    for (Local row = 0; row < sums.num_local_rows(); ++row) {
      const auto vals = sums.local().view().vals(row);
      const auto alone = std::find_if(vals.begin(), vals.end(), [](std::int64_t value) { return value != 0; });
      if (alone == vals.end()) continue;
      const Global from = sums.first_row() + row;
      const Global to = sums.global_col(sums.local().view().cols(row)[z(alone - vals.begin())]);
      const char* const weight = header.numbers_per_arc > 1 ? " with the same weight" : "";
      damaged(file, header.directed ? text("vertex ", to, " is not as often an out-neighbour of vertex ", from,
                                           " as vertex ", from, " is an in-neighbour of vertex ", to, weight)
                                    : text("vertex ", to, " is not as often a neighbour of vertex ", from,
                                           " as the other way round", weight, ", and the graph is undirected"));
    }
  });
  damaged(file, "not every arc is listed at both of its ends");  // shortened fingerprints hide which
}

/// Are columns strictly increasing within rows? Not collective.
bool is_ordered(std::span<const Offset> row_ptr, std::span<const Global> col) {
  for (std::size_t i = 0; i + 1 < row_ptr.size(); ++i) {
    const auto row = col.subspan(z(row_ptr[i]), z(row_ptr[i + 1] - row_ptr[i]));
    if (std::adjacent_find(row.begin(), row.end(), std::greater_equal<>()) != row.end()) return false;
  }
  return true;
}

/// Offsets and neighbours of a graph, from byte `at` on. Collective.
void write_lists(BinaryWriter& file, const Graph& graph, const Header& header, Offset at) {
  const Offset first_arc = graph.comm().exclusive_sum(graph.local().num_nonzeros());
  graph.comm().guard([&] {
    Sequence<Offset> offsets(file, at + graph.first_row() * Offset{sizeof(Offset)});
    for (Offset p : graph.local().row_ptr) offsets.push_back(first_arc + p);  // the last is the first of the rank above
    offsets.flush();
    Sequence<std::int32_t> numbers(file, at + header.offsets_bytes() + first_arc * header.arc_bytes());
    for (std::size_t k = 0; k < graph.local().col.size(); ++k) {
      numbers.push_back(static_cast<std::int32_t>(graph.global_col(graph.local().col[k])));
      if (header.numbers_per_arc == 1) continue;
      numbers.push_back(graph.local().val.empty() ? 1 : static_cast<std::int32_t>(graph.local().val[k]));
    }
    numbers.flush();
  });
}

void check_weights(const Graph& graph, const std::string& path, bool weighted) {
  constexpr auto most = double{std::numeric_limits<std::int32_t>::max()};
  for (Local row = 0; row < graph.num_local_rows(); ++row) {
    const auto vals = graph.local().view().vals(row);
    for (std::size_t k = 0; k < vals.size(); ++k) {
      const bool fits = std::trunc(vals[k]) == vals[k] && -most - 1 <= vals[k] && vals[k] <= most;
      if (weighted ? fits : vals[k] == 1) continue;
      throw InvalidArc(path + (weighted ? ": weights in .wsg files are whole numbers in [-2^31, 2^31); arc "
                                        : ": .sg files hold no weights; arc "),
                       graph.first_row() + row, graph.global_col(graph.local().view().cols(row)[k]),
                       text(" has ", vals[k], weighted ? "" : ": write .wsg"));
    }
  }
}

}  // namespace

GraphFile read_gap(const Comm& comm, const std::string& path, const ReadOptions& options, bool weighted) {
  const BinaryFile file(comm, path);
  const Header header = comm.guard([&] { return read_header(file, weighted); });
  Rows rows = read_rows(comm, file, header, header.out_lists());
  std::vector<Global> col;
  std::vector<double> val;
  std::uint64_t sum = 0;
  ReadReport report;
  comm.guard([&] {
    const Offset count = rows.row_ptr.back() - rows.row_ptr.front();
    col.reserve(z(count));
    if (weighted) val.reserve(z(count));
    for_arcs(file, header, rows, [&](Global from, Global to, std::int32_t weight) {
      col.push_back(to);
      if (weighted) val.push_back(weight);
      sum += fingerprint(from, to, weight);
      if (from == to) ++report.entries.loops;
      if (options.progress && col.size() % (1 << 20) == 0)
        options.progress("read", std::ssize(col) * header.arc_bytes(), count * header.arc_bytes());
    });
  });
  check_both_directions(comm, file, header, rows, sum);

  for (Offset first = rows.row_ptr.front(); Offset & p : rows.row_ptr) p -= first;
  const bool as_it_is =
      is_ordered(rows.row_ptr, col) && (!options.undirected || !header.directed) && options.policy.loops == Loops::keep;
  if (comm.min(static_cast<int>(as_it_is)) != 0) {
    report.entries.loops = comm.sum(report.entries.loops);
    Graph graph = Graph::from_csr(comm, header.num_vertices, rows.row_ptr, col, val);
    VertexNames names(graph.rows());
    return {std::move(graph), std::move(names), std::move(report)};
  }
  // One of the two directions of an undirected graph is enough, and duplicates then end up with equal weights.
  ReadOptions rest = options;
  rest.undirected = options.undirected || !header.directed;
  Entries<double> entries;
  comm.guard([&] {
    entries.row.reserve(col.size());
    entries.col.reserve(col.size());
    entries.val.reserve(val.size());
    for (std::size_t i = 0; i + 1 < rows.row_ptr.size(); ++i) {
      const Global from = rows.first + static_cast<Global>(i);
      for (std::size_t k = z(rows.row_ptr[i]); k < z(rows.row_ptr[i + 1]); ++k) {
        if (!header.directed && col[k] < from) continue;
        entries.row.push_back(from);
        entries.col.push_back(col[k]);
        if (weighted) entries.val.push_back(val[k]);
      }
    }
    std::vector<Global>().swap(col);
    std::vector<double>().swap(val);
  });
  return assemble(comm, path, header.num_vertices, header.num_vertices, std::move(entries), rest);
}

void write_gap(const Graph& graph, const std::string& path, bool weighted) {
  const Comm& comm = graph.comm();
  require(graph.num_rows() == graph.num_cols(), path, ": GAP files hold square matrices only; this one has ",
          graph.num_rows(), " rows and ", graph.num_cols(), " columns");
  require(graph.num_rows() <= most_vertices, path, ": GAP files hold up to 2^31 - 1 vertices; this graph has ",
          graph.num_rows());
  comm.guard([&] { check_weights(graph, path, weighted); });

  Header header;
  header.directed = !is_symmetric(graph);
  header.num_arcs = graph.num_nonzeros();
  header.num_vertices = graph.num_rows();
  header.numbers_per_arc = weighted ? 2 : 1;
  BinaryWriter file(comm, path);
  comm.guard([&] {
    if (!comm.is_root()) return;
    const std::uint8_t directed = header.directed ? 1 : 0;
    const std::int64_t counts[] = {header.num_arcs, header.num_vertices};
    file.write(0, std::span<const std::uint8_t>(&directed, 1));
    file.write(1, std::span<const std::int64_t>(counts));
  });
  write_lists(file, graph, header, header.out_lists());
  if (header.directed) write_lists(file, transpose(graph), header, header.in_lists());
  file.commit();
}

}  // namespace filigree::io
