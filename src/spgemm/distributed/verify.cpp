// Is C = A B? Sampled rows by the definition, and all of them by Freivalds' check.
#include "filigree/spgemm/verify.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <set>
#include <tuple>
#include <utility>

#include "core/index.hpp"
#include "filigree/core/random.hpp"
#include "filigree/matrix/dist_dense.hpp"
#include "spgemm/rows/checks.hpp"
#include "spgemm/rows/definition.hpp"

namespace filigree::spgemm {
namespace {

template <class V>
V value_at(const CsrView<V>& rows, Offset k) {
  return rows.has_values() ? rows.val[z(k)] : 1;
}

// ------------------------------------------------------------------------------------------------ Freivalds' check

constexpr std::uint64_t vector_purpose = 0x66726569;  // "frei"
constexpr std::uint32_t num_vectors = 8;              // a wrong row passes one with probability 1/16 at most

/// Vectors side by side, and a bound for all of them on the magnitudes that were added up in each row.
struct Sums {
  DistDense<double> values;
  std::vector<double> magnitude;
};

/// Of the rows that this rank has in a partition. Collective.
Sums make_sums(const Comm& comm, const Partition& rows, double magnitude) {
  return comm.guard([&] {
    return Sums{{comm, rows, num_vectors}, std::vector<double>(z(rows.size(comm.rank())), magnitude)};
  });
}

/// The owned rows of matrix * x. Collective.
Sums apply(const Graph& matrix, const Sums& x) {
  Sums y = make_sums(matrix.comm(), matrix.rows(), 0);
  multiply(matrix, x.values, y.values);
  const std::vector<double> magnitude = matrix.with_ghosts(std::span<const double>(x.magnitude));
  const CsrView<double> rows = matrix.local();
  for (Local row = 0; row < rows.num_rows(); ++row) {
    for (Offset k = rows.row_ptr[z(row)]; k < rows.row_ptr[z(row) + 1]; ++k)
      y.magnitude[z(row)] += std::abs(value_at(rows, k)) * magnitude[z(rows.col[z(k)])];
  }
  return y;
}

/// The same sums in the rows of another partition: a rank sends what of its block lies in the blocks of others.
/// Collective.
Sums distributed(const Comm& comm, const Partition& to, const Sums& x) {
  const Partition& from = x.values.rows;
  const auto part = [&](std::span<const double> mine, Offset width) {
    std::vector<Offset> counts;
    for (int rank = 0; rank < comm.size(); ++rank) {
      const Global begin = std::max(from.begin(comm.rank()), to.begin(rank));
      counts.push_back(std::max<Offset>(0, std::min(from.end(comm.rank()), to.end(rank)) - begin) * width);
    }
    return comm.all_to_all(mine, counts).values;
  };
  Sums y = make_sums(comm, to, 0);
  std::ranges::copy(part(x.magnitude, 1), y.magnitude.begin());
  std::ranges::copy(part(x.values.values(), num_vectors), y.values.local.begin());
  return y;
}

Offset longest_row(const Graph& matrix) {
  Offset longest = 0;
  for (Local row = 0; row < matrix.num_local_rows(); ++row) {
    longest = std::max(longest, matrix.local().view().degree(row));
  }
  return matrix.comm().max(longest);
}

/// Rows of C x that are not those of A (B x), counted over all vectors; rows whose sums may be beyond the numbers of V
/// stay unknown.
struct Freivalds {
  Offset wrong = 0;
  Offset unknown = 0;
};
template <class V>
Freivalds freivalds(const Graph& a, const Graph& b, const Graph& c, std::uint64_t seed) {
  const Stream stream(seed, vector_purpose);
  constexpr bool is_real = std::is_floating_point_v<V>;
  // An element of A (B x) or C x passes through at most so many roundings of numbers that add up to |A| |B| 8, as
  // |x| <= 8. Twice that, because the magnitudes are rounded too; epsilon is twice the error of a rounding.
  const Offset roundings = 2 * longest_row(a) + longest_row(b) + longest_row(c) + 7;  // 3 if they are of integers
  const double factor = static_cast<double>(roundings) *
                        (is_real ? double{std::numeric_limits<V>::epsilon()} : std::numeric_limits<double>::epsilon());
  constexpr auto largest = static_cast<double>(std::numeric_limits<V>::max());
  // What underflow takes off products, each weighed by 8 at most.
  const double num_products = static_cast<double>(roundings) * static_cast<double>(longest_row(b));
  const double smallest = std::numeric_limits<double>::min() +
                          (is_real ? 8 * num_products * static_cast<double>(std::numeric_limits<V>::denorm_min()) : 0);
  const int rank = b.comm().rank();
  // Whole numbers in [-8, 8), which depend on the column alone.
  const auto draw = [&](const Partition& columns) {
    Sums x = make_sums(b.comm(), columns, 8);
    for (Offset i = 0; i < columns.size(rank); ++i) {
      for (std::uint32_t round = 0; round < num_vectors; ++round) {
        const auto word = stream.block(columns.begin(rank) + i, 0, round)[0];
        x.values.row(i)[round] = static_cast<double>(Stream::below(word, 16)) - 8;
      }
    }
    return x;
  };
  const Sums by_c = apply(c, draw(c.cols()));
  Sums by_factors = apply(a, distributed(a.comm(), a.cols(), apply(b, draw(b.cols()))));
  if (c.rows() != a.rows()) by_factors = distributed(c.comm(), c.rows(), by_factors);
  Freivalds found;
  for (Offset row = 0; row < c.num_local_rows(); ++row) {
    const double magnitude = by_factors.magnitude[z(row)];
    const double bound = factor * magnitude + smallest;
    if (!(magnitude < largest) || !std::isfinite(bound)) {
      ++found.unknown;
      continue;
    }
    for (std::uint32_t round = 0; round < num_vectors; ++round) {
      const double difference = by_c.values.row(row)[round] - by_factors.values.row(row)[round];
      if (!(std::abs(difference) <= bound)) ++found.wrong;
    }
  }
  return {c.comm().sum(found.wrong), c.comm().sum(found.unknown)};
}

// ------------------------------------------------------------------------------------------------ sampled rows

constexpr std::uint64_t row_purpose = 0x726f7773;  // "rows"
constexpr Global num_samples = 100;

template <class V>
struct Entry {
  Global row;
  Global col;
  V value;
};
/// One product on its way to (row, col).
template <class V>
struct Term {
  Global row;
  Global col;
  Global k;
  V a;
  V b;
};

template <class T>
std::vector<T> on_root(const Comm& comm, const std::vector<T>& mine) {
  std::vector<Offset> counts(z(comm.size()), 0);
  counts[0] = std::ssize(mine);
  return comm.all_to_all(std::span<const T>(mine), counts).values;
}

/// Rows of A, ascending, the same on all ranks: 100 of any, and the rows of 100 of its nonzeros, among which long rows
/// are many.
template <class V>
std::vector<Global> sample_rows(const DistCsr<V>& a, std::uint64_t seed) {
  const Stream stream(seed, row_purpose);
  const auto draw = [&](Global i, Offset n) {
    const auto words = stream.block(i, 0, 0);
    return static_cast<Offset>(Stream::unit(words[0], words[1]) * static_cast<double>(n));
  };
  const CsrView<V> rows = a.local();
  const Offset before = a.comm().exclusive_sum(rows.num_nonzeros());
  const Offset num_nonzeros = a.num_nonzeros();
  std::vector<Global> mine;  // at most 200, as all ranks together have
  for (Global i = 0; i < num_samples; ++i) {
    const Global row = draw(i, a.num_rows());
    if (a.rows().owns(a.comm().rank(), row)) mine.push_back(row);
    const Offset nonzero = draw(num_samples + i, num_nonzeros) - before;
    if (nonzero < 0 || nonzero >= rows.num_nonzeros()) continue;
    const auto after = std::upper_bound(rows.row_ptr.begin(), rows.row_ptr.end(), nonzero);
    mine.push_back(a.first_row() + (after - rows.row_ptr.begin()) - 1);
  }
  const std::vector<Global> all = a.comm().all_gather(std::span<const Global>(mine)).values;
  const std::set<Global> sorted(all.begin(), all.end());
  return {sorted.begin(), sorted.end()};
}

/// This rank's entries of these rows of a matrix. Collective.
template <class V>
std::vector<Entry<V>> entries_of(const DistCsr<V>& matrix, const std::vector<Global>& sampled) {
  return matrix.comm().guard([&] {
    const CsrView<V> rows = matrix.local();
    std::vector<Entry<V>> entries;
    for (const Global sample : sampled) {
      if (!matrix.rows().owns(matrix.comm().rank(), sample)) continue;
      const auto row = z(sample - matrix.first_row());
      for (Offset k = rows.row_ptr[row]; k < rows.row_ptr[row + 1]; ++k)
        entries.push_back({sample, matrix.global_col(rows.col[z(k)]), value_at(rows, k)});
    }
    return entries;
  });
}

/// The products of these entries of A with the rows of B that this rank owns.
template <class V>
std::vector<Term<V>> terms_of(const std::vector<Entry<V>>& of_a, const DistCsr<V>& b) {
  const CsrView<V> rows = b.local();
  std::vector<Term<V>> terms;
  for (const Entry<V>& entry : of_a) {
    if (!b.rows().owns(b.comm().rank(), entry.col)) continue;
    const auto row = z(entry.col - b.first_row());
    for (Offset k = rows.row_ptr[row]; k < rows.row_ptr[row + 1]; ++k) {
      terms.push_back({entry.row, b.global_col(rows.col[z(k)]), entry.col, entry.value, value_at(rows, k)});
    }
  }
  return terms;
}

/// Entries of the product where the mask lets them be.
template <class V>
std::vector<Entry<V>> add_up(std::vector<Term<V>> terms, Semiring semiring,
                             const std::set<std::pair<Global, Global>>* mask, bool complement) {
  std::sort(terms.begin(), terms.end(), [](const Term<V>& s, const Term<V>& t) {
    return std::tie(s.row, s.col, s.k) < std::tie(t.row, t.col, t.k);
  });
  std::vector<Entry<V>> entries;
  for (const Term<V>& term : terms) {
    if (mask != nullptr && mask->contains({term.row, term.col}) == complement) continue;
    if (entries.empty() || entries.back().row != term.row || entries.back().col != term.col) {
      entries.push_back({term.row, term.col, without_any<V>(semiring)});
    }
    entries.back().value = with_one_more(semiring, entries.back().value, term.a, term.b);
  }
  return entries;
}

template <class V>
bool same(const Entry<V>& e, const Entry<V>& f) {
  const bool same_value = std::memcmp(&e.value, &f.value, sizeof e.value) == 0 || (is_nan(e.value) && is_nan(f.value));
  return e.row == f.row && e.col == f.col && same_value;
}

template <class V>
bool rows_hold(const std::vector<Global>& sampled, const DistCsr<V>& a, const DistCsr<V>& b, const DistMask<V>& mask,
               const Options& options, const DistCsr<V>& c) {
  const Comm& comm = a.comm();
  const std::vector<Entry<V>> of_a = entries_of(a, sampled);
  const std::vector<Entry<V>> all_of_a = comm.all_gather(std::span<const Entry<V>>(of_a)).values;
  const std::vector<Term<V>> terms = on_root(comm, comm.guard([&] { return terms_of(all_of_a, b); }));
  const std::vector<Entry<V>> of_c = on_root(comm, entries_of(c, sampled));
  std::vector<Entry<V>> of_mask;
  if (mask.matrix != nullptr) of_mask = on_root(comm, entries_of(*mask.matrix, sampled));
  return comm.broadcast(comm.guard([&] {
    std::set<std::pair<Global, Global>> kept;
    for (const Entry<V>& entry : of_mask) kept.emplace(entry.row, entry.col);
    const auto expected = add_up(terms, options.semiring, mask.matrix != nullptr ? &kept : nullptr, mask.complement);
    return std::equal(of_c.begin(), of_c.end(), expected.begin(), expected.end(), same<V>);
  }));
}

const Graph& reals(const Graph& matrix) { return matrix; }
template <class V>
Graph reals(const DistCsr<V>& matrix) {
  return matrix.comm().guard([&] {
    Csr<double> rows{matrix.local().num_cols, matrix.local().row_ptr, matrix.local().col, {}};
    for (const V value : matrix.local().val) rows.val.push_back(static_cast<double>(value));
    return Graph(matrix.comm(), matrix.rows(), matrix.cols(), std::move(rows), matrix.ghosts());
  });
}

}  // namespace

template <class V>
Verification verify(const DistCsr<V>& a, const DistCsr<V>& b, const DistCsr<V>& c, const Options& options,
                    const std::type_identity_t<DistMask<V>>& mask, std::uint64_t seed) {
  check_arguments("verify", a, b, mask, options);
  require(c.num_rows() == a.num_rows() && c.num_cols() == b.num_cols(), "verify: c is ", c.num_rows(), " x ",
          c.num_cols(), " and the product ", a.num_rows(), " x ", b.num_cols());
  require(c.comm().size() == a.comm().size(), "verify: c is distributed over ", c.comm().size(), " ranks and a over ",
          a.comm().size());
  const std::vector<Global> sampled = sample_rows(a, seed);
  Verification found{.sampled_rows = std::ssize(sampled),
                     .sampled_rows_hold = rows_hold(sampled, a, b, mask, options, c)};
  if (options.semiring != Semiring::plus_times || mask.matrix != nullptr) return found;
  const auto [wrong, unknown] = freivalds<V>(reals(a), reals(b), reals(c), seed);
  found.num_vectors = num_vectors;
  found.wrong_sums = wrong;
  found.unknown_rows = unknown;
  return found;
}

#define FILIGREE_VERIFY_OF(V)                                                                           \
  template Verification verify(const DistCsr<V>&, const DistCsr<V>&, const DistCsr<V>&, const Options&, \
                               const DistMask<V>&, std::uint64_t);
FILIGREE_FOR_VALUES(FILIGREE_VERIFY_OF)

}  // namespace filigree::spgemm
