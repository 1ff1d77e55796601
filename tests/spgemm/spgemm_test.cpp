// The product of two sparse matrices within a rank: bit for bit what its definition says.
#include "filigree/spgemm.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <Eigen/Sparse>
#include <algorithm>
#include <cfenv>
#include <cstring>
#include <set>
#include <span>

#include "core/arithmetic.hpp"
#include "filigree/generate.hpp"
#include "spgemm/rows/row_blocks.hpp"
#include "support/runtime.hpp"
#include "support/spgemm.hpp"

namespace filigree::testing {
namespace {

using spgemm::Options;
using ::testing::HasSubstr;

// ------------------------------------------------------------------------------------------------ comparison

/// These semirings, these masks, and these methods of a product without one against the definition, with c's memory
/// used again and again. Returns how many products were made.
template <class V>
int expect_products(Random& random, CsrView<V> a, CsrView<V> b, Csr<V>& c, const std::string& what,
                    std::span<const Semiring> semirings, const std::vector<RowMethod>& methods,
                    std::span<const Masking> maskings = all_maskings) {
  const std::vector<RowMethod> masked_methods{{}, {.sorted = false}};
  int made = 0;
  Csr<V> mask;
  for (const Semiring semiring : semirings) {
    const Rows<V> whole_product = product_by_definition(a, b, semiring);
    if (made == 0) mask = mask_for(random, whole_product, b.num_cols);
    const CsrView<V> mask_view = mask;
    for (const Masking masking : maskings) {
      const bool complement = masking == Masking::complement;
      const Rows<V> expected = masking == Masking::none ? whole_product : masked(whole_product, mask_view, complement);
      const auto kept = masking == Masking::none ? spgemm::Mask<V>() : spgemm::Mask<V>(mask, complement);
      for (const RowMethod method : masking == Masking::none ? methods : masked_methods) {
        const Stats stats = spgemm::multiply_by(method, a, b, c, {.semiring = semiring}, kept);
        ++made;
        if (method.sorted) {
          EXPECT_NO_THROW(c.validate());
        } else {
          sort_rows(c);
        }
        const std::string found = difference(c, expected, b.num_cols);
        EXPECT_EQ(found, "") << what << ": " << a.num_rows() << " x " << a.num_cols << " x " << b.num_cols << ", "
                             << name_of(semiring) << ", " << name_of(masking) << ", " << name_of(method);
        EXPECT_EQ(stats.at("nonzeros"), num_entries(expected)) << what;
        if (!found.empty()) return made;
      }
    }
  }
  return made;
}

template <class V>
class Spgemm : public ::testing::Test {};
using ValueTypes = ::testing::Types<double, float, std::int64_t>;
TYPED_TEST_SUITE(Spgemm, ValueTypes);

/// One accumulator, over small random matrices.
class SpgemmMethod : public ::testing::TestWithParam<RowMethod> {
 protected:
  template <class V>
  void expect_small_random_products() {
    Random random(1);
    Csr<V> c;
    const bool is_automatic = GetParam().accumulator == Accumulator::automatic;
    const int enough = is_automatic ? deep(1'200, 6'000) : deep(300, 2'000);
    // Products under a mask choose by themselves how to merge.
    const auto maskings = std::span<const Masking>(all_maskings).first(is_automatic ? std::size(all_maskings) : 1);
    int made = 0;
    for (int trial = 0; made < enough && !HasFailure(); ++trial) {
      const auto extent = [&] { return static_cast<Local>(below(random, 8) == 0 ? 0 : below(random, 60)); };
      const Local num_rows = extent();
      const Local num_inner = extent();
      const Local num_cols = extent();
      const auto contents = [&] { return static_cast<Contents>(below(random, 3)); };
      const Csr<V> a = skewed<V>(random, num_rows, num_inner, contents());
      const Csr<V> b = skewed<V>(random, num_inner, num_cols, contents());
      made += expect_products<V>(random, a, b, c, text("trial ", trial), all_semirings, {GetParam()}, maskings);
    }
    EXPECT_GE(made, enough);
  }
};
INSTANTIATE_TEST_SUITE_P(Every, SpgemmMethod, ::testing::ValuesIn(all_methods()),
                         [](const auto& tested) { return name_of(tested.param); });

TEST_P(SpgemmMethod, SmallRandomProductsOfDoubles) { expect_small_random_products<double>(); }
TEST_P(SpgemmMethod, SmallRandomProductsOfFloats) { expect_small_random_products<float>(); }
TEST_P(SpgemmMethod, SmallRandomProductsOfIntegers) { expect_small_random_products<std::int64_t>(); }

TYPED_TEST(Spgemm, LargerProducts) {
  using V = TypeParam;
  Random random(3);
  Csr<V> c;
  std::size_t number = 0;
  for_larger_cases<V>([&](const std::string& name, const Csr<V>& a, const Csr<V>& b) {
    expect_products<V>(random, a, b, c, name, semirings_of_case(number), methods_of_case(number));
    ++number;
  });
}

TYPED_TEST(Spgemm, ThreadsDoNotChangeBits) {
  using V = TypeParam;
  std::size_t number = 0;
  for_larger_cases<V>([&](const std::string& name, const Csr<V>& a, const Csr<V>& b) {
    const std::vector<Semiring> both{Semiring::plus_times, Semiring::min_plus};
    for (const Semiring semiring : deep({both[number++ % 2]}, both)) {
      Csr<V> by_one;
      Stats counted;
      for (const int threads : {1, 2, 3}) {
        const ThreadsScope scope(threads);
        Csr<V> c;
        const Stats stats = spgemm::multiply<V>(a, b, c, {.semiring = semiring}).stats;
        if (threads == 1) {
          by_one = c;
          counted = stats;
        }
        EXPECT_TRUE(identical(c, by_one)) << name << ", " << threads << " threads";
        EXPECT_EQ(stats, counted) << name << ", " << threads << " threads: rows are merged in the same methods";
        Csr<V> again;
        EXPECT_EQ(spgemm::multiply<V>(a, b, again, {.semiring = semiring}).stats, stats)
            << "chance must not choose methods";
      }
    }
  });
}

TYPED_TEST(Spgemm, RowsThatRepeat) {
  using V = TypeParam;
  Random random(7);
  Csr<V> c;
  std::size_t number = 0;
  for_repeating_cases<V>([&](const std::string& name, const Csr<V>& a, const Csr<V>& b) {
    expect_products<V>(random, a, b, c, name, semirings_of_case(number), methods_of_case(number));
    ++number;
  });
}

TYPED_TEST(Spgemm, RepeatsByThePatternsAlone) {
  using V = TypeParam;
  int cases_with_some = 0;
  bool wide = false;  // are there registers for it?
  for_repeating_cases<V>([&](const std::string& name, const Csr<V>& a, const Csr<V>& b) {
    Csr<V> c;
    wide = wide || spgemm::multiply_by<V>({.accumulator = Accumulator::tile}, a, b, c).at("tiled_rows") > 0;
    for (const bool sorted : {true, false}) {
      Csr<V> by_one;
      Stats counted;
      for (const int threads : {1, 2, 3}) {
        const ThreadsScope scope(threads);
        const Stats stats = spgemm::multiply_by<V>({.sorted = sorted}, a, b, c);
        if (threads == 1) {
          by_one = c;
          counted = stats;
        }
        EXPECT_TRUE(identical(c, by_one)) << name << ", " << threads << " threads";
        for (const auto* const count : {"products", "nonzeros", "repeated_rows"})
          EXPECT_EQ(stats.at(count), counted.at(count)) << name << ", " << threads << " threads, " << count;
      }
      if (name.starts_with("shifted")) {
        const Offset most = wide ? a.num_rows() : 0;
        EXPECT_LE(counted.at("repeated_rows"), most) << name;
        EXPECT_GE(counted.at("repeated_rows"), most / 2) << name;
      }
      cases_with_some += counted.at("repeated_rows") > 0 ? 1 : 0;
    }
  });
  if (wide) {
    EXPECT_GT(cases_with_some, 20);
  } else {
    EXPECT_EQ(cases_with_some, 0);
  }
}

TYPED_TEST(Spgemm, TheCallersArithmeticDoesNotChangeBits) {
  using V = TypeParam;
  for_larger_cases<V>([&](const std::string& name, const Csr<V>& a, const Csr<V>& b) {
    Csr<V> usual;
    spgemm::multiply<V>(a, b, usual);
    Csr<V> c;
    {
      const FlushDenormals flush;
      std::fesetround(FE_DOWNWARD);
      spgemm::multiply<V>(a, b, c);
      std::fesetround(FE_TONEAREST);
    }
    EXPECT_TRUE(identical(c, usual)) << name;
  });
}

TYPED_TEST(Spgemm, MemoryOfAnEarlierProductDoesNotShow) {
  using V = TypeParam;
  Random random(4);
  const Csr<V> large = regular<V>(random, 600, 600, 40, Contents::special);
  const Csr<V> small = skewed<V>(random, 20, 30, Contents::special);
  const Csr<V> thin = skewed<V>(random, 30, 4, Contents::ordinary);
  Csr<V> once;
  Csr<V> again;
  spgemm::multiply<V>(large, large, once);
  Csr<V> c;
  for (int round = 0; round < 3; ++round) {
    spgemm::multiply<V>(large, large, c);
    EXPECT_TRUE(identical(c, once));
    spgemm::multiply<V>(small, thin, again);
    spgemm::multiply<V>(small, thin, c);
    EXPECT_TRUE(identical(c, again));
    const Csr<V> nothing{.num_cols = 7, .row_ptr = {0}, .col = {}, .val = {}};
    spgemm::multiply<V>(Csr<V>{}, Csr<V>{nothing}, c);
    EXPECT_TRUE(identical(c, nothing));
  }
}

// ------------------------------------------------------------------------------------------------ batches

template <class V>
Offset bytes_of(Offset num_rows, Offset num_nonzeros) {
  return 8 * (num_rows + 1) + static_cast<Offset>(4 + sizeof(V)) * num_nonzeros;
}

/// Two random products over a semiring under a mask, in batches of every size.
template <class V>
void expect_batches(Random& random, Semiring semiring, Masking masking) {
  for (int round = 0; round < 2; ++round) {
    const Csr<V> a = skewed<V>(random, static_cast<Local>(below(random, 60)), 40, Contents::special);
    const Csr<V> b = skewed<V>(random, 40, static_cast<Local>(1 + below(random, 60)), Contents::special);
    const Csr<V> mask_rows = skewed<V>(random, a.num_rows(), b.num_cols, Contents::ordinary);
    const auto mask =
        masking == Masking::none ? spgemm::Mask<V>() : spgemm::Mask<V>(mask_rows, masking == Masking::complement);
    Options options{.semiring = semiring};
    Csr<V> whole;
    const Stats all = spgemm::multiply<V>(a, b, whole, options, mask).stats;
    // Most nonzeros of every row, before any is made.
    std::vector<Offset> most;
    for (Local row = 0; row < a.num_rows(); ++row) {
      Offset products = 0;
      for (const Local k : a.view().cols(row)) products += b.view().degree(k);
      most.push_back(std::min<Offset>(products, b.num_cols));
      if (masking == Masking::mask) most.back() = std::min(most.back(), mask.view->degree(row));
    }
    for (const Offset budget : {Offset{0}, Offset{1}, Offset{200}, 1 + below(random, 3000), Offset{1} << 40}) {
      SCOPED_TRACE(text(name_of(semiring), ", ", name_of(masking), ", round ", round, ", budget ", budget));
      options.memory_budget_bytes = budget;
      Csr<V> joined;
      joined.num_cols = b.num_cols;
      Offset num_batches = 0;
      Offset bytes_before = 0;  // most of the batch before
      const Stats stats =
          spgemm::multiply<V>(
              a, b,
              [&](const spgemm::RowBatch<V>& batch) {
                EXPECT_EQ(batch.first_row, joined.num_rows());
                EXPECT_EQ(batch.rows.num_cols, b.num_cols);
                EXPECT_EQ(batch.global_col(3), 3);
                EXPECT_EQ(batch.rows.row_ptr.front(), 0);
                const Local num_rows = batch.rows.num_rows();
                EXPECT_GE(num_rows, 1);
                const auto first = static_cast<std::size_t>(batch.first_row);
                const Offset bytes =
                    bytes_of<V>(num_rows, std::accumulate(&most[first], &most[first] + num_rows, Offset{0}));
                if (budget > 0 && num_rows > 1) {
                  EXPECT_LE(bytes, budget);
                  EXPECT_LE(bytes_of<V>(num_rows, batch.rows.num_nonzeros()), budget);
                }
                // No batch ends before the budget is used up.
                if (num_batches > 0) {
                  EXPECT_GT(bytes_before + bytes_of<V>(1, most[first]) - 8, budget);
                }
                bytes_before = bytes;
                const Offset nonzeros = joined.num_nonzeros();
                for (Local row = 0; row < num_rows; ++row)
                  joined.row_ptr.push_back(nonzeros + batch.rows.row_ptr[static_cast<std::size_t>(row) + 1]);
                joined.col.insert(joined.col.end(), batch.rows.col.begin(), batch.rows.col.end());
                joined.val.insert(joined.val.end(), batch.rows.val.begin(), batch.rows.val.end());
                ++num_batches;
              },
              options, mask)
              .stats;
      EXPECT_TRUE(identical(joined, whole));
      EXPECT_EQ(stats.at("batches"), num_batches);
      if (budget == 0) {
        EXPECT_EQ(num_batches, std::min(1, a.num_rows()));
      } else if (budget == 1) {
        EXPECT_EQ(num_batches, a.num_rows());
      }
      for (const char* name : {"products", "nonzeros"}) EXPECT_EQ(stats.at(name), all.at(name)) << name;
    }
  }
}

TYPED_TEST(Spgemm, BatchesWithinABudgetAreTheProduct) {
  Random random(8);
  for (const Semiring semiring : all_semirings) {
    for (const Masking masking : all_maskings) expect_batches<TypeParam>(random, semiring, masking);
  }
}

TYPED_TEST(Spgemm, ProductsBeyondTheBudgetAreRefusedWithTheirSize) {
  using V = TypeParam;
  Random random(9);
  const Csr<V> a = skewed<V>(random, 80, 60, Contents::ordinary);
  const Csr<V> b = skewed<V>(random, 60, 70, Contents::ordinary);
  Csr<V> whole;
  spgemm::multiply<V>(a, b, whole);
  const Offset bytes = bytes_of<V>(80, whole.num_nonzeros());
  Csr<V> c = whole;
  for (const RowMethod method : chosen_methods) {
    for (const int threads : {1, 3}) {
      const ThreadsScope scope(threads);
      spgemm::multiply_by<V>(method, a, b, c, {.memory_budget_bytes = bytes});
      EXPECT_TRUE(identical(c, whole));
      for (const Offset budget : {Offset{1}, bytes / 2, bytes - 1}) {
        EXPECT_EQ(message_of<Error>([&] { spgemm::multiply_by<V>(method, a, b, c, {.memory_budget_bytes = budget}); }),
                  text("multiply: the product takes ", bytes, " bytes, 80 rows and ", whole.num_nonzeros(),
                       " nonzeros; memory_budget_bytes is ", budget));
        EXPECT_TRUE(c == Csr<V>());
      }
    }
  }
  const Csr<V> none = regular<V>(random, 10, 60, 0, Contents::ordinary);
  EXPECT_THROW(spgemm::multiply<V>(none, b, c, {.memory_budget_bytes = 1}), Error);
  EXPECT_EQ(c.num_rows(), 0);
  EXPECT_EQ(message_of<InvalidArgument>([&] { spgemm::multiply<V>(a, b, c, {.memory_budget_bytes = -1}); }),
            "multiply: memory_budget_bytes -1, must be at least 0");
}

// Row blocks of which threads take several at a time, and make some in C, writing over what comes behind, and others in
// staging buffers. The thesis' versions do not have them. A slot that is known too early shows by chance here, or under
// tsan.
TYPED_TEST(Spgemm, ManyRowBlocks) {
  using V = TypeParam;
  Random random(8);
  const auto contents = Contents::ordinary;
  const auto banded = [&](Local size, Local change) {  // rows repeat, but those from `change` on have one column more
    std::vector<std::set<Local>> rows(static_cast<std::size_t>(size));
    for (Local i = 0; i < size; ++i) {
      for (const Local offset : {-70, -2, -1, 0, 1, 2, 70, 75}) {
        if (i + offset < 0 || i + offset >= size || (offset == 75 && i < change)) continue;
        rows[static_cast<std::size_t>(i)].insert(i + offset);
      }
    }
    return matrix_of<V>(size, rows, contents, random);
  };
  const auto nodes = [&](Local count) {  // of one to four unknowns, which have the same columns
    std::vector<Local> first{0};
    for (Local node = 0; node < count; ++node) first.push_back(first.back() + 1 + static_cast<Local>(random() % 4));
    std::vector<std::set<Local>> rows(static_cast<std::size_t>(first.back()));
    for (Local node = 0; node < count; ++node) {
      std::set<Local> cols;
      for (const Local other : {node - 50, node - 1, node, node + 1, node + static_cast<Local>(random() % 90)}) {
        if (other < 0 || other >= count) continue;
        for (Local j = first[static_cast<std::size_t>(other)]; j < first[static_cast<std::size_t>(other) + 1]; ++j)
          cols.insert(j);
      }
      for (Local i = first[static_cast<std::size_t>(node)]; i < first[static_cast<std::size_t>(node) + 1]; ++i)
        rows[static_cast<std::size_t>(i)] = cols;
    }
    return matrix_of<V>(first.back(), rows, contents, random);
  };
  const auto thirds = [&](Local num_rows, Local num_cols, bool irregular) {  // every third column, 32 in a row
    std::vector<std::set<Local>> rows(static_cast<std::size_t>(num_rows));
    for (Local i = 0; i < num_rows; ++i) {
      for (Local j = 0; j < 32; ++j)
        rows[static_cast<std::size_t>(i)].insert(i + 3 * j + (irregular && i % 2 == 1 && j == 31 ? 1 : 0));
    }
    return matrix_of<V>(num_cols, rows, contents, random);
  };
  const auto equal_rows = [&](Local num_rows, Local num_cols) {  // by threes
    std::vector<std::set<Local>> rows(static_cast<std::size_t>(num_rows));
    for (Local i = 0; i < num_rows; ++i) {
      if (i % 3 > 0) rows[static_cast<std::size_t>(i)] = rows[static_cast<std::size_t>(i - 1)];
      for (Local j = 0; i % 3 == 0 && j < num_cols; ++j) {
        if (random() % 8 > 0) rows[static_cast<std::size_t>(i)].insert(j);
      }
    }
    return matrix_of<V>(num_cols, rows, contents, random);
  };
  struct Case {
    std::string name;
    Csr<V> a, b;
  };
  constexpr Local shrink = deep(5, 2);  // halves of the sizes
  const auto size = [&](Local whole_size) { return whole_size * 2 / shrink; };
  const Csr<V> repeating = banded(size(20'000), 1024);
  const Csr<V> of_nodes = nodes(size(4000));
  const std::vector<Case> cases{
      {"columns far apart", regular<V>(random, size(20'000), 5'000, 12, contents),
       regular<V>(random, 5'000, 15'000, 12, contents)},
      {"many products an entry", regular<V>(random, size(12'000), 5'000, 12, contents),
       regular<V>(random, 5'000, 60, 12, contents)},
      {"rows that repeat", repeating, repeating},
      {"nodes of several unknowns", of_nodes, of_nodes},
      {"rows that are counted, then sorted", thirds(size(2000), 2100, true), thirds(2100, 140'000, false)},
      {"factors that no cache holds", regular<V>(random, size(3000), 60'000, 20, contents),
       regular<V>(random, 60'000, 20'000, 10, contents)},
      {"nodes, and more products than a plan has positions for", equal_rows(300, 1000),
       regular<V>(random, 1000, 5, 3, contents)},
  };
  constexpr bool all_cases = deep(std::is_same_v<V, double>, true);
  std::size_t number = 0;
  for (const auto& [name, a, b] : cases) {
    ++number;
    // The other types share the cases, and have the last one both.
    if (!all_cases && number < cases.size() && number % 2 == (std::is_same_v<V, float> ? 0 : 1)) continue;
    Csr<V> whole;
    spgemm::multiply_as_in_thesis<V>(spgemm::Variant::v2, a, b, whole);
    const Offset bytes = bytes_of<V>(a.num_rows(), whole.num_nonzeros());
    Csr<V> half{whole.num_cols, {0}, {}, {}}, other_half{whole.num_cols, {0}, {}, {}};  // the even and the odd entries
    for (Local i = 0; i < whole.num_rows(); ++i) {
      for (Offset p = whole.row_ptr[static_cast<std::size_t>(i)]; p < whole.row_ptr[static_cast<std::size_t>(i) + 1];
           ++p) {
        Csr<V>& to = p % 2 == 0 ? half : other_half;
        to.col.push_back(whole.col[static_cast<std::size_t>(p)]);
        to.val.push_back(whole.val[static_cast<std::size_t>(p)]);
      }
      for (Csr<V>* to : {&half, &other_half}) to->row_ptr.push_back(std::ssize(to->col));
    }
    Csr<V> unsorted;
    {
      const ThreadsScope alone(1);
      spgemm::multiply_by<V>({.sorted = false}, a, b, unsorted);
    }
    for (const int threads : all_cases ? std::vector{1, 2, 3, 4} : std::vector{1, 3}) {
      const ThreadsScope scope(threads);
      const std::string where = text(name, ", ", threads, " threads");
      Csr<V> c;
      spgemm::multiply<V>(a, b, c);
      EXPECT_TRUE(identical(c, whole)) << where;
      for (const RowMethod method : threads > 1 ? methods_of_case(number + z(threads)) : std::vector<RowMethod>()) {
        if (!method.sorted) continue;
        spgemm::multiply_by<V>(method, a, b, c);
        EXPECT_TRUE(identical(c, whole)) << where << ", " << name_of(method);
      }
      c = {};
      spgemm::multiply<V>(a, b, c, {.memory_budget_bytes = bytes});
      EXPECT_TRUE(identical(c, whole)) << where;
      spgemm::multiply(a, b, c, {}, whole);
      EXPECT_TRUE(identical(c, whole)) << where << ", masked";
      spgemm::multiply(a, b, c, {}, {half, true});
      EXPECT_TRUE(identical(c, other_half)) << where << ", without half of it";
      spgemm::multiply_by<V>({.sorted = false}, a, b, c);
      EXPECT_TRUE(identical(c, unsorted)) << where << ", not sorted";
      for (const Offset budget : {bytes - 1, bytes / 2}) {
        EXPECT_THROW(spgemm::multiply<V>(a, b, c, {.memory_budget_bytes = budget}), Error) << where;
        EXPECT_TRUE(c == Csr<V>()) << where;
      }
      spgemm::multiply<V>(spgemm::plan<V>(a, b), a, b, c);
      EXPECT_TRUE(identical(c, whole)) << where << ", planned";
    }
  }
}

// Matrices, views of them and of other memory are factors alike.
TYPED_TEST(Spgemm, UnsortedRowsHaveTheEntriesOfSortedOnes) {
  using V = TypeParam;
  Random random(11);
  const Csr<V> a = skewed<V>(random, 80, 90, Contents::special);
  const Csr<V> b = regular<V>(random, 90, 600'000, 60, Contents::special);
  const Csr<V> some = skewed<V>(random, 80, 600'000, Contents::none);
  bool is_sorted = true;
  for (const auto& mask : {spgemm::Mask<V>(), spgemm::Mask<V>(some, true)}) {
    Csr<V> sorted;
    spgemm::UnsortedCsr<V> c;
    const Stats counted = spgemm::multiply(a.view(), b, sorted, {}, mask).stats;
    EXPECT_EQ(spgemm::multiply_unsorted(a, b.view(), c, {}, mask).stats.at("nonzeros"), counted.at("nonzeros"));
    EXPECT_EQ(c.num_cols, 600'000);
    ASSERT_EQ(c.row_ptr, sorted.row_ptr);
    ASSERT_EQ(c.col.size(), c.val.size());
    for (Local row = 0; row < 80; ++row) {
      const auto cols = std::span(c.col).subspan(z(c.row_ptr[z(row)]), sorted.view().cols(row).size());
      is_sorted = is_sorted && std::ranges::is_sorted(cols);
      std::map<Local, V> entries;
      for (std::size_t k = 0; k < cols.size(); ++k) entries.emplace(cols[k], c.val[z(c.row_ptr[z(row)]) + k]);
      ASSERT_EQ(entries.size(), sorted.view().cols(row).size());
      for (std::size_t k = 0; k < entries.size(); ++k) {
        const auto found = entries.find(sorted.view().cols(row)[k]);
        ASSERT_NE(found, entries.end());
        EXPECT_TRUE(same_bits(found->second, sorted.view().vals(row)[k]));
      }
    }
  }
  EXPECT_FALSE(is_sorted) << "then it would be a Csr";
}

TEST(SpgemmBatches, ASinkMayStopThem) {
  Random random(10);
  const Csr<double> a = skewed<double>(random, 50, 50, Contents::ordinary);
  int num_batches = 0;
  const auto stop_at_third = [&](const spgemm::RowBatch<double>&) {
    if (++num_batches == 3) throw std::out_of_range("enough");
  };
  EXPECT_THROW(spgemm::multiply<double>(a, a, stop_at_third, {.memory_budget_bytes = 1}), std::out_of_range);
  EXPECT_EQ(num_batches, 3);
}

TYPED_TEST(Spgemm, RefusesShapesThatDoNotFit) {
  using V = TypeParam;
  const auto zeros = [](Local rows, Local cols) {
    Csr<V> matrix;
    matrix.num_cols = cols;
    matrix.row_ptr.assign(static_cast<std::size_t>(rows) + 1, 0);
    return matrix;
  };
  Csr<V> c;
  const std::string inner = message_of<InvalidArgument>([&] { spgemm::multiply<V>(zeros(11, 12), zeros(13, 14), c); });
  EXPECT_THAT(inner, HasSubstr("11 x 12"));
  EXPECT_THAT(inner, HasSubstr("13 x 14"));
  for (const auto& [rows, cols] : {std::pair{10, 14}, {11, 15}, {14, 11}}) {
    const Csr<V> mask = zeros(rows, cols);
    for (const bool complement : {false, true}) {
      const std::string message = message_of<InvalidArgument>([&] {
        spgemm::multiply(zeros(11, 12), zeros(12, 14), c, {}, {mask, complement});
      });
      EXPECT_THAT(message, HasSubstr(text(rows, " x ", cols)));
      EXPECT_THAT(message, HasSubstr("11 x 14"));
    }
  }
  spgemm::Mask<V> nothing;
  nothing.complement = true;
  EXPECT_THAT(message_of<InvalidArgument>([&] { spgemm::multiply(zeros(11, 12), zeros(12, 14), c, {}, nothing); }),
              HasSubstr("complement needs a mask"));
  EXPECT_EQ(message_of([&] { spgemm::multiply<V>(zeros(11, 12), zeros(12, 14), c); }), "");
  EXPECT_EQ(difference(c, Rows<V>(11), 14), "");
}

TEST(SpgemmWork, CountsItsProducts) {
  Random random(5);
  const Csr<double> a = skewed<double>(random, 200, 300, Contents::ordinary);
  const Csr<double> b = skewed<double>(random, 300, 250, Contents::ordinary);
  Offset products = 0;
  for (Local k : a.col) products += b.view().degree(k);
  Csr<double> c;
  EXPECT_EQ(spgemm::multiply<double>(a, b, c).stats.at("products"), products);
  EXPECT_EQ(spgemm::multiply<double>(Csr<double>{}, Csr<double>{}, c).stats.at("products"), 0);

  Offset last = 0;
  Offset of = -1;
  const auto told = [&](std::string_view phase, Offset done, Offset total) {
    EXPECT_EQ(phase, "multiply");
    EXPECT_LE(last, done);
    last = done;
    of = total;
  };
  spgemm::multiply<double>(a, b, c, {.progress = told});
  EXPECT_EQ(last, products);
  EXPECT_EQ(of, products);
}

// Also while other threads wait for the slots of their rows.
TEST(SpgemmWork, ProgressMayStopIt) {
  Random random(6);
  const Csr<double> far_a = regular<double>(random, 20'000, 5'000, 12, Contents::ordinary);
  const Csr<double> far_b = regular<double>(random, 5'000, 15'000, 12, Contents::ordinary);
  std::vector<std::set<Local>> rows(60'000);
  for (Local i = 1; i + 1 < std::ssize(rows); ++i) rows[static_cast<std::size_t>(i)] = {i - 1, i, i + 1};
  const auto repeating = matrix_of<double>(60'000, rows, Contents::ordinary, random);
  for (const auto& factors : {std::pair{far_a, far_b}, {repeating, repeating}}) {
    const auto& a = factors.first;
    const auto& b = factors.second;
    for (const int threads : {1, 2, 3, 4}) {
      const ThreadsScope scope(threads);
      for (const bool at_half : {false, true}) {
        const auto stop = [&](std::string_view, Offset done, Offset all) {
          if (!at_half || done >= all / 2) throw Error("enough");
        };
        Csr<double> c;
        EXPECT_EQ(message_of<Error>([&] { spgemm::multiply<double>(a, b, c, {.progress = stop}); }), "enough");
        EXPECT_TRUE(c == Csr<double>());
      }
    }
  }
}

// All forms return C where it is theirs, timings and stats; those of 0.1 returned the stats alone.
TEST(SpgemmWork, FormsReturnTheSame) {
  Random random(12);
  const Csr<double> a = skewed<double>(random, 40, 50, Contents::ordinary);
  const Csr<double> b = skewed<double>(random, 50, 30, Contents::ordinary);
  const Csr<double> mask = skewed<double>(random, 40, 30, Contents::none);
  const Options options{.semiring = Semiring::min_plus};
  Csr<double> c;
  for (const auto& kept : {spgemm::Mask<double>(), spgemm::Mask<double>(mask, true)}) {
    const spgemm::Product<Csr<double>> product = spgemm::multiply(a, b, options, kept);
    const spgemm::Work in_place = spgemm::multiply(a, b, c, options, kept);
    EXPECT_TRUE(identical(product.c, c));
    EXPECT_EQ(product.stats, in_place.stats);
    Stats of_sink = spgemm::multiply(
                        a, b, [](const spgemm::RowBatch<double>&) {}, options, kept)
                        .stats;
    EXPECT_EQ(of_sink.extract("batches").mapped(), 1);
    EXPECT_EQ(of_sink, in_place.stats);
    EXPECT_TRUE(identical(spgemm::multiply(a.view(), b.view(), options, kept).c, c));
    for (const Timings& timings : {product.timings, in_place.timings}) {
      ASSERT_TRUE(timings.contains("multiply"));
      EXPECT_GE(timings.at("multiply"), 0);
    }
  }
  EXPECT_EQ(spgemm::multiply(a, b, {}, mask).stats.at("nonzeros"),
            spgemm::multiply(a, b, c, {}, mask).stats.at("nonzeros"));
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  const Stats as_before = spgemm::multiply(a, b, c);
#pragma GCC diagnostic pop
  EXPECT_EQ(as_before.at("nonzeros"), c.num_nonzeros());
}

// A mask keeps a view.
static_assert(std::is_constructible_v<spgemm::Mask<double>, const Csr<double>&, bool>);
static_assert(std::is_constructible_v<spgemm::Mask<double>, CsrView<double>, bool>);
static_assert(!std::is_constructible_v<spgemm::Mask<double>, Csr<double>, bool>);
static_assert(!std::is_constructible_v<spgemm::Mask<double>, const Csr<double>>);

TEST(SpgemmPeers, EigenAgrees) {
  using Sparse = Eigen::SparseMatrix<double, Eigen::RowMajor, std::int64_t>;
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    Csr<double> a = generate::rmat(Comm::self(), 10, 8, seed, {.scramble = false}).local();
    Random random(seed);
    a.val.clear();
    for (Offset k = 0; k < a.num_nonzeros(); ++k) a.val.push_back(random_value<double>(random, Values::rounded));
    const std::vector<std::int64_t> inner(a.col.begin(), a.col.end());
    const Eigen::Map<const Sparse> eigen_a(a.num_rows(), a.num_cols, a.num_nonzeros(), a.row_ptr.data(), inner.data(),
                                           a.val.data());
    Sparse expected = eigen_a * eigen_a;
    expected.makeCompressed();
    Csr<double> c;
    spgemm::multiply<double>(a, a, c);
    ASSERT_EQ(c.num_nonzeros(), expected.nonZeros());
    for (std::size_t k = 0; k < c.col.size(); ++k) {
      ASSERT_EQ(c.col[k], expected.innerIndexPtr()[k]);
      ASSERT_NEAR(c.val[k], expected.valuePtr()[k], 1e-12);
    }
  }
}

}  // namespace
}  // namespace filigree::testing
