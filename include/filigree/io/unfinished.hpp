// For programs: files that they will write, and what is left of files that were never completed. Outputs grow under
// temporary names, "OUT.filigree-<16 hexadecimal digits>.partial", beside the file that OUT means.
#pragma once

#include <string>
#include <vector>

#pragma GCC visibility push(default)
namespace filigree::io {

/// Throws IoError if no output can be made at `path`: its folder is missing or not writable, or something is there that
/// is no file. Links are followed; the file that they mean need not exist. A folder passes: some outputs are several
/// files in one. Not collective.
void expect_writable(const std::string& path);

struct AbandonedFiles {
  std::vector<std::string> removed;
  std::vector<std::string> in_doubt;  ///< on a network file system: perhaps of a job at work on another host
};
/// Removes temporary files of the output `path` whose jobs are dead, and what Open MPI left beside them. A job that
/// lives, also in another container, holds a lock on its own; where locks are not known to reach all hosts, nothing is
/// removed. Cost: a look at every name in the folder. Not collective: one rank calls it.
AbandonedFiles remove_abandoned_files(const std::string& path);

/// Removes the temporary files of everything this process is writing at the moment. For signal handlers: it calls only
/// what those may call. Not collective; the process should end after it.
void remove_unfinished_files() noexcept;

}  // namespace filigree::io
#pragma GCC visibility pop
