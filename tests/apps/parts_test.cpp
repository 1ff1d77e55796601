// Parts of the programs that need no program: numbers of the command line, suggestions, quantities, the bar.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>

#include "numbers.hpp"
#include "progress.hpp"
#include "quantities.hpp"
#include "suggest.hpp"

namespace filigree::app {
namespace {

using ::testing::HasSubstr;

TEST(Numbers, WholeOnesAreWhole) {
  for (const std::string good : {"0", "-7", "9223372036854775807", "-9223372036854775808"}) {
    EXPECT_EQ(fault_of_number<std::int64_t>(good), "") << good;
  }
  for (const std::string bad : {"", " ", "ten", "1.5", "1e3", "5 ", " 5", "0x10", "+5", "--5", "5k"}) {
    EXPECT_THAT(fault_of_number<std::int64_t>(bad), HasSubstr("'" + bad + "' is no whole number")) << bad;
  }
  EXPECT_THAT(fault_of_number<int>("2147483648"), HasSubstr("must lie between -2147483648 and 2147483647"));
  EXPECT_EQ(fault_of_number<std::uint64_t>("18446744073709551615"), "");
  EXPECT_THAT(fault_of_number<std::uint64_t>("18446744073709551616"), HasSubstr("must lie between 0 and "));
  EXPECT_NE(fault_of_number<std::uint64_t>("-1"), "");
}

TEST(Numbers, RealOnesAreFinite) {
  for (const std::string good : {"0", "-0.5", "1e-12", ".5", "5."})
    EXPECT_EQ(fault_of_number<double>(good), "") << good;
  for (const std::string bad : {"", "ten", "1e", "0,5", "1.5x"}) {
    EXPECT_EQ(fault_of_number<double>(bad), "'" + bad + "' is no number");
  }
  for (const std::string bad : {"inf", "-inf", "nan", "1e999", "1e-999"}) EXPECT_NE(fault_of_number<double>(bad), "");
}

TEST(Interval, EndsAreOpenOrClosed) {
  const Interval half("[0.0001, 1)");
  for (const std::string in : {"0.0001", "1e-4", "0.5", "0.9999999"}) EXPECT_TRUE(half.holds(in)) << in;
  for (const std::string out : {"0.00009999", "0", "1", "-1", "85"}) EXPECT_FALSE(half.holds(out)) << out;
  EXPECT_EQ(half.requirement(), "in [0.0001, 1)");
  const Interval positive("(0, inf)");
  EXPECT_FALSE(positive.holds("0"));
  EXPECT_TRUE(positive.holds("5e-324"));
  EXPECT_EQ(positive.requirement(), "above 0");
  const Interval counts("[1, inf)");
  EXPECT_TRUE(counts.holds("9223372036854775807"));
  EXPECT_FALSE(counts.holds("0"));
  EXPECT_EQ(counts.requirement(), "at least 1");
  EXPECT_TRUE(Interval("[1, 64]").holds("64"));
  EXPECT_FALSE(Interval("[1, 64]").holds("65"));
  EXPECT_FALSE(Interval("[0, 1]").holds("99999999999999999999"));
  EXPECT_TRUE(Interval("[0, inf)").holds("18446744073709551615"));
}

TEST(Suggest, TheNearestWord) {
  const std::vector<std::string> known{"--graph", "--top", "--teleport", "--undirected", "query"};
  EXPECT_EQ(did_you_mean("--grap", known), "; did you mean --graph?");
  EXPECT_EQ(did_you_mean("-graph", known), "; did you mean --graph?");
  EXPECT_EQ(did_you_mean("--Graph", known), "; did you mean --graph?");
  EXPECT_EQ(did_you_mean("--tpo", known), "; did you mean --top?");
  EXPECT_EQ(did_you_mean("querry", known), "; did you mean query?");
  EXPECT_EQ(did_you_mean("--undir", known), "; did you mean --undirected?");  // its beginning
  EXPECT_EQ(did_you_mean("--te", {"--teleport", "--temperature"}), "");       // of two words
  for (const std::string& far : std::vector<std::string>{"", "--", "magic", "--x", std::string(1000, 'q')}) {
    EXPECT_EQ(did_you_mean(far, known), "") << far;
  }
}

TEST(Quantities, ThreeDigitsAndAUnit) {
  EXPECT_EQ(short_number(0), "0");
  EXPECT_EQ(short_number(999), "999");
  EXPECT_EQ(short_number(999.6), "1.00 k");
  EXPECT_EQ(short_number(1000), "1.00 k");
  EXPECT_EQ(short_number(34826600), "34.8 M");
  EXPECT_EQ(short_number(999999), "1.00 M");
  EXPECT_EQ(short_number(0.25), "0.250");
  EXPECT_EQ(short_count(1, "walk", "walks"), "1 walk");
  EXPECT_EQ(short_count(125269053, "entry", "entries"), "125 M entries");
  EXPECT_EQ(short_bytes(289665768), "290 MB");
  EXPECT_EQ(short_bytes(1100000000), "1.10 GB");
  EXPECT_EQ(short_seconds(21.44), "21.4 s");
  EXPECT_EQ(short_seconds(0.02149), "21.5 ms");
  EXPECT_EQ(short_seconds(0.000134), "0.134 ms");
}

TEST(ProgressBar, FitsTheTerminal) {
  EXPECT_EQ(progress_bar("index", 500, 1000, 10, 100),
            "index [################................]  50 %, 50/s, 10 s, 10 s left");
  EXPECT_EQ(progress_bar("index", 5000000, 20000000, 10, 50), "index [##........]  25 %, 500 k/s, 10 s, 30 s left");
  EXPECT_EQ(progress_bar("index", 500, 1000, 10, 24), "index [#####.....]  50 %");
  EXPECT_EQ(progress_bar("index", 500, 1000, 10, 20), "index  50 %");
  for (std::size_t columns = 0; columns < 120; ++columns) {
    const std::string bar = progress_bar("index_counting", 123456789, 987654321, 4321, columns);
    EXPECT_LE(bar.size(), columns) << bar;
    if (columns >= 20) {
      EXPECT_THAT(bar, HasSubstr("12 %")) << columns;
    }
  }
  EXPECT_THAT(progress_bar("read", 0, 7, 0, 60), HasSubstr("[................................]   0 %"));
}

}  // namespace
}  // namespace filigree::app
