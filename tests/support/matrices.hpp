// Random matrices, and slow and obvious answers about them, for tests.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "filigree/matrix/dist_csr.hpp"

namespace filigree::testing {

/// A whole matrix, in the most obvious form: (row, column) -> value, ascending.
template <class V>
using GlobalMatrix = std::map<std::pair<Global, Global>, V>;

using Random = std::mt19937_64;

/// Uniform in [0, n), the same on any standard library.
inline std::int64_t below(Random& random, std::int64_t n) {
  return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(n));
}

enum class Values {
  none,    // a matrix of ones
  exact,   // small multiples of 1/8: sums and products without rounding
  rounded  // arbitrary: sums show their order in the last bits
};

template <class V>
V random_value(Random& random, Values kind) {
  if (std::is_integral_v<V> || kind == Values::none) return static_cast<V>(below(random, 19) - 9);
  if (kind == Values::exact) return static_cast<V>(static_cast<double>(below(random, 65) - 32) / 8);
  return static_cast<V>(static_cast<double>(random() >> 11) * 0x1p-53 - 0.25);
}

/// `count` entries in random order. Half of them fall into the first eighth of the rows and columns, so rows are
/// uneven, and duplicates and loops are common.
template <class V>
Entries<V> random_entries(Global num_rows, Global num_cols, Offset count, Values kind, std::uint64_t seed) {
  Random random(seed);
  Entries<V> entries;
  if (num_rows == 0 || num_cols == 0) return entries;
  for (Offset k = 0; k < count; ++k) {
    const bool corner = below(random, 2) == 0;
    entries.row.push_back(below(random, corner ? (num_rows + 7) / 8 : num_rows));
    entries.col.push_back(below(random, corner ? (num_cols + 7) / 8 : num_cols));
    if (kind != Values::none) entries.val.push_back(random_value<V>(random, kind));
  }
  return entries;
}

template <class V>
Entries<V> slice(const Entries<V>& entries, Offset begin, Offset end) {
  Entries<V> part;
  part.row.assign(entries.row.begin() + begin, entries.row.begin() + end);
  part.col.assign(entries.col.begin() + begin, entries.col.begin() + end);
  if (!entries.val.empty()) part.val.assign(entries.val.begin() + begin, entries.val.begin() + end);
  return part;
}

/// [0, n) in consecutive blocks of random sizes; every third block on average is empty.
inline Partition random_partition(Global n, int parts, std::uint64_t seed) {
  Random random(seed);
  std::vector<Global> begins{0, n};
  for (int p = 1; p < parts; ++p) {
    const bool empty = below(random, 3) == 0;
    begins.push_back(empty ? begins[static_cast<std::size_t>(below(random, static_cast<std::int64_t>(begins.size())))]
                           : below(random, n + 1));
  }
  std::sort(begins.begin(), begins.end());
  return Partition::from_begins(std::move(begins));
}

/// This rank's share when the ranks read a file of `entries` one after the other, in pieces of random sizes.
template <class V>
Entries<V> deal(const Comm& comm, const Entries<V>& entries, std::uint64_t seed) {
  const Partition pieces = random_partition(static_cast<Global>(entries.size()), comm.size(), seed);
  return slice(entries, pieces.begin(comm.rank()), pieces.end(comm.rank()));
}

/// What from_entries promises, entry by entry in order. Nothing if duplicates are an error and there are some.
template <class V>
std::optional<GlobalMatrix<V>> merged(const Entries<V>& entries, EntryPolicy policy, EntryCounts* counts = nullptr) {
  GlobalMatrix<V> matrix;
  EntryCounts met;
  for (std::size_t k = 0; k < entries.size(); ++k) {
    const bool loop = entries.row[k] == entries.col[k];
    if (loop) ++met.loops;
    if (loop && policy.loops == Loops::drop) continue;
    const V value = entries.val.empty() ? V{1} : entries.val[k];
    const auto [at, is_new] = matrix.emplace(std::pair(entries.row[k], entries.col[k]), value);
    if (is_new) continue;
    ++met.duplicates;
    if (policy.duplicates == Duplicates::error) return std::nullopt;
    if (policy.duplicates == Duplicates::sum && !entries.val.empty()) at->second += value;
  }
  if (counts != nullptr) *counts = met;
  return matrix;
}

/// The whole of a distributed matrix, on every rank. Collective.
template <class V>
GlobalMatrix<V> whole(const DistCsr<V>& matrix) {
  std::vector<Global> row;
  std::vector<Global> col;
  std::vector<V> val;
  const CsrView<V> local = matrix.local().view();
  for (Local r = 0; r < local.num_rows(); ++r) {
    for (std::size_t k = 0; k < local.cols(r).size(); ++k) {
      row.push_back(matrix.first_row() + r);
      col.push_back(matrix.global_col(local.cols(r)[k]));
      val.push_back(local.has_values() ? local.vals(r)[k] : V{1});
    }
  }
  const auto rows = matrix.comm().all_gather(row).values;
  const auto cols = matrix.comm().all_gather(col).values;
  const auto vals = matrix.comm().all_gather(val).values;
  GlobalMatrix<V> result;
  for (std::size_t k = 0; k < rows.size(); ++k) {
    EXPECT_TRUE(result.emplace(std::pair(rows[k], cols[k]), vals[k]).second)
        << "(" << rows[k] << ", " << cols[k] << ") twice";
  }
  return result;
}

/// Everything dist_csr.hpp draws. Not collective.
template <class V>
void expect_well_formed(const DistCsr<V>& matrix) {
  const int rank = matrix.comm().rank();
  ASSERT_EQ(matrix.rows().num_parts(), matrix.comm().size());
  ASSERT_EQ(matrix.cols().num_parts(), matrix.comm().size());
  EXPECT_NO_THROW(matrix.local().validate());
  EXPECT_EQ(matrix.num_local_rows(), matrix.rows().size(rank));
  EXPECT_EQ(matrix.local().num_cols, matrix.cols().size(rank) + static_cast<Global>(matrix.ghosts().size()));
  Global previous = -1;
  for (Global ghost : matrix.ghosts()) {
    EXPECT_GT(ghost, previous) << "ghosts do not strictly increase";
    EXPECT_LT(ghost, matrix.num_cols());
    EXPECT_FALSE(matrix.cols().owns(rank, ghost));
    previous = ghost;
  }
  std::vector<bool> used(static_cast<std::size_t>(matrix.local().num_cols), false);
  for (Local column : matrix.local().col) used[static_cast<std::size_t>(column)] = true;
  previous = -1;
  for (Local column = 0; column < matrix.local().num_cols; ++column) {
    const Global global = matrix.global_col(column);
    EXPECT_GT(global, previous) << "local order is not global order";
    previous = global;
    const bool owned = matrix.owned_begin() <= column && column < matrix.owned_begin() + matrix.num_owned_cols();
    EXPECT_EQ(owned, matrix.cols().owns(rank, global));
    if (!owned) {
      EXPECT_TRUE(used[static_cast<std::size_t>(column)]) << "ghost " << global << " that no row references";
    }
  }
}

/// y = A x, row by row and column by column.
template <class V>
std::vector<double> dense_multiply(const GlobalMatrix<V>& matrix, Global num_rows, const std::vector<double>& x) {
  std::vector<double> y(static_cast<std::size_t>(num_rows), 0.0);
  for (const auto& [at, value] : matrix) {
    y[static_cast<std::size_t>(at.first)] += static_cast<double>(value) * x[static_cast<std::size_t>(at.second)];
  }
  return y;
}

template <class V>
GlobalMatrix<V> transposed(const GlobalMatrix<V>& matrix) {
  GlobalMatrix<V> result;
  for (const auto& [at, value] : matrix) result.emplace(std::pair(at.second, at.first), value);
  return result;
}

inline std::vector<double> random_vector(Global n, Values kind, std::uint64_t seed) {
  Random random(seed);
  std::vector<double> x(static_cast<std::size_t>(n));
  for (double& value : x) value = random_value<double>(random, kind);
  return x;
}

/// What part `part` owns of a whole vector.
template <class T>
std::vector<T> owned(const Partition& partition, int part, const std::vector<T>& all) {
  return {all.begin() + partition.begin(part), all.begin() + partition.end(part)};
}

/// The whole vector on every rank, from what each owns. Collective.
template <class T>
std::vector<T> whole(const Comm& comm, const std::vector<T>& owned_values) {
  return comm.all_gather(owned_values).values;
}

/// The message of what `f` throws, "" if it throws nothing. `E` is the type it has to be.
template <class E = std::exception, class F>
std::string message_of(F&& f) {
  try {
    f();
  } catch (const E& e) {
    return e.what();
  }
  return "";
}

}  // namespace filigree::testing
