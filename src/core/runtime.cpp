#include "filigree/core/runtime.hpp"

#include <omp.h>
#include <sched.h>
#include <tbb/global_control.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <optional>
#include <thread>

#include "core/cpu_quota.hpp"
#include "core/large_count.hpp"
#include "filigree/core/timing.hpp"

namespace filigree {

struct Runtime::Mpi {
  bool ours = false;
  int exceptions_at_start = std::uncaught_exceptions();

  Mpi(int& argc, char**& argv) {
    int initialized = 0;
    MPI_Initialized(&initialized);
    if (initialized != 0) return;
    int provided = 0;
    large_count::check(MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided), "MPI_Init_thread");
    ours = true;
    if (provided < MPI_THREAD_FUNNELED)
      throw MpiError("this MPI was built without thread support (MPI_THREAD_FUNNELED)");
  }
  Mpi(const Mpi&) = delete;
  Mpi& operator=(const Mpi&) = delete;
  ~Mpi() {
    if (ours && std::uncaught_exceptions() == exceptions_at_start) MPI_Finalize();
  }
};

void set_num_threads(int threads) {
  require(threads >= 1, "set_num_threads: ", threads, " threads, must be at least 1");
  omp_set_num_threads(threads);
  static std::mutex mutex;
  static std::optional<tbb::global_control> tbb_limit;
  static int now = 0;
  const std::lock_guard lock(mutex);
  if (threads == std::exchange(now, threads)) return;
  tbb_limit.emplace(tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(threads));
}

int num_threads() { return omp_get_max_threads(); }

Runtime::Runtime(int& argc, char**& argv)
    : mpi_(std::make_unique<Mpi>(argc, argv)), comm_(Comm::world()), agreement_(Comm::world()), host_(comm_.node()) {
  set_threads(0);
}

Runtime::~Runtime() = default;

void Runtime::set_threads(int threads) {
  require(threads >= 0, "threads: ", threads, ", must be at least 1 (or 0 for all cores this rank may use)");
  cpu_set_t mine;
  CPU_ZERO(&mine);
  if (sched_getaffinity(0, sizeof mine, &mine) != 0) CPU_SET(0, &mine);  // more cores than a cpu_set_t holds: count one
  int ranks_on_my_cores = 0;
  cpu_set_t used;
  CPU_ZERO(&used);
  for (cpu_set_t theirs : host_.all_gather(mine)) {
    CPU_OR(&used, &used, &theirs);
    CPU_AND(&theirs, &theirs, &mine);
    if (CPU_COUNT(&theirs) > 0) ++ranks_on_my_cores;
  }
  const int quota = host_.min(cpu_quota());
  threads_ = threads;
  if (threads == 0) threads_ = std::max(1, std::min(CPU_COUNT(&mine) / ranks_on_my_cores, quota / host_.size()));
  int provided = 0;
  MPI_Query_thread(&provided);
  comm_.guard([&] {
    require(threads_ == 1 || provided >= MPI_THREAD_FUNNELED, "threads: ", threads_,
            ", must be 1 where MPI was initialized for a single thread: call MPI_Init_thread instead of MPI_Init");
  });
  set_num_threads(threads_);

  warnings_.clear();
  cores_ = std::min(CPU_COUNT(&used), quota);
  const int host_threads = host_.sum(threads_);
  if (host_threads > cores_) {
    warnings_.push_back(text(host_threads, " threads share ", cores_, cores_ == 1 ? " core" : " cores",
                             " of this host: expect no speed-up"));
  } else if (host_threads < cores_) {
    const int idle = cores_ - host_threads;
    warnings_.push_back(text(idle, " of ", cores_, idle == 1 ? " cores stays idle" : " cores stay idle"));
  }
}

std::string Runtime::layout() const {
  return text(comm_.size(), comm_.size() == 1 ? " rank x " : " ranks x ", threads_,
              threads_ == 1 ? " thread" : " threads");
}

int Runtime::run(const std::function<int()>& program) {
  std::string message;
  try {
    return program();
  } catch (const std::bad_alloc&) {
    message = "out of memory";
  } catch (const std::exception& e) {
    message = e.what();
  } catch (...) {
    message = "unknown failure";
  }
  // Is every rank here? Then this is one failure of the whole program, and it can end in good order.
  constexpr double patience_seconds = 1;
  MPI_Request arrival = MPI_REQUEST_NULL;
  int together = MPI_Ibarrier(agreement_.handle(), &arrival) == MPI_SUCCESS ? 0 : -1;
  const Stopwatch waiting;
  while (together == 0 && waiting.seconds() < patience_seconds) {
    MPI_Test(&arrival, &together, MPI_STATUS_IGNORE);
    if (together == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  if (together > 0) {
    if (comm_.is_root()) std::fprintf(stderr, "error: %s\n", message.c_str());
    return 1;
  }
  std::fprintf(stderr, "error on rank %d of %d: %s\n", comm_.rank(), comm_.size(), message.c_str());
  std::fflush(nullptr);
  MPI_Abort(MPI_COMM_WORLD, 1);
  return 1;
}

}  // namespace filigree
