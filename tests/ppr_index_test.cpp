// The walk index: rows as they are packed, walks against dense solves, files.
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>

#include "core/index.hpp"
#include "filigree/io/hdf5.hpp"
#include "filigree/ppr.hpp"
#include "filigree/ppr_file.hpp"
#include "ppr/alias.hpp"
#include "support/files.hpp"
#include "support/runtime.hpp"
#include "support/walk_oracle.hpp"

namespace filigree::testing {
namespace {

using ppr::Estimator;
using ppr::VisitRows;
using ::testing::HasSubstr;

// --- rows

using Row = std::vector<std::pair<Local, std::int32_t>>;

Row row_of(const VisitRows& rows, Local row) {
  Row entries;
  rows.for_each(row, [&](Local vertex, std::int32_t count) { entries.emplace_back(vertex, count); });
  return entries;
}

void append(VisitRows& rows, const Row& row) {
  std::vector<Local> vertices;
  std::vector<std::int32_t> counts;
  for (const auto& [vertex, count] : row) {
    vertices.push_back(vertex);
    counts.push_back(count);
  }
  rows.append(vertices, counts);
}

/// Rows with deltas and counts of every length: empty ones, gaps of up to 2^31, counts around every limit.
std::vector<Row> assorted_rows(int num_rows, std::uint64_t seed) {
  Random random(seed);
  constexpr std::int32_t counts[] = {1, 2, 61, 62, 63, 64, 63 + 127, 63 + 128, 63 + 16384, 2147483647};
  std::vector<Row> rows;
  for (int r = 0; r < num_rows; ++r) {
    std::map<Local, std::int32_t> row;
    const auto num_entries = below(random, 5) == 0 ? 0 : below(random, 300);
    const auto bits = 1 + below(random, 31);
    for (std::int64_t k = 0; k < num_entries; ++k) {
      row[static_cast<Local>(below(random, (std::int64_t{1} << bits) - 1))] = counts[z(below(random, 10))];
    }
    rows.emplace_back(row.begin(), row.end());
  }
  rows.push_back({{0, 1}});
  rows.push_back({{2147483646, 2147483647}});
  return rows;
}

TEST(VisitRows, GiveBackWhatWasAppended) {
  const auto expected = assorted_rows(1000, 1);
  VisitRows one_by_one;
  VisitRows piece;
  VisitRows in_pieces;
  Offset num_entries = 0;
  for (std::size_t r = 0; r < expected.size(); ++r) {
    append(one_by_one, expected[r]);
    append(piece, expected[r]);
    num_entries += std::ssize(expected[r]);
    if (r % 77 != 0 && r + 1 < expected.size()) continue;
    in_pieces.append(piece);
    piece = VisitRows();
  }
  EXPECT_EQ(one_by_one.num_entries(), num_entries);
  EXPECT_EQ(one_by_one, in_pieces);
  ASSERT_EQ(one_by_one.num_rows(), std::ssize(expected));
  for (Local r = 0; r < one_by_one.num_rows(); ++r) {
    EXPECT_EQ(row_of(one_by_one, r), expected[z(r)]) << r;
    EXPECT_EQ(one_by_one.num_entries(r), std::ssize(expected[z(r)]));
  }
  const auto bytes = one_by_one.bytes();
  EXPECT_EQ(VisitRows::from_bytes({bytes.begin(), bytes.end()}, one_by_one.row_bytes(), 2147483647), one_by_one);
}

TEST(VisitRows, RefuseDamagedBytes) {
  constexpr Local n = 1000;
  VisitRows rows;
  append(rows, {{3, 1}, {4, 70}, {999, 1 << 20}});
  append(rows, {{0, 2}});
  const std::vector<std::uint8_t> good(rows.bytes().begin(), rows.bytes().end());
  const auto lengths = rows.row_bytes();
  const auto refused = [&](const std::vector<std::uint8_t>& bytes, const std::vector<std::uint32_t>& row_bytes) {
    return message_of<InvalidArgument>([&] { VisitRows::from_bytes(bytes, row_bytes, n); });
  };
  EXPECT_EQ(refused(good, lengths), "");
  const auto with = [&](std::size_t at, std::uint8_t byte) {
    auto bytes = good;
    bytes[at] = byte;
    return refused(bytes, lengths);
  };
  EXPECT_THAT(with(0, 200), HasSubstr("row 0 has no room"));
  EXPECT_THAT(with(0, 255), HasSubstr("row 0"));
  EXPECT_THAT(with(0, 2), HasSubstr("row 0"));
  EXPECT_THAT(with(1, 0), HasSubstr("row 0 has a count of 0 in entry 0"));
  EXPECT_THAT(with(5, 0), HasSubstr("row 0 has vertices that do not rise in entry 1"));
  EXPECT_THAT(with(lengths[0] + 2, 255), "") << "vertex 255 is one";
  EXPECT_THAT(with(lengths[0] + 1, 2 << 2 | 1), HasSubstr("row 1 is cut short in entry 0"));
  EXPECT_THAT(message_of([&] { VisitRows::from_bytes(good, lengths, 999); }), HasSubstr("visits vertex 999 of 999"));
  EXPECT_THAT(refused(good, {lengths[0]}), HasSubstr("bytes follow the last row"));
  EXPECT_THAT(refused(good, {lengths[0], lengths[1] + 1}), HasSubstr("row 1 ends behind the last byte"));
  EXPECT_THAT(refused(good, {lengths[0] + 1, lengths[1] - 1}), HasSubstr("row 0 has bytes behind"));

  // Whatever is accepted can be read.
  Random random(2);
  VisitRows many;
  for (const Row& row : assorted_rows(20, 3)) append(many, row);
  const std::vector<std::uint8_t> whole_rows(many.bytes().begin(), many.bytes().end());
  int num_accepted = 0;
  for (int repeat = 0; repeat < 2000; ++repeat) {
    auto bytes = whole_rows;
    bytes[z(below(random, std::ssize(bytes)))] = static_cast<std::uint8_t>(below(random, 256));
    try {
      const auto accepted = VisitRows::from_bytes(bytes, many.row_bytes(), 2147483647);
      ++num_accepted;
      for (Local row = 0; row < accepted.num_rows(); ++row) {
        Local previous = -1;
        accepted.for_each(row, [&](Local vertex, std::int32_t count) {
          EXPECT_GT(vertex, previous);
          EXPECT_GE(count, 1);
          previous = vertex;
        });
      }
    } catch (const InvalidArgument&) {
    }
  }
  EXPECT_GT(num_accepted, 0);
  EXPECT_LT(num_accepted, 2000);
}

// --- alias tables

TEST(Alias, DrawEveryArcByItsWeight) {
  Random random(4);
  ppr::AliasMaker maker;
  for (const int degree : {1, 2, 3, 17, 1000}) {
    std::vector<Local> cols;
    std::vector<double> weights;
    double sum = 0;
    for (int k = 0; k < degree; ++k) {
      cols.push_back(3 * k);
      weights.push_back(k > 0 && below(random, 4) == 0 ? 0
                                                       : std::ldexp(1 + static_cast<double>(below(random, 100)),
                                                                    static_cast<int>(below(random, 20))));
      sum += weights.back();
    }
    std::vector<ppr::AliasEntry> slots(cols.size());
    EXPECT_DOUBLE_EQ(maker.make(cols, weights, slots), sum);
    std::map<Local, double> drawn;
    for (std::size_t k = 0; k < slots.size(); ++k) {
      const double keep = slots[k].keep * 0x1p-32;
      drawn[cols[k]] += keep / degree;
      drawn[slots[k].other] += (1 - keep) / degree;
    }
    for (std::size_t k = 0; k < cols.size(); ++k) {
      EXPECT_NEAR(drawn[cols[k]], weights[k] / sum, 0x1p-32);
      if (weights[k] == 0) {
        EXPECT_EQ(drawn[cols[k]], 0);
      }
    }
    std::fill(weights.begin(), weights.end(), 0);
    EXPECT_EQ(maker.make(cols, weights, slots), 0);
    for (const auto& slot : slots) EXPECT_TRUE(slot.keep == 0 && slot.other == -1);
  }
}

// --- walks

std::vector<double> teleport_to(Global vertex, Global n) {
  std::vector<double> teleport(z(n), 0);
  teleport[z(vertex)] = 1;
  return teleport;
}

/// q of every vertex.
std::vector<std::vector<double>> dense_q(const Graph& graph, double c) {
  const auto global = whole(graph);
  std::vector<std::vector<double>> q;
  for (Global u = 0; u < graph.num_rows(); ++u) {
    q.push_back(dense_pagerank(global, teleport_to(u, graph.num_rows()), c, Dangling::drop));
  }
  return q;
}

/// The estimate of q that a row holds.
std::vector<double> estimate(const ppr::Index& index, Local row) {
  std::vector<double> q(z(index.sources.num_items()), 0);
  const double scale = index.scale(row);
  index.visits.for_each(row, [&](Local v, std::int32_t count) { q[z(v)] = scale * count; });
  return q;
}

void expect_same_rows(const Comm& comm, const ppr::Index& together, const ppr::Index& alone) {
  VisitRows all;
  const auto bytes = comm.all_gather(together.visits.bytes()).values;
  const auto mine = together.visits.row_bytes();
  const auto row_bytes = comm.all_gather(std::span<const std::uint32_t>(mine)).values;
  EXPECT_EQ(VisitRows::from_bytes(bytes, row_bytes, static_cast<Local>(alone.sources.num_items())), alone.visits);
  EXPECT_EQ(whole(comm, together.deviation), alone.deviation);
  EXPECT_EQ(whole(comm, together.walks), alone.walks);
}

TEST(PprIndex, IsTheSameOnAnyRanksAndThreads) {
  const Comm comm = Comm::world();
  for (const bool weighted : {false, true}) {
    const Graph graph = random_graph(comm, 2500, 9000, weighted, 12);
    const Graph graph_alone = random_graph(Comm::self(), 2500, 9000, weighted, 12);
    for (const Estimator estimator : {Estimator::visits, Estimator::end_points}) {
      const ppr::IndexOptions options{.walks = 13, .estimator = estimator, .seed = 5};
      const ppr::Index together = ppr::build_index(graph, options);
      const ppr::Index alone = [&] {
        const ThreadsScope one_thread(1);
        return ppr::build_index(graph_alone, options);
      }();
      expect_same_rows(comm, together, alone);
      EXPECT_EQ(together.graph_hash, alone.graph_hash);
      EXPECT_EQ(together.stats, alone.stats);
      const ThreadsScope one_thread(1);
      const ppr::Index other = ppr::build_index(graph_alone, {.walks = 13, .estimator = estimator, .seed = 6});
      EXPECT_NE(other.visits, alone.visits);
    }
  }
}

TEST(PprIndex, IsTheSamePartitionedAndReplicated) {
  const Comm comm = Comm::world();
  for (const bool weighted : {false, true}) {
    const Graph graph = random_graph(comm, 1500, 7000, weighted, 22);
    const Graph graph_alone = random_graph(Comm::self(), 1500, 7000, weighted, 22);
    for (const Estimator estimator : {Estimator::visits, Estimator::end_points}) {
      for (const Offset index_bytes : {0, 90000}) {
        ppr::IndexOptions options{.walks = 13, .estimator = estimator, .seed = 5, .index_bytes = index_bytes};
        options.placement = ppr::Placement::partitioned;
        const auto together = ppr::build_index(graph, options);
        EXPECT_EQ(together.sources, graph.rows);
        options.placement = ppr::Placement::replicated;
        const auto alone = [&] {
          const ThreadsScope one_thread(1);
          return ppr::build_index(graph_alone, options);
        }();
        expect_same_rows(comm, together, alone);
        EXPECT_EQ(together.stats.at("visits"), alone.stats.at("visits"));
        EXPECT_EQ(alone.stats.at("bytes_sent"), 0);
        if (index_bytes > 0) continue;  // numbers of walks that differ
        // The formula of the header. Walks that are sent on took a step and take another.
        const Offset walks = 1500 * 13;
        const Offset steps = estimator == Estimator::visits ? alone.stats.at("visits") - walks : walks * 6;
        const Offset most = 28 * steps + 4 * walks;
        const Offset sent = together.stats.at("bytes_sent");
        EXPECT_LE(sent, most);
        EXPECT_EQ(sent > 0, comm.size() > 1);
      }
    }
  }
}

TEST(PprIndex, BytesAreSpentToTheLastFewPerCent) {
  const Comm comm = Comm::world();
  const Graph graph = random_graph(comm, 6000, 40000, false, 23);
  const Graph graph_alone = random_graph(Comm::self(), 6000, 40000, false, 23);
  for (const Offset budget : {400000, 1500000}) {
    const ppr::IndexOptions options{.seed = 5, .index_bytes = budget};
    const auto together = ppr::build_index(graph, options);
    const Offset bytes = comm.sum(std::ssize(together.visits.bytes())) + 12 * 6000 + 8 * ((6000 + 63) / 64);
    EXPECT_EQ(together.stats.at("bytes"), bytes);
    EXPECT_LE(bytes, budget);
    EXPECT_GE(static_cast<double>(bytes), 0.95 * static_cast<double>(budget));
    const auto alone = [&] {
      const ThreadsScope one_thread(1);
      return ppr::build_index(graph_alone, options);
    }();
    expect_same_rows(comm, together, alone);
    // Vertices differ in what they get.
    EXPECT_LT(*std::min_element(alone.walks.begin(), alone.walks.end()),
              *std::max_element(alone.walks.begin(), alone.walks.end()));
  }
  EXPECT_THAT(message_of<InvalidArgument>([&] { ppr::build_index(graph, {.index_bytes = 80000}); }),
              HasSubstr("index bytes: "));
}

TEST(PprIndex, MemoryIsCheckedBeforeTheWork) {
  const Comm comm = Comm::world();
  const Graph graph = random_graph(comm, 6000, 40000, false, 23);
  bool walked = false;
  ppr::IndexOptions options{.walks = 100, .memory_bytes = Offset{1} << 20};
  options.progress = [&](std::string_view, Offset, Offset) { walked = true; };
  EXPECT_THAT(message_of<Error>([&] { ppr::build_index(graph, options); }), HasSubstr("1 MiB are allowed"));
  options.index_bytes = 1500000;
  EXPECT_THAT(message_of<Error>([&] { ppr::build_index(graph, options); }), HasSubstr("1 MiB are allowed"));
  EXPECT_FALSE(walked);
  options.memory_bytes = Offset{1} << 30;
  EXPECT_NO_THROW(ppr::build_index(graph, options));
}

TEST(PprIndex, EstimatesQWithoutBias) {
  const ThreadsScope one_thread(1);  // the graph is tiny: threads would only wait for cores
  // Every cell of the index against the dense q, as a z-test over independent indices (visits within a walk, and walks
  // within an index, are correlated).
  constexpr Global n = 12;
  constexpr int repeats = 200;
  for (const bool weighted : {false, true}) {
    const Graph graph = random_graph(Comm::self(), n, 40, weighted, 13);
    const auto expected = dense_q(graph, 0.15);
    for (const Estimator estimator : {Estimator::visits, Estimator::end_points}) {
      std::vector<double> sum(n * n, 0);
      std::vector<double> squares(n * n, 0);
      for (int repeat = 0; repeat < repeats; ++repeat) {
        const auto index =
            ppr::build_index(graph, {.walks = 50, .estimator = estimator, .seed = static_cast<std::uint64_t>(repeat)});
        for (Local u = 0; u < n; ++u) {
          const auto q = estimate(index, u);
          for (std::size_t v = 0; v < q.size(); ++v) {
            sum[z(u * n) + v] += q[v];
            squares[z(u * n) + v] += q[v] * q[v];
          }
        }
      }
      for (Global u = 0; u < n; ++u) {
        for (Global v = 0; v < n; ++v) {
          const double mean = sum[z(u * n + v)] / repeats;
          const double variance = (squares[z(u * n + v)] / repeats - mean * mean) / (repeats - 1);
          // 576 cells: 4.5 standard deviations is 4e-3 after Bonferroni.
          EXPECT_NEAR(mean, expected[z(u)][z(v)], 4.5 * std::sqrt(variance) + 1e-12) << u << " " << v;
        }
      }
    }
  }
}

TEST(PprIndex, EndPointsAreDistributedAsQ) {
  // One walk from every vertex per seed: independent ones, so that counts are multinomial. Chi square over the vertices
  // where a walk may stop, and those that it may not reach at all.
  constexpr Global n = 12;
  constexpr int repeats = 4000;
  const ThreadsScope one_thread(1);
  for (const bool weighted : {false, true}) {
    const Graph graph = random_graph(Comm::self(), n, 40, weighted, 25);
    const auto q = dense_q(graph, 0.3);
    std::vector<std::vector<int>> stopped(n, std::vector<int>(n, 0));
    const ppr::ReplicatedGraph replicated(graph);
    for (int seed = 0; seed < repeats; ++seed) {
      const auto index = ppr::build_index(
          replicated,
          {.walks = 1, .teleport = 0.3, .estimator = Estimator::end_points, .seed = static_cast<std::uint64_t>(seed)});
      for (Local u = 0; u < n; ++u) {
        index.visits.for_each(u, [&](Local v, std::int32_t count) { stopped[z(u)][z(v)] += count; });
      }
    }
    for (std::size_t u = 0; u < n; ++u) {
      double chi = 0;
      double cells = 0;
      double died = repeats;
      double expected_to_die = repeats;
      for (std::size_t v = 0; v < n; ++v) {
        const double expected = repeats * q[u][v];
        died -= stopped[u][v];
        expected_to_die -= expected;
        if (expected < 1e-9) {
          EXPECT_EQ(stopped[u][v], 0);
        } else {
          chi += (stopped[u][v] - expected) * (stopped[u][v] - expected) / expected;
          ++cells;
        }
      }
      if (expected_to_die > 1e-6) {
        chi += (died - expected_to_die) * (died - expected_to_die) / expected_to_die;
        ++cells;
      }
      if (cells == 1) continue;
      // Wilson and Hilferty: (chi / freedom)^(1/3) is near normal. 24 sources: 3.5 deviations are 6e-3 after
      // Bonferroni.
      const double freedom = cells - 1;
      const double variance = 2 / (9 * freedom);
      EXPECT_LT((std::cbrt(chi / freedom) - (1 - variance)) / std::sqrt(variance), 3.5) << "source " << u;
    }
  }
}

TEST(PprIndex, StratifiedWalksErrLessThanIndependentOnes) {
  // R walks of one index against R indices of one walk each.
  constexpr Global n = 200;
  constexpr int walks = 64;
  const ThreadsScope one_thread(1);
  const Graph graph = random_graph(Comm::self(), n, 1200, false, 14);
  const auto truth = dense_q(graph, 0.15);
  const ppr::ReplicatedGraph replicated(graph);
  double together = 0;
  double independent = 0;
  const auto spread = ppr::build_index(replicated, {.walks = walks});
  std::vector<std::vector<double>> sum(n, std::vector<double>(n, 0));
  for (int seed = 0; seed < walks; ++seed) {
    const auto one = ppr::build_index(replicated, {.walks = 1, .seed = 100 + static_cast<std::uint64_t>(seed)});
    for (Local u = 0; u < n; ++u) {
      one.visits.for_each(u, [&](Local v, std::int32_t count) { sum[z(u)][z(v)] += 0.15 * count / walks; });
    }
  }
  for (Local u = 0; u < n; ++u) {
    together += l1_distance(estimate(spread, u), truth[z(u)]);
    independent += l1_distance(sum[z(u)], truth[z(u)]);
  }
  EXPECT_LT(together, 0.95 * independent);
}

TEST(PprIndex, ErrorFallsAsOneOverR) {
  const ThreadsScope one_thread(1);  // the graph is tiny: threads would only wait for cores
  constexpr Global n = 200;
  const Graph graph = random_graph(Comm::self(), n, 1200, false, 14);
  const auto truth = dense_q(graph, 0.15);
  // Least squares through (log R, log mean squared L2 error).
  double sx = 0, sy = 0, sxx = 0, sxy = 0;
  const std::vector<int> sizes = {16, 64, 256, 1024};
  for (const int walks : sizes) {
    const auto index = ppr::build_index(graph, {.walks = walks, .seed = 99});
    double squared = 0;
    for (Local u = 0; u < n; ++u) {
      const auto q = estimate(index, u);
      for (std::size_t v = 0; v < q.size(); ++v) squared += std::pow(q[v] - truth[z(u)][v], 2);
    }
    const double x = std::log(walks);
    const double y = std::log(squared / n);
    sx += x, sy += y, sxx += x * x, sxy += x * y;
  }
  const auto count = static_cast<double>(sizes.size());
  EXPECT_NEAR((count * sxy - sx * sy) / (count * sxx - sx * sx), -1, 0.05);
}

TEST(PprIndex, DeviationBoundsTheMeanErrorOfARow) {
  const ThreadsScope one_thread(1);  // the graph is tiny: threads would only wait for cores
  constexpr Global n = 100;
  const Graph graph = random_graph(Comm::self(), n, 600, false, 15);
  const auto truth = dense_q(graph, 0.15);
  const auto index = ppr::build_index(graph, {.walks = 64, .seed = 3});
  double error = 0;
  double deviation = 0;
  for (Local u = 0; u < n; ++u) {
    error += l1_distance(estimate(index, u), truth[z(u)]);
    deviation += index.deviation[z(u)];
  }
  EXPECT_LE(error, deviation);
  EXPECT_GE(error, deviation / 2);  // and it is no idle bound
}

// --- files

TEST(PprIndex, FilesAreTheSameFromAnyRanksAndLoadOnAnyRanks) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  const ppr::IndexOptions options{.walks = 9, .estimator = Estimator::end_points};
  const auto index = ppr::build_index(random_graph(comm, 300, 1500, false, 18), options);
  const auto alone = ppr::build_index(random_graph(Comm::self(), 300, 1500, false, 18), options);
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
  EXPECT_EQ(back.estimator, Estimator::end_points);
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
}

TEST(PprIndex, ABuildThatStoppedGoesOnToTheSameBits) {
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

TEST(PprIndex, DamagedFilesAreRefusedByName) {
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
  expect_refusal([](HandMade& m) { m.deviation[1] = std::nanf(""); }, "a deviation is outside");
}

}  // namespace
}  // namespace filigree::testing
