#include "ppr/graph/alias.hpp"

#include <algorithm>

namespace filigree::ppr {

double AliasMaker::make(std::span<const Local> cols, std::span<const double> weights, std::span<AliasEntry> slots) {
  double sum = 0;
  for (double weight : weights) sum += weight;
  if (sum == 0) {
    std::fill(slots.begin(), slots.end(), AliasEntry{0, -1});
    return 0;
  }
  share_.resize(weights.size());
  poor_.clear();
  rich_.clear();
  for (std::uint32_t k = 0; k < weights.size(); ++k) {
    share_[k] = weights[k] / sum * static_cast<double>(weights.size());
    (share_[k] < 1 ? poor_ : rich_).push_back(k);
  }
  // A poor arc fills its slot in part; a rich one gives the rest and may become poor by it.
  while (!poor_.empty() && !rich_.empty()) {
    const std::uint32_t poor = poor_.back();
    const std::uint32_t rich = rich_.back();
    poor_.pop_back();
    slots[poor] = {static_cast<std::uint32_t>(share_[poor] * 0x1p32), cols[rich]};
    share_[rich] -= 1 - share_[poor];
    if (share_[rich] >= 1) continue;
    rich_.pop_back();
    poor_.push_back(rich);
  }
  // What is left is 1 up to rounding. An arc without weight is no such one as long as any other is left.
  for (const auto& left : {rich_, poor_}) {
    for (std::uint32_t k : left) slots[k] = {0, cols[k]};
  }
  return sum;
}

}  // namespace filigree::ppr
