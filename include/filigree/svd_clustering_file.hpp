// Clusters of matrices in a file: everything that gives the blocks back.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "filigree/io/hdf5.hpp"
#include "filigree/svd_clustering.hpp"

#pragma GCC visibility push(default)
namespace filigree::svd_clustering {

/// Contents of a file of clusters. `result.coefficients` are those of the blocks that `blocks` gives this rank.
struct ClustersFile {
  Result result;
  Partition blocks;
  std::vector<Offset> cols;        ///< of all blocks
  std::vector<std::string> names;  ///< of all blocks
  std::uint64_t input_hash = 0;    ///< content_hash() of the blocks that were clustered
};

/// Adds the clusters to a file, under /svd_clusters: shape and options, members, certificates, bases, coefficients,
/// names, with a version. Any number of ranks writes the same bytes. Collective over blocks.comm.
void save(io::Hdf5Writer& file, const DenseBlocks& blocks, const Result& result);

/// Runs cluster() with finished clusters kept in the file `checkpoint`: after an interruption the same call goes on
/// from them, on any number of ranks, to the same result. The file stays; remove_checkpoint() once the result is
/// stored. Throws IoError on all ranks if the file is one of other blocks or options. Collective over blocks.comm.
Result cluster(const DenseBlocks& blocks, Options options, const std::string& checkpoint);
/// Removes the file of a checkpoint. Collective.
void remove_checkpoint(const Comm& comm, const std::string& checkpoint);

/// Reads them on any number of ranks; `blocks` says which rank gets the coefficients of which blocks (default: about
/// equal numbers of them). Throws IoError on all ranks when the file is none of clusters, is of another version, is
/// inconsistent or damaged. Collective.
ClustersFile load(const Comm& comm, const std::string& path, const Partition* blocks = nullptr);

}  // namespace filigree::svd_clustering
#pragma GCC visibility pop
