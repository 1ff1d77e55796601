// Term: a value of a query on its way to another rank.
#pragma once

#include "core/mailbox.hpp"

namespace filigree::ppr {

/// `value` belongs to a vertex of the query number `query` of those in flight. `vertex` counts from one that sender and
/// receiver agree on.
struct Term {
  std::int32_t query;
  Local vertex;
  double value;
};
static_assert(sizeof(Term) == 16, "the formula of bytes sent says so");

}  // namespace filigree::ppr
