// Which rows of B a rank needs for its rows of A, how long they are, and what it costs to bring them.
#pragma once

#include <limits>
#include <vector>

#include "core/index.hpp"
#include "filigree/spgemm/multiply.hpp"

namespace filigree::spgemm {

struct Traffic {
  Offset bytes = 0;
  Offset messages = 0;
  Offset bytes_overlapped = 0;

  void add(Traffic more) {
    bytes += more.bytes;
    messages += more.messages;
  }
};

/// Rows of a matrix that a rank references: those it owns by local number, those of others by global one.
struct ReferencedRows {
  std::vector<Local> own;
  std::vector<Global> remote;

  template <class V>
  void add(const DistCsr<V>& matrix, Global row) {
    if (matrix.rows().owns(matrix.comm().rank(), row))
      own.push_back(static_cast<Local>(row - matrix.first_row()));
    else
      remote.push_back(row);
  }
};

/// What building a halo takes: every ghost's number goes to its owner.
inline Traffic request_traffic(const Halo& halo) {
  return {halo.num_ghosts() * static_cast<Offset>(sizeof(Global)), halo.num_owners()};
}

/// Bytes of a nonzero as it travels.
template <class V>
Offset entry_bytes(Global num_cols, bool has_values) {
  const bool narrow = num_cols <= std::numeric_limits<Local>::max();
  return static_cast<Offset>((narrow ? sizeof(Local) : sizeof(Global)) + (has_values ? sizeof(V) : 0));
}

/// What a row of B takes beyond its nonzeros: its length.
constexpr Offset row_bytes = sizeof(Local);

/// What a rank does at a time: consecutive rows of A, and the rows of B that they reference.
struct Rounds {
  std::vector<Local> ends;  ///< rows of A
  Offset num_rows = 0;      ///< of B that they fetch, over all rounds
  Offset bytes = 0;         ///< of these rows
};

/// The rows of B that the rows of A on this rank reference. Vectors are by local column of A.
struct Requests {
  Halo halo;                  ///< for those that other ranks own
  std::vector<char> remote;   ///< whether it is one of those
  std::vector<Local> length;  ///< of the row of B that it references; 0 if no row of A references it
  bool b_has_values = false;
  Offset entry_bytes = 0;  ///< of a nonzero of B
  Rounds rounds = {};
  Offset num_rounds = 0;  ///< most rounds of a rank: in so many all take part
  Traffic traffic = {};   ///< of planning, on this rank
};

inline void check_fetch_bytes(const char* call, const Options& options) {
  require(options.fetch_bytes >= 1, call, ": fetch_bytes ", options.fetch_bytes, ", must be at least 1");
}

/// Collective.
template <class V>
Requests make_requests(const DistCsr<V>& a, const DistCsr<V>& b, Offset fetch_bytes);

/// f(products) for every row of A on this rank.
template <class V, class F>
void for_each_row(const DistCsr<V>& a, const Requests& requests, F f) {
  for (Local row = 0; row < a.num_local_rows(); ++row) {
    Offset products = 0;
    for (Local column : a.local().view().cols(row)) products += requests.length[z(column)];
    f(products);
  }
}

}  // namespace filigree::spgemm
