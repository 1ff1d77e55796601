#include "filigree/io/named_hash.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <bit>

#include "core/index.hpp"

namespace filigree::io {
namespace {

/// Of the name of every owned vertex.
std::vector<std::uint64_t> hashed(const Comm& comm, const VertexNames& names) {
  std::vector<std::uint64_t> hashes;
  for (Local v = 0; v < names.vertices().size(comm.rank()); ++v) {
    const std::string name = names.owned(comm, v);
    hashes.push_back(XXH3_64bits(name.data(), name.size()));
  }
  return hashes;
}

}  // namespace

std::uint64_t names_hash(const Comm& comm, const VertexNames& names) {
  std::uint64_t sum = 0;
  auto vertex = static_cast<std::uint64_t>(names.vertices().begin(comm.rank()));
  for (std::uint64_t name : hashed(comm, names)) {
    const std::uint64_t words[] = {vertex++, name};
    sum += XXH3_64bits(words, sizeof words);
  }
  return comm.sum(sum);
}

std::uint64_t named_arcs_hash(const Graph& graph, const VertexNames& names) {
  require(graph.is_square() && names.vertices() == graph.rows(), "named_arcs_hash: ", names.vertices().num_items(),
          " names for a ", graph.num_rows(), " x ", graph.num_cols(), " matrix, or distributed differently");
  const std::vector<std::uint64_t> owned = hashed(graph.comm(), names);
  const std::vector<std::uint64_t> all = graph.with_ghosts(owned);
  const CsrView<double> local = graph.local().view();
  std::uint64_t sum = 0;
#pragma omp parallel for schedule(static) reduction(+ : sum)
  for (Local row = 0; row < local.num_rows(); ++row) {
    const auto cols = local.cols(row);
    for (std::size_t k = 0; k < cols.size(); ++k) {
      const double weight = local.has_values() ? local.vals(row)[k] : 1;
      const std::uint64_t words[] = {owned[z(row)], all[z(cols[k])], std::bit_cast<std::uint64_t>(weight)};
      sum += XXH3_64bits(words, sizeof words);
    }
  }
  return graph.comm().sum(sum);
}

}  // namespace filigree::io
