// CollectiveProgress: a Progress for work that the ranks do in step.
#pragma once

#include <string_view>

#include "filigree/core/comm.hpp"
#include "filigree/core/timing.hpp"

namespace filigree {

/// Calls a Progress in the same places on all ranks. Where it throws on some, all ranks throw, as after Comm::guard.
/// Costs a reduction per call if any rank has a callback, else none.
class CollectiveProgress {
 public:
  /// The callback may be empty on some ranks. Collective.
  CollectiveProgress(const Comm& comm, const Progress& progress)
      : comm_(comm), progress_(progress), is_wanted_(comm.max(static_cast<int>(progress != nullptr)) != 0) {}

  /// Collective.
  void operator()(std::string_view phase, Offset done, Offset total) const {
    if (!is_wanted_) return;
    comm_.guard([&] {
      if (progress_) progress_(phase, done, total);
    });
  }

 private:
  Comm comm_;
  Progress progress_;
  bool is_wanted_;
};

}  // namespace filigree
