#include "ppr/index/replicated_walks.hpp"

#include <omp.h>

#include "core/parallel_for.hpp"
#include "ppr/index/walk_rows.hpp"

namespace filigree::ppr {

ReplicatedWalks::ReplicatedWalks(const ReplicatedGraph& graph, const IndexOptions& options)
    : graph_(graph), options_(options), sources_(Partition::uniform(graph.num_vertices(), graph.comm().size())) {}

Offset ReplicatedWalks::working_bytes(const WalkLaw& law, std::int32_t, Offset most_entries) const {
  return omp_get_max_threads() * (WalkBatch::most_bytes(law) + RowCounter::bytes_per_entry * most_entries);
}

Rows ReplicatedWalks::make(const WalkLaw& law, Global first, std::span<const std::int32_t> num_walks) {
  const Global count = std::ssize(num_walks);
  const Global chunk = std::clamp<Global>(count / 64, 1, 256);
  std::vector<Rows> chunks(z((count + chunk - 1) / chunk));
  const Global first_source = sources_.begin(comm().rank()) + first;
  const auto make_chunk = [&](RowMaker& maker, Offset i) {
    const Global begin = i * chunk;
    maker.make(static_cast<Local>(first_source + begin), num_walks.subspan(z(begin), z(std::min(chunk, count - begin))),
               chunks[z(i)]);
  };
  parallel_for(
      std::ssize(chunks), [&] { return RowMaker(data_of(graph_), law, options_); }, make_chunk, [](Offset) {});
  Rows rows;
  Offset num_bytes = 0;
  for (const Rows& part : chunks) num_bytes += std::ssize(part.visits.bytes());
  rows.reserve(count, num_bytes);
  for (Rows& part : chunks) {
    rows.append(part);
    part = Rows();
  }
  return rows;
}

std::vector<std::uint64_t> ReplicatedWalks::push_all(std::span<const std::uint64_t> mass, double share) const {
  const GraphData& parts = data_of(graph_);
  const CsrView<double> arcs = parts.arcs();
  std::vector<std::uint64_t> pushed =
      comm().guard([&] { return std::vector<std::uint64_t>(z(sources_.num_items()), 0); });
  const auto first = static_cast<Local>(sources_.begin(comm().rank()));
  for (std::size_t row = 0; row < mass.size(); ++row) {
    const auto v = first + static_cast<Local>(row);
    const double weight = parts.out_weight(v);
    if (weight == 0) continue;
    const double per_weight = share * static_cast<double>(mass[row]) / weight;
    const auto cols = arcs.cols(v);
    const auto weights = arcs.vals(v);
    for (std::size_t k = 0; k < cols.size(); ++k) {
      pushed[z(cols[k])] += static_cast<std::uint64_t>(per_weight * (weights.empty() ? 1 : weights[k]));
    }
  }
  comm().sum(std::span<std::uint64_t>(pushed));
  pushed.erase(pushed.begin(), pushed.begin() + first);
  pushed.resize(mass.size());
  return pushed;
}

}  // namespace filigree::ppr
