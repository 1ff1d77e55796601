#include "spgemm_overflow.hpp"

#include <algorithm>
#include <cmath>

namespace filigree::app {
namespace {

using spgemm::Semiring;

/// A little below 2^63, for what doubles round in sums of 2^22 terms.
constexpr double most = 0x1p63 * (1 - 0x1p-30);
constexpr const char* way_out = "; --values real multiplies as doubles, which round";

double magnitude(std::int64_t value) { return std::abs(static_cast<double>(value)); }

double largest(const io::Integers& matrix) {
  double found = matrix.local().val.empty() ? 1 : 0;
  for (const std::int64_t value : matrix.local().val) found = std::max(found, magnitude(value));
  return matrix.comm().max(found);
}

/// The largest sum of magnitudes in a row.
double largest_row(const io::Integers& matrix) {
  const CsrView<std::int64_t> rows = matrix.local();
  double found = 0;
  for (Local row = 0; row < rows.num_rows(); ++row) {
    double sum = rows.has_values() ? 0 : static_cast<double>(rows.degree(row));
    for (const std::int64_t value : rows.vals(row)) sum += magnitude(value);
    found = std::max(found, sum);
  }
  return matrix.comm().max(found);
}

Graph magnitudes(const io::Integers& matrix) {
  Graph reals = io::as_reals(matrix);
  for (double& value : reals.values()) value = std::abs(value);
  return reals;
}

/// Throws where the magnitudes that are added up for an entry of C exceed `most`.
void check_entries(const io::Integers& a, const io::Integers& b, const spgemm::DistMask<std::int64_t>& mask,
                   const spgemm::Options& options) {
  const auto check = [](const spgemm::RowBatch<double>& batch) {
    for (Local row = 0; row < batch.rows.num_rows(); ++row) {
      for (std::size_t k = 0; k < batch.rows.vals(row).size(); ++k) {
        if (batch.rows.vals(row)[k] <= most) continue;
        throw InvalidArgument(text("C(", batch.first_row + row + 1, ", ", batch.global_col(batch.rows.cols(row)[k]) + 1,
                                   "), counted from 1, may exceed 64 bits", way_out));
      }
    }
  };
  spgemm::Options in_batches;
  in_batches.fetch_bytes = options.fetch_bytes;
  in_batches.memory_budget_bytes = options.memory_budget_bytes > 0 ? options.memory_budget_bytes : Offset{256} << 20;
  const std::optional<Graph> real_mask =
      mask.matrix != nullptr ? std::optional(io::as_reals(*mask.matrix)) : std::nullopt;
  spgemm::multiply(magnitudes(a), magnitudes(b), spgemm::Sink<double>(check), in_batches,
                   {real_mask ? &*real_mask : nullptr, mask.complement});
}

}  // namespace

void check_overflow(const io::Integers& a, const io::Integers& b, const spgemm::DistMask<std::int64_t>& mask,
                    const spgemm::Options& options) {
  const double of_a = largest(a);
  const double of_b = largest(b);
  switch (options.semiring) {
    case Semiring::or_and:
    case Semiring::plus_pair: return;
    case Semiring::min_plus:
      return require(of_a + of_b <= most, "sums of values up to ", of_a, " and ", of_b, " may exceed 64 bits", way_out);
    case Semiring::max_times:
      return require(of_a * of_b <= most, "products of values up to ", of_a, " and ", of_b, " may exceed 64 bits",
                     way_out);
    case Semiring::plus_times:
      if (largest_row(a) * of_b > most) check_entries(a, b, mask, options);
      return;
  }
}

}  // namespace filigree::app
