#include "io/numbering.hpp"

#include <algorithm>

#include "core/index.hpp"
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

/// Vertices are called by the keys that were numbered, those of `entries` by their numbers. Collective.
template <class Keys>
GraphFile build_named(const Comm& comm, const std::string& path, Entries<double> entries,
                      const NumberedKeys<Keys>& numbered, const ReadOptions& options) {
  GraphFile file = assemble(comm, path, numbered.total, numbered.total, std::move(entries), options);
  const Partition& rows = file.graph.rows;
  file.names = VertexNames(comm, rows, deal_out(comm, numbered.sorted, numbered.first, rows));
  return file;
}

}  // namespace

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
  const NumberedKeys<std::vector<Global>> numbered = number_keys(comm, occur);
  // Ids without gaps from 0 are the numbers.
  const Global last = numbered.sorted.empty() ? -1 : numbered.sorted.back();
  if (comm.max(last) + 1 == numbered.total) {
    return assemble(comm, path, numbered.total, numbered.total, std::move(entries), options);
  }
  for (Global& vertex : entries.row) vertex = numbered.number[z(ids.position(vertex))];
  for (Global& vertex : entries.col) vertex = numbered.number[z(ids.position(vertex))];
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
