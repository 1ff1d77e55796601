#include "ppr/shared_queries.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "ppr/kernels.hpp"

namespace filigree::ppr {
namespace {

/// Lists for other ranks, all of equal kind.
template <class T>
class Lists {
 public:
  explicit Lists(const Comm& comm) : comm_(comm), of_rank_(static_cast<std::size_t>(comm.size())) {}
  std::vector<T>& of(int rank) { return of_rank_[static_cast<std::size_t>(rank)]; }
  void add(int rank, std::span<const T> values) { of(rank).insert(of(rank).end(), values.begin(), values.end()); }

  /// Takes `count` values off what came from a rank.
  std::span<const T> take(int rank, Offset count) {
    std::size_t& next = next_[static_cast<std::size_t>(rank)];
    next += z(count);
    return std::span<const T>(received_.values).subspan(next - z(count), z(count));
  }
  /// Every rank gets what it was meant to have. Collective.
  void exchange() {
    std::vector<T> all;
    std::vector<Offset> counts;
    comm_.guard([&] {
      for (std::vector<T>& values : of_rank_) {
        counts.push_back(std::ssize(values));
        all.insert(all.end(), values.begin(), values.end());
        values = {};
      }
    });
    received_ = comm_.all_to_all(std::span<const T>(all), std::span<const Offset>(counts));
    next_.assign(1, 0);
    for (const Offset count : received_.counts) next_.push_back(next_.back() + z(count));
  }

 private:
  const Comm& comm_;
  std::vector<std::vector<T>> of_rank_;
  Received<T> received_;
  std::vector<std::size_t> next_;  // of every rank, in what came
};

}  // namespace

SharedQueries::SharedQueries(const Comm& comm, std::span<const Query> queries) : comm_(comm) {
  std::vector<Global> seed;
  comm.guard([&] {
    for (const Query& query : queries) seed.push_back(query.front().vertex);
  });
  const auto seeds = comm.all_gather(std::span<const Global>(seed));
  const auto first = z(comm.exclusive_sum(std::ssize(queries)));
  Lists<Offset> lengths(comm);
  Lists<Global> vertices(comm);
  Lists<double> weights(comm);
  comm.guard([&] {
    std::vector<std::size_t> sorted(seeds.values.size());
    std::iota(sorted.begin(), sorted.end(), std::size_t{0});
    std::stable_sort(sorted.begin(), sorted.end(),
                     [&](std::size_t a, std::size_t b) { return seeds.values[a] < seeds.values[b]; });
    std::vector<int> rank_of;
    for (int rank = 0; rank < comm.size(); ++rank) rank_of.insert(rank_of.end(), z(seeds.counts[z(rank)]), rank);
    const Partition groups = Partition::uniform((std::ssize(sorted) + many - 1) / many, comm.size());
    answerer_.resize(queries.size());
    for (std::size_t at = 0; at < sorted.size(); ++at) {
      const int answerer = groups.owner(static_cast<Offset>(at / many));
      const int asker = rank_of[sorted[at]];
      if (answerer == comm.rank()) asker_.push_back(asker);
      if (asker != comm.rank()) continue;
      const std::size_t number = sorted[at] - first;
      order_.push_back(number);
      answerer_[number] = answerer;
      lengths.of(answerer).push_back(std::ssize(queries[number]));
      for (const Seed& of_query : queries[number]) {
        vertices.of(answerer).push_back(of_query.vertex);
        weights.of(answerer).push_back(of_query.weight);
      }
    }
  });
  lengths.exchange();
  vertices.exchange();
  weights.exchange();
  comm.guard([&] {
    for (const int asker : asker_) {
      const Offset length = lengths.take(asker, 1)[0];
      const auto of_vertex = vertices.take(asker, length);
      const auto of_weight = weights.take(asker, length);
      Query& query = own_.emplace_back();
      for (std::size_t k = 0; k < of_vertex.size(); ++k) query.push_back({of_vertex[k], of_weight[k]});
    }
  });
}

Result SharedQueries::give_back(Result of_own) const {
  Lists<Offset> lengths(comm_);
  Lists<Global> vertices(comm_);
  Lists<double> scores(comm_);
  Lists<double> figures(comm_);
  comm_.guard([&] {
    for (std::size_t i = 0; i < own_.size(); ++i) {
      const auto begin = z(of_own.row_ptr[i]);
      const auto length = z(of_own.row_ptr[i + 1]) - begin;
      lengths.of(asker_[i]).push_back(static_cast<Offset>(length));
      vertices.add(asker_[i], std::span<const Global>(of_own.vertex).subspan(begin, length));
      scores.add(asker_[i], std::span<const double>(of_own.score).subspan(begin, length));
      for (const double figure : {of_own.error_bound[i], of_own.error_estimate[i], of_own.index_share[i]})
        figures.of(asker_[i]).push_back(figure);
    }
  });
  Result result;
  result.timings = std::move(of_own.timings);
  result.stats = std::move(of_own.stats);
  of_own = {};
  lengths.exchange();
  vertices.exchange();
  scores.exchange();
  figures.exchange();

  struct Answer {
    std::span<const Global> vertex;
    std::span<const double> score, figure;
  };
  comm_.guard([&] {
    std::vector<Answer> answers(answerer_.size());
    for (const std::size_t number : order_) {
      const int from = answerer_[number];
      const Offset length = lengths.take(from, 1)[0];
      answers[number] = {vertices.take(from, length), scores.take(from, length), figures.take(from, 3)};
    }
    for (const Answer& answer : answers) {
      result.vertex.insert(result.vertex.end(), answer.vertex.begin(), answer.vertex.end());
      result.score.insert(result.score.end(), answer.score.begin(), answer.score.end());
      result.row_ptr.push_back(std::ssize(result.vertex));
      result.error_bound.push_back(answer.figure[0]);
      result.error_estimate.push_back(answer.figure[1]);
      result.index_share.push_back(answer.figure[2]);
    }
  });
  return result;
}

}  // namespace filigree::ppr
