// Stream: the published generator, keyed as documented, uniform and independent.
#include "filigree/core/random.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <set>
#include <vector>

#include "support/isa.hpp"

namespace filigree::testing {
namespace {

using Words = std::array<std::uint32_t, 4>;

/// Philox4x32-10 as the paper writes it down (Salmon et al., SC 2011, section 3.3).
Words philox(Words counter, std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t low = std::uint64_t{0xD2511F53} * counter[0];
    const std::uint64_t high = std::uint64_t{0xCD9E8D57} * counter[2];
    counter = {static_cast<std::uint32_t>(high >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(high),
               static_cast<std::uint32_t>(low >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(low)};
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  return counter;
}

/// One step of splitmix64 from state x (Steele, Lea, Flood, OOPSLA 2014).
std::uint64_t splitmix(std::uint64_t x) {
  std::uint64_t z = x + 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

struct KnownAnswer {
  Words counter;
  std::array<std::uint32_t, 2> key;
  Words words;
};
// The vectors published with Random123 (kat_vectors, "philox4x32 10").
constexpr KnownAnswer known_answers[] = {
    {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
     {0xffffffff, 0xffffffff},
     {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
     {0xa4093822, 0x299f31d0},
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
};

TEST(Philox, GivesThePublishedWords) {
  for (const KnownAnswer& known : known_answers) {
    EXPECT_EQ(Stream::philox(std::uint64_t{known.key[1]} << 32 | known.key[0], known.counter), known.words);
    EXPECT_EQ(philox(known.counter, known.key), known.words);  // the oracle below is right too
  }
}

TEST(Stream, IsPhiloxOfItsCoordinatesUnderAMixedKey) {
  EXPECT_EQ(splitmix(0), 0xe220a8397b1dcdafULL);  // splitmix64's published first output
  for (const std::uint64_t seed : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
    for (const std::uint64_t purpose : {std::uint64_t{0}, std::uint64_t{7}, std::uint64_t{1} << 63}) {
      const std::uint64_t key = splitmix(seed + splitmix(purpose));
      for (const Global vertex : {Global{0}, Global{5}, (Global{1} << 40) + 3}) {
        const auto v = static_cast<std::uint64_t>(vertex);
        const Words expected = philox({static_cast<std::uint32_t>(v), static_cast<std::uint32_t>(v >> 32), 11, 13},
                                      {static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32)});
        EXPECT_EQ(Stream(seed, purpose).block(vertex, 11, 13), expected);
      }
    }
  }
}

TEST(Stream, FillsBlocksTheSameWithEveryInstructionSet) {
  const Stream stream(9, 4);
  for (const std::size_t count : {0u, 1u, 7u, 8u, 15u, 16u, 17u, 63u, 100u}) {
    std::vector<Words> coordinates(count);
    std::vector<Words> expected(count);
    for (std::uint32_t k = 0; k < count; ++k) {
      const Global vertex = (Global{k % 3} << 40) + k * 0x9e3779b9U;
      const auto bits = static_cast<std::uint64_t>(vertex);
      coordinates[k] = {static_cast<std::uint32_t>(bits), static_cast<std::uint32_t>(bits >> 32), ~k, k % 5};
      expected[k] = stream.block(vertex, ~k, k % 5);
    }
    for_each_isa([&] {
      auto words = coordinates;
      stream.fill(words);
      EXPECT_EQ(words, expected);
    });
  }
}

TEST(Stream, BitsAreFrozen) {
  // Indexes on disk are made of these; a change of any word is a change of every published result.
  const Words expected{0xa2883445, 0xd841c294, 0x5eb6cf81, 0xa1a43ef8};
  EXPECT_EQ(Stream(42, 1).block(123456789, 2, 3), expected);
}

TEST(Stream, EveryCoordinateAndKeyGivesOtherWords) {
  std::set<Words> seen;
  std::size_t drawn = 0;
  const auto draw = [&](std::uint64_t seed, std::uint64_t purpose, Global vertex, std::uint32_t walk, std::uint32_t i) {
    seen.insert(Stream(seed, purpose).block(vertex, walk, i));
    ++drawn;
  };
  // Small numbers in every place: (1, 2) and (2, 1) are not the same draw, nor are seed 1 purpose 2 and 2, 1.
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    for (std::uint64_t purpose = 0; purpose < 6; ++purpose) {
      for (Global vertex = 0; vertex < 6; ++vertex) {
        for (std::uint32_t walk = 0; walk < 6; ++walk) {
          for (std::uint32_t i = 0; i < 6; ++i) draw(seed, purpose, vertex, walk, i);
        }
      }
    }
  }
  for (int bit = 3; bit < 62; ++bit) draw(1, 1, Global{1} << bit, 0, 0);
  for (int bit = 3; bit < 64; ++bit) draw(std::uint64_t{1} << bit, 1, 0, 0, 0);
  for (int bit = 3; bit < 64; ++bit) draw(1, std::uint64_t{1} << bit, 0, 0, 0);
  for (int bit = 3; bit < 32; ++bit) draw(1, 1, 0, std::uint32_t{1} << bit, 0);
  for (int bit = 3; bit < 32; ++bit) draw(1, 1, 0, 0, std::uint32_t{1} << bit);
  EXPECT_EQ(seen.size(), drawn);
}

/// Standard deviations by which chi square over equal cells exceeds its mean (Wilson and Hilferty's cube root).
double excess(const std::vector<Offset>& counts) {
  double total = 0;
  for (Offset count : counts) total += static_cast<double>(count);
  const double mean = total / static_cast<double>(counts.size());
  double chi = 0;
  for (Offset count : counts) chi += (static_cast<double>(count) - mean) * (static_cast<double>(count) - mean) / mean;
  const double freedom = static_cast<double>(counts.size()) - 1;
  const double variance = 2 / (9 * freedom);
  return (std::cbrt(chi / freedom) - (1 - variance)) / std::sqrt(variance);
}
/// Neither lumpy nor suspiciously even. The draws are fixed, so this never fails by chance once it passes.
void expect_uniform(const std::vector<Offset>& counts, const char* what) {
  EXPECT_LT(std::abs(excess(counts)), 4) << what;
}

using Draw = std::function<Words(std::uint32_t)>;
struct Direction {
  const char* name;
  Draw draw;
};
std::vector<Direction> directions() {
  const Stream stream(2024, 3);
  return {{"along vertices", [=](std::uint32_t k) { return stream.block(k, 0, 0); }},
          {"along walks", [=](std::uint32_t k) { return stream.block(17, k, 0); }},
          {"along steps", [=](std::uint32_t k) { return stream.block(17, 5, k); }},
          {"along seeds", [=](std::uint32_t k) { return Stream(k, 3).block(17, 5, 1); }},
          {"along purposes", [=](std::uint32_t k) { return Stream(2024, k).block(17, 5, 1); }}};
}

TEST(Stream, BelowIsUniform) {
  constexpr std::uint32_t draws = 50000;
  for (const auto& [name, draw] : directions()) {
    for (const std::uint64_t n : {2u, 3u, 10u, 1000u}) {
      std::vector<Offset> counts(n, 0);
      for (std::uint32_t k = 0; k < draws; ++k) {
        for (const std::uint32_t word : draw(k)) {
          const std::uint32_t index = Stream::below(word, n);
          ASSERT_LT(index, n);
          ++counts[index];
        }
      }
      expect_uniform(counts, name);
    }
  }
}

TEST(Stream, UnitIsUniform) {
  constexpr std::uint32_t draws = 50000;
  for (const auto& [name, draw] : directions()) {
    std::vector<Offset> one_word(256, 0);
    std::vector<Offset> two_words(256, 0);
    double sum = 0;
    for (std::uint32_t k = 0; k < draws; ++k) {
      const Words words = draw(k);
      for (const std::uint32_t word : words) {
        ++one_word[static_cast<std::size_t>(Stream::unit(word) * 256)];
        sum += Stream::unit(word);
      }
      ++two_words[static_cast<std::size_t>(Stream::unit(words[0], words[1]) * 256)];
      ++two_words[static_cast<std::size_t>(Stream::unit(words[2], words[3]) * 256)];
    }
    expect_uniform(one_word, name);
    expect_uniform(two_words, name);
    EXPECT_NEAR(sum / (4.0 * draws), 0.5, 5 * std::sqrt(1.0 / 12 / (4.0 * draws))) << name;
  }
}

TEST(Stream, NeighboursAreIndependent) {
  // Pairs of draws one step apart in each direction, and pairs of words of one block, fill a 16 x 16 table evenly.
  constexpr std::uint32_t draws = 100000;
  const auto cell = [](std::uint32_t a, std::uint32_t b) {
    return static_cast<std::size_t>((a >> 28) * 16 + (b >> 28));
  };
  for (const auto& [name, draw] : directions()) {
    std::vector<Offset> next(256, 0);
    std::vector<Offset> within(256, 0);
    for (std::uint32_t k = 0; k < draws; ++k) {
      const Words words = draw(2 * k);
      ++next[cell(words[0], draw(2 * k + 1)[0])];
      ++within[cell(words[k % 4], words[(k + 1 + k / 4 % 3) % 4])];
    }
    expect_uniform(next, name);
    expect_uniform(within, name);
  }
  // The same coordinates under two purposes, and under two seeds.
  std::vector<Offset> purposes(256, 0);
  std::vector<Offset> seeds(256, 0);
  for (std::uint32_t k = 0; k < draws; ++k) {
    ++purposes[cell(Stream(1, 1).block(k, 0, 0)[0], Stream(1, 2).block(k, 0, 0)[0])];
    ++seeds[cell(Stream(1, 1).block(k, 0, 0)[0], Stream(2, 1).block(k, 0, 0)[0])];
  }
  expect_uniform(purposes, "purposes");
  expect_uniform(seeds, "seeds");
}

TEST(Stream, MapsWordsOntoRangesAndUnit) {
  static_assert(Stream::below(0, 10) == 0);
  static_assert(Stream::below(0xffffffff, 10) == 9);
  static_assert(Stream::below(0x80000000, 2) == 1);
  static_assert(Stream::below(0x7fffffff, 2) == 0);
  static_assert(Stream::below(0xdeadbeef, 1) == 0);
  static_assert(Stream::below(0xdeadbeef, std::uint64_t{1} << 32) == 0xdeadbeef);
  static_assert(Stream::unit(0) == 0x1p-33);
  static_assert(Stream::unit(0xffffffff) == 1 - 0x1p-33);
  static_assert(Stream::unit(0, 0) > 0);
  static_assert(Stream::unit(0xffffffff, 0xffffffff) < 1);
  static_assert(Stream::unit(0x80000000, 0) > 0.5 && Stream::unit(0x7fffffff, 0xffffffff) < 0.5);
  EXPECT_TRUE(std::isfinite(std::log(Stream::unit(0))));
  EXPECT_TRUE(std::isfinite(std::log1p(-Stream::unit(0xffffffff, 0xffffffff))));
}

}  // namespace
}  // namespace filigree::testing
