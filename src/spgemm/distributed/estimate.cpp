// What a product over ranks would take, and what other layouts would move.
#include "filigree/spgemm/estimate.hpp"

#include <algorithm>
#include <utility>

#include "core/mailbox.hpp"
#include "matrix/balanced_rows.hpp"
#include "spgemm/distributed/requests.hpp"
#include "spgemm/rows/checks.hpp"

namespace filigree::spgemm {

template <class V>
Estimate estimate(const DistCsr<V>& a, const DistCsr<V>& b, const Options& options) {
  check_factors("estimate", shape_of(a), shape_of(b));
  check_fetch_bytes("estimate", options);
  const Requests requests = make_requests(a, b, options.fetch_bytes);
  // In several rounds, rows are requested once more.
  const Offset requested_again =
      requests.num_rounds > 1 ? requests.rounds.num_rows * static_cast<Offset>(sizeof(Global)) : 0;
  Offset counts[] = {0, 0, requests.traffic.bytes + requests.rounds.bytes + requested_again};
  for_each_row(a, requests, [&](Offset products) {
    counts[0] += products;
    counts[1] += std::min(products, b.num_cols());
  });
  a.comm().sum(std::span<Offset>(counts));
  return {counts[0], counts[1], counts[2]};
}

namespace {

/// Rows in `parts` blocks of nearly equal nonzeros + rows; as they lie, if these are the parts there are. Collective.
template <class V>
Partition cut_rows(const DistCsr<V>& matrix, int parts) {
  if (parts == matrix.comm().size()) return matrix.rows();
  const Offset nonzeros_before = matrix.comm().exclusive_sum(matrix.local().num_nonzeros());
  return balanced_rows(matrix.comm(), parts, matrix.num_rows(), matrix.num_nonzeros(), matrix.first_row(),
                       matrix.local().row_ptr, nonzeros_before);
}

/// A row of B that a block of rows of A references and does not own.
struct Want {
  Global row;
  Global block;
  friend auto operator<=>(const Want&, const Want&) = default;
};

/// Rows of B and their nonzeros that blocks of A's rows would receive, summed up over the blocks of this rank's rows of
/// B. Collective.
template <class V>
std::pair<Offset, Offset> wanted_by_blocks(const DistCsr<V>& a, const DistCsr<V>& b, int num_blocks) {
  const Partition a_blocks = cut_rows(a, num_blocks);
  const Partition b_blocks = cut_rows(b, num_blocks);
  const CsrView<V> local = a.local().view();
  // Once for every block of this rank's rows; a block may go on on the next rank.
  const auto for_each_want = [&](auto f) {
    std::vector<int> seen_in(z(local.num_cols), -1);
    for (Local row = 0; row < local.num_rows(); ++row) {
      const int block = a_blocks.owner(a.first_row() + row);
      for (Local column : local.cols(row)) {
        const Global wanted = a.global_col(column);
        if (std::exchange(seen_in[z(column)], block) != block && !b_blocks.owns(block, wanted)) f(Want{wanted, block});
      }
    }
  };
  const CountedMailbox<Want> wants = a.comm().guard([&] {
    std::vector<Offset> counts(z(b.comm().size()), 0);
    for_each_want([&](const Want& want) { ++counts[z(b.rows().owner(want.row))]; });
    CountedMailbox<Want> mailbox(b.comm(), std::move(counts));
    for_each_want([&](const Want& want) { mailbox.put(b.rows().owner(want.row), want); });
    return mailbox;
  });
  std::vector<Want> met = wants.exchange().values;
  std::sort(met.begin(), met.end());
  met.erase(std::unique(met.begin(), met.end()), met.end());
  Offset nonzeros = 0;
  for (const Want& want : met) nonzeros += b.local().view().degree(static_cast<Local>(want.row - b.first_row()));
  return {std::ssize(met), nonzeros};
}

/// Bytes that sparse SUMMA moves on the squarest grid of so many ranks.
Offset summa_bytes(int ranks, Offset a_bytes, Offset b_bytes) {
  int grid_rows = 1;
  for (int r = 1; r <= ranks / r; ++r) {
    if (ranks % r == 0) grid_rows = r;
  }
  return (ranks / grid_rows - 1) * a_bytes + (grid_rows - 1) * b_bytes;
}

}  // namespace

template <class V>
Prediction predict(const DistCsr<V>& a, const DistCsr<V>& b, int ranks) {
  check_factors("predict", shape_of(a), shape_of(b));
  constexpr int most_ranks = 1 << 20;
  require(ranks >= 1 && ranks <= most_ranks, "predict: ", ranks, " ranks, must be in [1, ", most_ranks, "]");
  const Requests requests = make_requests(a, b, unlimited);
  const Offset a_bytes = a.num_nonzeros() * entry_bytes<V>(a.num_cols(), a.has_values());
  const Offset b_bytes = b.num_nonzeros() * requests.entry_bytes;

  Prediction prediction;
  const auto [rows, nonzeros] = wanted_by_blocks(a, b, ranks);
  constexpr Offset requested = sizeof(Global) + sizeof(Local);
  prediction.bytes_1d = a.comm().sum(rows * (requested + row_bytes) + nonzeros * requests.entry_bytes);
  prediction.bytes_2d = summa_bytes(ranks, a_bytes, b_bytes);
  const std::vector<Offset> products_of_row = a.comm().guard([&] {
    std::vector<Offset> all;
    for_each_row(a, requests, [&](Offset products) { all.push_back(products); });
    return all;
  });
  for (int layers = 2; layers <= ranks; ++layers) {
    if (ranks % layers != 0) continue;
    Offset partial = 0;
    for (const Offset products : products_of_row) {
      partial += products / layers < b.num_cols() ? products : layers * b.num_cols();
    }
    partial = a.comm().sum(partial);
    const Offset moved = partial - partial / layers;
    const Offset bytes = summa_bytes(ranks / layers, a_bytes, b_bytes) + moved * entry_bytes<V>(b.num_cols(), true);
    if (prediction.layers == 1 || bytes < prediction.bytes_3d) {
      prediction.layers = layers;
      prediction.bytes_3d = bytes;
    }
  }
  return prediction;
}

#define FILIGREE_ESTIMATES_OF(V)                                                    \
  template Estimate estimate(const DistCsr<V>&, const DistCsr<V>&, const Options&); \
  template Prediction predict(const DistCsr<V>&, const DistCsr<V>&, int);
FILIGREE_FOR_VALUES(FILIGREE_ESTIMATES_OF)

}  // namespace filigree::spgemm
