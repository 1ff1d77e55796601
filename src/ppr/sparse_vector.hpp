// A vector over all vertices of which few are touched.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "filigree/core/types.hpp"

namespace filigree::ppr {

/// Dense values beside a list of the positions touched since clear(): adding costs O(1), everything else O(touched).
class SparseVector {
 public:
  explicit SparseVector(Local size) : value_(static_cast<std::size_t>(size), 0), seen_(static_cast<std::size_t>(size), 0) {}

  double operator[](Local v) const { return value_[static_cast<std::size_t>(v)]; }
  void add(Local v, double x) {
    const auto i = static_cast<std::size_t>(v);
    if (seen_[i] == 0) {
      seen_[i] = 1;
      touched_.push_back(v);
    }
    value_[i] += x;
  }
  /// The value, which turns 0; the position stays touched.
  double take(Local v) { return std::exchange(value_[static_cast<std::size_t>(v)], 0.0); }

  /// Positions in order of first touch, or ascending after sort().
  std::span<const Local> touched() const { return touched_; }
  void sort() { std::sort(touched_.begin(), touched_.end()); }
  /// Every position, ascending.
  void touch_all() {
    std::fill(seen_.begin(), seen_.end(), std::uint8_t{1});
    touched_.resize(value_.size());
    std::iota(touched_.begin(), touched_.end(), Local{0});
  }
  void clear() {
    for (Local v : touched_) {
      value_[static_cast<std::size_t>(v)] = 0;
      seen_[static_cast<std::size_t>(v)] = 0;
    }
    touched_.clear();
  }

 private:
  std::vector<double> value_;
  std::vector<std::uint8_t> seen_;
  std::vector<Local> touched_;
};

}  // namespace filigree::ppr
