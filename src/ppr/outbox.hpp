// Outbox: values of queries on their way to other ranks.
#pragma once

#include <vector>

#include "core/index.hpp"
#include "filigree/core/comm.hpp"

namespace filigree::ppr {

/// `value` belongs to a vertex of the query number `query` of those in flight. `vertex` counts from one that sender and
/// receiver agree on.
struct Term {
  std::int32_t query;
  Local vertex;
  double value;
};
static_assert(sizeof(Term) == 16, "the formula of bytes sent says so");

class Outbox {
 public:
  explicit Outbox(const Comm& comm) : comm_(comm), to_(z(comm.size())) {}

  void add(int rank, const Term& term) { to_[z(rank)].push_back(term); }
  /// Sends it all and is empty. Terms arrive by sender, and from each in the order in which they were added.
  /// Collective.
  Received<Term> send();

  Offset bytes_sent() const { return terms_sent_ * Offset{sizeof(Term)}; }  ///< to other ranks

 private:
  Comm comm_;
  std::vector<std::vector<Term>> to_;
  Offset terms_sent_ = 0;
};

}  // namespace filigree::ppr
