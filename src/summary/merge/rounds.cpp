#include "summary/merge/rounds.hpp"

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>

#include "core/collective_progress.hpp"
#include "core/index.hpp"
#include "core/parallel_for.hpp"
#include "summary/merge/group_merge.hpp"
#include "summary/signatures/groups.hpp"

namespace filigree::summary {
namespace {

constexpr std::uint64_t merge_purpose = 0x73756d6d61727903;
constexpr int partners = 5;  // pairs tried of each supernode, and of each that a merge makes
constexpr double first_threshold = 0.5;
constexpr double threshold_factor = 0.85;
constexpr int patience = 3;        // rounds of merges without a smaller error, once some made one
constexpr int crossing_steps = 4;  // probes for where a round crosses the budget

/// Gives freed memory back to the system: every phase allocates other sizes, and would take what it needs on top.
void trim_heap() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

/// Merges of vertices, in the order in which they were applied.
class History {
 public:
  explicit History(std::size_t num_vertices) : root_(num_vertices), node_(num_vertices) {
    std::iota(root_.begin(), root_.end(), Local{0});
    std::iota(node_.begin(), node_.end(), Global{0});
    tree_.num_leaves = static_cast<Global>(num_vertices);
  }

  /// of: supernode of each vertex when the merges were proposed.
  void append(const std::vector<Local>& of, std::span<const MergeStep> merges) {
    std::vector<Local> first;
    for (std::size_t v = 0; v < of.size(); ++v)
      if (z(of[v]) == first.size()) first.push_back(static_cast<Local>(v));
    for (const MergeStep& merge : merges) {
      const Local a = find(first[z(merge.kept)]);
      const Local b = find(first[z(merge.gone)]);
      const Global node = tree_.join(node_[z(a)], node_[z(b)], 1 - static_cast<double>(merge.reduction));
      root_[z(std::max(a, b))] = std::min(a, b);
      node_[z(std::min(a, b))] = node;
    }
  }
  std::size_t size() const { return tree_.merges.size(); }
  /// The first `size` merges.
  Dendrogram take(std::size_t size) && {
    tree_.merges.resize(size);
    return std::move(tree_);
  }

 private:
  Local find(Local v) {
    while (root_[z(v)] != v) v = root_[z(v)] = root_[z(root_[z(v)])];
    return v;
  }
  std::vector<Local> root_;   // smallest vertex of a supernode, by union-find
  std::vector<Global> node_;  // of the tree, of a supernode by its smallest vertex
  Dendrogram tree_;
};

/// Groups of this rank: consecutive, of nearly equal row lengths.
Partition groups_of_ranks(const Comm& comm, const Supergraph& graph, const Groups& groups) {
  std::vector<Offset> weight;
  for (Local g = 0; g < groups.num_groups(); ++g) {
    Offset sum = 8;
    for (const Local a : groups.group(g)) sum += graph.length[z(a)] + 1;
    weight.push_back(sum);
  }
  return Partition::by_weight(weight, comm.size());
}

/// What the groups of all ranks merge, by falling reduction; of equal ones, by group and in their order.
std::vector<MergeStep> propose(const Comm& comm, const Supergraph& graph, const Groups& groups, const CostModel& cost,
                               std::uint64_t seed, int round, double threshold, Stats& stats) {
  std::vector<Local> group_of;
  std::vector<Local> place_in;
  std::vector<int> destination;
  Partition ranks;
  comm.guard([&] {
    group_of.assign(z(graph.num_supernodes()), -1);
    place_in.assign(z(graph.num_supernodes()), 0);
    destination.assign(z(graph.num_supernodes()), -1);
    for (Local g = 0; g < groups.num_groups(); ++g) {
      const auto group = groups.group(g);
      for (std::size_t i = 0; i < group.size(); ++i) {
        group_of[z(group[i])] = g;
        place_in[z(group[i])] = static_cast<Local>(i);
      }
    }
    ranks = groups_of_ranks(comm, graph, groups);
    for (std::size_t a = 0; a < group_of.size(); ++a)
      if (group_of[a] >= 0) destination[a] = comm.size() == 1 ? 0 : ranks.owner(group_of[a]);
  });
  const Rows rows(graph, destination);
  const RoundView view{
      &graph,    &rows,   &cost, group_of, place_in, Stream(seed, merge_purpose), static_cast<std::uint32_t>(round),
      threshold, partners};
  const Global first = ranks.begin(comm.rank());
  const Offset mine = ranks.size(comm.rank());
  std::vector<MergeStep> merges;
  Offset scored = 0;
  comm.guard([&] {
    struct OfGroup {
      std::vector<MergeStep> merges;
      std::int64_t scored = 0;
    };
    const auto of_group = parallel_tasks(
        mine, [&] { return GroupMerger(view); },
        [&](GroupMerger& merger, Offset i) {
          OfGroup result;
          const auto g = static_cast<Local>(first + i);
          result.scored = merger.run(g, groups.group(g), result.merges);
          return result;
        });
    for (const OfGroup& result : of_group) {
      merges.insert(merges.end(), result.merges.begin(), result.merges.end());
      scored += result.scored;
    }
  });
  stats["pairs_scored"] += comm.sum(scored);
  merges = comm.all_gather(merges).values;
  std::stable_sort(merges.begin(), merges.end(),
                   [](const MergeStep& a, const MergeStep& b) { return a.reduction > b.reduction; });
  return merges;
}

/// The best state met so far.
class Best {
 public:
  Best(std::int64_t num_edges, double budget_bits, Norm norm, Timings& timings)
      : num_edges_(num_edges), budget_bits_(budget_bits), norm_(norm), timings_(timings) {}

  /// Fills the budget with superedges between these supernodes; true if that is the least error yet.
  bool offer(const Supergraph& graph, std::size_t num_merges, RoundReport& report) {
    const Phase phase(timings_, "fill");
    Filling filling = fill_budget(graph, num_edges_, budget_bits_, norm_);
    const auto n = static_cast<double>(graph.of.size());
    report.supernodes = graph.num_supernodes();
    report.bits = filling.size_bits;
    report.error =
        (norm_ == Norm::l1 ? filling.error_sum : std::sqrt(std::max(0.0, filling.error_sum))) / (n * (n - 1));
    if (any_ && filling.error_sum >= merged_.filling.error_sum) return false;
    any_ = true;
    graph.comm.guard([&] {
      merged_.of = graph.of;
      merged_.size = graph.size;
    });
    merged_.filling = std::move(filling);
    num_merges_ = num_merges;
    return true;
  }
  std::size_t num_merges() const { return num_merges_; }
  Merged take() && { return std::move(merged_); }

 private:
  std::int64_t num_edges_;
  double budget_bits_;
  Norm norm_;
  Timings& timings_;
  bool any_ = false;
  Merged merged_;
  std::size_t num_merges_ = 0;
};

double unfilled_bits(const Supergraph& graph) {
  const Counts counts = count_superedges(graph);
  return size_in_bits(std::ssize(graph.of), graph.num_supernodes(), counts.superedges, counts.max_count);
}

/// One round after another, on one state.
class Merging {
 public:
  Merging(const Graph& graph, const Options& options, double budget_bits, Timings& timings, Best& best, Stats& stats)
      : graph_(graph),
        options_(options),
        budget_bits_(budget_bits),
        timings_(timings),
        best_(best),
        stats_(stats),
        state_(singletons(graph)),
        history_(graph.comm().guard([&] { return History(z(graph.num_rows())); })) {}

  /// Before any merge.
  RoundReport begin() {
    RoundReport report;
    report.unfilled_bits = unfilled_bits(state_);
    fits_ = report.unfilled_bits <= budget_bits_;
    best_.offer(state_, 0, report);
    return report;
  }

  struct Outcome {
    bool is_better = false;
    bool has_merged = false;
  };
  /// `report`: of the round before; becomes that of this one. Random numbers are those of `round`. Collective.
  Outcome round(int round, double threshold, RoundReport& report) {
    const Comm& comm = graph_.comm();
    const Counts counts = count_superedges(state_);
    const CostModel cost(entropy_, graph_.num_rows(), state_.num_supernodes(), counts.max_count, options_.error);
    const Groups groups = [&] {
      const Phase phase(timings_, "group");
      return find_groups(graph_, state_.of, state_.num_supernodes(), options_.seed, static_cast<std::uint32_t>(round),
                         {});
    }();
    trim_heap();
    const std::vector<MergeStep> merges = [&] {
      const Phase phase(timings_, "merge");
      return propose(comm, state_, groups, cost, options_.seed, round, threshold, stats_);
    }();
    trim_heap();
    report.threshold = threshold;
    if (merges.empty()) return {};
    const auto contracted = [&](std::size_t num_merges) {
      const Phase phase(timings_, "contract");
      return contract(state_, std::span(merges).first(num_merges), cost);
    };
    const std::size_t before = history_.size();
    comm.guard([&] { history_.append(state_.of, merges); });
    Supergraph next = contracted(merges.size());
    report.unfilled_bits = unfilled_bits(next);
    fits_ = report.unfilled_bits <= budget_bits_;
    if (!fits_) {
      state_ = std::move(next);
      return {best_.offer(state_, history_.size(), report), true};
    }
    Outcome outcome{best_.offer(next, history_.size(), report), true};
    next.entry = {};
    // The round crosses the budget: so does a part of its merges, the better ones. The report is of the best part.
    std::size_t over = 0;
    std::size_t within = merges.size();
    for (int step = 0; step < crossing_steps && over + 1 < within; ++step) {
      const std::size_t middle = (over + within) / 2;
      const Supergraph part = contracted(middle);
      RoundReport of_part = report;
      of_part.unfilled_bits = unfilled_bits(part);
      (of_part.unfilled_bits <= budget_bits_ ? within : over) = middle;
      if (!best_.offer(part, before + middle, of_part)) continue;
      outcome.is_better = true;
      report = of_part;
    }
    return outcome;
  }

  /// Whether it fits with all superedges that shorten the description: there is nothing more to merge for.
  bool fits() const { return fits_; }
  Dendrogram take_merges(std::size_t size) && { return std::move(history_).take(size); }

 private:
  const Graph& graph_;
  const Options& options_;
  double budget_bits_;
  Timings& timings_;
  Best& best_;
  Stats& stats_;
  EntropyTable entropy_;
  Supergraph state_;
  History history_;
  bool fits_ = false;
};

}  // namespace

Merged merge_rounds(const Graph& graph, std::int64_t num_edges, double budget_bits, const Options& options,
                    Timings& timings) {
  require(num_edges <= std::numeric_limits<std::int32_t>::max(), "graph: ", num_edges,
          " edges, a summary takes fewer than 2^31");
  Best best(num_edges, budget_bits, options.error, timings);
  std::vector<RoundReport> rounds;
  Stats stats;
  stats["pairs_scored"] = 0;
  auto merging = std::make_unique<Merging>(graph, options, budget_bits, timings, best, stats);
  rounds.push_back(merging->begin());
  const CollectiveProgress progress(graph.comm(), options.progress);
  bool is_last = false;
  int since_best = 0;  // a round without merges predicts nothing of rounds at lower thresholds
  for (int round = 1; round <= options.max_rounds && !is_last && !merging->fits(); ++round) {
    is_last = round == options.max_rounds || since_best >= patience;
    RoundReport report = rounds.back();
    report.round = round;
    const auto [is_better, has_merged] = merging->round(
        round, is_last ? 0 : first_threshold * std::pow(threshold_factor, static_cast<double>(round - 1)), report);
    if (is_better)
      since_best = 0;
    else if (has_merged && best.num_merges() > 0)
      ++since_best;
    rounds.push_back(report);
    progress("merge", round, options.max_rounds);
  }
  const bool fits = merging->fits();
  Dendrogram merges = std::move(*merging).take_merges(best.num_merges());
  if (!fits && rounds.size() > 2) {
    // Where merges do not lead to the budget, many rounds of them may be worse than one.
    merging.reset();
    merging = std::make_unique<Merging>(graph, options, budget_bits, timings, best, stats);
    RoundReport report = rounds.front();
    report.round = rounds.back().round + 1;
    if (merging->round(1, 0, report).is_better) merges = std::move(*merging).take_merges(best.num_merges());
    rounds.push_back(report);
  }
  stats["rounds"] = std::ssize(rounds) - 1;
  stats["merges"] = static_cast<Offset>(best.num_merges());
  Merged result = std::move(best).take();
  result.merges = std::move(merges);
  result.rounds = std::move(rounds);
  result.stats = std::move(stats);
  return result;
}

}  // namespace filigree::summary
