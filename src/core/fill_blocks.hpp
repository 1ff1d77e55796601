// The ways in which Stream::fill can work, for tests: they must give the same bits.
#pragma once

#include <vector>

#include "filigree/core/random.hpp"

namespace filigree {

/// Turns coordinates into words, in place, under a key.
using FillBlocks = void (*)(std::uint64_t key, std::span<Stream::Block> blocks);

/// Those that this processor knows, the fastest first.
std::vector<FillBlocks> ways_to_fill();

}  // namespace filigree
