// What an index is packed into: rows of visits. And alias tables, which draw arcs by weight.
#include "filigree/ppr_rows.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <map>

#include "core/index.hpp"
#include "ppr/graph/alias.hpp"
#include "support/runtime.hpp"
#include "support/walk_oracle.hpp"

namespace filigree::testing {
namespace {

using ppr::VisitRows;
using ::testing::HasSubstr;

using Row = std::vector<std::pair<Local, std::int32_t>>;

Row row_of(const VisitRows& rows, Local row) {
  Row entries;
  rows.for_each(row, [&](Local vertex, std::int32_t count) { entries.emplace_back(vertex, count); });
  return entries;
}

void append(VisitRows& rows, const Row& row) {
  std::vector<Local> vertices;
  std::vector<std::int32_t> counts;
  for (const auto& [vertex, count] : row) {
    vertices.push_back(vertex);
    counts.push_back(count);
  }
  rows.append(vertices, counts);
}

/// Rows with deltas and counts of every length: empty ones, gaps of up to 2^31, counts around every limit.
std::vector<Row> assorted_rows(int num_rows, std::uint64_t seed) {
  Random random(seed);
  constexpr std::int32_t counts[] = {1, 2, 61, 62, 63, 64, 63 + 127, 63 + 128, 63 + 16384, 2147483647};
  std::vector<Row> rows;
  for (int r = 0; r < num_rows; ++r) {
    std::map<Local, std::int32_t> row;
    const auto num_entries = below(random, 5) == 0 ? 0 : below(random, 300);
    const auto bits = 1 + below(random, 31);
    for (std::int64_t k = 0; k < num_entries; ++k) {
      row[static_cast<Local>(below(random, (std::int64_t{1} << bits) - 1))] = counts[z(below(random, 10))];
    }
    rows.emplace_back(row.begin(), row.end());
  }
  rows.push_back({{0, 1}});
  rows.push_back({{2147483646, 2147483647}});
  return rows;
}

TEST(VisitRows, GiveBackWhatWasAppended) {
  const auto expected = assorted_rows(1000, 1);
  VisitRows one_by_one;
  VisitRows piece;
  VisitRows in_pieces;
  Offset num_entries = 0;
  for (std::size_t r = 0; r < expected.size(); ++r) {
    append(one_by_one, expected[r]);
    append(piece, expected[r]);
    num_entries += std::ssize(expected[r]);
    if (r % 77 != 0 && r + 1 < expected.size()) continue;
    in_pieces.append(piece);
    piece = VisitRows();
  }
  EXPECT_EQ(one_by_one.num_entries(), num_entries);
  EXPECT_EQ(one_by_one, in_pieces);
  ASSERT_EQ(one_by_one.num_rows(), std::ssize(expected));
  for (Local r = 0; r < one_by_one.num_rows(); ++r) {
    EXPECT_EQ(row_of(one_by_one, r), expected[z(r)]) << r;
    EXPECT_EQ(one_by_one.num_entries(r), std::ssize(expected[z(r)]));
  }
  const auto bytes = one_by_one.bytes();
  EXPECT_EQ(VisitRows::from_bytes({bytes.begin(), bytes.end()}, one_by_one.row_bytes(), 2147483647), one_by_one);
}

TEST(VisitRows, RefuseDamagedBytes) {
  constexpr Local n = 1000;
  VisitRows rows;
  append(rows, {{3, 1}, {4, 70}, {999, 1 << 20}});
  append(rows, {{0, 2}});
  const std::vector<std::uint8_t> good(rows.bytes().begin(), rows.bytes().end());
  const auto lengths = rows.row_bytes();
  const auto refused = [&](const std::vector<std::uint8_t>& bytes, const std::vector<std::uint32_t>& row_bytes) {
    return message_of<InvalidArgument>([&] { VisitRows::from_bytes(bytes, row_bytes, n); });
  };
  EXPECT_EQ(refused(good, lengths), "");
  const auto with = [&](std::size_t at, std::uint8_t byte) {
    auto bytes = good;
    bytes[at] = byte;
    return refused(bytes, lengths);
  };
  EXPECT_THAT(with(0, 200), HasSubstr("row 0 has no room"));
  EXPECT_THAT(with(0, 255), HasSubstr("row 0"));
  EXPECT_THAT(with(0, 2), HasSubstr("row 0"));
  EXPECT_THAT(with(1, 0), HasSubstr("row 0 has a count of 0 in entry 0"));
  EXPECT_THAT(with(5, 0), HasSubstr("row 0 has vertices that do not rise in entry 1"));
  EXPECT_THAT(with(lengths[0] + 2, 255), "") << "vertex 255 is one";
  EXPECT_THAT(with(lengths[0] + 1, 2 << 2 | 1), HasSubstr("row 1 is cut short in entry 0"));
  EXPECT_THAT(message_of([&] { VisitRows::from_bytes(good, lengths, 999); }), HasSubstr("visits vertex 999 of 999"));
  EXPECT_THAT(refused(good, {lengths[0]}), HasSubstr("bytes follow the last row"));
  EXPECT_THAT(refused(good, {lengths[0], lengths[1] + 1}), HasSubstr("row 1 ends behind the last byte"));
  EXPECT_THAT(refused(good, {lengths[0] + 1, lengths[1] - 1}), HasSubstr("row 0 has bytes behind"));

  // Whatever is accepted can be read.
  Random random(2);
  VisitRows batch_width;
  for (const Row& row : assorted_rows(20, 3)) append(batch_width, row);
  const std::vector<std::uint8_t> whole_rows(batch_width.bytes().begin(), batch_width.bytes().end());
  int num_accepted = 0;
  for (int repeat = 0; repeat < 2000; ++repeat) {
    auto bytes = whole_rows;
    bytes[z(below(random, std::ssize(bytes)))] = static_cast<std::uint8_t>(below(random, 256));
    try {
      const auto accepted = VisitRows::from_bytes(bytes, batch_width.row_bytes(), 2147483647);
      ++num_accepted;
      for (Local row = 0; row < accepted.num_rows(); ++row) {
        Local previous = -1;
        accepted.for_each(row, [&](Local vertex, std::int32_t count) {
          EXPECT_GT(vertex, previous);
          EXPECT_GE(count, 1);
          previous = vertex;
        });
      }
    } catch (const InvalidArgument&) {
    }
  }
  EXPECT_GT(num_accepted, 0);
  EXPECT_LT(num_accepted, 2000);
}

// --- alias tables

TEST(Alias, DrawEveryArcByItsWeight) {
  Random random(4);
  ppr::AliasMaker maker;
  for (const int degree : {1, 2, 3, 17, 1000}) {
    std::vector<Local> cols;
    std::vector<double> weights;
    double sum = 0;
    for (int k = 0; k < degree; ++k) {
      cols.push_back(3 * k);
      weights.push_back(k > 0 && below(random, 4) == 0 ? 0
                                                       : std::ldexp(1 + static_cast<double>(below(random, 100)),
                                                                    static_cast<int>(below(random, 20))));
      sum += weights.back();
    }
    std::vector<ppr::AliasEntry> slots(cols.size());
    EXPECT_DOUBLE_EQ(maker.make(cols, weights, slots), sum);
    std::map<Local, double> drawn;
    for (std::size_t k = 0; k < slots.size(); ++k) {
      const double keep = slots[k].keep * 0x1p-32;
      drawn[cols[k]] += keep / degree;
      drawn[slots[k].other] += (1 - keep) / degree;
    }
    for (std::size_t k = 0; k < cols.size(); ++k) {
      EXPECT_NEAR(drawn[cols[k]], weights[k] / sum, 0x1p-32);
      if (weights[k] == 0) {
        EXPECT_EQ(drawn[cols[k]], 0);
      }
    }
    std::fill(weights.begin(), weights.end(), 0);
    EXPECT_EQ(maker.make(cols, weights, slots), 0);
    for (const auto& slot : slots) EXPECT_TRUE(slot.keep == 0 && slot.other == -1);
  }
}

}  // namespace
}  // namespace filigree::testing
