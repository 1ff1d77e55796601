#include "spgemm_check.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <set>
#include <tuple>
#include <utility>

#include "filigree/core/random.hpp"
#include "filigree/io/integers.hpp"
#include "filigree/matrix/dist_dense.hpp"

namespace filigree::app {
namespace {

using spgemm::Semiring;

std::size_t z(Offset i) { return static_cast<std::size_t>(i); }

bool is_nan(double value) { return std::isnan(value); }
bool is_nan(std::int64_t) { return false; }

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

/// The owned rows of matrix * x.
Sums apply(const Graph& matrix, const Sums& x) {
  Sums y{{matrix.comm, matrix.rows, num_vectors}, {}};
  multiply(matrix, x.values, y.values);
  const std::vector<double> magnitude = matrix.with_ghosts(std::span<const double>(x.magnitude));
  const CsrView<double> rows = matrix.local;
  for (Local row = 0; row < rows.num_rows(); ++row) {
    double sum = 0;
    for (Offset k = rows.row_ptr[z(row)]; k < rows.row_ptr[z(row) + 1]; ++k)
      sum += std::abs(value_at(rows, k)) * magnitude[z(rows.col[z(k)])];
    y.magnitude.push_back(sum);
  }
  return y;
}

/// The same, distributed in another way.
Sums distributed(const Comm& comm, const Partition& as, const Sums& x) {
  const auto part = [&](std::span<const double> mine, Offset width) {
    const std::vector<double> all = comm.all_gather(mine).values;
    return std::vector<double>(all.begin() + as.begin(comm.rank()) * width, all.begin() + as.end(comm.rank()) * width);
  };
  Sums y{{comm, as, num_vectors}, part(x.magnitude, 1)};
  std::ranges::copy(part(x.values.values(), num_vectors), y.values.local.begin());
  return y;
}

Offset longest_row(const Graph& matrix) {
  Offset longest = 0;
  for (Local row = 0; row < matrix.num_local_rows(); ++row) {
    longest = std::max(longest, matrix.local.view().degree(row));
  }
  return matrix.comm.max(longest);
}

/// What rows of A (B x) and C x may differ by is `factor` times |A| |B| 8, as |x| <= 8: an element of either passes
/// through at most so many roundings. Twice that, because the magnitudes are rounded too.
double rounding_factor(const Graph& a, const Graph& b, const Graph& c) {
  const Offset roundings = 2 * longest_row(a) + longest_row(b) + longest_row(c) + 7;  // 3 if they are of integers
  return static_cast<double>(roundings) * std::numeric_limits<double>::epsilon();     // twice the error of a rounding
}

/// Rows of C x that are not those of A (B x), counted over all vectors; rows whose sums overflow cannot be told.
struct Freivalds {
  Offset wrong = 0;
  Offset untold = 0;
};
Freivalds freivalds(const Graph& a, const Graph& b, const Graph& c, std::uint64_t seed) {
  const Stream stream(seed, vector_purpose);
  const double factor = rounding_factor(a, b, c);
  const int rank = b.comm.rank();
  // Whole numbers in [-8, 8), one for each column, whoever owns it.
  const auto draw = [&](const Partition& columns) {
    Sums x{{b.comm, columns, num_vectors}, std::vector<double>(z(columns.size(rank)), 8)};
    for (Offset i = 0; i < columns.size(rank); ++i) {
      for (std::uint32_t round = 0; round < num_vectors; ++round) {
        const auto word = stream.block(columns.begin(rank) + i, 0, round)[0];
        x.values.row(i)[round] = static_cast<double>(Stream::below(word, 16)) - 8;
      }
    }
    return x;
  };
  const Sums by_c = apply(c, draw(c.cols));
  const Sums by_factors = apply(a, distributed(a.comm, a.cols, apply(b, draw(b.cols))));
  Freivalds found;
  for (Offset row = 0; row < c.num_local_rows(); ++row) {
    const double bound = factor * by_factors.magnitude[z(row)] + std::numeric_limits<double>::min();
    if (!std::isfinite(bound)) {
      ++found.untold;
      continue;
    }
    for (std::uint32_t round = 0; round < num_vectors; ++round) {
      const double difference = by_c.values.row(row)[round] - by_factors.values.row(row)[round];
      if (!(std::abs(difference) <= bound)) ++found.wrong;
    }
  }
  return {c.comm.sum(found.wrong), c.comm.sum(found.untold)};
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
  const CsrView<V> rows = a.local;
  const Offset before = a.comm.exclusive_sum(rows.num_nonzeros());
  const Offset num_nonzeros = a.num_nonzeros();
  std::vector<Global> mine;
  for (Global i = 0; i < num_samples; ++i) {
    const Global row = draw(i, a.num_rows());
    if (a.rows.owns(a.comm.rank(), row)) mine.push_back(row);
    const Offset nonzero = draw(num_samples + i, num_nonzeros) - before;
    if (nonzero < 0 || nonzero >= rows.num_nonzeros()) continue;
    const auto after = std::upper_bound(rows.row_ptr.begin(), rows.row_ptr.end(), nonzero);
    mine.push_back(a.first_row() + (after - rows.row_ptr.begin()) - 1);
  }
  const std::vector<Global> all = a.comm.all_gather(std::span<const Global>(mine)).values;
  const std::set<Global> sorted(all.begin(), all.end());
  return {sorted.begin(), sorted.end()};
}

/// This rank's entries of these rows of a matrix.
template <class V>
std::vector<Entry<V>> entries_of(const DistCsr<V>& matrix, const std::vector<Global>& sampled) {
  const CsrView<V> rows = matrix.local;
  std::vector<Entry<V>> entries;
  for (const Global sample : sampled) {
    if (!matrix.rows.owns(matrix.comm.rank(), sample)) continue;
    const auto row = z(sample - matrix.first_row());
    for (Offset k = rows.row_ptr[row]; k < rows.row_ptr[row + 1]; ++k) {
      entries.push_back({sample, matrix.global_col(rows.col[z(k)]), value_at(rows, k)});
    }
  }
  return entries;
}

/// The products of these entries of A with the rows of B that this rank owns.
template <class V>
std::vector<Term<V>> terms_of(const std::vector<Entry<V>>& of_a, const DistCsr<V>& b) {
  const CsrView<V> rows = b.local;
  std::vector<Term<V>> terms;
  for (const Entry<V>& entry : of_a) {
    if (!b.rows.owns(b.comm.rank(), entry.col)) continue;
    const auto row = z(entry.col - b.first_row());
    for (Offset k = rows.row_ptr[row]; k < rows.row_ptr[row + 1]; ++k) {
      terms.push_back({entry.row, b.global_col(rows.col[z(k)]), entry.col, entry.value, value_at(rows, k)});
    }
  }
  return terms;
}

template <class V>
V without_terms(Semiring semiring) {
  using Limits = std::numeric_limits<V>;
  const V most = Limits::has_infinity ? Limits::infinity() : Limits::max();
  const V least = Limits::has_infinity ? -Limits::infinity() : Limits::min();
  return semiring == Semiring::min_plus ? most : semiring == Semiring::max_times ? least : V{0};
}

template <class V>
V with_term(Semiring semiring, V sum, const Term<V>& term) {
  const auto better = [&](V value, bool is_better) { return is_better || is_nan(value) ? value : sum; };
  switch (semiring) {
    case Semiring::plus_times: return sum + term.a * term.b;
    case Semiring::min_plus: return better(term.a + term.b, term.a + term.b < sum);
    case Semiring::max_times: return better(term.a * term.b, term.a * term.b > sum);
    case Semiring::or_and: return sum != 0 || (term.a != 0 && term.b != 0) ? 1 : 0;
    case Semiring::plus_pair: return sum + 1;
  }
  return sum;
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
      entries.push_back({term.row, term.col, without_terms<V>(semiring)});
    }
    entries.back().value = with_term(semiring, entries.back().value, term);
  }
  return entries;
}

template <class V>
bool same(const Entry<V>& e, const Entry<V>& f) {
  const bool same_value = std::memcmp(&e.value, &f.value, sizeof e.value) == 0 || (is_nan(e.value) && is_nan(f.value));
  return e.row == f.row && e.col == f.col && same_value;
}

template <class V>
bool rows_hold(const std::vector<Global>& sampled, const DistCsr<V>& a, const DistCsr<V>& b, const DistCsr<V>* mask,
               const spgemm::Options& options, const DistCsr<V>& c) {
  const Comm& comm = a.comm;
  const std::vector<Entry<V>> of_a = entries_of(a, sampled);
  const std::vector<Entry<V>> all_of_a = comm.all_gather(std::span<const Entry<V>>(of_a)).values;
  const std::vector<Term<V>> terms = on_root(comm, comm.guard([&] { return terms_of(all_of_a, b); }));
  const std::vector<Entry<V>> of_c = on_root(comm, entries_of(c, sampled));
  std::set<std::pair<Global, Global>> places;
  if (mask != nullptr) {
    for (const Entry<V>& entry : on_root(comm, entries_of(*mask, sampled))) places.emplace(entry.row, entry.col);
  }
  return comm.broadcast(comm.guard([&] {
    const auto expected = add_up(terms, options.semiring, mask != nullptr ? &places : nullptr, options.complement);
    return std::equal(of_c.begin(), of_c.end(), expected.begin(), expected.end(), same<V>);
  }));
}

const Graph& reals(const Graph& matrix) { return matrix; }
Graph reals(const io::Integers& matrix) { return io::as_reals(matrix); }

}  // namespace

template <class V>
void check_product(App& program, const DistCsr<V>& a, const DistCsr<V>& b, const DistCsr<V>* mask,
                   const spgemm::Options& options, const DistCsr<V>& c) {
  const std::vector<Global> sampled = sample_rows(a, program.seed());
  program.verified(rows_hold(sampled, a, b, mask, options, c),
                   text(sampled.size(), " sampled rows are, bit for bit, what adding product by product gives"));
  if (options.semiring != Semiring::plus_times || mask != nullptr) return;
  const Freivalds found = freivalds(reals(a), reals(b), reals(c), program.seed());
  if (found.untold > 0) program.note(text(found.untold, " row sums overflow: these rows cannot be checked by vectors"));
  program.verified(found.wrong == 0, text("C x = A (B x) for ", num_vectors, " random vectors x, to rounding"));
}

template void check_product(App&, const Graph&, const Graph&, const Graph*, const spgemm::Options&, const Graph&);
template void check_product(App&, const io::Integers&, const io::Integers&, const io::Integers*, const spgemm::Options&,
                            const io::Integers&);

}  // namespace filigree::app
