#include "blocks_input.hpp"

#include <algorithm>
#include <numeric>

namespace filigree::app {

void BlocksInput::add_to(Command cli) {
  cli.option("--input,INPUT", paths_,
             "folders, .npy, .h5, .nc, .mtx or a list of paths in .txt; a matrix each, of equal rows")
      .required()
      .type_name("FILE")
      .default_text("");
  cli.choice("--nan", options_.not_finite,
             {{"refuse", io::NotFinite::refuse}, {"zero", io::NotFinite::zero}, {"impute", io::NotFinite::impute}},
             "NaN and infinity: refuse, zero, or impute (the mean of the row in the block)");
  cli.flag("--pad", options_.pad, "add rows of zeros to blocks with fewer rows than others");
}

DenseBlocks BlocksInput::load(App& program) {
  options_.progress = program.progress();
  io::DenseFile file = program.time("read", [&] { return io::read_dense(program.comm(), paths_, options_); });
  report(program, file.blocks.rows, file.blocks.cols, file.num_replaced, file.num_padded, content_hash(file.blocks));
  return std::move(file.blocks);
}

DistDense<double> BlocksInput::load_rows(App& program) {
  options_.progress = program.progress();
  io::DenseRowsFile file = program.time("read", [&] { return io::read_dense_rows(program.comm(), paths_, options_); });
  report(program, file.matrix.rows.num_items(), file.cols, file.num_replaced, file.num_padded,
         content_hash(file.matrix));
  return std::move(file.matrix);
}

void BlocksInput::report(App& program, Offset rows, const std::vector<Offset>& cols, Offset num_replaced,
                         Offset num_padded, std::uint64_t hash) const {
  const auto [least, most] = std::ranges::minmax_element(cols);
  std::string line = text(cols.size(), cols.size() == 1 ? " block of " : " blocks of ", rows, " x ", *least,
                          *least == *most ? "" : text(" to ", *most));
  if (num_replaced > 0) line += text("; ", num_replaced, " elements that were not finite are replaced");
  if (num_padded > 0) line += text("; ", num_padded, " padded with rows of zeros");
  program.note(line);
  std::string all;
  for (const std::string& path : paths_) all += (all.empty() ? "" : " ") + path;
  program.describe_input(all, rows, std::accumulate(cols.begin(), cols.end(), Offset{0}), hash);
}

void need_hdf5(const App& program) {
  if (!program.output().empty() && !program.output_is_hdf5())
    usage_error("--output: results are HDF5; the name must end in .h5 or .hdf5");
}

}  // namespace filigree::app
