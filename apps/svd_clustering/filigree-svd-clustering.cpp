// filigree-svd-clustering: which matrices may share one truncated SVD, and the SVDs.
#include "app.hpp"
#include "blocks_input.hpp"
#include "filigree/io/text_writer.hpp"
#include "filigree/svd_clustering_file.hpp"
#include "picture.hpp"
#include "tables.hpp"

namespace {

using namespace filigree;
using svd_clustering::Kernel;
using svd_clustering::Method;
using svd_clustering::Order;
using svd_clustering::Rule;

const app::About about{
    "filigree-svd-clustering",
    "Clusters matrices of equal row counts so that each cluster, stored as one truncated SVD, keeps a relative error;\n"
    "every error is certified. Also one streamed SVD of all, and single blocks back from their cluster.",
    "  filigree-svd-clustering cluster --input blocks/ --rank 32 --error 0.05 --output clusters.h5\n"
    "  filigree-svd-clustering evaluate --input blocks/ --clusters clusters.h5        # true errors, from scratch\n"
    "  filigree-svd-clustering svd --input blocks.h5 --rank 32 --output basis.h5      # or --tolerance 0.01\n"
    "  filigree-svd-clustering reconstruct --clusters clusters.h5 --block 17 --output b17.npy\n"
    "  mpirun -n 4 filigree-svd-clustering cluster --input blocks/ --rule published --method residual\n"};

struct Arguments {
  app::BlocksInput input;
  svd_clustering::Options options;
  std::string clusters;
  std::string picture;
  Global block = 0;
  std::optional<double> tolerance;
  Kernel kernel = Kernel::gram;
};

void need_hdf5(const app::App& program) {
  if (!program.output().empty() && !program.output_is_hdf5())
    app::usage_error("--output: results are HDF5; the name must end in .h5 or .hdf5");
}

void add_cluster(app::App& program, Arguments& a) {
  app::Command cli = program.cli.command("cluster", "partitions the blocks and stores each cluster as one SVD");
  a.input.add_to(cli);
  cli.option("--rank", a.options.rank, "columns of a cluster's basis, at most");
  cli.option("--error", a.options.error, "largest certified relative error of a cluster, in (0, 1)");
  cli.choice("--rule", a.options.rule, {{"ours", Rule::ours}, {"published", Rule::published}},
             "how clusters grow: candidates ranked against the current basis, or as published");
  cli.choice("--method", a.options.method,
             {{"incremental", Method::incremental}, {"residual", Method::residual}, {"max_norm", Method::max_norm}},
             "what certifies; residual and max_norm go with the published rule");
  cli.choice("--order", a.options.order, {{"residual", Order::residual}, {"norm", Order::norm}},
             "of candidates in the published rule");
  cli.option("--oversampling", a.options.oversampling, "directions kept beside the rank");
  cli.flag("--exact", a.options.exact, "one more pass: the error of what is stored, from the residuals themselves");
  cli.option("--picture", a.picture, "draw the clusters' errors and sizes here, as SVG").type_name("FILE");
  cli.check([&] { need_hdf5(program); });
}

void draw(const app::App& program, const svd_clustering::Result& result, const std::string& path) {
  if (path.empty()) return;
  io::TextWriter file(program.comm(), path);
  file.write(program.comm().is_root() ? app::picture_of(result) : "");
  file.commit();
}

void cluster(app::App& program, Arguments& a) {
  a.options.progress = program.progress();
  const DenseBlocks blocks = a.input.load(program);
  a.options.exact = a.options.exact || program.verify();
  const auto result = program.measure("cluster", [&] { return svd_clustering::cluster(blocks, a.options); });
  program.note(app::headline(result, blocks.names));
  program.result("ratio", result.ratio);
  program.result("clusters", result.clusters.size());
  program.result("largest_block_error",
                 result.worst_block < 0 ? 0 : result.block_error[static_cast<std::size_t>(result.worst_block)]);
  if (program.verify()) {
    const auto truth = svd_clustering::evaluate(blocks, result);
    program.verified(truth.violations == 0 && truth.false_certificates == 0,
                     text(truth.violations, " clusters above the error, ", truth.false_certificates,
                          " certificates below the truth"));
  }
  program.time("write", [&] {
    program.print_on_screen(program.comm().is_root() ? app::cluster_table(result, blocks.names) : "");
    draw(program, result, a.picture);
    if (program.output().empty()) return;
    io::Hdf5Writer file(program.comm(), program.output());
    svd_clustering::save(file, blocks, result);
    program.sign(file, "svd_clusters");
    file.commit();
  });
}

void evaluate(app::App& program, Arguments& a) {
  const DenseBlocks blocks = a.input.load(program);
  const auto file = svd_clustering::load(program.comm(), a.clusters, &blocks.blocks);
  if (file.input_hash != content_hash(blocks))
    program.note(text(a.clusters, ": was made from other matrices, or in another order"));
  const auto truth = program.measure("evaluate", [&] { return svd_clustering::evaluate(blocks, file.result); });
  program.note(app::headline(file.result, blocks.names));
  program.note(text(truth.violations, " clusters above the error ", file.result.error, ", ", truth.false_certificates,
                    " certificates below the truth"));
  program.result("ratio", truth.ratio);
  program.result("violations", truth.violations);
  program.result("false_certificates", truth.false_certificates);
  program.print(program.comm().is_root() ? app::evaluation_table(file.result, truth) : "");
}

/// With a tolerance: the least rank that reaches it, doubling the largest rank that is tried.
void svd(app::App& program, Arguments& a) {
  const Progress progress = program.progress();
  const DenseBlocks blocks = a.input.load(program);
  const Offset oversampling = a.options.oversampling;
  Offset rank = a.options.rank;
  auto result = program.measure("svd", [&] {
    Offset tried = a.tolerance ? std::min<Offset>(16, blocks.rows) : a.options.rank;
    auto found = svd_clustering::decompose(blocks, tried, oversampling, a.kernel, progress);
    while (a.tolerance && found.certified_error() > *a.tolerance && tried < blocks.rows) {
      tried = std::min(2 * tried, blocks.rows);
      found = svd_clustering::decompose(blocks, tried, oversampling, a.kernel, progress);
    }
    rank = tried;
    if (a.tolerance) {
      while (rank > 1 && found.certified_error(rank - 1) <= *a.tolerance) --rank;
    }
    return found;
  });
  const auto s = result.singular_values();
  const Offset kept = std::min(rank, std::ssize(s));
  program.note(text("rank ", kept, ": relative error at most ", app::number(result.certified_error(rank))));
  program.result("rank", kept);
  program.result("certified_error", result.certified_error(rank));
  program.result("norm", result.norm());
  program.time("write", [&] {
    std::string table = "k\tsingular_value\tcertified_error\n";
    for (Offset k = 0; k < kept; ++k)
      table += text(k + 1, '\t', app::number(s[static_cast<std::size_t>(k)]), '\t',
                    app::number(result.certified_error(k + 1)), '\n');
    program.print_on_screen(program.comm().is_root() ? table : "");
    if (program.output().empty()) return;
    io::Hdf5Writer file(program.comm(), program.output());
    const DenseView basis = result.basis().columns(0, kept);
    // Columns of the basis as rows of the dataset, all from rank 0.
    file.write_rows("/svd/basis", program.comm().is_root() ? kept : 0, basis.rows,
                    [&](Offset k, std::span<double> row) { std::ranges::copy(basis.col(k), row.begin()); });
    const std::span<const double> values(s.data(), program.comm().is_root() ? static_cast<std::size_t>(kept) : 0);
    file.write("/svd/singular_values", values);
    file.attribute("/svd", "certified_error", result.certified_error(rank));
    file.attribute("/svd", "norm", result.norm());
    program.sign(file, "svd");
    file.commit();
  });
}

void reconstruct(app::App& program, Arguments& a) {
  const Comm& comm = program.comm();
  const auto file = svd_clustering::load(comm, a.clusters);
  const Offset num_blocks = file.blocks.num_items();
  require(a.block >= 0 && a.block < num_blocks, "--block: ", a.block, ", must lie in [0, ", num_blocks, ")");
  Offset columns = 0;
  for (const Offset n : file.cols) columns += n;
  program.describe_input(a.clusters, file.result.rows, columns, file.input_hash);
  const auto block = static_cast<std::size_t>(a.block);
  const double error = file.result.block_error[block];
  comm.guard([&] {
    if (!file.blocks.owns(comm.rank(), a.block)) return;
    const auto local = static_cast<std::size_t>(a.block - file.blocks.begin(comm.rank()));
    io::write_dense_npy(program.output(),
                        svd_clustering::reconstruct(file.result, a.block, file.result.coefficients[local]));
  });
  program.note(text("block ", a.block, " (", file.names[block], "): ", file.result.rows, " x ", file.cols[block],
                    ", relative error ", app::number(error)));
  program.result("block_error", error);
}

}  // namespace

int main(int argc, char** argv) {
  return app::run(argc, argv, about, [](app::App& program) {
    Arguments a;
    add_cluster(program, a);
    app::Command evaluation = program.cli.command("evaluate", "true errors of stored clusters, from scratch");
    a.input.add_to(evaluation);
    evaluation.option("--clusters", a.clusters, "file of clusters").required().type_name("FILE").default_text("");
    app::Command svd_of_all = program.cli.command("svd", "one streamed, certified truncated SVD of all blocks");
    a.input.add_to(svd_of_all);
    svd_of_all.option("--rank", a.options.rank, "columns of the basis");
    svd_of_all.option("--tolerance", a.tolerance, "take the least rank with this certified relative error instead");
    svd_of_all.option("--oversampling", a.options.oversampling, "directions kept beside the rank");
    svd_of_all.choice("--kernel", a.kernel, {{"gram", Kernel::gram}, {"qr", Kernel::qr}},
                      "qr: errors below 1e-6 are told too, several times slower");
    svd_of_all.check([&] {
      need_hdf5(program);
      if (a.tolerance && !(*a.tolerance > 0 && *a.tolerance < 1)) app::usage_error("--tolerance: must lie in (0, 1)");
    });
    app::Command back = program.cli.command("reconstruct", "one block as its cluster stores it, as .npy");
    back.option("--clusters", a.clusters, "file of clusters").required().type_name("FILE").default_text("");
    back.option("--block", a.block, "its number, from 0").required().default_text("");
    back.check([&] {
      if (!program.output().ends_with(".npy")) app::usage_error("--output: a block is written as .npy");
    });
    program.parse();

    if (evaluation.given()) return evaluate(program, a);
    if (svd_of_all.given()) return svd(program, a);
    if (back.given()) return reconstruct(program, a);
    cluster(program, a);
  });
}
