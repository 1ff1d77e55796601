// Arrays over [0, n) that are read and cleared in the number of touched blocks of positions.
#pragma once

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>
#include <vector>

#include "core/zeroed_array.hpp"

namespace filigree {

/// Blocks of positions that may hold anything but zeros: a byte each, written without asking, read 64 at a time.
template <int block_size>
class TouchedBlocks {
 public:
  explicit TouchedBlocks(Offset num_positions)
      : num_lines_((num_positions + block_size * 64 - 1) / (block_size * 64)), flag_(num_lines_ * 64) {}

  void touch(Offset i) { flag_[z(i) / block_size] = 1; }

  /// Calls f(first position) for the touched blocks, ascending. Those that f touches are met if they are 64 ahead.
  template <class F>
  void for_each(F f) const {
    for (std::size_t line = 0; line < z(num_lines_); ++line) {
      std::uint64_t words[8];
      std::memcpy(words, flag_.data() + line * sizeof words, sizeof words);
      if ((words[0] | words[1] | words[2] | words[3] | words[4] | words[5] | words[6] | words[7]) == 0) continue;
      for (std::size_t w = line * 8; w < line * 8 + 8; ++w) {
        std::uint64_t word = 0;
        std::memcpy(&word, flag_.data() + w * sizeof word, sizeof word);  // anew: f may have touched some
        for (; word != 0; word &= word - 1) f((w * 8 + z(std::countr_zero(word) / 8)) * block_size);
      }
    }
  }
  void clear() { std::memset(flag_.data(), 0, flag_.size()); }
  Offset count() const { return std::count(flag_.data(), flag_.data() + flag_.size(), 1); }

 private:
  Offset num_lines_;
  ZeroedArray<char8_t> flag_;  // char8_t may stand for nothing else: writing one lets no other value be read anew
};

/// `arrays` values for every position of [0, n), in blocks of block_size positions: values 0 of a block's positions,
/// then values 1, ... Only blocks that were asked for take memory, 512 `arrays` bytes each; the table of all of them
/// takes n / 8.
template <int arrays, int block_size>
class SparseBlocks {
 public:
  explicit SparseBlocks(Offset num_positions) : table_((num_positions + block_size - 1) / block_size) {}

  /// The value of a position; makes its block.
  double& at(Offset position, int array = 0) {
    const std::size_t number = z(position) / block_size;
    double*& block = table_[number];
    if (block == nullptr) block = make_block(number);
    return block[static_cast<std::size_t>(array) * block_size + z(position) % block_size];
  }

  /// Calls f(first position, values) for every block: first the known ones, ascending, then those that f makes.
  template <class F>
  void for_each_block(F f) {
    if (num_sorted_ < made_.size()) std::ranges::sort(made_);
    num_sorted_ = made_.size();
    for (std::size_t k = 0; k < made_.size(); ++k) f(static_cast<Offset>(made_[k] * block_size), table_[made_[k]]);
  }
  /// Calls f(position, value) for the values above 0 of an array, ascending. f must make no blocks.
  template <class F>
  void for_each(F f, int array = 0) {
    for_each_block([&](Offset first, const double* values) {
      for (int i = 0; i < block_size; ++i) {
        const double value = values[array * block_size + i];
        if (value > 0) f(first + i, value);
      }
    });
  }

  /// All zeros again. The memory is kept for later blocks.
  void clear() {
    for (const std::size_t number : made_) table_[number] = nullptr;
    made_.clear();
    num_sorted_ = 0;
  }

 private:
  static constexpr std::size_t chunk = 16;  // blocks that are allocated together
  static constexpr std::size_t block_doubles = static_cast<std::size_t>(arrays) * block_size;

  double* make_block(std::size_t number) {
    const std::size_t k = made_.size();
    if (k == chunks_.size() * chunk) chunks_.emplace_back(Offset{chunk * block_doubles});
    made_.push_back(number);
    double* const block = chunks_[k / chunk].data() + k % chunk * block_doubles;
    std::memset(block, 0, block_doubles * sizeof(double));
    return block;
  }

  ZeroedArray<double*> table_;
  std::vector<std::size_t> made_;  // numbers of the blocks that there are; the first num_sorted_ of them ascend
  std::size_t num_sorted_ = 0;
  std::vector<ZeroedArray<double>> chunks_;
};

}  // namespace filigree
