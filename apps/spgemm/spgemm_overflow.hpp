// Whether a product of whole numbers fits in 64 bits.
#pragma once

#include "filigree/io/integers.hpp"
#include "filigree/spgemm.hpp"

namespace filigree::app {

/// Throws InvalidArgument on all ranks, naming an entry of C if one is to blame, where 64 bits might not hold the
/// product of these matrices or a sum on the way to it. The largest values and rows tell in most cases; else the
/// product of their magnitudes is made in doubles, batch by batch. Collective.
void check_overflow(const io::Integers& a, const io::Integers& b, const spgemm::DistMask<std::int64_t>& mask,
                    const spgemm::Options& options);

}  // namespace filigree::app
