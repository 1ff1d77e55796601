#include "ppr/index/index_summary.hpp"

#include <algorithm>

#include "ppr/tuning.hpp"

namespace filigree::ppr {

std::shared_ptr<const IndexSummary> summarize(const Comm& comm, const Index& index) {
  std::vector<float> mass;
  comm.guard([&] {
    for (Local row = 0; row < index.visits.num_rows(); ++row) {
      Offset visits = 0;
      index.visits.for_each(row, [&](Local, std::int32_t count) { visits += count; });
      mass.push_back(static_cast<float>(index.scale(row) * static_cast<double>(visits)));
    }
  });
  auto summary = std::make_shared<IndexSummary>();
  summary->mass = comm.all_gather(std::span<const float>(mass)).values;
  summary->deviation = comm.all_gather(std::span<const float>(index.deviation)).values;
  summary->largest_mass = static_cast<double>(*std::max_element(summary->mass.begin(), summary->mass.end()));
  summary->mass.resize(summary->mass.size() + block_size, 0);
  summary->deviation.resize(summary->deviation.size() + block_size, 0);
  return summary;
}

}  // namespace filigree::ppr
