// What programs write as JSON, read back by another library.
#include "json.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

namespace filigree::app {
namespace {

using Other = nlohmann::ordered_json;

TEST(Json, ReadsBackAsTheSame) {
  Json ours = Json::object({{"truth", true}, {"whole", -3}, {"none", Json()}});
  ours["large"] = std::numeric_limits<std::uint64_t>::max();
  ours["least"] = std::numeric_limits<std::int64_t>::min();
  ours["real"] = std::vector<double>{0.1, 1, -1e-300, 1.7976931348623157e308, 5e-324};
  ours["nested"]["deep"] = Json(std::map<std::string, int>{{"a", 1}, {"b", 2}});
  ours["empty"] = Json::object();
  ours["whole"] = 4;
  ours["nothing"] = std::vector<int>();
  const Other other = {{"truth", true},
                       {"whole", 4},
                       {"none", nullptr},
                       {"large", std::numeric_limits<std::uint64_t>::max()},
                       {"least", std::numeric_limits<std::int64_t>::min()},
                       {"real", {0.1, 1.0, -1e-300, 1.7976931348623157e308, 5e-324}},
                       {"nested", {{"deep", {{"a", 1}, {"b", 2}}}}},
                       {"empty", Other::object()},
                       {"nothing", Other::array()}};
  EXPECT_EQ(Other::parse(ours.dump()), other);
  EXPECT_EQ(ours.dump(), other.dump());
  EXPECT_EQ(ours.dump(2), other.dump(2));
}

TEST(Json, KeepsTextsAndRepairsWhatIsNoText) {
  std::string all;
  for (char c = 1; c > 0 && c < 127; ++c) all += c;
  for (const std::string& text : {all, std::string("a\0b", 3), std::string("é日本😀"), std::string()}) {
    EXPECT_EQ(Other::parse(Json(text).dump()).get<std::string>(), text);
  }
  // A byte alone, cut short, longer than need be, a surrogate, beyond the last character.
  for (const std::string bad : {"\xff", "\xe6\x97", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80"}) {
    const std::string back = Other::parse(Json("a" + bad + "z").dump()).get<std::string>();
    EXPECT_TRUE(back.starts_with("a\xef\xbf\xbd") && back.ends_with("z")) << back;
  }
}

TEST(Json, HasNoNumbersThatAreNone) {
  EXPECT_EQ(Json(std::numeric_limits<double>::quiet_NaN()).dump(), "null");
  EXPECT_TRUE(Json(-std::numeric_limits<double>::infinity()).is_without_number());
  EXPECT_FALSE(Json(1.5).is_without_number());
  EXPECT_EQ(Json("x").number(), 0);
  EXPECT_EQ(Json(2).string(), "");
  EXPECT_TRUE(Json().at("a").is_null());
}

TEST(Json, FindsTheTypeOfAText) {
  for (const char* number : {"0", "-0.5", "12", "1e5", "1.25E-3", "9223372036854775807", "18446744073709551615"}) {
    EXPECT_EQ(Other::parse(typed(number).dump()), Other::parse(number)) << number;
  }
  for (const char* text : {"", "-", "007", "1.", ".5", "1e", "0x10", "1 ", "+1", "nan", "inf", "1e999", "True"}) {
    EXPECT_EQ(typed(text).string(), text);
  }
  EXPECT_EQ(typed("true").dump(), "true");
  EXPECT_EQ(typed("false").dump(), "false");
}

}  // namespace
}  // namespace filigree::app
