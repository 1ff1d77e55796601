#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>
#include <unordered_map>

#include "filigree/matrix/content_hash.hpp"
#include "ppr/index/index_summary.hpp"
#include "ppr/push/partitioned_push.hpp"
#include "ppr/query/result.hpp"

namespace filigree::ppr {
namespace {

/// Of a term on its way: added, packed, received, unpacked.
constexpr Offset copies = 4;

/// The out-neighbours of some vertices.
using Neighbours = std::unordered_map<Global, std::vector<Global>>;

class PartitionedQuery {
 public:
  PartitionedQuery(const Graph& graph, const Index* index, std::span<const Query> queries, const QueryOptions& options)
      : graph_(graph),
        comm_(graph.comm()),
        rank_(graph.comm().rank()),
        index_(index),
        queries_(queries),
        options_(options),
        push_(graph, options.teleport),
        outbox_(graph.comm()) {
    check_queries(comm_, graph.num_rows(), index == nullptr ? 0 : content_hash(graph), index, queries, options);
    std::vector<Global> begins{0};
    for (const Offset count : comm_.all_gather(std::ssize(queries))) begins.push_back(begins.back() + count);
    homes_ = Partition::from_begins(std::move(begins));
    if (index != nullptr) comm_.guard([&] { sum_.emplace(graph.num_rows()); });
  }

  Result answer() {
    Result result;
    std::optional<IndexSummary> summary;
    if (index_ != nullptr) summary = summary_of_rows();
    const IndexSummary* const of_index = summary ? &*summary : nullptr;
    const RowFilter filter = comm_.guard([&] { return RowFilter(graph_.num_rows(), options_.filter); });
    const DanglingPolicy policy = make_policy();
    Answers answers(queries_.size(), policy, filter, options_, summary ? summary->largest_mass : 0);

    // Half of the memory for pushes, and what an index is asked; the other half for answers on their way home.
    Offset query_bytes = push_.query_bytes();
    if (index_ != nullptr)
      query_bytes += comm_.max(copies * Offset{sizeof(Term)} *
                               std::max<Offset>(graph_.num_local_rows(), index_->visits.num_rows()));
    const Offset at_once =
        std::clamp<Offset>(options_.batch_bytes / 2 / query_bytes, 1, std::numeric_limits<std::int32_t>::max());
    for (Offset begin = 0; begin < homes_.num_items(); begin += at_once) {
      Batch batch{begin, std::min(begin + at_once, homes_.num_items()), {}};
      {
        const Phase phase(timings_, "push");
        start(batch);
        batch.norms = options_.method == Method::verd ? push_.push_levels(options_.levels, of_index)
                                                      : push_.push_to_target(policy, options_.target_error, of_index);
      }
      const Phase phase(timings_, "finish");
      finish(batch, answers, filter);
    }

    answers.move_to(result);
    result.stats = {{"pushes", push_.num_pushes()},
                    {"arcs_pushed", push_.num_arcs_pushed()},
                    {"arcs_solved", 0},
                    {"hub_entries", 0},
                    {"hub_arcs", 0},
                    {"arcs_crossed", push_.num_arcs_crossed()},
                    {"residuals_sent", residuals_sent_},
                    {"index_entries", index_entries_},
                    {"bytes_sent", push_.bytes_sent() + outbox_.bytes_sent() + bytes_sent_}};
    for (auto& [name, count] : result.stats) count = comm_.sum(count);
    result.stats["levels"] = push_.num_levels();
    result.timings = std::move(timings_);
    return result;
  }

 private:
  /// Queries [begin, end) of all ranks.
  struct Batch {
    Offset begin, end;
    std::vector<Norms> norms;
  };

  /// What the index says of this rank's rows of the graph.
  IndexSummary summary_of_rows() {
    auto all = index_->summary;
    if (!all) {
      all = summarize(comm_, *index_);
      bytes_sent_ += index_->visits.num_rows() * (comm_.size() - 1) * 2 * Offset{sizeof(float)};
    }
    const auto of_rows = [&](const std::vector<float>& values) {
      const auto own = std::span(values).subspan(z(graph_.first_row()), z(graph_.num_local_rows()));
      std::vector<float> copy(own.begin(), own.end());
      copy.resize(push_.num_padded_rows(), 0);
      return copy;
    };
    return comm_.guard([&] { return IndexSummary{of_rows(all->mass), of_rows(all->deviation), all->largest_mass}; });
  }

  /// With policy `uniform` the ranks solve for the uniform seed together, and each gets all of the answer.
  DanglingPolicy make_policy() {
    DanglingPolicy::Uniform uniform;
    if (options_.dangling == Dangling::uniform) {
      push_.start_everywhere();
      const DanglingPolicy normalised(Dangling::source, options_.teleport, {});
      const double allowed = DanglingPolicy::Uniform::allowed(options_.target_error);
      const Norms norms = push_.push_to_target(normalised, allowed, nullptr)[0];
      uniform.error = normalised.error(norms.residual, norms.estimate);
      std::vector<double> own(z(graph_.num_local_rows()), 0);
      push_.for_estimates(0, [&](Offset row, double q) { own[z(row)] = q / norms.estimate; });
      uniform.answer = comm_.all_gather(std::span<const double>(own)).values;
      bytes_sent_ += std::ssize(own) * (comm_.size() - 1) * Offset{sizeof(double)};
    }
    return {options_.dangling, options_.teleport, std::move(uniform)};
  }

  /// Seeds go to the owners of their vertices.
  void start(const Batch& batch) {
    comm_.guard([&] {
      const Global first = homes_.begin(rank_);
      const Global end = std::min(batch.end, homes_.end(rank_));
      for (Global number = std::max(batch.begin, first); number < end; ++number) {
        const Query& query = queries_[z(number - first)];
        double total = 0;
        for (const Seed& seed : query) total += seed.weight;
        for (const Seed& seed : query) {
          const int owner = graph_.rows().owner(seed.vertex);
          outbox_.put(owner, {static_cast<std::int32_t>(number - batch.begin),
                              static_cast<Local>(seed.vertex - graph_.rows().begin(owner)), seed.weight / total});
        }
      }
    });
    const auto arrived = outbox_.exchange(true);
    comm_.guard([&] { push_.start(z(batch.end - batch.begin), arrived.values); });
  }

  /// For every query of the batch, what this rank's rows of the index are to walk.
  std::vector<std::vector<std::pair<Local, double>>> residuals_for_index(const Batch& batch) {
    const auto num_queries = z(batch.end - batch.begin);
    std::vector<std::vector<std::pair<Local, double>>> residuals(num_queries);
    if (index_ == nullptr) return residuals;
    const Partition& to = index_->sources;
    comm_.guard([&] {
      for (std::size_t q = 0; q < num_queries; ++q) {
        push_.for_residual(q, [&](Offset row, double f) {
          const Global v = graph_.first_row() + row;
          const int owner = to.owner(v);
          outbox_.put(owner, {static_cast<std::int32_t>(q), static_cast<Local>(v - to.begin(owner)), f});
          residuals_sent_ += owner == rank_ ? 0 : 1;
        });
      }
    });
    const auto arrived = outbox_.exchange(true);
    comm_.guard([&] {
      for (const Term& term : arrived.values) residuals[z(term.query)].emplace_back(term.vertex, term.value);
    });
    return residuals;
  }

  void finish(const Batch& batch, Answers& answers, const RowFilter& filter) {
    const auto residuals = residuals_for_index(batch);
    const Neighbours neighbours = fetch_neighbours(batch);
    // Entries of every query that will go home, at most.
    const Offset num_queries = batch.end - batch.begin;
    std::vector<Offset> entries(z(num_queries), 0);
    comm_.guard([&] {
      for (std::size_t q = 0; q < entries.size(); ++q) {
        push_.for_estimates(q, [&](Offset, double) { ++entries[q]; });
        for (const auto& [row, f] : residuals[q]) entries[q] += index_->visits.num_entries(row);
      }
    });
    comm_.sum(std::span<Offset>(entries));
    if (comm_.size() > 1) bytes_sent_ += num_queries * Offset{sizeof(Offset)};

    // As many queries at a time as the budget allows, should all of them go to one rank.
    constexpr Offset bytes_per_entry = copies * Offset{sizeof(Term)};
    Offset end = 0;
    for (Offset begin = 0; begin < num_queries; begin = end) {
      Offset bytes = 0;
      while (end < num_queries &&
             (end == begin || bytes + bytes_per_entry * entries[z(end)] <= options_.batch_bytes / 2))
        bytes += bytes_per_entry * entries[z(end++)];
      comm_.guard([&] { send_home(batch, begin, end, residuals); });
      std::vector<Row> rows = rows_at_home(batch, begin, end);
      const auto is_dangling = find_dangling(rows);
      comm_.guard([&] {
        const Global first = homes_.begin(rank_);
        for (Offset q = begin; q < end; ++q) {
          const Offset number = batch.begin + q;
          if (!homes_.owns(rank_, number)) continue;
          const Query& query = queries_[z(number - first)];
          answers.finish(z(number - first), std::move(rows[z(q - begin)]), batch.norms[z(q)], is_dangling,
                         filter.excluded(
                             query, [&](Global v) -> const auto& { return neighbours.at(v); }));
          if (options_.progress) options_.progress("query", number - first + 1, std::ssize(queries_));
        }
      });
    }
  }

  /// Puts this rank's parts of some queries into the outbox: estimates, and what the index adds. Vertices count from
  /// this rank's first one, or, where an index has to name any vertex, from 0.
  void send_home(const Batch& batch, Offset begin, Offset end,
                 std::span<const std::vector<std::pair<Local, double>>> residuals) {
    for (Offset q = begin; q < end; ++q) {
      const auto query = static_cast<std::int32_t>(q);
      const int home = homes_.owner(batch.begin + q);
      const auto add = [&](Offset v, double x) { outbox_.put(home, {query, static_cast<Local>(v), x}); };
      if (index_ == nullptr) {
        push_.for_estimates(z(q), add);
        continue;
      }
      const Global first = graph_.first_row();
      push_.for_estimates(z(q), [&](Offset row, double x) { sum_->at(first + row) += x; });
      constexpr std::size_t ahead = tuning::rows_ahead;
      const auto& to_walk = residuals[z(q)];
      for (std::size_t k = 0; k < to_walk.size(); ++k) {
        if (k + ahead < to_walk.size()) index_->visits.prefetch(to_walk[k + ahead].first);
        const auto& [row, f] = to_walk[k];
        const double share = f * index_->scale(row);
        index_->visits.for_each(row, [&](Local v, std::int32_t count) { sum_->at(v) += share * count; });
        index_entries_ += index_->visits.num_entries(row);
      }
      sum_->for_each(add);
      sum_->clear();
    }
  }

  /// Sends the outbox, and merges what arrives into a row for every query that is this rank's; the others' are empty.
  std::vector<Row> rows_at_home(const Batch& batch, Offset begin, Offset end) {
    ByRank<Term> arrived(outbox_.exchange(true));
    return comm_.guard([&] {
      std::vector<Row> rows(z(end - begin));
      for (Offset q = begin; q < end; ++q) {
        if (!homes_.owns(rank_, batch.begin + q)) continue;
        Row& row = rows[z(q - begin)];
        for (int sender = 0; sender < comm_.size(); ++sender) {
          const Global first = index_ == nullptr ? graph_.rows().begin(sender) : 0;
          for (const Term& term : arrived.take_while(sender, [&](const Term& t) { return t.query == q; })) {
            if (index_ == nullptr)
              row.add(first + term.vertex, term.value);
            else
              sum_->at(term.vertex) += term.value;
          }
        }
        if (index_ == nullptr) continue;
        sum_->for_each([&](Offset v, double x) { row.add(v, x); });
        sum_->clear();
      }
      return rows;
    });
  }

  /// Policy `self` has to know which vertices of the rows are dangling: their owners tell.
  std::function<bool(Global)> find_dangling(std::span<const Row> rows) {
    if (options_.dangling != Dangling::self) return {};
    std::vector<Global> foreign;
    comm_.guard([&] {
      for (const Row& row : rows) {
        std::ranges::copy_if(row.vertex, std::back_inserter(foreign),
                             [&](Global v) { return !graph_.rows().owns(rank_, v); });
      }
      std::ranges::sort(foreign);
      foreign.erase(std::unique(foreign.begin(), foreign.end()), foreign.end());
    });
    const Halo halo(comm_, graph_.rows(), foreign);
    std::vector<char> own;
    for (const double weight : push_.out_weights()) own.push_back(weight == 0 ? 1 : 0);
    std::vector<char> told(foreign.size());
    halo.gather(std::span<const char>(own), std::span<char>(told));
    bytes_sent_ += std::ssize(foreign) * Offset{sizeof(Global)} + halo.num_sent();
    return [this, foreign = std::move(foreign), told = std::move(told)](Global v) {
      if (graph_.rows().owns(rank_, v)) return push_.out_weights()[z(v - graph_.first_row())] == 0;
      return told[z(std::ranges::lower_bound(foreign, v) - foreign.begin())] != 0;
    };
  }

  /// The out-neighbours of the seeds of this rank's queries, if the filter excludes them on any rank.
  Neighbours fetch_neighbours(const Batch& batch) {
    Neighbours neighbours;
    if (comm_.max(static_cast<int>(options_.filter.exclude_neighbours)) == 0) return neighbours;
    std::vector<Global> seeds;
    std::vector<Global> ghosts;  // those of them that other ranks own
    std::vector<Local> own;
    comm_.guard([&] {
      const Global first = homes_.begin(rank_);
      const Global end = std::min(batch.end, homes_.end(rank_));
      for (Global number = std::max(batch.begin, first); number < end && options_.filter.exclude_neighbours; ++number) {
        for (const Seed& seed : queries_[z(number - first)]) seeds.push_back(seed.vertex);
      }
      std::ranges::sort(seeds);
      seeds.erase(std::unique(seeds.begin(), seeds.end()), seeds.end());
      for (const Global seed : seeds) {
        if (graph_.rows().owns(rank_, seed))
          own.push_back(static_cast<Local>(seed - graph_.first_row()));
        else
          ghosts.push_back(seed);
      }
    });
    const auto rows = Halo(comm_, graph_.rows(), ghosts).fetch_rows(graph_, own, false);
    bytes_sent_ += std::ssize(ghosts) * Offset{sizeof(Global)} + rows.bytes_received;
    comm_.guard([&] {
      for (std::size_t k = 0; k < seeds.size(); ++k)
        neighbours[seeds[k]] = {rows.col.begin() + rows.row_ptr[k], rows.col.begin() + rows.row_ptr[k + 1]};
    });
    return neighbours;
  }

  const Graph& graph_;
  const Comm& comm_;
  int rank_;
  const Index* index_;
  std::span<const Query> queries_;
  const QueryOptions& options_;
  PartitionedPush push_;
  Partition homes_;  // which rank asks which of all queries
  Mailbox<Term> outbox_;
  std::optional<SparseBlocks<1, block_size>> sum_;  // of a row, with an index
  Offset residuals_sent_ = 0;
  Offset index_entries_ = 0;
  Offset bytes_sent_ = 0;  // without those of push_ and outbox_
  Timings timings_;
};

}  // namespace

Result query(const Graph& graph, std::span<const Query> queries, const QueryOptions& options) {
  if (choose_placement(graph, options.placement) == Placement::replicated)
    return query(ReplicatedGraph(graph), queries, options);
  return PartitionedQuery(graph, nullptr, queries, options).answer();
}

Result query(const Graph& graph, const Index& index, std::span<const Query> queries, const QueryOptions& options) {
  if (choose_placement(graph, options.placement) == Placement::replicated)
    return query(ReplicatedGraph(graph), index, queries, options);
  return PartitionedQuery(graph, &index, queries, options).answer();
}

}  // namespace filigree::ppr
