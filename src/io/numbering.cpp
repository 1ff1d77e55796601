#include "io/numbering.hpp"

#include <algorithm>
#include <bit>
#include <limits>

#include "core/index.hpp"
#include "filigree/core/invalid_arc.hpp"
#include "io/interner.hpp"
#include "io/keys.hpp"

namespace filigree::io {
namespace {

constexpr Global end_of_kept_ids = 1'000'000'000'000'000'000;  // far from the limits of Global

/// Vertices are called by their numbers; ids that do not occur are isolated vertices. Collective.
GraphFile build_kept(const Comm& comm, const std::string& path, UnnumberedEntries edges, const ReadOptions& options) {
  Global last = -1;
  for (const std::vector<Global>* vertices : {&edges.entries.row, &edges.entries.col, &edges.lone}) {
    for (Global vertex : *vertices) last = std::max(last, vertex);
  }
  last = comm.max(last);
  require(last < end_of_kept_ids, path, ": vertex ", last, " must be below 10^18 to be kept as a vertex number");
  return assemble(comm, path, last + 1, last + 1, std::move(edges.entries), options);
}

/// Whether all ranks' ids together are 0, 1, 2, ... without gaps. `ids`: this rank's, ascending. Collective. Moves a
/// bit for each id.
bool have_no_gaps(const Comm& comm, const std::vector<Global>& ids) {
  const bool plain = ids.empty() || (ids.front() >= 0 && ids.back() < end_of_kept_ids);
  const Global count = comm.max(!plain ? end_of_kept_ids + 1 : ids.empty() ? Global{0} : ids.back() + 1);
  if (count > comm.sum(static_cast<Offset>(ids.size()))) return false;
  const Partition words = Partition::uniform(count / 64 + 1, comm.size());
  std::vector<std::uint64_t> bits(z(words.num_items()), 0);
  for (Global id : ids) bits[z(id / 64)] |= std::uint64_t{1} << (id % 64);
  std::vector<Offset> counts;
  for (int r = 0; r < comm.size(); ++r) counts.push_back(words.size(r));
  const auto arrived = comm.all_to_all(bits, counts);
  std::vector<std::uint64_t> all(z(words.size(comm.rank())), 0);
  for (std::size_t i = 0; i < arrived.values.size(); ++i) all[i % all.size()] |= arrived.values[i];
  Offset distinct = 0;
  for (std::uint64_t word : all) distinct += std::popcount(word);
  return comm.sum(distinct) == count;
}

/// Keys of vertices first, first + 1, ..., spread over the ranks in their order.
template <class Keys>
struct Run {
  const Keys& keys;
  Global first;
};

/// What vertices are called if they are those of all runs, concatenated. Collective.
template <class Keys>
VertexNames names_of(const Comm& comm, const Partition& rows, std::initializer_list<Run<Keys>> runs) {
  Keys mine;
  for (const Run<Keys>& run : runs) {
    const Keys part = deal_out(comm, run.keys, run.first, rows);
    for (std::size_t i = 0; i < part.size(); ++i) mine.push_back(part[i]);
  }
  return VertexNames(comm, rows, std::move(mine));
}

/// The graph of `total` vertices with these names. Collective.
template <class Keys>
GraphFile build_named(const Comm& comm, const std::string& path, Entries<double> entries, Global total,
                      std::initializer_list<Run<Keys>> runs, const ReadOptions& options) {
  return assemble_named(comm, path, total, std::move(entries), options,
                        [&](const Partition& vertices) { return names_of(comm, vertices, runs); });
}

/// The same when rows and columns are numbered apart and hold their numbers. Collective.
template <class Keys>
GraphFile build_bipartite(const Comm& comm, const std::string& path, Entries<double> entries,
                          const NumberedKeys<Keys>& sources, const NumberedKeys<Keys>& targets,
                          const ReadOptions& options) {
  for (Global& vertex : entries.col) vertex += sources.total;
  Strings first_names;
  Strings second_names;
  comm.guard([&] {
    for (std::size_t i = 0; i < sources.sorted.size(); ++i) {
      const std::string name = text(sources.sorted[i]);
      require(!name.starts_with(second_side), path, ": the name '", name,
              "' in the first column could be one of the second, whose names begin with ", second_side);
      first_names.push_back(name);
    }
    for (std::size_t i = 0; i < targets.sorted.size(); ++i)
      second_names.push_back(text(second_side, targets.sorted[i]));
  });
  return build_named<Strings>(comm, path, std::move(entries), sources.total + targets.total,
                              {{first_names, sources.first}, {second_names, sources.total + targets.first}}, options);
}

/// Ids that were met -> numbers. Collective.
struct NumberedIds {
  NumberedIds(const Comm& comm, DistinctIds distinct)
      : ids(std::move(distinct)), occur(comm.guard([&] { return ids.sort(); })) {}

  void number(const Comm& comm) {
    numbered = number_keys(comm, occur);
    // One table is looked up faster than two; beyond 2^31 vertices it cannot hold their numbers.
    one_table = numbered.total <= std::numeric_limits<Local>::max();
    if (one_table) ids.renumber(numbered.number);
  }
  void replace(std::vector<Global>& vertices) {
    for (Global& vertex : vertices) {
      const Local at = ids.position(vertex);
      vertex = one_table ? at : numbered.number[z(at)];
    }
  }

  DistinctIds ids;
  std::vector<Global> occur;
  NumberedKeys<std::vector<Global>> numbered;
  bool one_table = false;
};

NumberedIds distinct_ids(const Comm& comm, std::initializer_list<const std::vector<Global>*> vertices) {
  std::size_t count = 0;
  for (const auto* some : vertices) count += some->size();
  DistinctIds ids(static_cast<Offset>(count));  // a table no larger than half of the entries
  comm.guard([&] {
    for (const auto* some : vertices) {
      for (Global id : *some) ids.add(id);
    }
  });
  return {comm, std::move(ids)};
}

/// Replaces positions among keys by their numbers.
void replace(std::vector<Global>& vertices, const std::vector<Global>& number) {
  for (Global& vertex : vertices) vertex = number[z(vertex)];
}

}  // namespace

GraphFile assemble_named(const Comm& comm, const std::string& path, Global num_vertices, Entries<double> entries,
                         const ReadOptions& options, const std::function<VertexNames(const Partition&)>& names_over) {
  try {
    GraphFile file = assemble(comm, path, num_vertices, num_vertices, std::move(entries), options);
    file.names = names_over(file.graph.rows());
    return file;
  } catch (const InvalidArc& fault) {  // on all ranks
    const VertexNames names = names_over(Partition::uniform(num_vertices, comm.size()));
    const auto called = names.fetch(comm, std::vector<Global>{fault.from, fault.to});
    throw InvalidArgument(text(fault.before, called[0], " -> ", called[1], fault.after));
  }
}

GraphFile number_ids(const Comm& comm, const std::string& path, UnnumberedEntries edges, const ReadOptions& options) {
  auto& [entries, lone, bipartite] = edges;
  if (bipartite) {
    NumberedIds sources = distinct_ids(comm, {&entries.row, &lone});
    NumberedIds targets = distinct_ids(comm, {&entries.col});
    sources.number(comm);
    targets.number(comm);
    sources.replace(entries.row);
    targets.replace(entries.col);
    return build_bipartite(comm, path, std::move(entries), sources.numbered, targets.numbered, options);
  }
  if (options.ids == Ids::keep) return build_kept(comm, path, std::move(edges), options);
  NumberedIds vertices = distinct_ids(comm, {&entries.row, &entries.col, &lone});
  if (have_no_gaps(comm, vertices.occur)) return build_kept(comm, path, std::move(edges), options);
  vertices.number(comm);
  vertices.replace(entries.row);
  vertices.replace(entries.col);
  return build_named<std::vector<Global>>(comm, path, std::move(entries), vertices.numbered.total,
                                          {{vertices.numbered.sorted, vertices.numbered.first}}, options);
}

GraphFile number_names(const Comm& comm, const std::string& path, UnnumberedEntries edges, const Strings& names,
                       const Strings& col_names, const ReadOptions& options) {
  Entries<double>& entries = edges.entries;
  const NumberedKeys<Strings> numbered = number_keys(comm, names);
  replace(entries.row, numbered.number);
  if (edges.bipartite) {
    const NumberedKeys<Strings> targets = number_keys(comm, col_names);
    replace(entries.col, targets.number);
    return build_bipartite(comm, path, std::move(entries), numbered, targets, options);
  }
  replace(entries.col, numbered.number);
  return build_named<Strings>(comm, path, std::move(entries), numbered.total, {{numbered.sorted, numbered.first}},
                              options);
}

namespace {

/// Replaces positions among keys by the numbers that these have in the list; false, on all ranks, if one is not in it,
/// and then `missing` gets those of this rank. Collective.
template <class Keys>
bool number_by_list(const Comm& comm, Entries<double>& entries, const Keys& keys, const VertexList<Keys>& list,
                    Keys& missing) {
  const std::vector<Global> number = look_up(comm, list, keys);
  for (std::size_t i = 0; i < number.size(); ++i) {
    if (number[i] < 0) missing.push_back(keys[i]);
  }
  if (comm.sum(static_cast<Offset>(missing.size())) > 0) return false;
  replace(entries.row, number);
  replace(entries.col, number);
  return true;
}

}  // namespace

std::optional<GraphFile> number_ids(const Comm& comm, const std::string& path, UnnumberedEntries edges,
                                    const VertexList<std::vector<Global>>& list, const ReadOptions& options,
                                    std::vector<Global>& missing) {
  Entries<double>& entries = edges.entries;
  NumberedIds vertices = distinct_ids(comm, {&entries.row, &entries.col, &edges.lone});
  for (std::vector<Global>* side : {&entries.row, &entries.col}) {
    for (Global& vertex : *side) vertex = vertices.ids.position(vertex);
  }
  if (!number_by_list(comm, entries, vertices.occur, list, missing)) return std::nullopt;
  return build_named<std::vector<Global>>(comm, path, std::move(entries), list.total, {{list.keys, list.first}},
                                          options);
}

std::optional<GraphFile> number_names(const Comm& comm, const std::string& path, UnnumberedEntries edges,
                                      const Strings& names, const VertexList<Strings>& list, const ReadOptions& options,
                                      Strings& missing) {
  if (!number_by_list(comm, edges.entries, names, list, missing)) return std::nullopt;
  return build_named<Strings>(comm, path, std::move(edges.entries), list.total, {{list.keys, list.first}}, options);
}

}  // namespace filigree::io
