#include "core/cpu_quota.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <string>

namespace filigree {
namespace {

namespace fs = std::filesystem;
constexpr int unlimited = std::numeric_limits<int>::max();

/// Microseconds of a file, or -1 where it has none ("max").
double number_in(std::istream& file) {
  double number = -1;
  return file >> number ? number : -1;
}

int cores(double quota, double period) {
  if (!(quota > 0 && period > 0)) return unlimited;
  return static_cast<int>(std::clamp(std::floor(quota / period), 1.0, 1e6));
}

/// The limit of one group.
int limit_of(const fs::path& group) {
  std::ifstream both(group / "cpu.max");
  std::ifstream quota(group / "cpu.cfs_quota_us");
  std::ifstream period(group / "cpu.cfs_period_us");
  const double first = number_in(both);
  const double second = number_in(both);
  return std::min(cores(first, second), cores(number_in(quota), number_in(period)));
}

}  // namespace

int cpu_quota(const fs::path& root) {
  int least = unlimited;
  std::ifstream groups(root / "proc/self/cgroup");
  // Lines "0::/group" of version 2, "4:cpu,cpuacct:/group" of version 1.
  for (std::string line; std::getline(groups, line);) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const bool has_cpu = ("," + controllers + ",").find(",cpu,") != std::string::npos;
    if (!controllers.empty() && !has_cpu) continue;
    const fs::path hierarchy = root / "sys/fs/cgroup" / controllers;
    // A container sees its own group as the top; what lies above does not exist there.
    for (fs::path group = fs::path(line.substr(second + 1)).relative_path();; group = group.parent_path()) {
      least = std::min(least, limit_of(hierarchy / group));
      if (group.empty()) break;
    }
  }
  return least;
}

}  // namespace filigree
