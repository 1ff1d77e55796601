#include "matrix/local_columns.hpp"

#include <algorithm>
#include <limits>

#include "core/index.hpp"

namespace filigree {
namespace {

bool fits_local(Offset count) { return count <= std::numeric_limits<Local>::max(); }

LocalColumns number_by_table(std::span<const Global> columns, Global num_cols, Global first, Global last) {
  LocalColumns numbered;
  const UsedColumns used = used_columns(columns, num_cols, first, last);
  for (Global column = 0; column < num_cols; ++column) {
    if (used.number[z(column)] >= 0 && (column < first || column >= last)) numbered.ghosts.push_back(column);
  }
  numbered.col.resize(columns.size());
  for (std::size_t k = 0; k < columns.size(); ++k) numbered.col[k] = used.number[z(columns[k])];
  return numbered;
}

LocalColumns number_by_list(std::span<const Global> columns, Global first, Global last) {
  LocalColumns numbered;
  std::vector<Global>& ghosts = numbered.ghosts;
  for (Global column : columns) {
    if (column < first || column >= last) ghosts.push_back(column);
  }
  std::sort(ghosts.begin(), ghosts.end());
  ghosts.erase(std::unique(ghosts.begin(), ghosts.end()), ghosts.end());
  const auto num_below = [&](Global column) {
    return std::lower_bound(ghosts.begin(), ghosts.end(), column) - ghosts.begin();
  };
  const Global below = num_below(first);
  numbered.col.reserve(columns.size());
  for (Global column : columns) {
    const Global number = column < first  ? num_below(column)
                          : column < last ? column - first + below
                                          : num_below(column) + (last - first);
    numbered.col.push_back(static_cast<Local>(number));
  }
  return numbered;
}

}  // namespace

LocalColumns local_columns(std::span<const Global> columns, Global num_cols, Global first, Global last) {
  const bool by_table = num_cols / 4 <= std::ssize(columns) && fits_local(num_cols);
  return by_table ? number_by_table(columns, num_cols, first, last) : number_by_list(columns, first, last);
}

void check_local(const Comm& comm, Offset count, const char* what) {
  require(fits_local(count), "rank ", comm.rank(), " of ", comm.size(), " would number ", count, " ", what,
          ", at most ", std::numeric_limits<Local>::max(), ": use more ranks");
}

}  // namespace filigree
