#include "core/ordered_sum.hpp"

#include "core/large_count.hpp"

namespace filigree {
namespace {

/// Calls f(first, level) for the maximal aligned parts of blocks [first, end), in order.
template <class F>
void for_nodes(Offset first, Offset end, F f) {
  while (first < end) {
    int level = 0;
    while (first % (Offset{2} << level) == 0 && first + (Offset{2} << level) <= end) ++level;
    f(first, level);
    first += Offset{1} << level;
  }
}

/// Blocks whose last item lies on a rank that has items [begin, end) of n.
std::pair<Offset, Offset> completed_blocks(Global begin, Global end, Global n) {
  if (begin == end) return {0, 0};
  constexpr Offset block = OrderedSums::block;
  return {begin / block, end == n ? (n + block - 1) / block : end / block};
}

constexpr int tag = 1;

}  // namespace

void BlockTree::push(Offset first, int level, std::span<const double> sums) {
  node_.push_back({first, level});
  sums_.insert(sums_.end(), sums.begin(), sums.end());
  while (node_.size() >= 2) {
    Node& left = node_[node_.size() - 2];
    if (left.level != node_.back().level || left.first % (Offset{2} << left.level) != 0) break;
    ++left.level;
    node_.pop_back();
    double* const of_right = sums_.data() + node_.size() * width_;
    for (std::size_t i = 0; i < width_; ++i) *(of_right - width_ + i) += of_right[i];
    sums_.resize(node_.size() * width_);
  }
}

void BlockTree::append(Offset first, Offset end, std::span<const double> nodes) {
  for_nodes(first, end, [&](Offset block, int level) {
    push(block, level, nodes.first(width_));
    nodes = nodes.subspan(width_);
  });
}

Offset BlockTree::num_nodes(Offset first, Offset end) {
  Offset count = 0;
  for_nodes(first, end, [&](Offset, int) { ++count; });
  return count;
}

std::vector<double> BlockTree::total() const {
  std::vector<double> total(width_, 0.0);
  for (std::size_t k = node_.size(); k-- > 0;) {
    const auto sums = sums_of(k);
    for (std::size_t i = 0; i < width_; ++i) total[i] = k + 1 == node_.size() ? sums[i] : sums[i] + total[i];
  }
  return total;
}

OrderedSums::OrderedSums(const Comm& comm, std::span<const Global> begins, std::size_t width)
    : comm_(comm),
      begins_(begins.begin(), begins.end()),
      width_(width),
      first_(begins_[z(comm.rank())]),
      end_(begins_[z(comm.rank()) + 1]),
      first_block_(first_ / block),
      end_block_(first_ == end_ ? first_block_ : (end_ - 1) / block + 1),
      starts_inside_(first_ < end_ && first_ % block != 0),
      ends_inside_(first_ < end_ && end_ % block != 0 && end_ < begins_.back()) {}

void OrderedSums::send(std::vector<double> sums) {
  int next = comm_.rank() + 1;
  while (begins_[z(next) + 1] == end_) ++next;
  sent_ = std::move(sums);
  large_count::check(
      MPI_Isend(sent_.data(), static_cast<int>(width_), MPI_DOUBLE, next, tag, comm_.handle(), &request_), "MPI_Isend");
}

std::vector<double> OrderedSums::receive() {
  int previous = comm_.rank() - 1;
  while (begins_[z(previous)] == first_) --previous;
  std::vector<double> sums(width_);
  large_count::check(
      MPI_Recv(sums.data(), static_cast<int>(width_), MPI_DOUBLE, previous, tag, comm_.handle(), MPI_STATUS_IGNORE),
      "MPI_Recv");
  return sums;
}

std::vector<double> OrderedSums::total(BlockTree& tree) {
  if (comm_.size() == 1) return tree.total();
  if (request_ != MPI_REQUEST_NULL) large_count::check(MPI_Wait(&request_, MPI_STATUS_IGNORE), "MPI_Wait");
  const auto blocks_of = [&](int rank) {
    return completed_blocks(begins_[z(rank)], begins_[z(rank) + 1], begins_.back());
  };
  std::vector<Offset> counts;
  Offset num_values = 0;
  for (int rank = 0; rank < comm_.size(); ++rank) {
    const auto [first, end] = blocks_of(rank);
    counts.push_back(BlockTree::num_nodes(first, end) * static_cast<Offset>(width_));
    num_values += counts.back();
  }
  std::vector<double> all(z(num_values));
  large_count::all_gather(tree.nodes().data(), std::ssize(tree.nodes()), all.data(), counts, MPI_DOUBLE, sizeof(double),
                          comm_.handle());
  BlockTree whole(width_);
  std::span<const double> rest = all;
  for (int rank = 0; rank < comm_.size(); ++rank) {
    const auto [first, end] = blocks_of(rank);
    whole.append(first, end, rest.first(z(counts[z(rank)])));
    rest = rest.subspan(z(counts[z(rank)]));
  }
  return whole.total();
}

void BoundedSum::sum(const Comm& comm, std::span<BoundedSum> sums) {
  std::vector<std::uint64_t> units;
  for (const BoundedSum& sum : sums) units.push_back(sum.units_);
  comm.sum(units);
  for (std::size_t i = 0; i < sums.size(); ++i) sums[i].units_ = units[i];
}

}  // namespace filigree
