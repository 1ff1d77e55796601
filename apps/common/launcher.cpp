#include "launcher.hpp"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string_view>

#include "record.hpp"

namespace filigree::app {
namespace {

/// The whole number at the beginning of a variable ("4,2" is 4); nothing if there is none.
std::optional<int> number_in(const char* variable) {
  const char* const value = std::getenv(variable);
  if (value == nullptr) return std::nullopt;
  int number = 0;
  const std::string_view all(value);
  if (std::from_chars(all.data(), all.data() + all.size(), number).ec != std::errc()) return std::nullopt;
  return number;
}

/// A launcher's variables. Slurm sets SLURM_PROCID in the script of a job, too, which srun did not start.
struct Variables {
  const char* rank;
  const char* size;
};
constexpr std::array<Variables, 4> launchers{{{"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"},
                                              {"PMI_RANK", "PMI_SIZE"},
                                              {"SLURM_PROCID", "SLURM_STEP_NUM_TASKS"},
                                              {"PMIX_RANK", nullptr}}};

/// The launcher that is nearest to this process: as it was at first, since MPI sets some of these variables itself.
const Variables* launcher() {
  static const Variables* const found = [] {
    const auto* const one = std::find_if(launchers.begin(), launchers.end(), [](const Variables& variables) {
      return number_in(variables.rank).has_value();
    });
    return one == launchers.end() ? nullptr : one;
  }();
  return found;
}

/// Where MPI keeps files of this process, if it is a single one; with capacity for the folders within.
std::array<char, PATH_MAX> session_folder{};

}  // namespace

int launcher_rank() { return launcher() == nullptr ? 0 : number_in(launcher()->rank).value_or(0); }

int launcher_size() {
  if (launcher() == nullptr || launcher()->size == nullptr) return 1;
  return number_in(launcher()->size).value_or(1);
}

void isolate_single_process() {
  if (launcher() != nullptr || std::getenv("OMPI_MCA_ess_singleton_isolated") != nullptr) return;
  // All isolated processes of a user share one folder for what MPI keeps in files, which each removes at its end: so
  // each gets its own.
  std::error_code fault;
  const std::string folder = (std::filesystem::temp_directory_path(fault) / "filigree-XXXXXX").string();
  if (fault || folder.size() + 16 > session_folder.size()) return;
  std::ranges::copy(folder, session_folder.begin());
  if (mkdtemp(session_folder.data()) == nullptr) {
    session_folder[0] = 0;
    return;
  }
  setenv("OMPI_MCA_ess_singleton_isolated", "1", 1);
  setenv("OMPI_MCA_orte_top_session_dir", session_folder.data(), 1);
}

void remove_session_folder() noexcept {
  if (session_folder[0] == 0) return;
  const std::size_t end = std::strlen(session_folder.data());
  for (const char* const part : {"/jf.0/1/0", "/jf.0/1", "/jf.0", ""}) {
    std::strcpy(session_folder.data() + end, part);
    rmdir(session_folder.data());
  }
}

std::string fault_of_launcher(int num_ranks) {
  const int copies = launcher_size();
  if (num_ranks > 1 || copies <= 1) return "";
  return text(copies, " copies were started (", launcher()->size,
              "), but each sees itself alone: this program was built for ", mpi_name(),
              "; start it with its mpirun, or without ", launcher()->rank, " for runs of their own");
}

void set_threads(Runtime& runtime, int wanted) {
  if (wanted == 0) wanted = std::max(0, number_in("OMP_NUM_THREADS").value_or(0));
  runtime.set_threads(wanted);
  const int most = number_in("SLURM_CPUS_PER_TASK").value_or(0);
  const bool is_limited = wanted == 0 && most > 0 && most < runtime.threads();
  if (runtime.comm().max(int{is_limited}) != 0) runtime.set_threads(is_limited ? most : runtime.threads());
}

std::string fault_of_binding(const Runtime& runtime) {
  if (number_in("OMPI_MCA_orte_bound_at_launch").value_or(0) == 0) return "";
  cpu_set_t of_launcher;
  CPU_ZERO(&of_launcher);
  if (sched_getaffinity(getppid(), sizeof of_launcher, &of_launcher) != 0) return "";
  cpu_set_t mine;
  CPU_ZERO(&mine);
  if (sched_getaffinity(0, sizeof mine, &mine) != 0) return "";
  // Not cores() alone, which a quota of processor time limits, too; OMP_PROC_BIND may bind the first thread further.
  const int cores = std::max(CPU_COUNT(&mine), runtime.cores());
  if (CPU_COUNT(&of_launcher) <= cores) return "";
  return text("bound to ", cores, " of the ", CPU_COUNT(&of_launcher),
              " cores that mpirun may use; mpirun --bind-to none frees the others");
}

}  // namespace filigree::app
