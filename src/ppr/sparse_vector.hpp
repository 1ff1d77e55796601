// A vector over all vertices of which few are nonzero.
#pragma once

#include <bit>
#include <cstdint>
#include <utility>
#include <vector>

#include "filigree/core/types.hpp"

namespace filigree::ppr {

/// Dense values >= 0 beside two levels of bits that lead to those that are not zero: one bit a value, and one bit for
/// every 64 of those words. Adding sets two bits without asking; going through the nonzeros is ascending, unsorted
/// beforehand, and costs O(nonzeros + size / 4096). Bytes: 8 1/8 a value.
class SparseVector {
 public:
  explicit SparseVector(Local size)
      : value_(static_cast<std::size_t>(size), 0), bits_(words(value_.size()), 0), words_(words(bits_.size()), 0) {}

  Local size() const { return static_cast<Local>(value_.size()); }
  double operator[](Local v) const { return value_[static_cast<std::size_t>(v)]; }

  void add(Local v, double x) {
    const auto i = static_cast<std::size_t>(v);
    value_[i] += x;
    bits_[i >> 6] |= std::uint64_t{1} << (i & 63);
    words_[i >> 12] |= std::uint64_t{1} << (i >> 6 & 63);
  }
  /// The value, which turns zero.
  double take(Local v) {
    const auto i = static_cast<std::size_t>(v);
    bits_[i >> 6] &= ~(std::uint64_t{1} << (i & 63));
    return std::exchange(value_[i], 0.0);
  }

  /// Calls f(position, value) for the nonzeros, ascending. f may take() any, and add(): what it adds further on is
  /// visited too, what it adds behind is not.
  template <class F>
  void for_each(F f) const {
    for (std::size_t w = 0; w < words_.size(); ++w) {
      for (std::uint64_t blocks = words_[w]; blocks != 0; blocks = words_[w] & above(blocks)) {
        const std::size_t b = w << 6 | static_cast<std::size_t>(std::countr_zero(blocks));
        for (std::uint64_t ones = bits_[b]; ones != 0; ones = bits_[b] & above(ones)) {
          const std::size_t i = b << 6 | static_cast<std::size_t>(std::countr_zero(ones));
          f(static_cast<Local>(i), value_[i]);
        }
      }
    }
  }

  void clear() {
    for_each([this](Local v, double) { value_[static_cast<std::size_t>(v)] = 0; });
    for (std::size_t w = 0; w < words_.size(); ++w) {
      for (std::uint64_t blocks = std::exchange(words_[w], 0); blocks != 0; blocks &= blocks - 1) {
        bits_[w << 6 | static_cast<std::size_t>(std::countr_zero(blocks))] = 0;
      }
    }
  }

 private:
  static std::size_t words(std::size_t bits) { return (bits + 63) / 64; }
  /// The positions above the lowest one that is set.
  static std::uint64_t above(std::uint64_t bits) { return ~(bits ^ (bits - 1)); }

  std::vector<double> value_;
  std::vector<std::uint64_t> bits_;
  std::vector<std::uint64_t> words_;
};

}  // namespace filigree::ppr
