// Row blocks, and the product within a rank as other parts of spgemm call it.
#pragma once

#include <algorithm>
#include <vector>

#include "core/index.hpp"
#include "filigree/spgemm/multiply.hpp"
#include "spgemm/rows/row_method.hpp"
#include "spgemm/tuning.hpp"

namespace filigree::spgemm {

/// Whether a row block that begins with first_row and has `products` so far ends before `row`, which has
/// products_of_row. To end between row groups it may get up to tuning::most_in_group times as full as others.
template <class V>
bool block_ends(const CsrView<V>& a, Local first_row, Local row, Offset products, Offset products_of_row) {
  if (products == 0 || products + products_of_row <= tuning::block_products) return false;
  if (products + products_of_row > tuning::most_in_group * tuning::block_products) return true;
  Local before = row;
  while (before > first_row && std::ranges::equal(a.cols(before - 1), a.cols(row))) --before;
  return (row - before) % tuning::most_in_group == 0;
}

/// First row blocks of chunks, and the number of row blocks: a thread takes a chunk at a time. Up to `most` row blocks;
/// tuning::chunks_of_thread at least, if there are as many row blocks, and no more work in one than usual in so many,
/// so that threads end together. work(block): its products
template <class Work>
std::vector<Offset> cut_chunks(Offset num_blocks, int num_threads, Offset most, Work work) {
  most = std::clamp<Offset>(num_blocks / (tuning::chunks_of_thread * num_threads), 1, most);
  std::vector<Offset> begin;
  Offset in_chunk = 0;
  for (Offset block = 0; block < num_blocks; ++block) {
    if (block == 0 || block == begin.back() + most || in_chunk + work(block) > most * tuning::block_products) {
      begin.push_back(block);
      in_chunk = 0;
    }
    in_chunk += work(block);
  }
  begin.push_back(num_blocks);
  return begin;
}

/// Rows [begin, end) as a matrix of their own, whose entries stay where they are; row_ptr is capacity for theirs.
template <class V>
CsrView<V> slice(CsrView<V> matrix, Local begin, Local end, std::vector<Offset>& row_ptr) {
  const Offset first = matrix.row_ptr[z(begin)];
  const std::size_t count = z(matrix.row_ptr[z(end)] - first);
  row_ptr.clear();
  for (Local row = begin; row <= end; ++row) row_ptr.push_back(matrix.row_ptr[z(row)] - first);
  return {matrix.num_cols, row_ptr, matrix.col.subspan(z(first), count),
          matrix.has_values() ? matrix.val.subspan(z(first), count) : std::span<const V>()};
}

template <class V>
Offset products_of_row(CsrView<V> a, CsrView<V> b, Local row) {
  Offset count = 0;
  for (const Local k : a.cols(row)) count += b.degree(k);
  return count;
}

/// Products of every row.
template <class V>
void count_products(CsrView<V> a, CsrView<V> b, std::span<Offset> products) {
  const Local num_rows = a.num_rows();
#pragma omp parallel for schedule(static)
  for (Local row = 0; row < num_rows; ++row) products[z(row)] = products_of_row(a, b, row);
}

/// Most entries that a row of C can have which has so many products.
template <class V>
Offset most_in_row(Local row, Offset products, CsrView<V> b, const CsrView<V>* mask, bool complement) {
  const Offset most = std::min<Offset>(products, b.num_cols);
  return mask != nullptr && !complement ? std::min(most, mask->degree(row)) : most;
}

/// What multiply() returns counts, in the time it takes.
template <class Multiply>
Work timed(Multiply multiply) {
  Work work;
  const Phase phase(work.timings, "multiply");
  work.stats = multiply();
  return work;
}

/// multiply() within a rank, of checked arguments, that keeps at most so many nonzeros (negative: none): if C has
/// more, the stats count them and c is left empty. Does not use options.memory_budget_bytes.
template <class V>
Stats multiply_at_most(Offset most_nonzeros, CsrView<V> a, CsrView<V> b, Csr<V>& c, const Options& options,
                       const Mask<V>& mask, RowMethod method);

/// The same passed to a sink in batches of rows.
template <class V>
Stats multiply_in_batches(RowMethod method, CsrView<V> a, CsrView<V> b, const Sink<V>& sink, const Options& options,
                          const Mask<V>& mask);

/// multiply() by an accumulator of the caller's choice, for tests and benchmarks; rows of c may be unsorted.
template <class V>
Stats multiply_by(RowMethod method, std::type_identity_t<CsrView<V>> a, std::type_identity_t<CsrView<V>> b, Csr<V>& c,
                  const Options& options = {}, const std::type_identity_t<Mask<V>>& mask = {});

}  // namespace filigree::spgemm
