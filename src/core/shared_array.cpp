#include "filigree/core/shared_array.hpp"

#include <sys/statvfs.h>

#include <cstddef>
#include <cstring>

#include "core/large_count.hpp"
#include "core/zeroed_array.hpp"

namespace filigree::detail {

using large_count::check;

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
  // Collective, so not for a rank that unwinds alone.
  int finalized = 0;
  MPI_Finalized(&finalized);
  if (window_ == MPI_WIN_NULL || finalized != 0 || std::uncaught_exceptions() > 0) return;
  MPI_Win_unlock_all(window_);
  MPI_Win_free(&window_);
}

void SharedBytes::fence() const {
  if (window_ == MPI_WIN_NULL) return;
  check(MPI_Win_sync(window_), "MPI_Win_sync");
  node_.barrier();
  check(MPI_Win_sync(window_), "MPI_Win_sync");
}

}  // namespace filigree::detail
