#include "communities/compare/matching.hpp"

#include <limits>

#include "core/index.hpp"

namespace filigree::communities {

// Rows come one by one; each takes the cheapest alternating path to a free column, costs being reduced by potentials of
// rows and columns that keep them >= 0 (Jonker, Volgenant, Computing 38, 1987).
std::vector<Global> best_matching(std::span<const Offset> gain, Global num_rows, Global num_cols) {
  constexpr Offset infinity = std::numeric_limits<Offset>::max();
  std::vector<Offset> of_row(z(num_rows), 0);
  std::vector<Offset> of_col(z(num_cols) + 1, 0);
  std::vector<Global> row_of(z(num_cols) + 1, -1);  // the last column is where a new row waits
  std::vector<Offset> slack(z(num_cols));
  std::vector<Global> came_from(z(num_cols));
  std::vector<bool> is_visited(z(num_cols) + 1);
  for (Global row = 0; row < num_rows; ++row) {
    slack.assign(slack.size(), infinity);
    is_visited.assign(is_visited.size(), false);
    Global at = num_cols;
    row_of[z(at)] = row;
    while (row_of[z(at)] >= 0) {
      is_visited[z(at)] = true;
      const Global from = row_of[z(at)];
      Offset least = infinity;
      Global next = -1;
      for (Global col = 0; col < num_cols; ++col) {
        if (is_visited[z(col)]) continue;
        const Offset cost = -gain[z(from * num_cols + col)] - of_row[z(from)] - of_col[z(col)];
        if (cost < slack[z(col)]) {
          slack[z(col)] = cost;
          came_from[z(col)] = at;
        }
        if (slack[z(col)] < least) {
          least = slack[z(col)];
          next = col;
        }
      }
      for (Global col = 0; col <= num_cols; ++col) {
        if (is_visited[z(col)]) {
          of_row[z(row_of[z(col)])] += least;
          of_col[z(col)] -= least;
        } else {
          slack[z(col)] -= least;
        }
      }
      at = next;
    }
    while (at != num_cols) {
      row_of[z(at)] = row_of[z(came_from[z(at)])];
      at = came_from[z(at)];
    }
  }
  std::vector<Global> col_of(z(num_rows), -1);
  for (Global col = 0; col < num_cols; ++col)
    if (row_of[z(col)] >= 0) col_of[z(row_of[z(col)])] = col;
  return col_of;
}

}  // namespace filigree::communities
