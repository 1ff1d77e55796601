#include "io/claims.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <optional>
#include <string>

namespace filigree::io {
namespace {

constexpr double small_bytes = 0x1p29;
constexpr double most_empty = 64;  // rows and columns for one entry

/// A number of bytes that a file of the system consists of; nothing if it does not.
std::optional<Offset> bytes_in(const char* path) {
  std::ifstream file(path);
  Offset bytes = 0;
  return file >> bytes ? std::optional(bytes) : std::nullopt;
}

/// What this process can still take: of the machine, and of its control group. The largest number if neither is known.
Offset free_memory_bytes() {
  Offset free = std::numeric_limits<Offset>::max();
  std::ifstream machine("/proc/meminfo");
  std::string label;
  Offset kibibytes = 0;
  for (std::string unit; machine >> label >> kibibytes && std::getline(machine, unit);) {
    if (label == "MemAvailable:") free = kibibytes * 1024;
  }
  const auto limit = bytes_in("/sys/fs/cgroup/memory.max");
  const auto used = bytes_in("/sys/fs/cgroup/memory.current");
  return limit && used ? std::min(free, std::max<Offset>(0, *limit - *used)) : free;
}

/// "24.0 GB"
std::string gigabytes(double bytes) {
  const auto tenths = static_cast<Offset>(std::min(0x1p62, std::ceil(bytes / 1e8)));
  return text(tenths / 10, '.', tenths % 10, " GB");
}

}  // namespace

void check_claim(const Comm& comm, Global num_rows, Global num_cols, Offset num_entries, const ReadOptions& options) {
  const bool square = num_rows == num_cols;
  const double lines = static_cast<double>(num_rows) + (square ? 0 : static_cast<double>(num_cols));
  const double bytes =
      static_cast<double>(num_rows) * bytes_per_row + (square ? 0 : static_cast<double>(num_cols) * bytes_per_col);
  if (bytes <= small_bytes) return;
  const std::string size = text(num_rows, " rows and ", num_cols, " columns take about ", gigabytes(bytes));
  require(options.trust || lines <= most_empty * static_cast<double>(num_entries), size, " for ", num_entries,
          num_entries == 1 ? " entry; " : " entries; ",
          options.ids == Ids::keep ? "--ids compact numbers only the vertices that occur, " : "",
          "--trust reads them all the same");
  double missing = 0;  // on the fullest node
  Offset free = 0;
  {
    const Comm node = comm.node();
    free = node.min(free_memory_bytes());
    missing = bytes * node.size() / comm.size() - static_cast<double>(free);
  }
  const double most_missing = comm.max(missing);
  require(most_missing <= 0, size, " over ", comm.size(), comm.size() == 1 ? " rank" : " ranks", ", ",
          gigabytes(most_missing), " more than a node has free: use more nodes");
}

}  // namespace filigree::io
