// The most bytes that one HDF5 call writes from one rank.
#pragma once

#include "filigree/core/types.hpp"

namespace filigree::io {

/// 1 GiB: MPI-IO below HDF5 counts bytes in an int. A rank with more makes more calls.
Offset hdf5_slice_bytes();
/// For tests: lowers it in this process. Every rank must set the same; at least 8.
void set_hdf5_slice_bytes(Offset bytes);

}  // namespace filigree::io
