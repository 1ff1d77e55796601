// Residuals that wait for rows of the index which other ranks hold.
#pragma once

#include "ppr/query/solve_group.hpp"

namespace filigree::ppr {

/// Adds to every partial.q what the walks of other ranks' rows make of its residual. Collective.
void exchange_residuals(const QueryContext& context, std::span<Partial> partial, Stats& stats);

}  // namespace filigree::ppr
