#include "ppr/index/replicated_walks.hpp"

#include <omp.h>

#include "core/parallel_for.hpp"
#include "ppr/index/walk_batch.hpp"

namespace filigree::ppr {
namespace {

/// Makes rows, one source after the other: what each thread has of its own.
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
  VisitCounter counter_;
  const WalkLaw& law_;
  bool ends_only_;
  double scale_;
  WalkLaw::Lattice lattices_[2] = {WalkLaw::Lattice(1), WalkLaw::Lattice(1)};
  std::vector<Stream::Block> shifts_;
  std::vector<Piece> pieces_;
  std::vector<Local> ends_;  // where walks end: positions in the batch, then vertices
};

void RowMaker::make(Local first_source, std::span<const std::int32_t> num_walks, Rows& rows) {
  law_.shifts(first_source, num_walks.size(), shifts_);
  for (std::size_t r = 0; r < num_walks.size(); ++r) {
    const Local source = first_source + static_cast<Local>(r);
    const auto all = static_cast<std::uint32_t>(num_walks[r]);
    for (const std::size_t half : {std::size_t{0}, std::size_t{1}}) {
      const auto add = [&](std::uint32_t walk, const WalkLaw::Point& point) {
        batch_.add(source, walk, law_.length(point.fate), point);
        if (ends_only_) ends_.push_back(static_cast<Local>(batch_.vertices().size()) - 1);
        if (!batch_.full()) return;
        end_piece(half == 1);
        walk_and_count(rows);
      };
      WalkLaw::for_half(all, half == 1, shifts_[2 * r + half], lattices_[half], add);
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

class ReplicatedWalks : public RowSource {
 public:
  ReplicatedWalks(const ReplicatedGraph& graph, const IndexOptions& options)
      : graph_(graph), options_(options), sources_(Partition::uniform(graph.num_vertices(), graph.comm().size())) {}

  const Comm& comm() const override { return graph_.comm(); }
  std::uint64_t graph_hash() const override { return graph_.hash(); }
  const Partition& sources() const override { return sources_; }
  Offset working_bytes(const WalkLaw& law, std::int32_t /*most_walks*/, Offset most_entries) const override {
    return omp_get_max_threads() * (WalkBatch::most_bytes(law) + VisitCounter::bytes_per_entry * most_entries);
  }
  bool is_collective() const override { return false; }
  Rows make(const WalkLaw& law, Global first, std::span<const std::int32_t> num_walks) override {
    const Global count = std::ssize(num_walks);
    const Global chunk = std::clamp<Global>(count / 64, 1, 256);
    const Global first_source = sources_.begin(comm().rank()) + first;
    const auto make_chunk = [&](RowMaker& maker, Offset i) {
      const Global begin = i * chunk;
      Rows rows;
      maker.make(static_cast<Local>(first_source + begin),
                 num_walks.subspan(z(begin), z(std::min(chunk, count - begin))), rows);
      return rows;
    };
    std::vector<Rows> chunks = parallel_tasks((count + chunk - 1) / chunk,
                                              [&] { return RowMaker(data_of(graph_), law, options_); }, make_chunk);
    Rows rows;
    Offset num_bytes = 0;
    for (const Rows& part : chunks) num_bytes += std::ssize(part.visits.bytes());
    rows.reserve(count, num_bytes);
    for (Rows& part : chunks) {
      rows.append(part);
      part = Rows();
    }
    return rows;
  }
  std::vector<std::uint64_t> push_all(std::span<const std::uint64_t> mass, double share) const override {
    const GraphData& graph = data_of(graph_);
    std::vector<std::uint64_t> pushed =
        comm().guard([&] { return std::vector<std::uint64_t>(z(sources_.num_items()), 0); });
    const auto first = static_cast<Local>(sources_.begin(comm().rank()));
    push_mass(
        graph.arcs(), first, mass, share, [&](Local v) { return graph.out_weight(v); }, pushed);
    comm().sum(std::span<std::uint64_t>(pushed));
    pushed.erase(pushed.begin(), pushed.begin() + first);
    pushed.resize(mass.size());
    return pushed;
  }

 private:
  ReplicatedGraph graph_;
  IndexOptions options_;
  Partition sources_;
};

}  // namespace

std::unique_ptr<RowSource> replicated_walks(const ReplicatedGraph& graph, const IndexOptions& options) {
  return std::make_unique<ReplicatedWalks>(graph, options);
}

}  // namespace filigree::ppr
