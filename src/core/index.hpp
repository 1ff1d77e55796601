// z: a position, signed as all counts are here, as the unsigned index that std::vector and std::span take.
#pragma once

#include <cstddef>

#include "filigree/core/types.hpp"

namespace filigree {

constexpr std::size_t z(Offset i) { return static_cast<std::size_t>(i); }

}  // namespace filigree
