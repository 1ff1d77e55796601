// What queries need besides the arcs of a replicated graph: made at the first query, kept for the next.
#pragma once

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "core/parallel_for.hpp"
#include "ppr/push/batch_push.hpp"
#include "ppr/push/single_push.hpp"
#include "ppr/push/symmetric_system.hpp"

namespace filigree::ppr {

struct BatchPlan;

/// Things that are costly to make, kept by a graph between queries. Safe from several threads.
template <class T>
class Pool {
 public:
  /// A kept one, or a new one from make(); back it goes when the handle is destroyed.
  template <class Make>
  auto take(Make make) {
    const auto put_back = [this](T* item) {
      const std::scoped_lock lock(mutex_);
      kept_.emplace_back(item);
    };
    std::unique_ptr<T> item;
    {
      const std::scoped_lock lock(mutex_);
      if (!kept_.empty()) {
        item = std::move(kept_.back());
        kept_.pop_back();
      }
    }
    if (!item) item = make();
    return std::unique_ptr<T, decltype(put_back)>(item.release(), put_back);
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<T>> kept_;
};

/// parallel_for() with pushes from the pool as states.
template <class Push, class Body, class After>
void parallel_for_pooled(Pool<Push>& pool, const ReplicatedGraph::Parts& graph, Offset n, Body body, After after) {
  if (n == 0) return;
  const auto make = [&] { return pool.take([&] { return std::make_unique<Push>(graph); }); };
  parallel_for(
      n, make, [&](auto& state, Offset i) { body(*state, i); }, after);
}

/// What queries need besides the arcs.
struct QueryTables {
  SharedArray<float> out_arcs;  ///< max(1, out-arcs), padded to whole blocks with 1
  SymmetricSystem system;       ///< of symmetric graphs
  Pool<SinglePush> single;
  Pool<SharedPush> verd;
  std::shared_ptr<const BatchPlan> plan;  ///< of the last large batch, or null
};

}  // namespace filigree::ppr
