// Compressed matrices that other programs keep in groups of HDF5 files.
#pragma once

#include <string>

#include "filigree/io/hdf5.hpp"
#include "io/formats.hpp"

namespace filigree::io {

/// Reads the matrix of a group with datasets indptr, indices and data: options.group, or the only one in the file.
///
///   AnnData   /X, /layers/*, /obsp/*: attributes encoding-type and shape; rows are called as /obs says
///   10x       /matrix, csc, and a dataset shape; rows are called as features/id (or genes) says
///   others    attributes h5sparse_format, h5sparse_shape; or only the datasets and perhaps a shape
///
/// Without data all values are one. Throws IoError on all ranks, naming the groups there are, if none or several are
/// found. Collective.
GraphFile read_csr_group(const Comm& comm, const Hdf5Reader& file, const ReadOptions& options);

}  // namespace filigree::io
