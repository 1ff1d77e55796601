// RowMaker: rows of the index from a graph that is at hand.
#pragma once

#include <span>
#include <vector>

#include "ppr/index/visit_counter.hpp"
#include "ppr/index/walk_batch.hpp"

namespace filigree::ppr {

/// What a visit of one walk is worth in q, times the number of walks.
inline double visit_weight(const IndexOptions& options) {
  return options.estimator == Estimator::end_points ? 1 : options.teleport;
}

/// Walks and counts, one source after the other: what each thread has of its own.
class RowMaker {
 public:
  RowMaker(const GraphData& graph, const WalkLaw& law, const IndexOptions& options)
      : batch_(graph, law),
        law_(law),
        ends_only_(options.estimator == Estimator::end_points),
        scale_(visit_weight(options)) {}

  /// Appends the rows of num_walks.size() sources from `first_source` on; rows of no walks are empty.
  void make(Local first_source, std::span<const std::int32_t> num_walks, Rows& rows);

 private:
  /// Walks of one half of one source, up to a position in what is counted.
  struct Piece {
    std::size_t end;
    bool second_half;
    bool ends_row;
    std::uint32_t num_walks;  // of the row
  };
  void end_piece(bool second_half) {
    pieces_.push_back({ends_only_ ? ends_.size() : batch_.vertices().size(), second_half, false, 0});
  }
  void walk_and_count(Rows& rows);

  WalkBatch batch_;
  RowCounter counter_;
  const WalkLaw& law_;
  bool ends_only_;
  double scale_;
  WalkLaw::Lattice lattices_[2] = {WalkLaw::Lattice(1), WalkLaw::Lattice(1)};
  std::vector<Stream::Block> shifts_;
  std::vector<Piece> pieces_;
  std::vector<Local> ends_;  // where walks end: positions in the batch, then vertices
};

}  // namespace filigree::ppr
