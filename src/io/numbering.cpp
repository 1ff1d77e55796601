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

/// Vertices are called by their numbers; ids that do not occur are isolated vertices. Collective.
GraphFile build_kept(const Comm& comm, const std::string& path, Entries<double> entries, const ReadOptions& options) {
  Global last = -1;
  for (Global vertex : entries.row) last = std::max(last, vertex);
  for (Global vertex : entries.col) last = std::max(last, vertex);
  const Global num_vertices = comm.max(last) + 1;
  return assemble(comm, path, num_vertices, num_vertices, std::move(entries), options);
}

/// Whether all ranks' ids together are 0, 1, 2, ... without gaps. `ids`: this rank's, ascending. Collective. Moves a
/// bit for each id.
bool have_no_gaps(const Comm& comm, const std::vector<Global>& ids) {
  const Global count = comm.max(ids.empty() ? Global{0} : ids.back() + 1);
  if (count > comm.sum(static_cast<Offset>(ids.size()))) return false;
  const Partition words = Partition::uniform(count / 64 + 1, comm.size());
  std::vector<std::uint64_t> bits(z(words.num_items()), 0);
  for (Global id : ids) bits[z(id / 64)] |= std::uint64_t{1} << (id % 64);
  std::vector<Offset> counts;
  for (int r = 0; r < comm.size(); ++r) counts.push_back(words.size(r));
  const auto arrived = comm.all_to_all(std::span<const std::uint64_t>(bits), counts);
  std::vector<std::uint64_t> all(z(words.size(comm.rank())), 0);
  for (std::size_t i = 0; i < arrived.values.size(); ++i) all[i % all.size()] |= arrived.values[i];
  Offset distinct = 0;
  for (std::uint64_t word : all) distinct += std::popcount(word);
  return comm.sum(distinct) == count;
}

/// Vertices are called by the keys that were numbered, those of `entries` by their numbers. Collective.
template <class Keys>
GraphFile build_named(const Comm& comm, const std::string& path, Entries<double> entries,
                      const NumberedKeys<Keys>& numbered, const ReadOptions& options) {
  return assemble_named(comm, path, numbered.total, std::move(entries), options, [&](const Partition& vertices) {
    return VertexNames(comm, vertices, deal_out(comm, numbered.sorted, numbered.first, vertices));
  });
}

}  // namespace

GraphFile assemble_named(const Comm& comm, const std::string& path, Global num_vertices, Entries<double> entries,
                         const ReadOptions& options, const std::function<VertexNames(const Partition&)>& names_over) {
  try {
    GraphFile file = assemble(comm, path, num_vertices, num_vertices, std::move(entries), options);
    file.names = names_over(file.graph.rows);
    return file;
  } catch (const InvalidArc& fault) {  // on all ranks
    const VertexNames names = names_over(Partition::uniform(num_vertices, comm.size()));
    const auto called = names.fetch(comm, std::vector<Global>{fault.from, fault.to});
    throw InvalidArgument(text(fault.before, called[0], " -> ", called[1], fault.after));
  }
}

GraphFile number_ids(const Comm& comm, const std::string& path, Entries<double> entries, const ReadOptions& options) {
  if (options.ids == Ids::keep) return build_kept(comm, path, std::move(entries), options);
  DistinctIds ids(static_cast<Offset>(2 * entries.size()));  // a table no larger than half of the entries
  const std::vector<Global> occur = comm.guard([&] {
    for (std::size_t k = 0; k < entries.size(); ++k) {
      ids.add(entries.row[k]);
      ids.add(entries.col[k]);
    }
    return ids.sort();
  });
  if (have_no_gaps(comm, occur)) return build_kept(comm, path, std::move(entries), options);
  const NumberedKeys<std::vector<Global>> numbered = number_keys(comm, occur);
  // One table is looked up faster than two; beyond 2^31 vertices it cannot hold their numbers.
  const bool one_table = numbered.total <= std::numeric_limits<Local>::max();
  if (one_table) ids.renumber(numbered.number);
  for (std::vector<Global>* vertices : {&entries.row, &entries.col}) {
    for (Global& vertex : *vertices) {
      const Local at = ids.position(vertex);
      vertex = one_table ? at : numbered.number[z(at)];
    }
  }
  return build_named(comm, path, std::move(entries), numbered, options);
}

GraphFile number_names(const Comm& comm, const std::string& path, Entries<double> entries, const Strings& names,
                       const ReadOptions& options) {
  const NumberedKeys<Strings> numbered = number_keys(comm, names);
  for (Global& vertex : entries.row) vertex = numbered.number[z(vertex)];
  for (Global& vertex : entries.col) vertex = numbered.number[z(vertex)];
  return build_named(comm, path, std::move(entries), numbered, options);
}

}  // namespace filigree::io
