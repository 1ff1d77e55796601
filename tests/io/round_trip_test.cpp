// From every format to every other: written on three ranks, read and written again on two, read on three.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "filigree/io/write.hpp"
#include "io/reading.hpp"

namespace filigree::io {
namespace {

using filigree::testing::bytes_of;
using filigree::testing::content_of;
using filigree::testing::message_of;
using filigree::testing::TempFolder;
using ::testing::HasSubstr;

/// What decides which formats can hold a graph.
struct Traits {
  bool directed = false;
  bool weighted = false;
  bool whole = true;  ///< weights
  bool isolated = false;
};

bool holds(Format format, const Traits& traits) {
  if (format == Format::edge_list) return !traits.isolated;
  if (format == Format::metis) return !traits.directed && traits.whole;
  if (format == Format::gap) return !traits.weighted;
  if (format == Format::gap_weighted) return traits.whole;
  return true;
}

GraphFile read_as(const Comm& comm, const std::string& path, const Traits& traits) {
  return read(comm, path, {.weights = traits.weighted});
}

/// Goes through all pairs of `extensions` that can hold the graph; returns how many. Collective, on three ranks.
int convert_pairs(const Comm& comm, const GraphFile& original, const Traits& traits,
                  const std::vector<std::string>& extensions) {
  const TempFolder folder(comm);
  const Comm two = comm.split(comm.rank() < 2 ? 0 : 1);
  std::vector<Global> all(static_cast<std::size_t>(original.graph.num_rows()));
  std::iota(all.begin(), all.end(), Global{0});
  const std::vector<std::string> names = original.names.fetch(comm, all);
  int num_pairs = 0;
  for (const std::string& from : extensions) {
    if (!holds(format_of("a" + from), traits)) continue;
    const std::string first = folder / ("a" + from);
    write(original.graph, original.names, first);
    for (const std::string& to : extensions) {
      if (!holds(format_of("b" + to), traits)) continue;
      const std::string pair = from + " -> " + to;
      const std::string second = folder / ("b" + to);
      const std::string why = comm.rank() == 2 ? "" : message_of([&] {
        const GraphFile file = read_as(two, first, traits);
        EXPECT_EQ(file.report.hash, original.report.hash) << pair;
        write(file.graph, file.names, second);
      });
      comm.barrier();
      EXPECT_EQ(why, "") << pair;
      const GraphFile back = read_as(comm, second, traits);
      EXPECT_EQ(back.report.hash, original.report.hash) << pair;
      EXPECT_EQ(back.report.format, format_of(second)) << pair;
      EXPECT_EQ(back.names.fetch(comm, all), names) << pair;
      ++num_pairs;
    }
  }
  return num_pairs;
}

const std::vector<std::string> plain{".txt", ".mtx", ".graph", ".gr", ".sg", ".wsg", ".npy", ".h5"};

/// A graph of `n` vertices with random edges among the first `linked`, which a ring joins, so that none is isolated.
GraphFile random_graph(const Comm& comm, Global n, Global linked, const Traits& traits) {
  testing::Random random(7);
  Entries<double> entries;
  const auto add = [&](Global from, Global to) {
    if (!traits.directed && from == to) return;
    entries.row.push_back(from);
    entries.col.push_back(to);
    if (!traits.weighted) return;
    const double whole = static_cast<double>(1 + testing::below(random, 99));
    entries.val.push_back(traits.whole ? whole : whole / 7 - 4.75);
  };
  for (Global v = 0; v < linked; ++v) {
    add(v, (v + 1) % linked);
    for (int k = 0; k < 3; ++k) add(v, testing::below(random, linked));
  }
  if (!traits.directed) symmetrize(entries);
  const EntryPolicy policy{Duplicates::first, Loops::keep};
  const TempFolder folder(comm);
  const Graph graph = Graph::from_entries(comm, n, n, testing::deal(comm, entries, 8), policy);
  write(graph, VertexNames(graph.rows()), folder / "original.h5");
  return read(comm, folder / "original.h5");
}

TEST(RoundTrip, Undirected) {
  const Comm comm = Comm::world();
  const Traits traits;
  EXPECT_EQ(convert_pairs(comm, random_graph(comm, 150, 150, traits), traits, plain), 8 * 8);
}

TEST(RoundTrip, UndirectedWithWholeWeights) {
  const Comm comm = Comm::world();
  const Traits traits{.weighted = true};
  EXPECT_EQ(convert_pairs(comm, random_graph(comm, 150, 150, traits), traits, plain), 7 * 7);
}

TEST(RoundTrip, Directed) {
  const Comm comm = Comm::world();
  const Traits traits{.directed = true};
  EXPECT_EQ(convert_pairs(comm, random_graph(comm, 150, 150, traits), traits, plain), 7 * 7);
}

TEST(RoundTrip, DirectedWithWeights) {
  const Comm comm = Comm::world();
  const Traits traits{.directed = true, .weighted = true, .whole = false};
  EXPECT_EQ(convert_pairs(comm, random_graph(comm, 150, 150, traits), traits, plain), 5 * 5);
}

TEST(RoundTrip, IsolatedVertices) {
  const Comm comm = Comm::world();
  const Traits traits{.isolated = true};
  EXPECT_EQ(convert_pairs(comm, random_graph(comm, 200, 90, traits), traits, plain), 7 * 7);
}

TEST(RoundTrip, IdsAndNames) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  const Traits traits{.weighted = true};
  for (const std::string prefix : {"", "vertex "}) {
    testing::Random random(3);
    std::string edges;
    for (int k = 0; k < 400; ++k) {
      const Global from = 3 * testing::below(random, 90);
      const Global to = 3 * testing::below(random, 90);
      if (from != to) edges += text(prefix, from, '\t', prefix, to, '\t', 1 + testing::below(random, 9), '\n');
    }
    const GraphFile file = read(comm, folder.write("edges.txt", edges), {.undirected = true, .weights = true});
    EXPECT_EQ(file.names.kind(), prefix.empty() ? VertexNames::Kind::ids : VertexNames::Kind::texts);
    EXPECT_EQ(convert_pairs(comm, file, traits, plain), 7 * 7);
  }
}

TEST(RoundTrip, ValuesThatAreNotFinite) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const double values[] = {infinity, 1.5, -infinity, std::numeric_limits<double>::quiet_NaN()};
  // As other writers spell them, too.
  const std::string real = "%%MatrixMarket matrix ";
  const std::vector<std::pair<std::string, std::string>> files{
      {"a.txt", "0 1 inf\n1 0 1.5\n1 2 -inf\n2 2 nan\n"},
      {"b.csv", "0,1,+Inf\n1,0,1.5\n1,2,-Infinity\n2,2,NaN\n"},
      {"c.txt", "zero one INF\none zero 1.5\none zwei -inf\nzwei zwei NAN\n"},
      {"d.mtx", real + "coordinate real general\n3 3 4\n1 2 Inf\n2 1 1.5\n2 3 -Infinity\n3 3 NaN\n"},
      {"e.mtx", real + "array real general\n3 3\n0\n1.5\n0\ninf\n0\n0\n0\n-inf\nnan\n"},
  };
  for (const auto& [name, bytes] : files) {
    SCOPED_TRACE(name);
    const std::string path = folder.write(name, bytes);
    const GraphFile file = read(comm, path, {.weights = true, .finite = false});
    EXPECT_EQ(content_of(file).matrix.size(), 4U);
    std::vector<double> met = comm.all_gather(std::span<const double>(file.graph.local().val)).values;
    EXPECT_EQ(std::isnan(met.back()), true);
    met.pop_back();
    std::sort(met.begin(), met.end());
    EXPECT_EQ(met, (std::vector<double>{-infinity, 1.5, infinity}));
    EXPECT_NE(message_of<IoError>([&] { read(comm, path, {.weights = true}); }), "");
  }

  Entries<double> entries;
  if (comm.is_root()) entries = {{0, 1, 1, 2}, {1, 0, 2, 2}, {std::begin(values), std::end(values)}};
  const Graph graph = Graph::from_entries(comm, 3, 3, std::move(entries));
  std::string hash;
  for (const std::string name : {"f.h5", "f.txt", "f.csv.gz", "f.mtx", "f.npy"}) {
    SCOPED_TRACE(name);
    write(graph, VertexNames(graph.rows()), folder / name);
    const GraphFile file = read(comm, folder / name, {.weights = true, .finite = false});
    if (hash.empty()) hash = file.report.hash;
    EXPECT_EQ(file.report.hash, hash);
    EXPECT_THAT(message_of<IoError>([&] { read(comm, folder / name, {.weights = true}); }), HasSubstr("finite"));
  }
}

TEST(RoundTrip, Compressed) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  const Traits traits{.weighted = true};
  const GraphFile original = random_graph(comm, 150, 150, traits);
  const std::vector<std::string> packed{".txt.gz", ".txt.zst", ".mtx.gz",   ".mtx.zst",
                                        ".gr.gz",  ".gr.zst",  ".graph.gz", ".graph.zst"};
  EXPECT_EQ(convert_pairs(comm, original, traits, packed), 8 * 8);
  for (const std::string& extension : packed) {
    write(original.graph, original.names, folder / ("a" + extension));
    const std::string magic = extension.ends_with(".gz") ? "\x1f\x8b" : "\x28\xb5\x2f\xfd";
    EXPECT_EQ(bytes_of(folder / ("a" + extension)).substr(0, magic.size()), magic) << extension;
  }
  comm.barrier();
}

}  // namespace
}  // namespace filigree::io
