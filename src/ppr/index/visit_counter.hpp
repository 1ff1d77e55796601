// VisitCounter: the visits of one source's walks, counted while they are in cache.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "filigree/ppr.hpp"
#include "ppr/tuning.hpp"

namespace filigree::ppr {

/// What a walk that terminated at a dangling vertex leaves for the vertices it would have visited. Below all vertices.
constexpr Local terminated = -1;

/// Rows of an index in the making.
struct Rows {
  VisitRows visits;
  std::vector<float> deviation;
  Offset num_visits = 0;

  /// Room for so many rows and bytes of rows.
  void reserve(Offset num_rows, Offset num_row_bytes) {
    visits.reserve(num_rows, num_row_bytes);
    deviation.reserve(static_cast<std::size_t>(num_rows));
  }
  void append(const Rows& behind) {
    visits.append(behind.visits);
    deviation.insert(deviation.end(), behind.deviation.begin(), behind.deviation.end());
    num_visits += behind.num_visits;
  }
};

/// Counts in a hash table of a few kilobytes; a table over all vertices would miss the cache at every visit. It takes
/// bytes_per_entry of the longest row there was.
class VisitCounter {
 public:
  /// The table at most a quarter full, half of it once more while it grows, and the buffers of flush().
  static constexpr Offset bytes_per_entry = 112;

  VisitCounter() { make_room(batch); }

  /// Counts the vertices (and ignores what is `terminated`), for one half of the walks.
  void add(std::span<const Local> vertices, bool second_half);
  /// Counts one vertex so often.
  void add(Local vertex, bool second_half, std::int32_t times);

  /// Appends what was counted as one row, and is empty again. visit_weight: of a visit in q, times the number of walks.
  void flush(double visit_weight, std::uint32_t num_walks, Rows& rows);

 private:
  struct Slot {
    Local vertex;
    std::int32_t count[2];  // by half
  };
  void make_room(std::size_t num_more);
  /// order_ = the slots in use, by rising vertex.
  void sort_used();

  static constexpr std::size_t batch = 256;  // visits between two looks at how full the table is
  static constexpr Local empty = -2;
  static constexpr std::uint32_t spread = 0x9E3779B1;  // 2^32 / golden ratio
  std::vector<Slot> slots_;                            // open addressing, at most half full
  std::vector<std::uint32_t> used_;                    // slots in use, by first use; as long as slots_
  std::size_t num_used_ = 0;
  int shift_ = 0;

  // Buffers of flush().
  static constexpr std::size_t most_ranked = tuning::most_ranked;  // more entries are sorted by digits
  std::array<Local, most_ranked> keys_{};
  std::array<std::uint32_t, most_ranked> ranks_{};
  std::vector<std::uint32_t> order_;
  std::vector<std::uint32_t> spare_;
  std::vector<Local> vertices_;
  std::vector<std::int32_t> counts_;
};

}  // namespace filigree::ppr
