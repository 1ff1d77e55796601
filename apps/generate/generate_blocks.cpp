#include "generate_blocks.hpp"

#include <filesystem>

#include "filigree/io/read_dense.hpp"

namespace filigree::app {
namespace {

namespace fs = std::filesystem;

/// The columns of all blocks as rows of one dataset, with the first column of each block, and the end.
void write_hdf5(const App& program, const DenseBlocks& blocks) {
  io::Hdf5Writer file(blocks.comm, program.output());
  std::vector<std::span<const double>> columns;
  for (const Dense& block : blocks.local) {
    for (Offset j = 0; j < block.cols; ++j) columns.push_back(block.col(j));
  }
  file.write_rows("/blocks/columns", std::ssize(columns), blocks.rows, [&](Offset k, std::span<double> row) {
    std::ranges::copy(columns[static_cast<std::size_t>(k)], row.begin());
  });
  std::vector<Offset> offsets;
  if (blocks.comm.is_root()) {
    offsets.push_back(0);
    for (const Offset n : blocks.cols) offsets.push_back(offsets.back() + n);
  }
  file.write("/blocks/offsets", std::span<const Offset>(offsets));
  program.sign(file, "blocks");
  file.commit();
}

void write_folder(const App& program, const DenseBlocks& blocks) {
  const fs::path folder = program.output();
  blocks.comm.guard([&] {
    if (!blocks.comm.is_root()) return;
    std::error_code fault;
    fs::create_directories(folder, fault);
    if (fault) throw IoError(text(folder.string(), ": cannot be made: ", fault.message()));
  });
  blocks.comm.guard([&] {
    for (Global i = blocks.blocks.begin(blocks.comm.rank()); const Dense& block : blocks.local)
      io::write_dense_npy((folder / (blocks.names[static_cast<std::size_t>(i++)] + ".npy")).string(), block);
  });
}

}  // namespace

BlocksCommand::BlocksCommand(App& program)
    : program_(program), command_(program.cli.command("blocks", "matrices that may share truncated SVDs")) {
  using generate::BlockCase;
  command_.choice("--case", case_,
                  {{"drift", BlockCase::drift},
                   {"shared", BlockCase::shared},
                   {"decay", BlockCase::decay},
                   {"groups", BlockCase::groups},
                   {"narrow", BlockCase::narrow},
                   {"vectors", BlockCase::vectors},
                   {"outliers", BlockCase::outliers}},
                  "64 of 1024 x 128 (drift, shared, decay, groups), 800 or 300 of 512 x 20, 1500 of 768 x 1");
  command_.option("--count", count_, "make the first of them only; 0 = all").within("[0, inf)");
}

void BlocksCommand::run() {
  const DenseBlocks blocks =
      program_.measure("generate", [&] { return generate::blocks(program_.comm(), case_, program_.seed(), count_); });
  const std::uint64_t hash = content_hash(blocks);
  program_.worked_on({{blocks.num_blocks(), "block", "blocks"}});
  program_.describe_input("generated", blocks.rows, blocks.num_columns(), hash);
  program_.note(text(blocks.num_blocks(), " blocks of ", blocks.rows, " x ", blocks.cols.front()));
  if (program_.verify()) {
    program_.verified(content_hash(generate::blocks(Comm::self(), case_, program_.seed(), count_)) == hash,
                      "one rank makes the same blocks");
  }
  program_.time("write", [&] {
    if (program_.output_is_hdf5())
      write_hdf5(program_, blocks);
    else
      write_folder(program_, blocks);
  });
}

}  // namespace filigree::app
