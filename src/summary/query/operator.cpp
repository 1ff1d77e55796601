#include <algorithm>

#include "core/index.hpp"
#include "core/mailbox.hpp"
#include "filigree/summary.hpp"
#include "summary/code/measure.hpp"

namespace filigree::summary {

Operator::Operator(const Summary& summary) : vertices_(summary.supernode.vertices), density_(densities(summary)) {
  // Vertices by the rank that owns their supernode, each rank's ascending: sums run over ascending vertices.
  const std::vector<Global>& of = summary.supernode.of;
  const std::vector<Global> supernodes = comm().guard([&] {
    inside_.assign(z(density_.num_local_rows()), 0);
    for (Local a = 0; a < density_.num_local_rows(); ++a) {
      const auto cols = density_.local().view().cols(a);
      for (std::size_t k = 0; k < cols.size(); ++k) {
        if (density_.global_col(cols[k]) == density_.first_row() + a)
          inside_[z(a)] = density_.local().val[z(density_.local().row_ptr[z(a)]) + k];
      }
    }
    RankOrder sent(comm().size(), std::ssize(of), [&](Offset v) { return density_.rows().owner(of[z(v)]); });
    order_ = std::move(sent.order);
    send_counts_ = std::move(sent.counts);
    std::vector<Global> in_order(of.size());
    for (std::size_t i = 0; i < of.size(); ++i) in_order[i] = of[z(order_[i])];
    return in_order;
  });
  auto received = comm().all_to_all(supernodes, send_counts_);
  receive_counts_ = std::move(received.counts);
  comm().guard([&] {
    for (const Global a : received.values) supernode_.push_back(static_cast<Local>(a - density_.first_row()));
  });
}

void Operator::apply(std::span<const double> x, std::span<double> y, const Finish& finish) const {
  comm().guard([&] {
    require(x.size() == order_.size() && y.size() == order_.size(), "summary operator: ", x.size(), " values in, ",
            y.size(), " out, must be ", order_.size(), " each");
  });
  const bool alone = comm().size() == 1;
  std::vector<double> moved;
  std::span<const double> values = x;
  if (!alone) {
    std::vector<double> sent(order_.size());
    for (std::size_t i = 0; i < order_.size(); ++i) sent[i] = x[z(order_[i])];
    moved.resize(supernode_.size());
    comm().all_to_all(sent, send_counts_, moved, receive_counts_);
    values = moved;
  }
  std::vector<double> sum(inside_.size(), 0);
  for (std::size_t i = 0; i < values.size(); ++i) sum[z(supernode_[i])] += values[i];
  std::vector<double> product(sum.size());
  multiply(density_, std::span<const double>(sum), std::span<double>(product));
  if (alone) {
    for (std::size_t v = 0; v < y.size(); ++v) y[v] = product[z(supernode_[v])] - inside_[z(supernode_[v])] * x[v];
  } else {
    for (std::size_t i = 0; i < moved.size(); ++i)
      moved[i] = product[z(supernode_[i])] - inside_[z(supernode_[i])] * moved[i];
    std::vector<double> back(order_.size());
    comm().all_to_all(moved, receive_counts_, back, send_counts_);
    for (std::size_t i = 0; i < order_.size(); ++i) y[z(order_[i])] = back[i];
  }
  if (finish) finish(0, y);
}

std::vector<double> degrees(const Operator& reconstruction) {
  const auto num_owned = z(reconstruction.rows().size(reconstruction.comm().rank()));
  std::vector<double> result(num_owned);
  reconstruction.apply(std::vector<double>(num_owned, 1), result);
  return result;
}

}  // namespace filigree::summary
