// What the environment says of how this process was started, before and beside MPI: by mpirun, mpiexec, srun, or alone.
// Programs read the environment; the library does not.
#pragma once

#include <optional>
#include <string>

#include "filigree/core/runtime.hpp"

namespace filigree::app {

/// The rank that a launcher gave to this process; 0 without a launcher.
int launcher_rank();
/// How many processes it says to have started; 1 if it does not say.
int launcher_size();

/// Before MPI starts: a process that no launcher started needs no daemon of Open MPI beside it, which takes half of the
/// time that a short run takes. Nothing changes where OMPI_MCA_ess_singleton_isolated is set.
void isolate_single_process();
/// What MPI leaves of such a process that ends before MPI does. For signal handlers, too.
void remove_session_folder() noexcept;

/// Why a job that sees `num_ranks` ranks was started by the wrong launcher, or "": each of its processes would do all
/// of the work and write the same output.
std::string fault_of_launcher(int num_ranks);

/// Sets the threads of each rank: `wanted` if it is not 0; else OMP_NUM_THREADS; else the cores that this rank may use,
/// at most SLURM_CPUS_PER_TASK. Collective.
void set_threads(Runtime& runtime, int wanted);

/// A sentence about cores that Open MPI's launcher could use and its ranks cannot, or "".
std::string fault_of_binding(const Runtime& runtime);

}  // namespace filigree::app
