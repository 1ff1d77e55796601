#include <algorithm>

#include "core/index.hpp"
#include "io/dense_source.hpp"

namespace filigree::io {

DenseRowsFile read_dense_rows(const Comm& comm, const std::vector<std::string>& paths, const DenseOptions& options) {
  const Comm self = Comm::self();
  Offset num_rows = 0;
  const std::vector<Source> sources = find_sources(comm, paths, options.pad, num_rows);
  const Partition rows = Partition::uniform(num_rows, comm.size());
  std::vector<Offset> cols;
  std::vector<std::string> names;
  Offset num_columns = 0;
  for (const Source& source : sources) {
    cols.push_back(source.cols);
    names.push_back(source.name());
    num_columns += source.cols;
  }
  DenseRowsFile result{{comm, rows, num_columns}, std::move(cols), std::move(names), 0, 0};
  result.num_replaced = comm.sum(comm.guard([&] {
    BlockReader reader(self);
    Offset replaced = 0;
    Offset column = 0;
    for (std::size_t b = 0; b < sources.size(); ++b) {
      const Source& source = sources[b];
      const Offset begin = std::min(source.rows, rows.begin(comm.rank()));
      const Offset end = std::min(source.rows, rows.end(comm.rank()));
      Dense block = reader.read(source, {begin, end - begin});
      replaced += replace_not_finite(block, result.names[b], options.not_finite, begin);
      for (Offset i = 0; i < block.rows; ++i) {
        for (Offset j = 0; j < block.cols; ++j) result.matrix.row(i)[z(column + j)] = block(i, j);
      }
      column += source.cols;
      if (options.progress) options.progress("read", column, num_columns);
    }
    return replaced;
  }));
  for (const Source& source : sources) result.num_padded += source.rows < num_rows ? 1 : 0;
  return result;
}

}  // namespace filigree::io
