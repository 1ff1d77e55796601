#include "filigree/core/shared_array.hpp"

#include <sys/statvfs.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <new>
#include <vector>

#include "core/large_count.hpp"
#include "core/zeroed_array.hpp"

namespace filigree::detail {

using large_count::check;

namespace {

/// Windows whose owners were destroyed by an exception, when no rank may wait for others.
struct Abandoned {
  Comm node;
  MPI_Win window;
  Offset number;
};
std::vector<Abandoned>& abandoned() {
  static auto& windows = *new std::vector<Abandoned>;  // not destroyed at exit: MPI is finalized then
  return windows;
}

void free_window(MPI_Win& window) {
  MPI_Win_unlock_all(window);
  MPI_Win_free(&window);
}

/// Whether both have the same ranks in the same order.
bool is_same_group(const Comm& a, const Comm& b) {
  int relation = MPI_UNEQUAL;
  check(MPI_Comm_compare(a.handle(), b.handle(), &relation), "MPI_Comm_compare");
  return relation == MPI_IDENT || relation == MPI_CONGRUENT;
}

/// Frees the windows that all ranks of the node have abandoned, in the same order on all. Collective.
void free_abandoned(const Comm& node) {
  std::vector<Offset> own;
  node.guard([&] {
    for (const Abandoned& each : abandoned()) {
      if (is_same_group(each.node, node)) own.push_back(each.number);
    }
  });
  std::ranges::sort(own);
  if (node.max(std::ssize(own)) == 0) return;
  auto all = node.all_gather(std::span<const Offset>(own)).values;
  std::ranges::sort(all);
  for (const Offset number : own) {
    if (std::ranges::count(all, number) < node.size()) continue;
    // Numbers are those of one root: another node's root may have given the same.
    const auto found = std::ranges::find_if(
        abandoned(), [&](const Abandoned& each) { return each.number == number && is_same_group(each.node, node); });
    free_window(found->window);
    abandoned().erase(found);
  }
}

}  // namespace

SharedBytes::SharedBytes(const Comm& node, Offset bytes) : node_(node) {
  require(bytes >= 0, "SharedArray: ", bytes, " bytes, must be at least 0");
  if (node.size() == 1) {
    node.guard([&] {
      const auto zeros = std::make_shared<ZeroedArray<std::byte>>(bytes);
      data_ = zeros->data();
      alone_ = zeros;
    });
    return;
  }
  free_abandoned(node);
  static Offset num_windows = 0;  // that this rank was the root of
  number_ = node.broadcast(node.is_root() ? ++num_windows : 0);
  // A window larger than the file system behind it kills the process with SIGBUS at first touch: ask before.
  node.guard([&] {
    struct statvfs shm {};
    if (statvfs("/dev/shm", &shm) != 0) return;
    const auto free_bytes = static_cast<Offset>(shm.f_bavail) * static_cast<Offset>(shm.f_frsize);
    if (bytes > free_bytes) {
      throw Error(text("/dev/shm has ", free_bytes >> 20, " MiB free and ", (bytes >> 20) + 1,
                       " MiB are needed for an array shared by the ranks of a node; enlarge it (docker run --shm-size) "
                       "or run one rank per node"));
    }
  });
  const MPI_Aint mine = node.is_root() ? static_cast<MPI_Aint>(bytes) : 0;
  check(MPI_Win_allocate_shared(mine, 1, MPI_INFO_NULL, node.handle(), &data_, &window_), "MPI_Win_allocate_shared");
  MPI_Aint size = 0;
  int unit = 0;
  check(MPI_Win_shared_query(window_, 0, &size, &unit, &data_), "MPI_Win_shared_query");
  if (node.is_root()) std::memset(data_, 0, static_cast<std::size_t>(bytes));
  check(MPI_Win_lock_all(MPI_MODE_NOCHECK, window_), "MPI_Win_lock_all");
  fence();
}

SharedBytes::~SharedBytes() {
  int finalized = 0;
  MPI_Finalized(&finalized);
  if (window_ == MPI_WIN_NULL || finalized != 0) return;
  if (std::uncaught_exceptions() == 0) {
    free_window(window_);
    return;
  }
  try {
    abandoned().push_back({node_, window_, number_});
  } catch (const std::bad_alloc&) {  // then it leaks
  }
}

void SharedBytes::fence() const {
  if (window_ == MPI_WIN_NULL) return;
  check(MPI_Win_sync(window_), "MPI_Win_sync");
  node_.barrier();
  check(MPI_Win_sync(window_), "MPI_Win_sync");
}

}  // namespace filigree::detail
