// The best one-to-one matching of labels.
#pragma once

#include <span>
#include <vector>

#include "filigree/core/types.hpp"

namespace filigree::communities {

/// For each row of a dense num_rows x num_cols matrix of gains, row-major, num_rows <= num_cols: its column in a
/// matching of the largest total gain. O(num_rows^2 num_cols).
std::vector<Global> best_matching(std::span<const Offset> gain, Global num_rows, Global num_cols);

}  // namespace filigree::communities
