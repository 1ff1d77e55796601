// Sums with the same bits on any number of ranks and threads.
//
//   double norm = ordered_sum(comm, vertices, [&](Offset i) { return x[z(i)] * x[z(i)]; });
//
//   std::vector<double> gram = ordered_sums(comm, rows, k * k, [&](Offset begin, Offset end, std::span<double> sums) {
//     for (Offset i = begin; i < end; ++i) add_outer_product(row(i), sums);
//   });
#pragma once

#include <omp.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "core/parallel_for.hpp"
#include "filigree/core/comm.hpp"

namespace filigree {

/// Consecutive blocks added up by a fixed binary tree: the sum of blocks [k 2^l, (k+1) 2^l) is that of the two halves.
/// So whatever parts of the sequence are summed apart, here or on other ranks, all additions are the same.
class BlockTree {
 public:
  explicit BlockTree(std::size_t width) : width_(width) {}

  /// The sums of the next block; the first may have any number.
  void push(Offset block, std::span<const double> sums) { push(block, 0, sums); }
  /// The blocks behind those of this one.
  void append(const BlockTree& behind) {
    for (std::size_t k = 0; k < behind.node_.size(); ++k)
      push(behind.node_[k].first, behind.node_[k].level, behind.sums_of(k));
  }
  /// The sums of each node, one after another: the maximal aligned parts of what was pushed.
  std::span<const double> nodes() const { return sums_; }
  /// Nodes of blocks [first, end) whose sums `nodes` another tree returned.
  void append(Offset first, Offset end, std::span<const double> nodes);
  /// The number of nodes that blocks [first, end) make.
  static Offset num_nodes(Offset first, Offset end);
  /// The total of all, zeros without blocks.
  std::vector<double> total() const;

 private:
  struct Node {
    Offset first;
    int level;
  };
  std::span<const double> sums_of(std::size_t k) const {
    return std::span<const double>(sums_).subspan(k * width_, width_);
  }
  void push(Offset first, int level, std::span<const double> sums);

  std::size_t width_;
  std::vector<Node> node_;
  std::vector<double> sums_;
};

/// Sums of a distributed sequence in blocks of `block` consecutive items, each summed item by item.
class OrderedSums {
 public:
  static constexpr Offset block = 256;

  /// `width` sums over items [0, n); rank r has [begins[r], begins[r + 1]), as Partition::begins(). Not collective.
  OrderedSums(const Comm& comm, std::span<const Global> begins, std::size_t width);

  /// add(begin, end, sums) adds the terms of this rank's items [begin, end), counted from its first, to `sums`, one
  /// item after another: it may be called for a block in parts. By any thread; must not throw. Returns the sums on
  /// every rank. Collective.
  template <class Add>
  std::vector<double> operator()(Add add) {
    comm_.expect_same_call(Comm::Call::ordered_sums, width_ * sizeof(double));
    const Offset first_whole = starts_inside_ ? first_block_ + 1 : first_block_;  // summed without other ranks
    const Offset num_whole = std::max<Offset>(0, end_block_ - first_whole);
    const auto num_threads = static_cast<int>(std::clamp<Offset>(num_whole / 16, 1, omp_get_max_threads()));
    std::vector<BlockTree> of_thread(z(num_threads), BlockTree(width_));
    std::vector<double> tail(width_, 0.0);  // of a block that ends on another rank
    on_each_thread(num_threads, [&](int thread) {
      std::vector<double> sums(width_);
      for (Offset b = num_whole * thread / num_threads; b < num_whole * (thread + 1) / num_threads; ++b) {
        const Offset number = first_whole + b;
        std::fill(sums.begin(), sums.end(), 0.0);
        add(std::max(number * block, first_) - first_, std::min((number + 1) * block, end_) - first_,
            std::span<double>(sums));
        if (number + 1 == end_block_ && ends_inside_)
          tail = sums;
        else
          of_thread[z(thread)].push(number, sums);
      }
    });
    BlockTree tree(width_);
    if (ends_inside_ && num_whole > 0) send(tail);
    if (starts_inside_) {
      std::vector<double> head = receive();
      add(Offset{0}, std::min((first_block_ + 1) * block, end_) - first_, std::span<double>(head));
      if (ends_inside_ && num_whole == 0)
        send(head);
      else
        tree.push(first_block_, head);
    }
    for (const BlockTree& part : of_thread) tree.append(part);
    return total(tree);
  }

 private:
  /// To the next rank that has items, what this one has of their common block.
  void send(std::vector<double> sums);
  std::vector<double> receive();
  std::vector<double> total(BlockTree& tree);

  Comm comm_;
  std::vector<Global> begins_;
  std::size_t width_;
  Offset first_, end_;              // items of this rank
  Offset first_block_, end_block_;  // blocks that have some of them
  bool starts_inside_ = false;      // the first block began on another rank
  bool ends_inside_ = false;        // the last block goes on on another rank
  std::vector<double> sent_;
  MPI_Request request_ = MPI_REQUEST_NULL;
};

/// `width` sums over all items of a Partition; add(begin, end, sums) as OrderedSums describes it. On every rank.
/// Collective. Equal bits on any ranks and threads as long as the terms are.
template <class Items, class Add>
std::vector<double> ordered_sums(const Comm& comm, const Items& items, std::size_t width, Add add) {
  return OrderedSums(comm, items.begins(), width)(add);
}

/// sum of term(i) over all items; i counts from this rank's first. In eight interleaved partial sums a block, so that
/// additions do not wait for each other. On every rank. Collective. Equal bits on any ranks and threads as long as the
/// terms are.
template <class Items, class Term>
double ordered_sum(const Comm& comm, const Items& items, Term term) {
  constexpr Offset lanes = 8;
  const Offset first = items.begin(comm.rank());
  const auto sums = ordered_sums(comm, items, lanes, [&](Offset begin, Offset end, std::span<double> sum) {
    Offset i = begin;
    for (; i < end && (first + i) % lanes != 0; ++i) sum[z((first + i) % lanes)] += term(i);
    for (; i + lanes <= end; i += lanes) {
      for (Offset lane = 0; lane < lanes; ++lane) sum[z(lane)] += term(i + lane);
    }
    for (Offset lane = 0; i < end; ++i, ++lane) sum[z(lane)] += term(i);
  });
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

/// A sum whose order does not matter, for terms that kernels meet in an order of their own: terms in [0, 1] are rounded
/// to multiples of 2^-59 and added up as whole numbers. Totals stay below 16.
class BoundedSum {
 public:
  void add(double term) { units_ += static_cast<std::uint64_t>(static_cast<std::int64_t>(term * 0x1p59 + 0.5)); }
  void add(const BoundedSum& other) { units_ += other.units_; }
  double value() const { return static_cast<double>(units_) * 0x1p-59; }
  /// Sums over all ranks, in place. Collective.
  static void sum(const Comm& comm, std::span<BoundedSum> sums);

 private:
  std::uint64_t units_ = 0;
};

}  // namespace filigree
