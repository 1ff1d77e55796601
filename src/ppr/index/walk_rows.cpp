#include "ppr/index/walk_rows.hpp"

namespace filigree::ppr {

void RowMaker::make(Local first_source, std::span<const std::int32_t> num_walks, Rows& rows) {
  shifts_.clear();
  for (std::size_t r = 0; r < num_walks.size(); ++r) {
    for (const int half : {0, 1}) {
      shifts_.push_back(WalkLaw::shift_coordinates(first_source + static_cast<Local>(r), half));
    }
  }
  law_.stream().fill(shifts_);
  for (std::size_t r = 0; r < num_walks.size(); ++r) {
    const Local source = first_source + static_cast<Local>(r);
    const auto all = static_cast<std::uint32_t>(num_walks[r]);
    std::uint32_t walk = 0;
    for (const int half : {0, 1}) {
      const std::uint32_t end = half == 0 ? WalkLaw::first_half(all) : all;
      if (walk < end) {
        WalkLaw::Lattice& lattice = lattices_[half];
        if (lattice.num_points != end - walk) lattice = WalkLaw::Lattice(end - walk);
        WalkLaw::Point point(shifts_[2 * r + static_cast<std::size_t>(half)]);
        for (; walk < end; ++walk, point.advance(lattice)) {
          batch_.add(source, walk, law_.length(point.fate), point);
          if (ends_only_) ends_.push_back(static_cast<Local>(batch_.vertices().size()) - 1);
          if (!batch_.full()) continue;
          end_piece(half == 1);
          walk_and_count(rows);
        }
      }
      end_piece(half == 1);
    }
    pieces_.back().ends_row = true;
    pieces_.back().num_walks = all;
  }
  walk_and_count(rows);
}

void RowMaker::walk_and_count(Rows& rows) {
  batch_.run();
  std::span<const Local> counted = batch_.vertices();
  if (ends_only_) {
    for (Local& end : ends_) end = counted[z(end)];
    counted = ends_;
  }
  std::size_t begin = 0;
  for (const Piece& piece : pieces_) {
    counter_.add(counted.subspan(begin, piece.end - begin), piece.second_half);
    begin = piece.end;
    if (piece.ends_row) counter_.flush(scale_, piece.num_walks, rows);
  }
  pieces_.clear();
  ends_.clear();
  batch_.clear();
}

}  // namespace filigree::ppr
