#include "filigree/io/read_dense.hpp"

#include <algorithm>

#include "core/index.hpp"
#include "io/dense_source.hpp"
#include "io/numpy/npy_header.hpp"

namespace filigree::io {
namespace {

Dense padded(Dense block, Offset rows) {
  if (block.rows == rows) return block;
  Dense taller(rows, block.cols);
  for (Offset j = 0; j < block.cols; ++j) std::ranges::copy(block.col(j), taller.col(j).begin());
  return taller;
}

}  // namespace

DenseFile read_dense(const Comm& comm, const std::vector<std::string>& paths, const DenseOptions& options) {
  const Comm self = Comm::self();
  DenseFile result{{comm, {}, 0, {}, {}, {}}, 0, 0};
  DenseBlocks& blocks = result.blocks;
  const std::vector<Source> sources = find_sources(comm, paths, options.pad, blocks.rows);
  for (const Source& source : sources) {
    blocks.cols.push_back(source.cols);
    blocks.names.push_back(source.name());
    if (source.rows < blocks.rows) ++result.num_padded;
  }
  blocks.blocks = Partition::by_weight(blocks.cols, comm.size());
  Offset mine = 0;
  for (Global i = blocks.blocks.begin(comm.rank()); i < blocks.blocks.end(comm.rank()); ++i) mine += blocks.cols[z(i)];
  Offset done = 0;
  result.num_replaced = comm.sum(comm.guard([&] {
    BlockReader reader(self);
    Offset replaced = 0;
    for (Global i = blocks.blocks.begin(comm.rank()); i < blocks.blocks.end(comm.rank()); ++i) {
      const Source& source = sources[z(i)];
      Dense block = reader.read(source, {0, source.rows});
      replaced += replace_not_finite(block, blocks.names[z(i)], options.not_finite);
      blocks.local.push_back(padded(std::move(block), blocks.rows));
      done += source.cols;
      if (options.progress) options.progress("read", done, mine);
    }
    return replaced;
  }));
  return result;
}

void write_dense_npy(const std::string& path, DenseView matrix) {
  const std::string header = npy_header_text("<f8", {matrix.rows, matrix.cols}, true);
  BinaryWriter file(Comm::self(), path);
  file.write(0, std::span<const char>(header));
  for (Offset j = 0; j < matrix.cols; ++j) {
    file.write(std::ssize(header) + j * matrix.rows * Offset{sizeof(double)}, std::span<const double>(matrix.col(j)));
  }
  file.commit();
}

}  // namespace filigree::io
