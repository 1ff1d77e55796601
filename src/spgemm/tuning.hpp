// Tuning constants of sparse matrix products: what each is, its unit, and what measures it. None changes a bit of C;
// those of accumulators change which of them rows go to, which stats count.
//
//   [first]    filigree-bench-spgemm --threads 1 --peers none MATRICES
//   [threads]  the same with --threads 2
//   [rows]     filigree-bench-spgemm --threads 1 --accumulators MATRICES      beside every accumulator alone
//   [plan]     filigree-bench-spgemm --threads 1 --peers planned --rows sorted MATRICES
//   [thesis]   bench/run.py bench/papers/smash.toml
#pragma once

#include <cstddef>
#include <cstdint>

#include "filigree/core/types.hpp"

namespace filigree::spgemm::tuning {

// Row blocks, and what threads take at a time.
constexpr Offset block_products = Offset{1} << 14;  ///< products of a row block: in the second level of cache [first]
constexpr Local most_in_group = 4;         ///< rows of A with equal columns that are made together: registers [first]
constexpr Offset most_blocks = 8;          ///< row blocks of a chunk: the later ones are made in place [threads]
constexpr Offset chunks_of_thread = 16;    ///< chunks, if there are as many: threads end together [threads]
constexpr Offset least_packed_rows = 64;   ///< rows that a thread packs into row blocks at a time [threads]
constexpr Offset most_packed_rows = 2048;  ///< the same of short rows [threads]

// Prefetching, in nonzeros of A ahead of the one at work.
constexpr Offset row_ahead = 6;     ///< rows of B [first]
constexpr Offset start_ahead = 24;  ///< where these begin [first]

// Accumulators. Sizes are bounded by the first (32 KiB) and the second level of cache (1 MiB).
constexpr Offset always_listed = 16;   ///< products of a row that is not scattered whatever its columns [rows]
constexpr Offset always_sorted = 64;   ///< products of a row that is rather sorted than listed [rows]
constexpr Offset most_ordered = 1024;  ///< products of a row that is listed and then sorted [rows]
constexpr Offset most_hashed = Offset{1} << 12;  ///< products of a hash table in the first level of cache [rows]
constexpr Local most_slots = Local{1} << 19;     ///< columns of a table of slots that beats a hash table [rows]
constexpr Local near_columns = Local{1} << 17;   ///< columns of such a table in the second level of cache [rows]
constexpr Offset near_bytes = Offset{1} << 19;   ///< bytes of scattered sums in the second level of cache [rows]
constexpr Local scatter_hint_rows = 256;   ///< rows for which the choice that a scattered row suggests holds [rows]
constexpr Offset surprising_percent = 30;  ///< of products, new columns or not, unpredicted: lists are slow [rows]
constexpr double regular_run = 1.3;  ///< mean run of columns in B from which on it is predicted which are new [rows]

// What scattering and listing cost, in nanoseconds of some processor; only the proportions matter. [rows]
constexpr double near_line_cost = 2.4;    ///< a line of sums that is read, in the second level of cache
constexpr double far_line_cost = 12;      ///< the same beyond
constexpr double mark_group_cost = 1.2;   ///< a group of marks that is read
constexpr double sort_cost = 0.5;         ///< a product that is sorted
constexpr double compare_cost = 0.25;     ///< for each doubling of what is sorted
constexpr double order_cost = 1.2;        ///< an entry of a list that is sorted
constexpr double same_order_cost = 0.5;   ///< an entry of a list in the order of the row before
constexpr double surprise_cost = 5;       ///< a product of which it is not predicted whether its column is new
constexpr double no_surprise_cost = 0.1;  ///< a product of which it is

// Structure: tiles and rows that repeat.
constexpr Local sampled_rows = 256;         ///< rows of B that show whether there is any [first]
constexpr Offset structure_products = 4;    ///< products a nonzero of B that pay for looking at all rows [first]
constexpr double least_run = 3;             ///< mean run of columns, times rows of B that share it, to be tiled [rows]
constexpr double least_sharing = 1.5;       ///< rows of A that share columns, to be tiled together [rows]
constexpr Offset most_shared = 4;           ///< rows of B that share tiles, at most: values in registers [first]
constexpr Local least_lanes = 3;            ///< rows that repeat each other, or they are made one by one [rows]
constexpr Local most_lane_slots = 512;      ///< nonzeros of these: sums stay in the first level of cache [rows]
constexpr Offset most_class_factors = 512;  ///< nonzeros of a row of A that has a pattern class [rows]
constexpr Offset most_class_products = 4096;  ///< products of such a row: its slots stay in the first level [rows]
constexpr int pattern_class_bits = 8;         ///< pattern classes that a thread remembers, as a power of 2 [rows]
constexpr int most_alone =
    8;  ///< rows in succession without repetition, as at boundaries of grids, before no more are tried [rows]
constexpr int most_in_vain = 32;  ///< from so many on no more of a row block are tried [rows]

// Staging buffers.
constexpr Offset waiting_bytes = Offset{8} << 20;  ///< bytes of a thread that may wait for their place [threads]
constexpr Offset far_bytes = Offset{4} << 20;      ///< bytes of C that are stored around the cache [threads]
constexpr Offset moved_entries = 128;              ///< entries that are moved at a time, between rows [threads]

// Plans.
constexpr Offset most_positions = 24;  ///< positions a nonzero of C; beyond, an array over columns is as quick [plan]
constexpr Offset factors_ahead = 16;   ///< nonzeros of A between prefetch and use of a row of B [plan]
constexpr Offset near_nonzeros = Offset{1} << 16;  ///< of B, the values of which stay in the second level [plan]
constexpr std::uint32_t kept_blocks = 4;  ///< row blocks back whose rows of B are in the second level of cache [plan]
constexpr int stretch = 8;                ///< products that are made before any is added [plan]

// The thesis' table.
constexpr Offset usual_slots = Offset{1} << 15;  ///< slots, unless a row needs more: the second level of cache [thesis]
constexpr Offset slots_per_entry = 2;            ///< slots an entry: the table is at most half full [thesis]

}  // namespace filigree::spgemm::tuning
