// The product handed out in batches: rows of A are taken as long as their rows of C surely fit, and multiplied by
// themselves into memory that every batch uses again.
#include "spgemm/rows/checks.hpp"
#include "spgemm/rows/row_blocks.hpp"

namespace filigree::spgemm {
namespace {

struct Batches {
  std::vector<Local> ends;
  Offset products = 0;
};

template <class V>
Batches cut_batches(CsrView<V> a, CsrView<V> b, const Mask<V>& mask, const Options& options) {
  std::vector<Offset> products(z(a.num_rows()));
  count_products(a, b, std::span<Offset>(products));
  Batches batches;
  Offset num_rows = 0;
  Offset most_nonzeros = 0;
  for (Local row = 0; row < a.num_rows(); ++row) {
    const Offset most = most_in_row(row, products[z(row)], b, matrix_of(mask), mask.complement);
    if (num_rows > 0 && most_nonzeros + most > most_within_budget<V>(num_rows + 1, options)) {
      batches.ends.push_back(row);
      num_rows = most_nonzeros = 0;
    }
    ++num_rows;
    most_nonzeros += most;
    batches.products += products[z(row)];
  }
  batches.ends.push_back(a.num_rows());
  return batches;
}

}  // namespace

template <class V>
Stats multiply_in_batches(RowMethod method, CsrView<V> a, CsrView<V> b, const Sink<V>& sink, const Options& options,
                          const Mask<V>& mask) {
  check_arguments("multiply", a, b, mask, options);
  const Batches batches = cut_batches(a, b, mask, options);
  Stats stats;
  Options of_batch = options;
  if (options.progress) {
    of_batch.progress = [&](std::string_view phase, Offset done, Offset) {
      options.progress(phase, stats["products"] + done, batches.products);
    };
  }
  Csr<V> c;
  std::vector<Offset> a_row_ptr;
  std::vector<Offset> mask_row_ptr;
  Mask<V> of_rows = mask;
  Local begin = 0;
  for (const Local end : batches.ends) {
    if (mask.view) of_rows.view = slice(*mask.view, begin, end, mask_row_ptr);
    const Stats counts = multiply_at_most(unlimited, slice(a, begin, end, a_row_ptr), b, c, of_batch, of_rows, method);
    for (const auto& [name, count] : counts) stats[name] += count;
    if (end > begin) sink({begin, c.view(), {}});
    begin = end;
  }
  stats["batches"] = a.num_rows() > 0 ? std::ssize(batches.ends) : 0;
  return stats;
}

template <class V>
Work multiply(const CsrView<V>& a, const std::type_identity_t<CsrView<V>>& b, const std::type_identity_t<Sink<V>>& sink,
              const Options& options, const std::type_identity_t<Mask<V>>& mask) {
  return timed([&] { return multiply_in_batches({}, a, b, sink, options, mask); });
}

#define FILIGREE_BATCHES_OF(V)                                                                          \
  template Stats multiply_in_batches(RowMethod, CsrView<V>, CsrView<V>, const Sink<V>&, const Options&, \
                                     const Mask<V>&);                                                   \
  template Work multiply(const CsrView<V>&, const CsrView<V>&, const Sink<V>&, const Options&, const Mask<V>&);
FILIGREE_FOR_VALUES(FILIGREE_BATCHES_OF)

}  // namespace filigree::spgemm
