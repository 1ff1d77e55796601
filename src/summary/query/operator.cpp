#include <algorithm>
#include <numeric>

#include "core/index.hpp"
#include "filigree/summary.hpp"
#include "summary/code/measure.hpp"

namespace filigree::summary {

Operator::Operator(const Summary& summary) : comm_(summary.superedges.comm), density_(densities(summary)) {
  // The diagonal apart: it does not reach the vertex itself.
  inside_.assign(z(density_.num_local_rows()), 0);
  for (Local a = 0; a < density_.num_local_rows(); ++a) {
    const auto cols = density_.local.view().cols(a);
    for (std::size_t k = 0; k < cols.size(); ++k)
      if (density_.global_col(cols[k]) == density_.first_row() + a)
        inside_[z(a)] = density_.local.val[z(density_.local.row_ptr[z(a)]) + k];
  }
  const std::vector<Global>& of = summary.supernode.of;
  const Partition& owners = density_.rows;
  send_counts_.assign(z(comm_.size()), 0);
  if (comm_.size() == 1) {
    supernode_.assign(of.begin(), of.end());
    return;
  }
  // Vertices by the rank that owns their supernode, each rank's ascending: sums then run over ascending vertices.
  order_.resize(of.size());
  std::iota(order_.begin(), order_.end(), Local{0});
  std::stable_sort(order_.begin(), order_.end(),
                   [&](Local u, Local v) { return owners.owner(of[z(u)]) < owners.owner(of[z(v)]); });
  std::vector<Local> sent;
  for (const Local v : order_) {
    const int owner = owners.owner(of[z(v)]);
    ++send_counts_[z(owner)];
    sent.push_back(static_cast<Local>(of[z(v)] - owners.begin(owner)));
  }
  auto received = comm_.all_to_all(std::span<const Local>(sent), send_counts_);
  supernode_ = std::move(received.values);
  receive_counts_ = std::move(received.counts);
}

void Operator::multiply(std::span<const double> x, std::span<double> y) const {
  require(x.size() == y.size(), "summary operator: ", x.size(), " values in, ", y.size(), " out; must be as many");
  const bool alone = comm_.size() == 1;
  std::vector<double> moved;
  std::span<const double> values = x;
  if (!alone) {
    std::vector<double> sent(order_.size());
    for (std::size_t i = 0; i < order_.size(); ++i) sent[i] = x[z(order_[i])];
    moved.resize(supernode_.size());
    comm_.all_to_all(std::span<const double>(sent), send_counts_, std::span<double>(moved), receive_counts_);
    values = moved;
  }
  std::vector<double> sum(inside_.size(), 0);
  for (std::size_t i = 0; i < values.size(); ++i) sum[z(supernode_[i])] += values[i];
  std::vector<double> product(sum.size());
  filigree::multiply(density_, std::span<const double>(sum), std::span<double>(product));
  if (alone) {
    for (std::size_t v = 0; v < y.size(); ++v) y[v] = product[z(supernode_[v])] - inside_[z(supernode_[v])] * x[v];
    return;
  }
  for (std::size_t i = 0; i < moved.size(); ++i)
    moved[i] = product[z(supernode_[i])] - inside_[z(supernode_[i])] * moved[i];
  std::vector<double> back(order_.size());
  comm_.all_to_all(std::span<const double>(moved), receive_counts_, std::span<double>(back), send_counts_);
  for (std::size_t i = 0; i < order_.size(); ++i) y[z(order_[i])] = back[i];
}

}  // namespace filigree::summary
