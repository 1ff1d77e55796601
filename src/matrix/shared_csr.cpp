#include "filigree/matrix/shared_csr.hpp"

#include <algorithm>
#include <limits>

namespace filigree {

template <class V>
SharedCsr<V> replicate(const DistCsr<V>& matrix) {
  const Comm& comm = matrix.comm();
  constexpr Global most = std::numeric_limits<Local>::max();
  require(matrix.num_rows() <= most && matrix.num_cols() <= most, "a ", matrix.num_rows(), " x ", matrix.num_cols(),
          " matrix cannot be replicated: at most ", most, " rows and columns");

  const Csr<V>& mine = matrix.local();
  const auto blocks = comm.all_gather(mine.num_nonzeros());
  const bool has_values = comm.max(static_cast<int>(!mine.val.empty())) != 0;
  Offset total = 0;
  std::vector<Offset> block_begin;
  for (Offset block : blocks) {
    block_begin.push_back(total);
    total += block;
  }

  const Comm node = comm.node();
  SharedCsr<V> whole;
  whole.num_cols = static_cast<Local>(matrix.num_cols());
  whole.row_ptr = SharedArray<Offset>(node, matrix.num_rows() + 1);
  whole.col = SharedArray<Local>(node, total);
  if (has_values) whole.val = SharedArray<V>(node, total);

  // Inside the node every rank writes its own rows.
  const Offset begin = block_begin[static_cast<std::size_t>(comm.rank())];
  Offset* row_ptr = whole.row_ptr.span().data() + matrix.first_row();
  for (Local row = 0; row < mine.num_rows(); ++row)
    row_ptr[row + 1] = begin + mine.row_ptr[static_cast<std::size_t>(row) + 1];
  std::transform(mine.col.begin(), mine.col.end(), whole.col.span().begin() + begin,
                 [&](Local column) { return static_cast<Local>(matrix.global_col(column)); });
  if (has_values) std::copy(mine.val.begin(), mine.val.end(), whole.val.span().begin() + begin);
  whole.col.fence();

  // Between nodes one rank of each speaks, and passes on what its node holds.
  const int leader_rank = node.broadcast(comm.rank());
  const Comm leaders = comm.split(node.is_root() ? 0 : 1);
  const auto leader_of = comm.all_gather(leader_rank);
  if (node.is_root() && leaders.size() > 1) {
    const auto leader_ranks = leaders.all_gather(comm.rank());
    for (int rank = 0; rank < comm.size(); ++rank) {
      const auto r = static_cast<std::size_t>(rank);
      const auto speaker =
          std::lower_bound(leader_ranks.begin(), leader_ranks.end(), leader_of[r]) - leader_ranks.begin();
      const auto send = [&](auto array, Offset first, Offset count) {
        leaders.broadcast(array.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count)),
                          static_cast<int>(speaker));
      };
      send(whole.row_ptr.span(), matrix.rows().begin(rank) + 1, matrix.rows().size(rank));
      send(whole.col.span(), block_begin[r], blocks[r]);
      if (has_values) send(whole.val.span(), block_begin[r], blocks[r]);
    }
  }
  whole.row_ptr.fence();
  return whole;
}

template SharedCsr<double> replicate(const DistCsr<double>&);

}  // namespace filigree
