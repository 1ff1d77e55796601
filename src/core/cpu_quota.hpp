// How much processor time control groups give to this process: containers and job schedulers limit it.
#pragma once

#include <filesystem>

namespace filigree {

/// Cores whose whole time the process may use, at least 1; a huge number without a limit. Reads the hierarchies of
/// version 1 and 2 below `root`, "/" except in tests.
int cpu_quota(const std::filesystem::path& root = "/");

}  // namespace filigree
