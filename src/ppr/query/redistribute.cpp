#include "ppr/query/redistribute.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "core/mailbox.hpp"
#include "ppr/push/kernels.hpp"

namespace filigree::ppr {

RedistributedQueries::RedistributedQueries(const Comm& comm, std::span<const Query> queries) : comm_(comm) {
  std::vector<Global> seed;
  comm.guard([&] {
    for (const Query& query : queries) seed.push_back(query.front().vertex);
  });
  const auto seeds = comm.all_gather(std::span<const Global>(seed));
  const auto first = z(comm.exclusive_sum(std::ssize(queries)));
  Mailbox<Offset> lengths(comm);
  Mailbox<Seed> seeds_of(comm);
  comm.guard([&] {
    std::vector<std::size_t> sorted(seeds.values.size());
    std::iota(sorted.begin(), sorted.end(), std::size_t{0});
    std::stable_sort(sorted.begin(), sorted.end(),
                     [&](std::size_t a, std::size_t b) { return seeds.values[a] < seeds.values[b]; });
    std::vector<int> rank_of;
    for (int rank = 0; rank < comm.size(); ++rank) rank_of.insert(rank_of.end(), z(seeds.counts[z(rank)]), rank);
    const Partition groups = Partition::uniform((std::ssize(sorted) + batch_width - 1) / batch_width, comm.size());
    answering_rank_.resize(queries.size());
    for (std::size_t at = 0; at < sorted.size(); ++at) {
      const int answering_rank = groups.owner(static_cast<Offset>(at / batch_width));
      const int home = rank_of[sorted[at]];
      if (answering_rank == comm.rank()) home_.push_back(home);
      if (home != comm.rank()) continue;
      const std::size_t number = sorted[at] - first;
      order_.push_back(number);
      answering_rank_[number] = answering_rank;
      lengths.put(answering_rank, std::ssize(queries[number]));
      seeds_of.put(answering_rank, std::span<const Seed>(queries[number]));
    }
  });
  ByRank<Offset> length_from(lengths.exchange());
  ByRank<Seed> seeds_from(seeds_of.exchange());
  comm.guard([&] {
    for (const int home : home_) {
      const auto query = seeds_from.take(home, length_from.take(home, 1)[0]);
      own_.emplace_back(query.begin(), query.end());
    }
  });
}

Result RedistributedQueries::return_answers(Result of_own) const {
  struct Figures {
    Offset length;
    double error_bound, error_estimate, index_share;
  };
  Mailbox<Figures> figures(comm_);
  Mailbox<Global> vertices(comm_);
  Mailbox<double> scores(comm_);
  comm_.guard([&] {
    for (std::size_t i = 0; i < own_.size(); ++i) {
      const Answer answer = std::as_const(of_own)[i];
      vertices.put(home_[i], answer.vertices);
      scores.put(home_[i], answer.scores);
      figures.put(home_[i],
                  {std::ssize(answer.scores), of_own.error_bound[i], of_own.error_estimate[i], of_own.index_share[i]});
    }
  });
  Result result;
  result.timings = std::move(of_own.timings);
  result.stats = std::move(of_own.stats);
  of_own = {};
  ByRank<Figures> figures_from(figures.exchange());
  ByRank<Global> vertices_from(vertices.exchange());
  ByRank<double> scores_from(scores.exchange());

  struct Arrived {
    Figures figures;
    std::span<const Global> vertex;
    std::span<const double> score;
  };
  comm_.guard([&] {
    std::vector<Arrived> answers(answering_rank_.size());
    for (const std::size_t number : order_) {
      const int from = answering_rank_[number];
      const Figures of_query = figures_from.take(from, 1)[0];
      answers[number] = {of_query, vertices_from.take(from, of_query.length), scores_from.take(from, of_query.length)};
    }
    for (const Arrived& answer : answers) {
      result.vertex.insert(result.vertex.end(), answer.vertex.begin(), answer.vertex.end());
      result.score.insert(result.score.end(), answer.score.begin(), answer.score.end());
      result.row_ptr.push_back(std::ssize(result.vertex));
      result.error_bound.push_back(answer.figures.error_bound);
      result.error_estimate.push_back(answer.figures.error_estimate);
      result.index_share.push_back(answer.figures.index_share);
    }
  });
  return result;
}

}  // namespace filigree::ppr
