// A progress that throws on one rank ends every call of the library on all ranks, with its message.
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <string>

#include "filigree/communities.hpp"
#include "filigree/generate.hpp"
#include "filigree/io/read.hpp"
#include "filigree/io/read_dense.hpp"
#include "filigree/pagerank.hpp"
#include "filigree/ppr.hpp"
#include "filigree/spgemm.hpp"
#include "filigree/summary.hpp"
#include "filigree/svd_clustering.hpp"
#include "support/files.hpp"
#include "support/matrices.hpp"
#include "support/runtime.hpp"

namespace filigree::testing {
namespace {

/// Readers put the name of the file before a message.
std::string without_path(const std::string& message) {
  const std::size_t at = message.find("stopped by");
  return at == std::string::npos ? message : message.substr(at);
}

/// Runs `call` with a progress that throws on `rank` alone, at its first, second, third, fifth, ... call: until it runs
/// to its end. `least`: calls of the progress that it takes at least on that rank, 0 = perhaps none.
void expect_stops(const Comm& comm, const std::function<void(const Progress&)>& call, int least) {
  for (int rank = 0; rank < comm.size(); ++rank) {
    for (const int at : {1, 2, 3, 5, 8, 1 << 20}) {
      SCOPED_TRACE(text("rank ", rank, ", call ", at));
      int calls = 0;
      const Progress progress = [&](std::string_view, Offset, Offset) {
        if (++calls == at && comm.rank() == rank) throw InvalidArgument(text("stopped by rank ", rank));
      };
      std::string message;
      try {
        call(progress);
      } catch (const InvalidArgument& e) {
        message = without_path(e.what());
      }
      const bool was_stopped = comm.max(static_cast<int>(comm.rank() == rank && calls >= at)) != 0;
      EXPECT_EQ(message, was_stopped ? text("stopped by rank ", rank) : "");
      EXPECT_TRUE(was_stopped || at > least);
      // Other ranks have nothing to say where this rank alone has a progress.
      if (!was_stopped) break;
    }
  }
  // A callback on one rank only.
  const auto on_last = [&](std::string_view, Offset, Offset) { throw InvalidArgument("stopped by the last rank"); };
  const Progress progress = comm.rank() == comm.size() - 1 ? Progress(on_last) : Progress();
  std::string message;
  try {
    call(progress);
  } catch (const InvalidArgument& e) {
    message = without_path(e.what());
  }
  if (least > 0) {
    EXPECT_EQ(message, "stopped by the last rank");
  }
  EXPECT_EQ(comm.sum(1), comm.size());
}

Graph undirected(const Comm& comm) {
  return generate::hsbm(comm, 3, {.depth = 3, .leaf_size = 40, .beta = 0.35, .a_last = 18}).graph;
}

TEST(Cancellation, PageRank) {
  const Comm comm = Comm::world();
  const Graph graph = generate::rmat(comm, 7, 6, 1);
  expect_stops(
      comm, [&](const Progress& progress) { pagerank::solve(graph, {}, {.progress = progress}); }, 5);
}

TEST(Cancellation, PprReplicatedAndPartitioned) {
  const Comm comm = Comm::world();
  const Graph graph = generate::rmat(comm, 7, 6, 1);
  const int least = runtime().threads() == 1 ? 1 : 0;  // other threads may have done all
  for (const ppr::Placement placement : {ppr::Placement::replicated, ppr::Placement::partitioned}) {
    expect_stops(
        comm,
        [&](const Progress& progress) {
          ppr::build_index(graph, {.walks = 10, .placement = placement, .progress = progress});
        },
        1);
    const ppr::Index index = ppr::build_index(graph, {.walks = 10, .placement = placement});
    std::vector<ppr::Query> queries;
    for (Global v = 0; v < 6; ++v) queries.push_back({{{v + 8 * comm.rank(), 1.0}}});
    const auto with = [&](const Progress& progress) {
      return ppr::QueryOptions{.progress = progress, .placement = placement};
    };
    expect_stops(
        comm, [&](const Progress& progress) { ppr::query(graph, index, queries, with(progress)); }, least);
    expect_stops(
        comm, [&](const Progress& progress) { ppr::query(graph, queries, with(progress)); }, least);
    expect_stops(
        comm,
        [&](const Progress& progress) {
          ppr::exact(graph, queries, 1e-12, {.progress = progress, .placement = placement});
        },
        least);
  }
}

TEST(Cancellation, ProductsInOneRoundAndInMany) {
  const Comm comm = Comm::world();
  const Graph a = generate::rmat(comm, 8, 6, 1);
  for (const Offset fetch_bytes : {Offset{1} << 30, Offset{2000}}) {
    spgemm::Options options;
    options.fetch_bytes = fetch_bytes;
    const auto with = [&](const Progress& progress) {
      options.progress = progress;
      return options;
    };
    expect_stops(
        comm, [&](const Progress& progress) { spgemm::multiply(a, a, with(progress)); }, 1);
    options.memory_budget_bytes = 20'000;
    const auto sink = [](const spgemm::RowBatch<double>&) {};
    expect_stops(
        comm, [&](const Progress& progress) { spgemm::multiply(a, a, sink, with(progress)); }, 1);
  }
  expect_stops(
      comm, [&](const Progress& progress) { spgemm::plan(a, a, {.progress = progress}); }, 0);
}

TEST(Cancellation, Summary) {
  const Comm comm = Comm::world();
  const Graph graph = undirected(comm);
  expect_stops(
      comm, [&](const Progress& progress) { summary::summarize(graph, {.progress = progress}); }, 1);
}

TEST(Cancellation, Communities) {
  const Comm comm = Comm::world();
  const Graph graph = undirected(comm);
  const auto leaves = communities::cluster_leaves(graph);
  expect_stops(
      comm, [&](const Progress& progress) { communities::cluster_leaves(graph, {.progress = progress}); }, 2);
  expect_stops(
      comm, [&](const Progress& progress) { communities::link(graph, leaves.labels, {.progress = progress}); }, 0);
  expect_stops(
      comm, [&](const Progress& progress) { communities::detect(graph, {.progress = progress}); }, 2);
}

TEST(Cancellation, SvdClustering) {
  const Comm comm = Comm::world();
  const DenseBlocks blocks = generate::blocks(comm, generate::BlockCase::groups, 1, 9);
  for (const auto rule : {svd_clustering::Rule::ours, svd_clustering::Rule::published}) {
    expect_stops(
        comm, [&](const Progress& progress) { svd_clustering::cluster(blocks, {.rule = rule, .progress = progress}); },
        1);
  }
  expect_stops(
      comm,
      [&](const Progress& progress) {
        svd_clustering::decompose(blocks, 3, 5, svd_clustering::Kernel::gram, progress);
      },
      1);
  DistDense<double> matrix(comm, Partition::uniform(60, comm.size()), 300);
  for (std::size_t k = 0; k < matrix.local.size(); ++k) matrix.local[k] = static_cast<double>((k * k + k / 7) % 13);
  expect_stops(
      comm, [&](const Progress& progress) { svd_clustering::decompose_rows(matrix, 4, 5, progress); }, 2);
}

TEST(Cancellation, Readers) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  std::string edges, market = "%%MatrixMarket matrix coordinate pattern general\n300 300 300\n", metis = "300 300\n";
  for (int v = 0; v < 300; ++v) {
    edges += text(v, " ", (v + 1) % 300, "\n");
    market += text(v + 1, " ", (v + 1) % 300 + 1, "\n");
    metis += text((v + 299) % 300 + 1, " ", (v + 1) % 300 + 1, "\n");
  }
  for (const std::string& path :
       {folder.write("g.txt", edges), folder.write("g.mtx", market), folder.write("g.graph", metis)}) {
    expect_stops(
        comm, [&](const Progress& progress) { io::read(comm, path, {.progress = progress}); }, 1);
  }
}

}  // namespace
}  // namespace filigree::testing
