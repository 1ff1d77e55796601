// filigree-svd-clustering: which matrices may share one truncated SVD, and the SVDs.
#include "app.hpp"
#include "blocks_input.hpp"
#include "filigree/io/text_writer.hpp"
#include "filigree/svd_clustering_file.hpp"
#include "picture.hpp"
#include "svd_command.hpp"
#include "tables.hpp"

namespace {

using namespace filigree;
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
  std::string svg;
  std::string checkpoint;
  Global block = 0;
};

void add_cluster(app::App& program, Arguments& a) {
  app::Command cli = program.cli.command("cluster", "partitions the blocks and stores each cluster as one SVD");
  a.input.add_to(cli);
  cli.option("--rank", a.options.rank, "truncation rank: columns of a cluster's basis, at most").within("[1, inf)");
  cli.option("--error", a.options.error, "largest certified relative error of a cluster").within("(0, 1)");
  cli.choice("--rule", a.options.rule, {{"ours", Rule::ours}, {"published", Rule::published}},
             "how clusters grow: candidates ranked against the current basis, or as published");
  cli.choice("--method", a.options.method,
             {{"incremental", Method::incremental}, {"residual", Method::residual}, {"max_norm", Method::max_norm}},
             "certificate; residual and max_norm need the published rule");
  cli.choice("--order", a.options.order, {{"residual", Order::residual}, {"norm", Order::norm}},
             "order of candidates in the published rule");
  cli.option("--oversampling", a.options.oversampling, "directions kept beyond the truncation rank").within("[0, inf)");
  cli.flag("--exact", a.options.exact, "one more pass: the error of what is stored, from the residuals themselves");
  cli.option("--checkpoint", a.checkpoint,
             "keep finished clusters here; the same command goes on from them, on any ranks")
      .file(app::FileRole::output);
  cli.option("--svg", a.svg, "draw the clusters' errors and sizes here").file(app::FileRole::output);
  cli.check([&] { app::need_hdf5(program); });
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
  program.worked_on({{blocks.num_blocks(), "block", "blocks"}});
  if (!a.checkpoint.empty()) program.goes_on_from(a.checkpoint);
  const auto result = program.measure("cluster", [&] {
    return a.checkpoint.empty() ? svd_clustering::cluster(blocks, a.options)
                                : svd_clustering::cluster(blocks, a.options, a.checkpoint);
  });
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
    program.print_on_screen(program.comm().is_root() ? app::cluster_table(result, blocks.names, app::Form::tsv) : "");
    draw(program, result, a.svg);
    if (program.output().empty()) return;
    io::Hdf5Writer file(program.comm(), program.output());
    svd_clustering::save(file, blocks, result);
    program.sign(file, "svd_clusters");
    file.commit();
  });
  if (!a.checkpoint.empty()) svd_clustering::remove_checkpoint(program.comm(), a.checkpoint);
}

void evaluate(app::App& program, Arguments& a) {
  const DenseBlocks blocks = a.input.load(program);
  const auto file = svd_clustering::load(program.comm(), a.clusters, &blocks.blocks);
  if (file.input_hash != content_hash(blocks))
    program.note(text(a.clusters, ": was made from other matrices, or in another order"));
  const auto truth = program.measure("evaluate", [&] { return svd_clustering::evaluate(blocks, file.result); });
  program.note(app::headline(file.result, blocks.names));
  const std::string found = text(truth.violations, " clusters above the error ", file.result.error, ", ",
                                 truth.false_certificates, " certificates below the truth");
  if (!program.verify()) program.note(found);
  program.result("ratio", truth.ratio);
  program.result("violations", truth.violations);
  program.result("false_certificates", truth.false_certificates);
  program.print(program.comm().is_root() ? app::evaluation_table(file.result, truth, program.table_form()) : "");
  if (program.verify()) program.verified(truth.violations == 0 && truth.false_certificates == 0, found);
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
    program.add_table(evaluation);
    evaluation.option("--clusters", a.clusters, "file of clusters").required().type_name("FILE").default_text("");
    app::SvdCommand svd(program);
    app::Command back = program.cli.command("reconstruct", "one block as its cluster stores it, as .npy");
    back.option("--clusters", a.clusters, "file of clusters").required().type_name("FILE").default_text("");
    back.option("--block", a.block, "its number, from 0").required().default_text("").within("[0, inf)");
    back.check([&] {
      if (!program.output().ends_with(".npy")) app::usage_error("--output: a block is written as .npy");
      if (program.verify()) app::usage_error("--verify: goes with cluster, evaluate and svd, which have the matrices");
    });
    program.parse();

    if (evaluation.given()) return evaluate(program, a);
    if (svd.given()) return svd.run();
    if (back.given()) return reconstruct(program, a);
    cluster(program, a);
  });
}
