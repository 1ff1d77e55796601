#include "blocks_input.hpp"

#include <algorithm>

namespace filigree::app {

void BlocksInput::add_to(Command cli) {
  cli.option("--input", paths_,
             "folders, .npy, .h5, .nc, .mtx or a list of paths in .txt; a matrix each, of equal rows")
      .required()
      .type_name("FILE")
      .default_text("");
  cli.choice("--nan", options_.not_finite,
             {{"refuse", io::NotFinite::refuse}, {"zero", io::NotFinite::zero}, {"impute", io::NotFinite::impute}},
             "what becomes of NaN and infinity; impute: the mean of the row in the block");
  cli.flag("--pad", options_.pad, "add rows of zeros to blocks with fewer rows than others");
}

DenseBlocks BlocksInput::load(App& program) {
  options_.progress = program.progress();
  io::DenseFile file = program.time("read", [&] { return io::read_dense(program.comm(), paths_, options_); });
  DenseBlocks& blocks = file.blocks;
  const auto [least, most] = std::ranges::minmax_element(blocks.cols);
  std::string line = text(blocks.num_blocks(), blocks.num_blocks() == 1 ? " block of " : " blocks of ", blocks.rows,
                          " x ", *least, *least == *most ? "" : text(" to ", *most));
  if (file.num_replaced > 0) line += text("; ", file.num_replaced, " elements that were not finite are replaced");
  if (file.num_padded > 0) line += text("; ", file.num_padded, " padded with rows of zeros");
  program.note(line);
  std::string all;
  for (const std::string& path : paths_) all += (all.empty() ? "" : " ") + path;
  program.describe_input(all, blocks.rows, blocks.num_columns(), content_hash(blocks));
  return std::move(blocks);
}

}  // namespace filigree::app
