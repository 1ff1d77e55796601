// Bytes that come back as what they were, or say that they do not.
#include "core/pack.hpp"

#include <gtest/gtest.h>

namespace filigree {
namespace {

TEST(Pack, ComesBack) {
  Pack pack;
  pack.put(std::vector<double>{1.5, -2});
  pack.put(std::vector<char>{});
  pack.put(std::int64_t{7});
  pack.put(std::span<const float>(std::vector<float>{0.25F}));
  Unpack unpack(Bytes(pack.bytes().begin(), pack.bytes().end()));
  const auto first = unpack.take<double>(10);
  EXPECT_EQ(first, (std::vector<double>{1.5, -2}));
  EXPECT_GE(first.capacity(), 12U);
  EXPECT_TRUE(unpack.take<char>().empty());
  EXPECT_EQ(unpack.take_one<std::int64_t>(), 7);
  EXPECT_FALSE(unpack.empty());
  EXPECT_EQ(unpack.take<float>(), std::vector<float>{0.25F});
  EXPECT_TRUE(unpack.empty());
  EXPECT_THROW(unpack.take<float>(), IoError);
  // Shortened anywhere, or told to be huge, it says so.
  const Bytes all(pack.bytes().begin(), pack.bytes().end());
  for (std::size_t length = 0; length < 24; ++length)
    EXPECT_THROW(Unpack(Bytes(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(length))).take<double>(), IoError);
  Bytes huge = all;
  huge[7] = std::byte{0x20};
  EXPECT_THROW(Unpack(huge).take<double>(), IoError);
  huge[7] = std::byte{0x80};
  EXPECT_THROW(Unpack(huge).take<double>(), IoError);
  EXPECT_THROW(Unpack(all).take_one<double>(), IoError);
}

}  // namespace
}  // namespace filigree
