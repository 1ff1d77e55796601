#pragma once

namespace filigree::ppr {

constexpr int block_size = 64;  ///< vertices that kernels look through together; tables per vertex are padded to it

}  // namespace filigree::ppr
