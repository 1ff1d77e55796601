// Files of a summary: saved, loaded, damaged.
#include "filigree/summary_file.hpp"

#include <gmock/gmock.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <bit>
#include <functional>

#include "summary/families.hpp"
#include "support/deep.hpp"
#include "support/files.hpp"

namespace filigree::testing {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

void save(const Comm& comm, const summary::Result& result, const std::string& path) {
  io::Hdf5Writer file(comm, path);
  summary::save(file, result.summary, result.merges);
  file.commit();
}

TEST(SummaryFile, FilesAreTheSameFromAnyRanksAndLoadOnAnyRanks) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  for (const Family& family : families()) {
    SCOPED_TRACE(family.name);
    const Graph graph = graph_of(comm, family);
    const auto together = summary::summarize(graph, {.size_ratio = 0.4});
    const auto alone = summary::summarize(graph_of(Comm::self(), family), {.size_ratio = 0.4});
    const std::string path = folder / "together.h5";
    const std::string path_alone = folder / "alone.h5";
    save(comm, together, path);
    if (comm.is_root()) save(Comm::self(), alone, path_alone);
    comm.barrier();
    EXPECT_EQ(bytes_of(path), bytes_of(path_alone));

    const io::Hdf5Reader file(comm, path);
    const auto back = summary::load(comm, file, graph.rows());
    EXPECT_EQ(back.supernode.of, together.summary.supernode.of);
    EXPECT_EQ(whole(back.superedges), whole(together.summary.superedges));
    EXPECT_EQ(back.num_edges, static_cast<Offset>(family.edges.size()));
    EXPECT_EQ(summary::evaluate(graph, back).l1, together.measures.l1);
    EXPECT_EQ(whole_summary(summary::load(comm, file)).of, whole_summary(together.summary).of);
    EXPECT_EQ(summary::load_merges(file), together.merges);
  }
}

TEST(SummaryFile, DamagedMergesAreNamedOnAllRanks) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  const std::string path = folder / "merges.h5";
  const auto says = [&](std::int64_t num_vertices, const std::vector<Global>& left, const std::vector<Global>& right) {
    // The hash is that of what the file holds: only the check of each merge is left.
    const std::vector<double> height(left.size(), 0.5);
    const std::uint64_t hashes[] = {static_cast<std::uint64_t>(num_vertices),
                                    XXH3_64bits(left.data(), left.size() * sizeof left[0]),
                                    XXH3_64bits(right.data(), right.size() * sizeof right[0]),
                                    XXH3_64bits(height.data(), height.size() * sizeof height[0])};
    {
      io::Hdf5Writer file(comm, path);
      file.attribute("/summary", "kind", std::string("filigree summary"));
      file.attribute("/summary", "version", std::int64_t{1});
      file.attribute("/summary", "num_vertices", num_vertices);
      file.attribute("/summary/merges", "hash", std::bit_cast<std::int64_t>(XXH3_64bits(hashes, sizeof hashes)));
      const std::size_t count = comm.is_root() ? left.size() : 0;
      file.write("/summary/merges/left", std::span<const Global>(left).first(count));
      file.write("/summary/merges/right", std::span<const Global>(right).first(count));
      file.write("/summary/merges/height", std::span<const double>(height).first(count));
      file.commit();
    }
    return message_of<IoError>([&] { summary::load_merges(io::Hdf5Reader(comm, path)); });
  };
  EXPECT_THAT(says(std::int64_t{1} << 62, {0}, {1}), HasSubstr("num_vertices is 4611686018427387904"));
  EXPECT_THAT(says(-3, {}, {}), HasSubstr("num_vertices is -3"));
  EXPECT_THAT(says(3, {0, 0}, {1, 2}), HasSubstr("merge 1 joins node 0"));
  EXPECT_THAT(says(3, {0, 3}, {1, 4}), HasSubstr("merge 1 joins node 4"));
  EXPECT_THAT(says(3, {-1}, {1}), HasSubstr("merge 0 joins node -1"));
  // Sizes that grow as Fibonacci's numbers, beyond 2^63.
  std::vector<Global> left{0}, right{1};
  for (Global k = 1; k < 100; ++k) {
    left.push_back(k == 1 ? 2 : 200 + k - 2);
    right.push_back(200 + k - 1);
  }
  EXPECT_THAT(says(200, left, right), HasSubstr("merge 2 joins node 200"));
}

TEST(SummaryFile, EveryDamageIsNamedOnAllRanks) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  struct Parts {
    std::string kind = "filigree summary";
    std::int64_t version = 1, num_vertices = 4, num_supernodes = 2, num_edges = 4;
    std::string mode = "weighted";
    std::vector<std::int32_t> supernode{0, 0, 1, 1}, from{0, 0}, to{0, 1};
    std::vector<std::uint32_t> edges{1, 3};
  };
  const std::string path = folder / "damaged.h5";
  const auto says = [&](const std::function<void(Parts&)>& damage) {
    Parts parts;
    damage(parts);
    {
      io::Hdf5Writer file(comm, path);
      file.attribute("/summary", "kind", parts.kind);
      file.attribute("/summary", "version", parts.version);
      file.attribute("/summary", "mode", parts.mode);
      file.attribute("/summary", "num_vertices", parts.num_vertices);
      file.attribute("/summary", "num_supernodes", parts.num_supernodes);
      file.attribute("/summary", "num_edges", parts.num_edges);
      file.attribute("/summary", "graph_hash", std::int64_t{5});
      const auto write = [&](const char* name, const auto& values) {
        const std::span all(values);
        file.write(name, comm.is_root() ? all : all.first(0));
      };
      write("/summary/supernode", std::as_const(parts.supernode));
      write("/summary/from", std::as_const(parts.from));
      write("/summary/to", std::as_const(parts.to));
      write("/summary/edges", std::as_const(parts.edges));
      file.commit();
    }
    return message_of<IoError>([&] { summary::load(comm, io::Hdf5Reader(comm, path)); });
  };
  EXPECT_EQ(says([](Parts&) {}), "");
  EXPECT_THAT(says([](Parts& p) { p.kind = "tree"; }), HasSubstr("not a graph summary but 'tree'"));
  EXPECT_THAT(says([](Parts& p) { p.version = 7; }), HasSubstr("format version 7"));
  EXPECT_THAT(says([](Parts& p) { p.mode = "odd"; }), HasSubstr("unknown mode 'odd'"));
  EXPECT_THAT(says([](Parts& p) { p.mode = "hybrid"; }), HasSubstr("not available yet"));
  EXPECT_THAT(says([](Parts& p) { p.num_vertices = 5; }), HasSubstr("/summary/supernode has 4 values for 5"));
  EXPECT_THAT(says([](Parts& p) { p.num_vertices = -5; }), HasSubstr("num_vertices is -5"));
  EXPECT_THAT(says([](Parts& p) { p.num_supernodes = 5; }), HasSubstr("num_supernodes is 5"));
  EXPECT_THAT(says([](Parts& p) { p.num_supernodes = 3; }), HasSubstr("supernode 2 has no vertices"));
  EXPECT_THAT(says([](Parts& p) { p.supernode[1] = 2; }), HasSubstr("vertex 1 is in supernode 2 of 2"));
  EXPECT_THAT(says([](Parts& p) { p.supernode[3] = -1; }), HasSubstr("vertex 3 is in supernode -1"));
  EXPECT_THAT(says([](Parts& p) { p.to[1] = 2; }), HasSubstr("superedge 1: from 0 to 2"));
  EXPECT_THAT(says([](Parts& p) { p.from[0] = 1; }), HasSubstr("superedge 0: from 1 to 0"));
  EXPECT_THAT(says([](Parts& p) { p.edges[0] = 0; }), HasSubstr("superedge 0: it has no edges"));
  EXPECT_THAT(says([](Parts& p) { p.edges[1] = 5; }), HasSubstr("superedge 1: 5 edges among 4 vertex pairs"));
  EXPECT_THAT(says([](Parts& p) { p.edges.pop_back(); }), HasSubstr("/summary/edges has 1 values for 2"));
  EXPECT_THAT(says([](Parts& p) { p.to[1] = 0, p.edges[1] = 1; }), HasSubstr("do not ascend"));
  EXPECT_THAT(says([](Parts& p) { p.num_edges = 3; }), HasSubstr("its superedges have 4 edges of 3"));
}

TEST(SummaryFile, CutShortOrFlippedFilesAreRefused) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  const auto result = summary::summarize(graph_of(comm, families()[5]), {.size_ratio = 0.4});
  const std::string path = folder / "summary.h5";
  save(comm, result, path);
  const std::string bytes = bytes_of(path);
  const auto says = [&](const std::string& content) {
    const std::string damaged = folder.write("damaged.h5", content);
    return message_of<IoError>([&] {
      const io::Hdf5Reader file(comm, damaged);
      summary::load(comm, file);
      summary::load_merges(file);
    });
  };
  for (const std::size_t kept : {std::size_t{0}, std::size_t{7}, bytes.size() / 2, bytes.size() - 100})
    EXPECT_THAT(says(bytes.substr(0, kept)), HasSubstr("damaged.h5"));
  // Data of the arrays stand in the file as they are: find the supernodes and change one.
  std::vector<std::int32_t> supernode;
  for (const Global a : whole_summary(result.summary).of) supernode.push_back(static_cast<std::int32_t>(a));
  const std::string pattern(reinterpret_cast<const char*>(supernode.data()), supernode.size() * sizeof supernode[0]);
  const std::size_t at = bytes.find(pattern);
  ASSERT_NE(at, std::string::npos);
  std::string flipped = bytes;
  std::swap(flipped[at], flipped[at + 4 * (supernode.size() - 1)]);
  ASSERT_NE(flipped, bytes);
  EXPECT_THAT(says(flipped), HasSubstr("do not match their checksum"));
  EXPECT_EQ(says(bytes), "");
}

}  // namespace
}  // namespace filigree::testing
