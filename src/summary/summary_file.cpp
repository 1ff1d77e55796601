#include "filigree/summary_file.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <numeric>

#include "core/index.hpp"

namespace filigree::summary {
namespace {

constexpr std::int64_t format_version = 1;
constexpr const char* kind = "filigree summary";
constexpr std::array modes{"weighted", "unweighted", "hybrid"};  // by Mode

/// This rank's part of the arrays.
struct Arrays {
  std::vector<std::int32_t> supernode;
  std::vector<std::int32_t> from;
  std::vector<std::int32_t> to;
  std::vector<std::uint32_t> edges;
  Offset first_superedge = 0;
};

template <class... What>
void refuse_unless(const io::Hdf5Reader& file, bool holds, const What&... what) {
  if (!holds) throw IoError(text(file.path(), ": ", what...));
}

template <class T>
T need(const io::Hdf5Reader& file, const char* object, const char* name) {
  const auto value = file.attribute<T>(object, name);
  refuse_unless(file, value.has_value(), "not a graph summary: ", object, " has no attribute ", name);
  return *value;
}

void check_kind(const io::Hdf5Reader& file) {
  refuse_unless(file, file.has("/summary"), "not a graph summary: it has no group /summary");
  const auto found = need<std::string>(file, "/summary", "kind");
  refuse_unless(file, found == kind, "not a graph summary but '", found, "'");
  const auto version = need<std::int64_t>(file, "/summary", "version");
  refuse_unless(file, version == format_version, "format version ", version, "; this filigree reads version ",
                format_version);
  file.require_checksums();
}

Global need_num_vertices(const io::Hdf5Reader& file) {
  const auto num_vertices = need<std::int64_t>(file, "/summary", "num_vertices");
  refuse_unless(file, num_vertices > 1 && num_vertices <= std::numeric_limits<Local>::max(), "num_vertices is ",
                num_vertices);
  return num_vertices;
}

Arrays arrays_of(const Summary& summary) {
  const DistCsr<double>& superedges = summary.superedges;
  Arrays arrays;
  arrays.supernode.assign(summary.supernode.of.begin(), summary.supernode.of.end());
  for (Local a = 0; a < superedges.num_local_rows(); ++a) {
    const auto cols = superedges.local().view().cols(a);
    const auto vals = superedges.local().view().vals(a);
    for (std::size_t k = 0; k < cols.size(); ++k) {
      const Global from = superedges.first_row() + a;
      const Global to = superedges.global_col(cols[k]);
      if (to < from) continue;
      arrays.from.push_back(static_cast<std::int32_t>(from));
      arrays.to.push_back(static_cast<std::int32_t>(to));
      arrays.edges.push_back(static_cast<std::uint32_t>(vals[k]));
    }
  }
  return arrays;
}

}  // namespace

void save(io::Hdf5Writer& file, const Summary& summary, const Dendrogram& merges) {
  const Comm& comm = summary.superedges.comm();
  const Arrays mine = arrays_of(summary);
  file.attribute("/summary", "kind", kind);
  file.attribute("/summary", "version", format_version);
  file.attribute("/summary", "mode", std::string(modes[static_cast<std::size_t>(summary.mode)]));
  file.attribute("/summary", "num_vertices", summary.num_vertices());
  file.attribute("/summary", "num_supernodes", summary.num_supernodes());
  file.attribute("/summary", "num_edges", summary.num_edges);
  file.attribute("/summary", "graph_hash", std::bit_cast<std::int64_t>(summary.graph_hash));
  file.write("/summary/supernode", std::span<const std::int32_t>(mine.supernode));
  file.write("/summary/from", std::span<const std::int32_t>(mine.from));
  file.write("/summary/to", std::span<const std::int32_t>(mine.to));
  file.write("/summary/edges", std::span<const std::uint32_t>(mine.edges));
  std::vector<Global> left;
  std::vector<Global> right;
  std::vector<double> height;
  for (const Merge& merge : merges.merges) {
    left.push_back(merge.left);
    right.push_back(merge.right);
    height.push_back(merge.height);
  }
  const std::size_t count = comm.is_root() ? left.size() : 0;  // every rank has them, one writes
  file.write("/summary/merges/left", std::span<const Global>(left).first(count));
  file.write("/summary/merges/right", std::span<const Global>(right).first(count));
  file.write("/summary/merges/height", std::span<const double>(height).first(count));
}

Summary load(const Comm& comm, const io::Hdf5Reader& file, const std::optional<Partition>& vertices) {
  check_kind(file);
  const Global num_vertices = need_num_vertices(file);
  const auto num_supernodes = need<std::int64_t>(file, "/summary", "num_supernodes");
  const auto num_edges = need<std::int64_t>(file, "/summary", "num_edges");
  refuse_unless(file, num_supernodes >= 1 && num_supernodes <= num_vertices, "num_supernodes is ", num_supernodes,
                " for ", num_vertices, " vertices");
  const auto mode_name = need<std::string>(file, "/summary", "mode");
  const auto known = std::find(modes.begin(), modes.end(), mode_name);
  refuse_unless(file, known != modes.end(), "unknown mode '", mode_name, "'");
  const auto mode = static_cast<Mode>(known - modes.begin());
  refuse_unless(file, mode == Mode::weighted, "mode '", mode_name, "' is not available yet");
  const auto graph_hash = std::bit_cast<std::uint64_t>(need<std::int64_t>(file, "/summary", "graph_hash"));
  const Offset num_superedges = file.length("/summary/from");
  refuse_unless(file, file.length("/summary/supernode") == num_vertices, "/summary/supernode has ",
                file.length("/summary/supernode"), " values for ", num_vertices, " vertices");
  for (const char* dataset : {"/summary/to", "/summary/edges"})
    refuse_unless(file, file.length(dataset) == num_superedges, dataset, " has ", file.length(dataset), " values for ",
                  num_superedges, " superedges");
  const Partition of_vertices = vertices ? *vertices : Partition::uniform(num_vertices, comm.size());
  require(of_vertices.num_items() == num_vertices && of_vertices.num_parts() == comm.size(), file.path(),
          ": a summary of ", num_vertices, " vertices, the graph has ", of_vertices.num_items());

  const Partition slices = Partition::uniform(num_superedges, comm.size());
  Arrays mine;
  mine.first_superedge = slices.begin(comm.rank());
  mine.supernode =
      file.read<std::int32_t>("/summary/supernode", of_vertices.begin(comm.rank()), of_vertices.size(comm.rank()));
  const Offset count = slices.size(comm.rank());
  mine.from = file.read<std::int32_t>("/summary/from", mine.first_superedge, count);
  mine.to = file.read<std::int32_t>("/summary/to", mine.first_superedge, count);
  const Offset has_previous = mine.first_superedge > 0 && count > 0 ? 1 : 0;
  const auto previous_from =
      file.read<std::int32_t>("/summary/from", mine.first_superedge - has_previous, has_previous);
  const auto previous_to = file.read<std::int32_t>("/summary/to", mine.first_superedge - has_previous, has_previous);
  mine.edges = file.read<std::uint32_t>("/summary/edges", mine.first_superedge, count);
  comm.guard([&] {
    for (std::size_t v = 0; v < mine.supernode.size(); ++v)
      refuse_unless(file, mine.supernode[v] >= 0 && mine.supernode[v] < num_supernodes, "vertex ",
                    of_vertices.begin(comm.rank()) + static_cast<Global>(v), " is in supernode ", mine.supernode[v],
                    " of ", num_supernodes);
    for (std::size_t k = 0; k < mine.from.size(); ++k) {
      const auto refuse_superedge_unless = [&](bool holds, const auto&... what) {
        refuse_unless(file, holds, "superedge ", mine.first_superedge + static_cast<Offset>(k), ": ", what...);
      };
      refuse_superedge_unless(mine.from[k] >= 0 && mine.from[k] <= mine.to[k] && mine.to[k] < num_supernodes, "from ",
                              mine.from[k], " to ", mine.to[k], ", must be 0 <= from <= to < ", num_supernodes);
      refuse_superedge_unless(mine.edges[k] >= 1, "it has no edges");
      const std::pair previous = k > 0              ? std::pair(mine.from[k - 1], mine.to[k - 1])
                                 : has_previous > 0 ? std::pair(previous_from[0], previous_to[0])
                                                    : std::pair(-1, -1);
      refuse_superedge_unless(previous < std::pair(mine.from[k], mine.to[k]), "superedges do not ascend");
    }
  });
  std::vector<Offset> size;
  comm.guard([&] {
    size.assign(z(num_supernodes), 0);
    for (const std::int32_t a : mine.supernode) ++size[z(a)];
  });
  comm.sum(size);
  comm.guard([&] {
    for (Global a = 0; a < num_supernodes; ++a)
      refuse_unless(file, size[z(a)] > 0, "supernode ", a, " has no vertices");
    for (std::size_t k = 0; k < mine.from.size(); ++k) {
      const Offset of_from = size[z(mine.from[k])];
      const Offset pairs = mine.from[k] == mine.to[k] ? of_from * (of_from - 1) / 2 : of_from * size[z(mine.to[k])];
      refuse_unless(file, Offset{mine.edges[k]} <= pairs, "superedge ", mine.first_superedge + static_cast<Offset>(k),
                    ": ", mine.edges[k], " edges among ", pairs, " vertex pairs");
    }
  });
  const Offset in_superedges = comm.sum(std::accumulate(mine.edges.begin(), mine.edges.end(), Offset{0}));
  refuse_unless(file, in_superedges <= num_edges, "its superedges have ", in_superedges, " edges of ", num_edges);
  Entries<double> entries;
  Labels labels{of_vertices, {}, num_supernodes};
  comm.guard([&] {
    entries.row.assign(mine.from.begin(), mine.from.end());
    entries.col.assign(mine.to.begin(), mine.to.end());
    entries.val.assign(mine.edges.begin(), mine.edges.end());
    symmetrize(entries);
    labels.of.assign(mine.supernode.begin(), mine.supernode.end());
  });
  return Summary{.mode = mode,
                 .supernode = std::move(labels),
                 .superedges = DistCsr<double>::from_entries(comm, num_supernodes, num_supernodes, std::move(entries),
                                                             {Duplicates::first, Loops::keep}),
                 .num_edges = num_edges,
                 .graph_hash = graph_hash};
}

Dendrogram load_merges(const io::Hdf5Reader& file) {
  check_kind(file);
  Dendrogram tree;
  tree.num_leaves = need_num_vertices(file);
  const Offset count = file.length("/summary/merges/left");
  for (const char* dataset : {"/summary/merges/right", "/summary/merges/height"})
    refuse_unless(file, file.length(dataset) == count, dataset, " has ", file.length(dataset), " values for ", count,
                  " merges");
  refuse_unless(file, count < tree.num_leaves, count, " merges of ", tree.num_leaves, " vertices");
  const auto left = file.read<Global>("/summary/merges/left", 0, count);
  const auto right = file.read<Global>("/summary/merges/right", 0, count);
  const auto height = file.read<double>("/summary/merges/height", 0, count);
  try {
    std::vector<bool> is_merged(z(tree.num_leaves + count), false);  // before sizes are added up, which could overflow
    for (Offset k = 0; k < count; ++k) {
      for (const Global child : {left[z(k)], right[z(k)]}) {
        require(child >= 0 && child < tree.num_leaves + k && !is_merged[z(child)], "merge ", k, " joins node ", child,
                ", which is not there or was merged before");
        is_merged[z(child)] = true;
      }
      tree.join(left[z(k)], right[z(k)], height[z(k)]);
    }
    tree.validate();
  } catch (const InvalidArgument& e) {
    throw IoError(text(file.path(), ": /summary/merges: ", e.what()));
  }
  return tree;
}

}  // namespace filigree::summary
