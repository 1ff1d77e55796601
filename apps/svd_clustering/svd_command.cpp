#include "svd_command.hpp"

#include <algorithm>

#include "residuals.hpp"

namespace filigree::app {

using svd_clustering::IncrementalSvd;
using svd_clustering::Kernel;
using svd_clustering::RowsSvd;

SvdCommand::SvdCommand(App& program)
    : program_(program), command_(program.cli.command("svd", "one streamed, certified truncated SVD of all blocks")) {
  input_.add_to(command_);
  command_.option("--rank", rank_, "truncation rank: columns of the basis").within("[1, inf)");
  command_.option("--tolerance", tolerance_, "take the least rank with this certified relative error instead")
      .within("(0, 1)");
  command_.option("--oversampling", oversampling_, "directions kept beyond the truncation rank").within("[0, inf)");
  command_.choice(
      "--kernel", kernel_, {{"gram", Kernel::gram}, {"qr", Kernel::qr}},
      "qr: certifies errors below 1e-6, too, several times slower; the default for a --tolerance below 1e-5");
  command_.choice("--distribute", distribute_, {{"blocks", Distribute::blocks}, {"rows", Distribute::rows}},
                  "what is distributed over ranks; rows: for tall matrices, by QR, the same bits on any ranks");
  command_.check([this] {
    need_hdf5(program_);
    if (tolerance_ && command_.count("--rank") > 0) usage_error("--rank and --tolerance exclude each other");
    if (tolerance_ && *tolerance_ < 1e-5 && command_.count("--kernel") == 0) kernel_ = Kernel::qr;
  });
}

/// decompose(rank) at the rank that is wanted or, for a tolerance, at twice the rank each time until it is reached.
template <class Decompose>
auto SvdCommand::find(Offset rows, Decompose decompose) {
  return program_.measure("svd", [&] {
    Offset rank = tolerance_ ? std::min<Offset>(16, rows) : rank_;
    auto found = decompose(rank);
    while (tolerance_ && found.second.certified_error.back() > *tolerance_ && rank < rows) {
      rank = std::min(2 * rank, rows);
      found = decompose(rank);
    }
    Found& told = found.second;
    told.rank = std::ssize(told.singular_values);
    if (tolerance_) {
      while (told.rank > 1 && told.certified_error[static_cast<std::size_t>(told.rank - 1)] <= *tolerance_) --told.rank;
    }
    return found;
  });
}

void SvdCommand::report(const Found& found) {
  const auto rank = static_cast<std::size_t>(found.rank);
  if (tolerance_ && found.certified_error[rank] > *tolerance_) {
    const bool by_gram = kernel_ == Kernel::gram && distribute_ == Distribute::blocks;
    program_.fail(text("--tolerance: ", number(*tolerance_), " is not reached; the certificate at rank ", rank, " is ",
                       number(found.certified_error[rank]),
                       by_gram ? ", --kernel qr certifies less" : ", which is rounding"));
  }
  program_.note(text("rank ", rank, ": relative error at most ", number(found.certified_error[rank])));
  program_.result("rank", found.rank);
  program_.result("certified_error", found.certified_error[rank]);
  program_.result("norm", found.norm);
  Table table(Form::tsv, {"k", "singular_value", "certified_error"});
  table.head();
  for (std::size_t k = 0; k < rank; ++k) table.row({k + 1, found.singular_values[k], found.certified_error[k + 1]});
  program_.print_on_screen(program_.comm().is_root() ? table.take() : "");
}

void SvdCommand::verify(const Found& found, double error) {
  const double certified = found.certified_error[static_cast<std::size_t>(found.rank)];
  program_.verified(error <= certified, text("relative error ", number(error), ", certified ", number(certified)));
}

/// `fill` gives this rank's rows of the dataset, `local_rows` of them.
void SvdCommand::write(const Found& found, Offset local_rows, Offset row_length,
                       const std::function<void(Offset, std::span<double>)>& fill) {
  if (program_.output().empty()) return;
  io::Hdf5Writer file(program_.comm(), program_.output());
  file.write_rows("/svd/basis", local_rows, row_length, fill);
  const std::size_t count = program_.comm().is_root() ? static_cast<std::size_t>(found.rank) : 0;
  file.write("/svd/singular_values", std::span<const double>(found.singular_values.data(), count));
  file.attribute("/svd", "certified_error", found.certified_error[static_cast<std::size_t>(found.rank)]);
  file.attribute("/svd", "norm", found.norm);
  program_.sign(file, "svd");
  file.commit();
}

void SvdCommand::run_on_blocks() {
  const DenseBlocks blocks = input_.load(program_);
  program_.worked_on({{blocks.num_blocks(), "block", "blocks"}});
  const Progress progress = program_.progress();
  const auto decomposed = find(blocks.rows, [&](Offset rank) {
    IncrementalSvd all = svd_clustering::decompose(blocks, rank, oversampling_, kernel_, progress);
    Found told{0, all.norm(), all.singular_values(), {}};
    for (Offset k = 0; k <= std::ssize(told.singular_values); ++k)
      told.certified_error.push_back(all.certified_error(k));
    return std::pair(std::move(all), std::move(told));
  });
  const auto& svd = decomposed.first;
  const Found& found = decomposed.second;
  report(found);
  const Offset rank = found.rank;
  const DenseView basis = svd.basis().columns(0, rank);
  if (program_.verify()) verify(found, relative_residual(blocks, basis, found.norm));
  const bool root = program_.comm().is_root();  // every rank has the basis
  program_.time("write", [&] {
    write(found, root ? basis.rows : 0, rank, [&](Offset i, std::span<double> row) {
      for (Offset k = 0; k < rank; ++k) row[static_cast<std::size_t>(k)] = basis(i, k);
    });
  });
}

void SvdCommand::run_on_rows() {
  const DistDense<double> matrix = input_.load_rows(program_);
  const Progress progress = program_.progress();
  const auto decomposed = find(matrix.rows.num_items(), [&](Offset rank) {
    RowsSvd all = svd_clustering::decompose_rows(matrix, rank, oversampling_, progress);
    Found told{0, all.norm, all.singular_values, all.certified_error};
    return std::pair(std::move(all), std::move(told));
  });
  const auto& svd = decomposed.first;
  const Found& found = decomposed.second;
  report(found);
  const DistDense<double>& basis = svd.basis;
  const Offset rank = found.rank;
  if (program_.verify()) verify(found, relative_residual(matrix, basis, rank, found.norm));
  program_.time("write", [&] {
    write(found, basis.num_local_rows(), rank,
          [&](Offset i, std::span<double> row) { std::copy_n(basis.row(i).begin(), rank, row.begin()); });
  });
}

void SvdCommand::run() { return distribute_ == Distribute::rows ? run_on_rows() : run_on_blocks(); }

}  // namespace filigree::app
