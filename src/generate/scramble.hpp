// A pseudo-random permutation of vertex numbers.
#pragma once

#include <array>
#include <cstdint>

#include "filigree/core/random.hpp"

namespace filigree::generate {

/// A pseudo-random permutation of [0, 2^bits): rounds of an odd multiplication and of folding the high half of the bits
/// onto the low, each of which can be undone.
class Scramble {
 public:
  Scramble(int bits, std::uint64_t seed) : mask_((std::uint64_t{1} << bits) - 1), shift_((bits + 1) / 2) {
    constexpr std::uint64_t scramble_purpose = 0x73637261;  // "scra"
    const Stream stream(seed, scramble_purpose);
    for (std::uint32_t round = 0; round < rounds_.size(); ++round) {
      const auto words = stream.block(0, 0, round);
      rounds_[round].factor = (std::uint64_t{words[0]} << 32 | words[1]) | 1;
      rounds_[round].addend = std::uint64_t{words[2]} << 32 | words[3];
    }
  }

  Global operator()(std::uint64_t vertex) const {
    for (const Round& round : rounds_) {
      vertex = (vertex * round.factor + round.addend) & mask_;
      vertex ^= vertex >> shift_;
    }
    return static_cast<Global>(vertex);
  }

 private:
  struct Round {
    std::uint64_t factor, addend;
  };
  std::uint64_t mask_;
  int shift_;
  std::array<Round, 4> rounds_{};
};

}  // namespace filigree::generate
