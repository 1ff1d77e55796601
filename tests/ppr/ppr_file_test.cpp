// Files of an index: saved, loaded, damaged, and builds that stopped and go on.
#include "filigree/ppr_file.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "core/index.hpp"
#include "filigree/io/hdf5.hpp"
#include "support/files.hpp"
#include "support/runtime.hpp"
#include "support/walk_oracle.hpp"

namespace filigree::testing {
namespace {

using ppr::Estimator;
using ::testing::HasSubstr;

TEST(PprFile, FilesAreTheSameFromAnyRanksAndLoadOnAnyRanks) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  for (const Estimator estimator : {Estimator::visits, Estimator::ratio, Estimator::end_points}) {
    // Some vertices have no arcs, and their walks may end at no vertex: empty rows.
    const ppr::IndexOptions options{.walks = 2, .estimator = estimator};
    const auto index = ppr::build_index(random_graph(comm, 300, 300, false, 18), options);
    const auto alone = ppr::build_index(random_graph(Comm::self(), 300, 300, false, 18), options);
    int empty = 0;
    for (Local row = 0; row < 300; ++row) empty += alone.visits.num_entries(row) == 0 ? 1 : 0;
    EXPECT_EQ(empty > 0, estimator == Estimator::end_points);
    const std::string path = folder / "together.h5";
    const std::string path_alone = folder / "alone.h5";
    ppr::save(comm, index, path);
    if (comm.is_root()) ppr::save(Comm::self(), alone, path_alone);
    comm.barrier();
    EXPECT_EQ(bytes_of(path), bytes_of(path_alone));

    const auto back = ppr::load(comm, path_alone);
    EXPECT_EQ(back.visits, index.visits);
    EXPECT_EQ(back.deviation, index.deviation);
    EXPECT_EQ(back.walks, index.walks);
    EXPECT_EQ(back.estimator, estimator);
    for (Local row = 0; row < back.visits.num_rows(); ++row) EXPECT_EQ(back.scale(row), index.scale(row));
    EXPECT_EQ(back.graph_hash, index.graph_hash);
    const auto back_alone = ppr::load(Comm::self(), path);
    EXPECT_EQ(back_alone.visits, alone.visits);

    // Cut short: refused by name, on all ranks.
    comm.barrier();
    const std::string whole_file = bytes_of(path);
    comm.barrier();
    folder.write("together.h5", whole_file.substr(0, whole_file.size() / 2));
    EXPECT_THAT(message_of<IoError>([&] { ppr::load(comm, path); }), HasSubstr(path));
    EXPECT_THAT(message_of<IoError>([&] { ppr::load(comm, folder / "no.h5"); }), HasSubstr("no.h5"));
    comm.barrier();
  }
}

TEST(PprFile, ABuildThatStoppedGoesOnToTheSameBits) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  const std::string path = folder / "index.h5";
  const std::string partial = comm.is_root() ? path + ".partial" : text(path, ".partial.", comm.rank());
  constexpr Global n = 4000;
  const Graph graph = random_graph(comm, n, 40000, false, 24);
  for (const auto placement : {ppr::Placement::partitioned, ppr::Placement::replicated}) {
    ppr::IndexOptions options{.walks = 300, .seed = 7, .placement = placement};
    const auto uninterrupted = ppr::build_index(graph, options);
    const auto stop_at_the_second_slice = [&] {
      int slice = 0;
      options.progress = [&](std::string_view, Offset, Offset) {
        if (++slice == 2) throw Error("stopped");
      };
      EXPECT_THAT(message_of<Error>([&] { ppr::build_index_file(graph, options, path); }), HasSubstr("stopped"));
      EXPECT_EQ(bytes_of(path), "");
      options.progress = {};
      comm.barrier();
    };
    const auto finish = [&] {
      const auto index = ppr::build_index_file(graph, options, path);
      EXPECT_EQ(index.visits, uninterrupted.visits);
      EXPECT_EQ(index.deviation, uninterrupted.deviation);
      EXPECT_EQ(ppr::load(comm, path, index.sources).visits, uninterrupted.visits);
      EXPECT_FALSE(std::filesystem::exists(partial));
      comm.barrier();
      if (comm.is_root()) std::filesystem::remove(path);
      comm.barrier();
      return index.stats;
    };

    stop_at_the_second_slice();
    auto stats = finish();
    EXPECT_GT(stats["rows_restored"], 0);
    EXPECT_LT(stats["rows_restored"], n);
    EXPECT_EQ(stats["partials_discarded"], 0);

    if (placement == ppr::Placement::partitioned) continue;
    // A slice half written, or damaged, is made again.
    stop_at_the_second_slice();
    std::filesystem::resize_file(partial, std::filesystem::file_size(partial) - 5);
    comm.barrier();
    EXPECT_EQ(finish()["rows_restored"], 0);
    stop_at_the_second_slice();
    std::fstream(partial, std::ios::in | std::ios::out | std::ios::binary).seekp(-5, std::ios::end).put('?');
    comm.barrier();
    EXPECT_EQ(finish()["rows_restored"], 0);

    // What another build left is not taken.
    options.seed = 8;
    stop_at_the_second_slice();
    options.seed = 7;
    stats = finish();
    EXPECT_EQ(stats["rows_restored"], 0);
    EXPECT_EQ(stats["partials_discarded"], comm.size());
  }
}

/// A graph whose plan by bytes is wrong at first: it looks at every second vertex, and those have rings of neighbours
/// among themselves, with rows that soon stop growing; the others reach all of each other.
Graph misleading_graph(const Comm& comm) {
  constexpr Global n = 8200;
  Entries<double> arcs;
  if (comm.is_root()) {
    Random random(31);
    for (Global v = 0; v < n; ++v) {
      const Global ring = v - v % 200;
      for (Global k = 1; k <= (v % 2 == 0 ? 99 : 3); ++k) {
        arcs.row.push_back(v);
        arcs.col.push_back(v % 2 == 0 ? (ring + (v - ring + 2 * k) % 200) % n : 2 * below(random, n / 2) + 1);
      }
    }
  }
  return Graph::from_entries(comm, n, n, arcs, {Duplicates::first, Loops::keep});
}

TEST(PprFile, ABuildByBytesThatCameOutTooLargeGoesOnFromItsSecondAttempt) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  const std::string path = folder / "index.h5";
  const Graph graph = misleading_graph(comm);
  ppr::IndexOptions options{.index_bytes = 1400000, .placement = ppr::Placement::replicated};
  // Slices of this rank, by attempt.
  std::vector<int> attempts;
  Offset before = 0;
  const auto count = [&](Offset done) {
    if (attempts.empty() || done <= before) attempts.push_back(0);
    before = done;
    ++attempts.back();
  };
  options.progress = [&](std::string_view, Offset done, Offset) { count(done); };
  const auto uninterrupted = ppr::build_index(graph, options);
  EXPECT_EQ(attempts.size(), 2U) << "the graph is no longer misleading";

  // Stopped in the second attempt, when some slice was kept.
  attempts.clear();
  const int stop_at = comm.size() == 1 ? 2 : 1;
  options.progress = [&](std::string_view, Offset done, Offset) {
    count(done);
    if (attempts.size() == 2 && attempts.back() == stop_at && comm.rank() + 1 == comm.size()) throw Error("stopped");
  };
  EXPECT_THAT(message_of<Error>([&] { ppr::build_index_file(graph, options, path); }), HasSubstr("stopped"));
  comm.barrier();

  attempts.clear();
  options.progress = [&](std::string_view, Offset done, Offset) { count(done); };
  const auto index = ppr::build_index_file(graph, options, path);
  EXPECT_EQ(attempts.size(), 1U);
  EXPECT_GT(index.stats.at("rows_restored"), 0);
  EXPECT_EQ(index.stats.at("partials_discarded"), 0);
  EXPECT_EQ(index.visits, uninterrupted.visits);
  EXPECT_EQ(index.walks, uninterrupted.walks);
  EXPECT_EQ(index.stats.at("bytes"), uninterrupted.stats.at("bytes"));

  // A first attempt that was given up is no other build.
  attempts.clear();
  EXPECT_EQ(ppr::build_index_file(graph, options, path).stats.at("partials_discarded"), 0);
  EXPECT_EQ(attempts.size(), 2U);
}

/// An index file of three vertices, written by hand; `damage` may change what goes in.
struct HandMade {
  std::string kind = "filigree ppr index";
  std::int64_t version = 2;
  std::int64_t num_vertices = 3;
  std::string estimator = "visits";
  double teleport = 0.15;
  std::vector<std::uint32_t> row_bytes{3, 3, 3};
  std::vector<std::uint8_t> bytes{1, 4, 0, 1, 4, 1, 1, 4, 2};
  std::vector<std::int32_t> walks{1, 1, 1};
  std::vector<float> deviation{2, 2, 2};
};

TEST(PprFile, DamagedFilesAreRefusedByName) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  const std::string path = folder / "hand.h5";
  const auto refusal = [&](auto damage) {
    HandMade made;
    damage(made);
    io::Hdf5Writer file(comm, path);
    file.attribute("/", "kind", made.kind);
    file.attribute("/", "version", made.version);
    file.attribute("/index", "num_vertices", made.num_vertices);
    file.attribute("/index", "estimator", made.estimator);
    file.attribute("/index", "teleport", made.teleport);
    file.attribute("/index", "seed", std::int64_t{1});
    file.attribute("/index", "graph_hash", std::int64_t{1});
    const auto mine = [&]<class T>(const std::vector<T>& values) {
      return comm.is_root() ? std::span<const T>(values) : std::span<const T>();
    };
    file.write("/index/row_bytes", mine(made.row_bytes));
    file.write("/index/bytes", mine(made.bytes));
    file.write("/index/walks", mine(made.walks));
    file.write("/index/deviation", mine(made.deviation));
    file.commit();
    return message_of<IoError>([&] { ppr::load(comm, path); });
  };
  EXPECT_EQ(refusal([](HandMade&) {}), "");
  const auto expect_refusal = [&](auto damage, const std::string& what) {
    const std::string message = refusal(damage);
    EXPECT_THAT(message, HasSubstr(path + ": "));
    EXPECT_THAT(message, HasSubstr(what));
  };
  expect_refusal([](HandMade& m) { m.kind = "bread"; }, "not a personalized PageRank index but 'bread'");
  expect_refusal([](HandMade& m) { m.version = 1; }, "format version 1; this filigree reads version 2");
  expect_refusal([](HandMade& m) { m.version = 3; }, "format version 3");
  expect_refusal([](HandMade& m) { m.num_vertices = 4; }, "/index/row_bytes has 3 values for 4 vertices");
  expect_refusal([](HandMade& m) { m.num_vertices = -1; }, "num_vertices is -1");
  expect_refusal([](HandMade& m) { m.estimator = "guess"; }, "unknown estimator 'guess'");
  expect_refusal([](HandMade& m) { m.teleport = 1; }, "teleport is 1");
  expect_refusal([](HandMade& m) { m.row_bytes[2] = 4; }, "its rows have 10 bytes, /index/bytes has 9");
  expect_refusal([](HandMade& m) { m.bytes[8] = 3; }, "visits vertex 3 of 3");
  expect_refusal([](HandMade& m) { m.walks[1] = 0; }, "a row has no walks");
  // The second of three rows: empty where walks may end at no vertex, else a division by no visits.
  const auto empty_row = [](HandMade& m, const char* estimator) {
    m.estimator = estimator;
    m.row_bytes = {3, 1, 3};
    m.bytes = {1, 4, 0, 0, 1, 4, 2};
  };
  expect_refusal([&](HandMade& m) { empty_row(m, "ratio"); }, "the walks from vertex 1 visit nothing");
  expect_refusal([&](HandMade& m) { empty_row(m, "visits"); }, "the walks from vertex 1 visit nothing");
  EXPECT_EQ(refusal([&](HandMade& m) { empty_row(m, "end points"); }), "");
  expect_refusal([](HandMade& m) { m.deviation[1] = std::nanf(""); }, "a deviation is outside");
}

}  // namespace
}  // namespace filigree::testing
