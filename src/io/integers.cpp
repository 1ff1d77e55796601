#include "filigree/io/integers.hpp"

#include <cmath>

#include "core/index.hpp"

namespace filigree::io {
namespace {

constexpr std::int64_t most_exact = std::int64_t{1} << 53;

/// The matrix with other values, and the same entries.
template <class To, class From, class F>
DistCsr<To> with_values(const DistCsr<From>& matrix, F convert) {
  Csr<To> local = matrix.comm().guard([&] {
    Csr<To> made{matrix.local().num_cols, matrix.local().row_ptr, matrix.local().col, {}};
    made.val.resize(matrix.local().val.size());
    for (std::size_t k = 0; k < made.val.size(); ++k) made.val[k] = convert(matrix.local().val[k]);
    return made;
  });
  return DistCsr<To>(matrix.comm(), matrix.rows(), matrix.cols(), std::move(local), matrix.ghosts());
}

}  // namespace

Integers as_integers(const Graph& matrix) {
  return with_values<std::int64_t>(matrix, [](double value) {
    require(std::trunc(value) == value && std::abs(value) < static_cast<double>(most_exact), "value ", value,
            " is not a whole number below 2^53");
    return static_cast<std::int64_t>(value);
  });
}

Graph as_reals(const Integers& matrix) {
  return with_values<double>(matrix, [](std::int64_t value) { return static_cast<double>(value); });
}

std::optional<WideEntry> wide_entry(const Integers& matrix) {
  const CsrView<std::int64_t> rows = matrix.local();
  std::vector<WideEntry> found;
  for (Local row = 0; row < rows.num_rows() && found.empty(); ++row) {
    for (std::size_t k = 0; k < rows.vals(row).size() && found.empty(); ++k) {
      const std::int64_t value = rows.vals(row)[k];
      if (value < -most_exact || value > most_exact)
        found.push_back({matrix.first_row() + row, matrix.global_col(rows.cols(row)[k]), value});
    }
  }
  const std::vector<WideEntry> all = matrix.comm().all_gather(found).values;
  return all.empty() ? std::nullopt : std::optional(all.front());
}

}  // namespace filigree::io
