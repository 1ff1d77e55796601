// EngineState: what is inside an Engine.
#pragma once

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "core/parallel_for.hpp"
#include "filigree/ppr/query.hpp"
#include "ppr/index/index_summary.hpp"
#include "ppr/push/batch_push.hpp"
#include "ppr/push/single_push.hpp"

namespace filigree::ppr {

struct BatchPlan;

/// Pushes that are costly to make, kept between queries. Safe from several threads. Giving one back allocates nothing.
template <class Push>
class Pool {
 public:
  /// A kept one, or one made of `of`; back it goes when the handle is destroyed.
  template <class Of>
  auto take(const Of& of) {
    const auto put_back = [this](Push* push) {
      const std::scoped_lock lock(mutex_);
      kept_.emplace_back(push);
    };
    std::unique_ptr<Push> push;
    {
      const std::scoped_lock lock(mutex_);
      if (!kept_.empty()) {
        push = std::move(kept_.back());
        kept_.pop_back();
      } else {
        kept_.reserve(++num_made_);
      }
    }
    if (!push) push = std::make_unique<Push>(of);
    return std::unique_ptr<Push, decltype(put_back)>(push.release(), put_back);
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<Push>> kept_;
  std::size_t num_made_ = 0;
};

struct EngineState {
  /// Collective.
  EngineState(const ReplicatedGraph& replicated, std::shared_ptr<const Index> of_walks);

  CsrView<double> arcs() const { return tables.graph.arcs(); }

  ReplicatedGraph graph;
  std::shared_ptr<const Index> index;  // or null
  Comm comm;
  QueryTables tables;
  mutable Pool<SinglePush> single;
  mutable Pool<BatchPush> verd;
  /// The last solution for policy `uniform`.
  struct Solved {
    double teleport, target_error;
    DanglingPolicy policy;
  };
  std::unique_ptr<const Solved> solved;
  std::shared_ptr<const BatchPlan> plan;  // of the last large batch, or null

  /// Solves for the uniform seed if it has to, and keeps the solution.
  DanglingPolicy policy_for(const QueryOptions& options);

  /// parallel_for() with pushes of the pool as states.
  template <class Push, class Body, class After>
  void parallel_for_pooled(Pool<Push>& pool, Offset n, Body body, After after) const {
    if (n == 0) return;
    parallel_for(
        n, [&] { return pool.take(tables); }, [&](auto& state, Offset i) { body(*state, i); }, after);
  }
};

EngineState& state_of(Engine& engine);

}  // namespace filigree::ppr
