// Pictures: everything is in them, and they stay well-formed.
#include "filigree/communities/draw.hpp"

#include <gmock/gmock.h>

#include "support/matrices.hpp"

namespace filigree::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

int occurrences(const std::string& text, const std::string& what) {
  int count = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

/// Leaves 0 to 3 of two vertices; 0 and 1, 2 and 3 are similar, and no edge joins the pairs.
struct Example {
  Dendrogram tree{4, {2, 2, 2, 2}, {}};
  communities::CommunityGraph between{{2, 2, 2, 2}, {0, 2, 3, 5, 6}, {0, 1, 1, 2, 3, 3}, {1, 2, 1, 1, 3, 1}, false};
  Example() {
    const Global a = tree.join(0, 1, 0.5);
    const Global b = tree.join(2, 3, 0.25);
    tree.join(a, b, 1);
  }
};

TEST(Draw, ShowsEveryMergeCellAndLabel) {
  const Example example;
  for (const bool logarithmic : {true, false}) {
    const std::string svg = communities::draw(example.tree, example.between, {.logarithmic = logarithmic});
    EXPECT_EQ(occurrences(svg, "<svg"), 1);
    EXPECT_EQ(svg.substr(svg.size() - 7), "</svg>\n");
    EXPECT_EQ(occurrences(svg, "stroke-width=\"1.6\""), 9);  // three lines a merge
    // Four communities and two pairs, drawn both ways.
    EXPECT_EQ(occurrences(svg, "<title>C"), 8);
    EXPECT_EQ(occurrences(svg, "<title>C2 - C3: 3 edges, density 0.75</title>"), 2);
    for (const char* label : {">C0 (2)<", ">C3 (2)<", ">4 communities<"}) EXPECT_THAT(svg, HasSubstr(label));
    EXPECT_THAT(svg, HasSubstr(logarithmic ? "1 - height (logarithmic)" : ">height<"));
    EXPECT_THAT(svg, Not(HasSubstr("nan")));
    EXPECT_THAT(svg, Not(HasSubstr("inf")));
  }
}

TEST(Draw, TextIsEscapedAndCutBetweenCharacters) {
  const Example example;
  std::string many = "a";  // so that the cut falls within a character of two bytes
  for (int i = 0; i < 60; ++i) many += "\xc3\xa9";
  const auto label = [&](Global leaf) {
    return leaf == 0 ? std::string("<a & \"b\">\x01") : leaf == 1 ? many : "plain";
  };
  const std::string svg = communities::draw(example.tree, example.between, {"x < y", label, true});
  EXPECT_THAT(svg, HasSubstr(">x &lt; y<"));
  EXPECT_THAT(svg, HasSubstr(">&lt;a &amp; &quot;b&quot;&gt;?<"));
  EXPECT_THAT(svg, HasSubstr("\xc3\xa9...<"));
  EXPECT_THAT(svg, Not(HasSubstr("\xc3...<")));
}

TEST(Draw, SmallAndLargeTrees) {
  const std::string one = communities::draw({1, {3}, {}}, {{3}, {0, 1}, {0}, {2}, true});
  EXPECT_THAT(one, HasSubstr(">1 community<"));
  EXPECT_THAT(one, Not(HasSubstr("nan")));
  Dendrogram wide{2000, {}, {}};
  communities::CommunityGraph between{std::vector<Offset>(2000, 1), std::vector<Offset>(2001, 0), {}, {}, false};
  Global node = 0;
  for (Global leaf = 1; leaf < 2000; ++leaf) node = wide.join(node, leaf, 1);
  EXPECT_EQ(occurrences(communities::draw(wide, between), "stroke-width=\"0.8\""), 3 * 1999);
  wide.num_leaves = 2001;
  EXPECT_THAT(message_of<InvalidArgument>([&] { communities::draw(wide, between); }), HasSubstr("2001 leaves"));
}

}  // namespace
}  // namespace filigree::testing
