// One truncated SVD of all blocks: each rank streams its own, then the ranks merge (bound B4).
#include "core/index.hpp"
#include "filigree/svd_clustering.hpp"

namespace filigree::svd_clustering {

IncrementalSvd decompose(const DenseBlocks& blocks, Offset rank, Offset oversampling, Kernel kernel,
                         const Progress& progress) {
  const Comm& comm = blocks.comm;
  IncrementalSvd svd = comm.guard([&] {
    IncrementalSvd mine(blocks.rows, rank, oversampling, kernel);
    Offset done = 0;
    for (const Dense& block : blocks.local) {
      mine.update(block);
      if (progress) progress("decompose", ++done, std::ssize(blocks.local));
    }
    return mine;
  });
  if (comm.size() == 1) return svd;
  const std::vector<double> packed = comm.guard([&] { return svd.pack(); });
  const Received<double> all = comm.all_gather(packed);
  return comm.guard([&] {
    std::span<const double> rest = all.values;
    std::optional<IncrementalSvd> merged;
    for (const Offset count : all.counts) {
      IncrementalSvd part = IncrementalSvd::unpack(rest.first(z(count)));
      rest = rest.subspan(z(count));
      if (merged)
        merged->merge(part);
      else
        merged = std::move(part);
    }
    return std::move(*merged);
  });
}

}  // namespace filigree::svd_clustering
