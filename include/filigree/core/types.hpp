// Index and count types. One choice for the whole library; widths never switch.
#pragma once

#include <cstdint>

/// Of function templates that sources instantiate: g++ forgets the visibility that a pragma gave to their declarations.
#define FILIGREE_EXPORT __attribute__((visibility("default")))

#pragma GCC visibility push(default)
namespace filigree {

/// Row, column or vertex id in the whole (distributed) object.
using Global = std::int64_t;
/// Index inside one rank: a monotone renumbering of the global ids that the rank knows. Exceeding 2^31 - 1 throws.
using Local = std::int32_t;
/// Position in an array as long as the nonzeros, and every count of bytes, messages, nonzeros.
using Offset = std::int64_t;

}  // namespace filigree
#pragma GCC visibility pop
