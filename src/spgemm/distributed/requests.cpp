#include "spgemm/distributed/requests.hpp"

namespace filigree::spgemm {
namespace {

/// Consecutive rows whose remote rows of B have at most fetch_bytes together, or single ones.
template <class V>
Rounds cut_rounds(CsrView<V> a, const Requests& requests, Offset fetch_bytes) {
  Rounds rounds;
  std::vector<Local> seen_in(z(a.num_cols), -1);  // the last round
  Local round = 0;
  const auto is_new = [&](Local column) { return requests.remote[z(column)] != 0 && seen_in[z(column)] != round; };
  const auto bytes_of = [&](Local column) { return row_bytes + requests.length[z(column)] * requests.entry_bytes; };
  Offset held = 0;
  for (Local row = 0; row < a.num_rows(); ++row) {
    Offset more = 0;
    for (Local column : a.cols(row)) more += is_new(column) ? bytes_of(column) : 0;
    if (held > 0 && more > 0 && held + more > fetch_bytes) {
      rounds.ends.push_back(row);
      ++round;
      held = 0;
    }
    for (Local column : a.cols(row)) {
      if (!is_new(column)) continue;
      seen_in[z(column)] = round;
      held += bytes_of(column);
      rounds.bytes += bytes_of(column);
      ++rounds.num_rows;
    }
  }
  rounds.ends.push_back(a.num_rows());
  return rounds;
}

}  // namespace

template <class V>
Requests make_requests(const DistCsr<V>& a, const DistCsr<V>& b, Offset fetch_bytes) {
  const int me = a.comm().rank();
  const CsrView<V> local = a.local().view();
  std::vector<char> remote;
  std::vector<Local> length;
  std::vector<Global> ghosts;
  std::vector<Local> own_lengths;
  std::vector<Local> ghost_lengths;
  a.comm().guard([&] {
    for (Local row = 0; row < b.num_local_rows(); ++row)
      own_lengths.push_back(static_cast<Local>(b.local().view().degree(row)));
    remote.resize(z(local.num_cols), 0);
    length.resize(z(local.num_cols), 0);
    for (Local column : local.col) remote[z(column)] = 1;
    for (Local column = 0; column < local.num_cols; ++column) {
      if (remote[z(column)] == 0) continue;
      const Global row = a.global_col(column);
      if (b.rows().owns(me, row)) {
        remote[z(column)] = 0;
        length[z(column)] = own_lengths[z(row - b.first_row())];
      } else {
        ghosts.push_back(row);
      }
    }
    ghost_lengths.resize(ghosts.size());
  });
  const bool has_values = b.has_values();
  Requests requests{.halo = Halo(b.comm(), b.rows(), ghosts),
                    .remote = std::move(remote),
                    .length = std::move(length),
                    .b_has_values = has_values,
                    .entry_bytes = entry_bytes<V>(b.num_cols(), has_values)};
  requests.halo.gather(std::span<const Local>(own_lengths), std::span<Local>(ghost_lengths));
  auto next = ghost_lengths.begin();
  for (Local column = 0; column < local.num_cols; ++column) {
    if (requests.remote[z(column)] != 0) requests.length[z(column)] = *next++;
  }
  requests.traffic.add(request_traffic(requests.halo));
  requests.traffic.add({requests.halo.num_ghosts() * row_bytes, requests.halo.num_owners()});
  requests.rounds = a.comm().guard([&] { return cut_rounds(local, requests, fetch_bytes); });
  requests.num_rounds = a.comm().max(static_cast<Offset>(requests.rounds.ends.size()));
  return requests;
}

template Requests make_requests(const DistCsr<double>&, const DistCsr<double>&, Offset);
template Requests make_requests(const DistCsr<float>&, const DistCsr<float>&, Offset);
template Requests make_requests(const DistCsr<std::int64_t>&, const DistCsr<std::int64_t>&, Offset);

}  // namespace filigree::spgemm
