// Tuning constants of personalized PageRank: what each is, its unit, and what measures it. None changes what an answer
// is right to; those of batches and thresholds change which answer within its error.
//
//   [index]  filigree-ppr index --graph cnr-2000.txt.gz --walks 100 --output x.h5 --timings        phase "index.walk"
//   [query]  filigree-bench-ppr --graph cnr-2000.txt.gz --drop-loops --error 1e-2 (and 1e-8)       ms a query
//   [batch]  the same with --batch 500                                                            ms together
//   [exact]  filigree-ppr exact --graph email-Enron.txt.gz --sources 0 --tolerance 1e-12 --timings
//   [ranks]  mpirun -n 2 filigree-ppr query ... --placement partitioned --timings
#pragma once

#include <cstddef>

#include "filigree/core/types.hpp"

namespace filigree::ppr {

constexpr int block_size = 64;   ///< vertices that kernels look through together; tables are padded to it [query]
constexpr int batch_width = 16;  ///< queries that are pushed together: two cache lines of doubles a vertex [batch]

namespace tuning {

// Walks, in an index.
constexpr std::size_t walks_in_flight = 2048;                        ///< walks that advance together at most [index]
constexpr std::size_t visits_in_flight = 8192;                       ///< visits that are enough for them [index]
constexpr std::size_t most_visits_in_flight = std::size_t{1} << 18;  ///< visits whatever the walks [index]
constexpr std::size_t walk_tile = 64;                                ///< walks whose cache misses overlap [index]
constexpr double partitioned_batch_visits = 0x1p21;                  ///< visits expected of a batch of sources [ranks]
constexpr double slice_bytes = 0x1p20;                               ///< bytes of rows that are made together [index]
constexpr double fewest_slice_rows = 64;                             ///< rows, for threads to share [index]
constexpr std::size_t most_ranked = 192;  ///< entries of a row that are sorted by counting smaller ones [index]

// Pushes.
/// Of the threshold, from one sweep to the next: a slowly falling one pushes the residuals that buy most for their arcs
/// first. Half the arcs that a fixed one takes, and less the slower it falls, until looking for residuals costs more
/// than that saves. [query]
constexpr double threshold_fall = 0.8;
constexpr double batch_threshold_fall = 0.75;  ///< the same of a batch, which looks at more for a push [batch]
constexpr std::size_t push_queue = 16;         ///< vertices between found and pushed, while row starts arrive [query]
constexpr std::size_t push_queue_arcs = 8;     ///< and while their arcs arrive [query]
constexpr std::size_t rows_ahead = 6;          ///< rows of an index that are prefetched [query, --walks 100]
constexpr std::size_t slots_ahead = 16;        ///< slots that are prefetched [batch]
constexpr int far_sweeps = 2;                  ///< sweeps of a level far from the target: rows stay in cache [ranks]
constexpr double solver_arcs = 1.0 / 16;       ///< of all arcs, pushed before a solver may go on [exact]
constexpr Offset fewest_arcs_of_hub = 32;      ///< arcs of vertices that the solver has no slices of [exact]

constexpr int most_back_classes =
    16;  ///< distances from the end of walks that the solver goes backwards through [exact]
constexpr double coarsest_solved = 2e-3;  ///< targets on directed graphs that a system is made for [query]
constexpr double verified_goal = 1e-9;    ///< residuals of GMRES that rounding is far below [exact]
constexpr double push_slows =
    1.5;  ///< predicted arcs of the pushes to come, relative to those at the rate of now [query]
constexpr double solver_rate = 2.2;         ///< nats of the residual that GMRES takes off an iteration [query]
constexpr double arcs_a_position = 4;       ///< what its vectors cost a position and iteration, in arcs [query]
constexpr std::size_t krylov_vectors = 12;  ///< directions of GMRES before it restarts, 8 n bytes each [exact]

// Batches of queries.
constexpr std::size_t queries_in_flight = 256;  ///< of a rank, whose residuals wait for other ranks [ranks]
constexpr std::size_t fewest_together = 4;      ///< queries of a group; fewer are answered one by one [batch]
constexpr Offset fewest_in_batch = 64;          ///< queries of a batch that a plan is made for [batch]
constexpr Offset slot_bytes = 1200;  ///< of a vertex that a group reaches, while memory grows, with answers (measured)
constexpr std::size_t vertices_per_hub = 64;  ///< fewer hubs have more behind each, more of them longer sums [batch]
constexpr std::size_t fewest_hubs = 64;
constexpr std::size_t most_hubs = 16384;  ///< they are numbered by 16 bits
constexpr double arcs_for_hubs = 64;      ///< passes over all arcs that a batch takes before hubs are tried [batch]
constexpr double gain = 0.8;              ///< largest cost of a group, relative to its queries one by one [batch]
constexpr double gain_of_hubs = 0.4;      ///< the same with hubs; what groups take at best without them [batch]

// What things cost, in nanoseconds of some processor; only the proportions matter. [batch]
constexpr double push_cost = 3;    ///< an arc pushed for one query
constexpr double lanes_cost = 5;   ///< for a group
constexpr double slot_cost = 100;  ///< a vertex that a group reaches: its slot, and what is done with it in the end
constexpr double entry_cost = 25;  ///< an entry of F or of a partial vector, made and stored
constexpr double link_cost = 1;    ///< an entry of F, for one of many queries
constexpr double sum_cost = 0.15;  ///< an entry of all partial vectors, for one of many queries
constexpr double block_cost = 20;  ///< a block of such sums

}  // namespace tuning
}  // namespace filigree::ppr
