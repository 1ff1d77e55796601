#include "ppr/index/partitioned_walks.hpp"

#include <limits>

#include "core/mailbox.hpp"
#include "filigree/matrix/content_hash.hpp"
#include "ppr/graph/replicated_graph.hpp"
#include "ppr/tuning.hpp"

namespace filigree::ppr {
namespace {

constexpr double batch_visits = tuning::partitioned_batch_visits;
constexpr Offset bytes_per_visit = 64;  // of walkers and notes

/// A visit as its source's owner wants it: source, half of the walks, vertex.
constexpr std::uint64_t note(std::uint32_t source, bool second_half, std::uint32_t vertex) {
  return std::uint64_t{source} << 32 | std::uint64_t{second_half} << 31 | vertex;
}

struct Counted {
  std::uint64_t note;
  std::int32_t times;
};

/// Equal notes counted, ascending.
std::vector<Counted> count_notes(std::vector<std::uint64_t>& notes) {
  std::sort(notes.begin(), notes.end());
  std::vector<Counted> counted;
  for (const std::uint64_t note : notes) {
    if (counted.empty() || counted.back().note != note) counted.push_back({note, 0});
    ++counted.back().times;
  }
  notes.clear();
  return counted;
}

/// What travels.
struct Walker {
  std::uint32_t source;
  std::uint32_t at;
  std::uint32_t walk;  // top bit: of the second half
  std::uint32_t left;  // steps to go
  static constexpr std::uint32_t second_half = std::uint32_t{1} << 31;
};
/// Walks that all take the same step next.
struct Walkers {
  std::vector<Walker> all;
  std::vector<std::uint32_t>
      words[WalkLaw::lattice_steps];  // of the first steps; later ones are drawn where they happen
};
struct Notes {
  std::vector<std::uint64_t> own, away;  // of this rank's sources, of others'
};

class PartitionedWalks : public RowSource {
 public:
  PartitionedWalks(const Graph& graph, const IndexOptions& options)
      : graph_(graph),
        hash_(content_hash(graph)),
        ends_only_(options.estimator == Estimator::end_points),
        visit_weight_(visit_weight(options)),
        first_row_(graph.first_row()),
        out_weights_(check_graph(graph)) {
    require(graph.num_rows() <= std::numeric_limits<Local>::max(), "graph: ", graph.num_rows(),
            " vertices; an index covers at most ", std::numeric_limits<Local>::max());
    const CsrView<double> arcs = graph.local().view();
    graph.comm().guard([&] {
      if (!arcs.has_values()) return;  // as on a rank without arcs, whatever the others have
      alias_.resize(z(arcs.num_nonzeros()));
      AliasMaker maker;
      for (Local row = 0; row < arcs.num_rows(); ++row) {
        maker.make(arcs.cols(row), arcs.vals(row),
                   std::span(alias_).subspan(z(arcs.row_ptr[z(row)]), z(arcs.degree(row))));
      }
    });
  }

  const Comm& comm() const override { return graph_.comm(); }
  std::uint64_t graph_hash() const override { return hash_; }
  const Partition& sources() const override { return graph_.rows(); }
  bool is_collective() const override { return true; }
  Offset bytes_sent() const override { return bytes_sent_; }

  Offset working_bytes(const WalkLaw& law, std::int32_t most_walks, Offset most_entries) const override {
    return bytes_per_visit * std::max(static_cast<Offset>(batch_visits), law.most_visits(most_walks)) +
           VisitCounter::bytes_per_entry * most_entries;
  }

  Rows make(const WalkLaw& law, Global first, std::span<const std::int32_t> num_walks) override {
    Rows rows;
    std::size_t begin = 0;
    while (comm().max(static_cast<int>(begin < num_walks.size())) != 0) {
      std::size_t end = begin;
      double visits = 0;
      while (end < num_walks.size() && (end == begin || visits + num_walks[end] * law.mean_visits() <= batch_visits)) {
        visits += num_walks[end++] * law.mean_visits();
      }
      make_batch(law, first + static_cast<Global>(begin), num_walks.subspan(begin, end - begin), rows);
      begin = end;
    }
    return rows;
  }

  std::vector<std::uint64_t> push_all(std::span<const std::uint64_t> mass, double share) const override {
    const CsrView<double> arcs = graph_.local().view();
    const Local owned_end = graph_.owned_begin() + graph_.num_owned_cols();
    std::vector<std::uint64_t> pushed;
    std::vector<std::uint64_t> owned;
    std::vector<std::uint64_t> ghosts;
    comm().guard([&] {
      pushed.resize(z(arcs.num_cols), 0);
      owned.resize(z(graph_.num_owned_cols()));
      ghosts.resize(pushed.size() - owned.size());
    });
    push_mass(
        arcs, 0, mass, share, [&](Local row) { return out_weights_[z(row)]; }, pushed);
    // Ghosts stand below and above what is owned.
    const auto above = std::copy_n(pushed.begin(), graph_.owned_begin(), ghosts.begin());
    std::copy(pushed.begin() + owned_end, pushed.end(), above);
    std::copy(pushed.begin() + graph_.owned_begin(), pushed.begin() + owned_end, owned.begin());
    graph_.build_halo().scatter(std::span<const std::uint64_t>(ghosts), std::span<std::uint64_t>(owned), std::plus<>());
    return owned;
  }

 private:
  void make_batch(const WalkLaw& law, Global first, std::span<const std::int32_t> num_walks, Rows& rows) {
    Notes notes;
    Walkers walkers = comm().guard([&] { return start(law, first, num_walks, notes); });
    for (std::uint32_t number = 0; comm().sum(std::ssize(walkers.all)) > 0; ++number) {
      comm().guard([&] { step(law, number, walkers, notes); });
      send_on(number, walkers);
    }

    // Notes by rising source are notes by rank.
    std::vector<Offset> counts(z(comm().size()), 0);
    std::vector<std::uint64_t> packed;
    std::vector<std::int32_t> times;
    comm().guard([&] {
      for (const Counted& counted : count_notes(notes.away)) {
        ++counts[z(sources().owner(static_cast<Global>(counted.note >> 32)))];
        packed.push_back(counted.note);
        times.push_back(counted.times);
      }
    });
    packed = send(std::span<const std::uint64_t>(packed), counts);
    times = send(std::span<const std::int32_t>(times), counts);

    comm().guard([&] {
      std::vector<Counted> all = count_notes(notes.own);
      for (std::size_t i = 0; i < packed.size(); ++i) all.push_back({packed[i], times[i]});
      std::sort(all.begin(), all.end(), [](const Counted& a, const Counted& b) { return a.note < b.note; });
      VisitCounter counter;
      auto next = all.begin();
      for (std::size_t r = 0; r < num_walks.size(); ++r) {
        const auto source = static_cast<std::uint64_t>(first_row_ + first) + r;
        for (; next != all.end() && next->note >> 32 == source; ++next) {
          counter.add(static_cast<Local>(next->note & ~Walker::second_half), (next->note & Walker::second_half) != 0,
                      next->times);
        }
        counter.flush(visit_weight_, static_cast<std::uint32_t>(num_walks[r]), rows);
      }
    });
  }

  Walkers start(const WalkLaw& law, Global first, std::span<const std::int32_t> num_walks, Notes& notes) const {
    Walkers walkers;
    std::vector<Stream::Block> shifts;
    law.shifts(first_row_ + first, num_walks.size(), shifts);
    WalkLaw::Lattice lattices[2] = {WalkLaw::Lattice(1), WalkLaw::Lattice(1)};
    for (std::size_t r = 0; r < num_walks.size(); ++r) {
      const auto source = static_cast<std::uint32_t>(first_row_ + first) + static_cast<std::uint32_t>(r);
      for (const std::size_t half : {std::size_t{0}, std::size_t{1}}) {
        const bool second = half == 1;
        const auto start_walk = [&](std::uint32_t walk, const WalkLaw::Point& point) {
          const std::uint32_t length = law.length(point.fate);
          if (!ends_only_ || length == 0) notes.own.push_back(note(source, second, source));
          if (length == 0) return;
          walkers.all.push_back({source, source, walk | (second ? Walker::second_half : 0), length});
          for (std::uint32_t k = 0; k < WalkLaw::lattice_steps; ++k) walkers.words[k].push_back(point.word[k]);
        };
        WalkLaw::for_half(static_cast<std::uint32_t>(num_walks[r]), second, shifts[2 * r + half], lattices[half],
                          start_walk);
      }
    }
    return walkers;
  }

  void step(const WalkLaw& law, std::uint32_t number, Walkers& walkers, Notes& notes) const {
    const CsrView<double> arcs = graph_.local().view();
    std::vector<Stream::Block> blocks;
    if (number >= WalkLaw::lattice_steps) {
      for (const Walker& walker : walkers.all) {
        blocks.push_back(WalkLaw::coordinates(walker.source, walker.walk & ~Walker::second_half,
                                              (number - WalkLaw::lattice_steps) / 4));
      }
      law.stream().fill(blocks);
    }
    std::size_t staying = 0;
    for (std::size_t i = 0; i < walkers.all.size(); ++i) {
      Walker walker = walkers.all[i];
      const auto row = static_cast<Local>(walker.at - first_row_);
      const auto degree = static_cast<std::uint64_t>(arcs.degree(row));
      if (degree == 0) continue;
      const std::uint32_t word =
          number < WalkLaw::lattice_steps ? walkers.words[number][i] : blocks[i][(number - WalkLaw::lattice_steps) % 4];
      const std::uint64_t product = word * degree;
      const std::size_t arc = z(arcs.row_ptr[z(row)]) + (product >> 32);
      Local to = arcs.col[arc];
      if (!alias_.empty() && static_cast<std::uint32_t>(product) >= alias_[arc].keep) to = alias_[arc].other;
      if (to < 0) continue;
      walker.at = static_cast<std::uint32_t>(graph_.global_col(to));
      --walker.left;
      if (!ends_only_ || walker.left == 0) {
        auto& where = sources().owns(comm().rank(), walker.source) ? notes.own : notes.away;
        where.push_back(note(walker.source, (walker.walk & Walker::second_half) != 0, walker.at));
      }
      if (walker.left == 0) continue;
      for (std::uint32_t k = number + 1; k < WalkLaw::lattice_steps; ++k)
        walkers.words[k][staying] = walkers.words[k][i];
      walkers.all[staying++] = walker;
    }
    walkers.all.resize(staying);
    for (std::uint32_t k = number + 1; k < WalkLaw::lattice_steps; ++k) walkers.words[k].resize(staying);
  }

  void send_on(std::uint32_t number, Walkers& walkers) {
    const std::vector<Offset> counts = comm().guard([&] {
      RankOrder by_owner(comm().size(), std::ssize(walkers.all),
                         [&](Offset i) { return sources().owner(walkers.all[z(i)].at); });
      walkers.all = by_owner.apply(walkers.all);
      for (std::uint32_t k = number + 1; k < WalkLaw::lattice_steps; ++k)
        walkers.words[k] = by_owner.apply(walkers.words[k]);
      return std::move(by_owner.counts);
    });
    walkers.all = send(std::span<const Walker>(walkers.all), counts);
    for (std::uint32_t k = number + 1; k < WalkLaw::lattice_steps; ++k)
      walkers.words[k] = send(std::span<const std::uint32_t>(walkers.words[k]), counts);
  }

  template <class T>
  std::vector<T> send(std::span<const T> values, std::span<const Offset> counts) {
    bytes_sent_ += (std::ssize(values) - counts[z(comm().rank())]) * Offset{sizeof(T)};
    return comm().all_to_all(values, counts).values;
  }

  const Graph& graph_;
  std::uint64_t hash_;
  bool ends_only_;
  double visit_weight_;
  Global first_row_;
  std::vector<AliasEntry> alias_;    // weighted graphs: per arc, `other` a local column
  std::vector<double> out_weights_;  // per row
  Offset bytes_sent_ = 0;
};

}  // namespace

std::unique_ptr<RowSource> partitioned_walks(const Graph& graph, const IndexOptions& options) {
  return std::make_unique<PartitionedWalks>(graph, options);
}

}  // namespace filigree::ppr
