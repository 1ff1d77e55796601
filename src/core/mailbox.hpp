// Mailbox: elements for other ranks, put one by one and exchanged together.
//
//   Mailbox<Term> mailbox(comm);
//   mailbox.put(owner, term);                                     // any number of times, on any rank
//   const Received<Term> received = mailbox.exchange();           // by source rank, then in the order of put()
//   const std::vector<Answer> answers = answer_all(received.values);
//   const Received<Answer> answered = mailbox.comm().all_to_all(answers, received.counts);   // back the same way
#pragma once

#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "core/index.hpp"
#include "filigree/core/comm.hpp"

namespace filigree {

/// Memory: the elements put, twice during exchange().
template <class T>
class Mailbox {
 public:
  explicit Mailbox(const Comm& comm) : comm_(comm), to_(z(comm.size())) {}

  const Comm& comm() const { return comm_; }

  /// Not collective; may run out of memory, so it belongs into comm.guard().
  void put(int rank, const T& value) { to_[z(rank)].push_back(value); }
  void put(int rank, std::span<const T> values) {
    to_[z(rank)].insert(to_[z(rank)].end(), values.begin(), values.end());
  }

  /// Sends what was put and is empty again, with the memory of its lists if `keep_memory`. Collective.
  Received<T> exchange(bool keep_memory = false) {
    std::vector<Offset> counts;
    std::vector<T> values;
    comm_.guard([&] {
      for (const std::vector<T>& to_rank : to_) counts.push_back(std::ssize(to_rank));
      values.reserve(z(std::accumulate(counts.begin(), counts.end(), Offset{0})));
      for (std::vector<T>& to_rank : to_) {
        values.insert(values.end(), to_rank.begin(), to_rank.end());
        if (keep_memory)
          to_rank.clear();
        else
          to_rank = {};
      }
    });
    num_sent_ += std::ssize(values) - counts[z(comm_.rank())];
    return comm_.all_to_all(values, counts);
  }

  Offset bytes_sent() const { return num_sent_ * Offset{sizeof(T)}; }  ///< to other ranks, so far

 private:
  Comm comm_;
  std::vector<std::vector<T>> to_;
  Offset num_sent_ = 0;
};

/// The same for a known number of elements for each rank, which take no memory twice. Without exchange(): elements by
/// rank, in the order of put().
template <class T>
class CountedMailbox {
 public:
  CountedMailbox(const Comm& comm, std::vector<Offset> counts) : comm_(comm), counts_(std::move(counts)) {
    next_.resize(counts_.size());
    std::exclusive_scan(counts_.begin(), counts_.end(), next_.begin(), Offset{0});
    values_.resize(z(next_.back() + counts_.back()));
  }
  /// Not collective. No more than counts[rank] times.
  void put(int rank, const T& value) { values_[z(next_[z(rank)]++)] = value; }
  /// Sends what was put. Collective.
  Received<T> exchange() const { return comm_.all_to_all(values_, counts_); }

 private:
  Comm comm_;
  std::vector<Offset> counts_;
  std::vector<Offset> next_;
  std::vector<T> values_;
};

/// Reads what came from each rank in order.
template <class T>
class ByRank {
 public:
  ByRank() = default;
  explicit ByRank(Received<T> received) : received_(std::move(received)) {
    next_.resize(received_.counts.size());
    std::exclusive_scan(received_.counts.begin(), received_.counts.end(), next_.begin(), Offset{0});
    for (std::size_t rank = 0; rank < next_.size(); ++rank) end_.push_back(next_[rank] + received_.counts[rank]);
  }
  /// The next `count` elements from a rank.
  std::span<const T> take(int rank, Offset count) {
    const Offset begin = std::exchange(next_[z(rank)], next_[z(rank)] + count);
    return std::span<const T>(received_.values).subspan(z(begin), z(count));
  }
  /// The next elements from a rank for which belongs(element).
  template <class Belongs>
  std::span<const T> take_while(int rank, Belongs belongs) {
    Offset count = 0;
    while (count < left(rank) && belongs(received_.values[z(next_[z(rank)] + count)])) ++count;
    return take(rank, count);
  }
  /// Elements from a rank that were not taken yet, and the first of these.
  Offset left(int rank) const { return end_[z(rank)] - next_[z(rank)]; }
  const T& front(int rank) const { return received_.values[z(next_[z(rank)])]; }

 private:
  Received<T> received_;
  std::vector<Offset> next_, end_;
};

/// The elements of all ranks, by rank, on rank 0; nothing on the others. Collective.
template <class T>
std::vector<T> gather_on_root(const Comm& comm, std::span<const T> mine) {
  std::vector<Offset> counts(z(comm.size()), 0);
  counts[0] = std::ssize(mine);
  return comm.all_to_all(mine, counts).values;
}

/// Positions of items by rank: counts[r] items go to rank r, and order lists their positions, those of rank 0 first,
/// each rank's ascending. For elements that several arrays hold, or that are too many to be copied into a Mailbox.
struct RankOrder {
  std::vector<Offset> counts;
  std::vector<Offset> order;

  /// rank_of(i) for items 0 <= i < n.
  template <class RankOf>
  RankOrder(int num_ranks, Offset n, RankOf rank_of) : counts(z(num_ranks), 0), order(z(n)) {
    std::vector<int> rank(z(n));
    for (Offset i = 0; i < n; ++i) ++counts[z(rank[z(i)] = rank_of(i))];
    std::vector<Offset> next(counts.size());
    std::exclusive_scan(counts.begin(), counts.end(), next.begin(), Offset{0});
    for (Offset i = 0; i < n; ++i) order[z(next[z(rank[z(i)])]++)] = i;
  }
  /// The values in that order.
  template <class Values>
  auto apply(const Values& values) const {
    std::vector<typename Values::value_type> sorted(order.size());
    for (std::size_t k = 0; k < order.size(); ++k) sorted[k] = values[z(order[k])];
    return sorted;
  }
};

}  // namespace filigree
