// Graphs through every format and over any number of ranks; names; text results.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "filigree/io/hdf5.hpp"
#include "filigree/io/text_writer.hpp"
#include "filigree/io/write.hpp"
#include "filigree/matrix/content_hash.hpp"
#include "io/reading.hpp"

namespace filigree::io {
namespace {

using filigree::testing::bytes_of;
using filigree::testing::Content;
using filigree::testing::content_of;
using filigree::testing::expect_same;
using filigree::testing::message_of;
using filigree::testing::read_on_any_ranks;
using filigree::testing::TempFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Undirected, without loops, weights 1 to 9: every format can hold it.
GraphFile random_graph(const Comm& comm, const TempFolder& folder, const char* prefix) {
  testing::Random random(3);
  std::string bytes;
  for (int k = 0; k < 3000; ++k) {
    const Global from = 3 * testing::below(random, 300);
    const Global to = 3 * testing::below(random, 300);
    if (from != to) bytes += text(prefix, from, '\t', prefix, to, '\t', 1 + testing::below(random, 9), '\n');
  }
  return read(comm, folder.write("random.txt", bytes), {.undirected = true, .weights = true});
}

TEST(GraphFile, BytesDoNotDependOnRanksAndReadBackOnAny) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  for (const char* prefix : {"", "vertex "}) {
    const GraphFile together = random_graph(comm, folder, prefix);
    const Content content = content_of(together);
    for (const char* name : {"a.h5", "a.txt", "a.mtx", "a.graph"}) {
      const std::string all_ranks = folder / name;
      const std::string one_rank = folder / (std::string("one.") + name);
      write(together.graph, together.names, all_ranks);
      const GraphFile alone = random_graph(Comm::self(), folder, prefix);
      if (comm.is_root()) write(alone.graph, alone.names, one_rank);
      comm.barrier();
      EXPECT_GT(bytes_of(one_rank).size(), 10000U);
      EXPECT_TRUE(bytes_of(one_rank) == bytes_of(all_ranks)) << name;
      Content back = read_on_any_ranks(one_rank, {.weights = true});
      EXPECT_TRUE(back.matrix == content.matrix) << name;
      EXPECT_EQ(back.report.hash, content.report.hash) << name;
      const bool keeps_names = back.report.format == Format::hdf5 || back.report.format == Format::edge_list;
      if (keeps_names) {
        EXPECT_EQ(back.names, content.names) << name;
      }
    }
  }
}

TEST(GraphFile, Hdf5HoldsWhatOtherFormatsLose) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  const auto entries = testing::random_entries<double>(50, 70, 300, testing::Values::rounded, 9);
  const EntryPolicy policy;
  const Graph graph = Graph::from_entries(comm, 50, 70, testing::deal(comm, entries, 1), policy);
  write(graph, VertexNames(graph.rows()), folder / "wide.h5");
  const Content wide = read_on_any_ranks(folder / "wide.h5");
  EXPECT_EQ(wide.num_cols, 70);
  EXPECT_TRUE(wide.matrix == testing::whole(graph));

  for (const Global n : {0, 1, 5}) {
    const Graph empty = Graph::from_entries(comm, n, n, {});
    write(empty, VertexNames(empty.rows()), folder / "empty.h5");
    EXPECT_EQ(read_on_any_ranks(folder / "empty.h5").num_rows, n);
  }
  // Options that change the graph.
  const GraphFile file = read(comm, folder.write("in.txt", "a b\nb b\nb c\n"));
  write(file.graph, file.names, folder / "in.h5");
  const Content changed =
      read_on_any_ranks(folder / "in.h5", {.undirected = true, .policy = {Duplicates::first, Loops::drop}});
  EXPECT_TRUE(changed.matrix == (testing::GlobalMatrix<double>{{{0, 1}, 1}, {{1, 0}, 1}, {{1, 2}, 1}, {{2, 1}, 1}}));
  EXPECT_EQ(changed.report.entries.loops, 1);
  EXPECT_THAT(changed.names, ElementsAre("a", "b", "c"));
}

TEST(GraphFile, DamagedHdf5IsRefused) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  const std::string path = folder / "bad.h5";
  struct Parts {
    std::vector<Offset> indptr{0, 1, 3};
    std::vector<Global> indices{1, 0, 1};
    std::vector<double> data{1, 2, 3};
    std::vector<std::int64_t> shape{2, 2};
    std::string kind = "graph";
    std::int64_t version = 1;
    std::string hash;
  };
  const auto why = [&](const std::function<void(Parts&)>& damage) {
    Parts parts;
    damage(parts);
    if (comm.is_root()) {
      Hdf5Writer file(Comm::self(), path);
      file.write<Offset>("/graph/indptr", parts.indptr);
      file.write<Global>("/graph/indices", parts.indices);
      file.write<double>("/graph/data", parts.data);
      file.attribute("/graph", "shape", parts.shape);
      file.attribute("/graph", "kind", parts.kind);
      file.attribute("/graph", "version", parts.version);
      if (!parts.hash.empty()) file.attribute("/graph", "hash", parts.hash);
      file.commit();
    }
    comm.barrier();
    const std::string message = message_of<IoError>([&] { read(comm, path); });
    EXPECT_EQ(message, message_of<IoError>([&] { read(Comm::self(), path); }));
    comm.barrier();
    return message;
  };
  EXPECT_EQ(why([](Parts&) {}), "");
  EXPECT_THAT(why([](Parts& p) { p.kind = "ppr index"; }), HasSubstr("bad.h5: /graph: is not there, or not a graph"));
  EXPECT_THAT(why([](Parts& p) { p.version = 2; }), HasSubstr("has version 2, expected 1"));
  EXPECT_THAT(why([](Parts& p) { p.shape = {2}; }), HasSubstr("not a graph"));
  EXPECT_THAT(why([](Parts& p) { p.shape = {-2, 2}; }), HasSubstr("not a graph"));
  EXPECT_THAT(why([](Parts& p) { p.shape = {3, 3}; }), HasSubstr("indptr must have 1 + 3 elements"));
  EXPECT_THAT(why([](Parts& p) { p.indptr = {0, 1, 2}; }), HasSubstr("indptr does not ascend from 0 to the 3 indices"));
  EXPECT_THAT(why([](Parts& p) { p.indptr = {1, 1, 3}; }), HasSubstr("indptr does not ascend"));
  EXPECT_THAT(why([](Parts& p) { p.indptr = {0, 4, 3}; }), HasSubstr("indptr does not ascend"));
  EXPECT_THAT(why([](Parts& p) { p.indices = {1, 0, 2}; }), HasSubstr("holds column 2"));
  EXPECT_THAT(why([](Parts& p) { p.indices = {1, 0, -1}; }), HasSubstr("holds column -1"));
  EXPECT_THAT(why([](Parts& p) { p.indices = {1, 1, 0}; }), HasSubstr("holds column 0 after 1"));
  EXPECT_THAT(why([](Parts& p) { p.data = {1, 2}; }), HasSubstr("indices and data differ in length"));
  EXPECT_THAT(why([](Parts& p) { p.data[2] = std::numeric_limits<double>::infinity(); }),
              HasSubstr("row 1 holds the value inf"));
  EXPECT_THAT(why([](Parts& p) { p.hash = "0123456789abcdef"; }), HasSubstr("its content does not match its hash"));
  if (comm.is_root()) Hdf5Writer(Comm::self(), path).commit();
  comm.barrier();
  EXPECT_THAT(message_of<IoError>([&] { read(comm, path); }),
              HasSubstr("bad.h5: holds no graph of filigree and no group with a compressed matrix"));
}

TEST(ContentHash, TellsMatricesApart) {
  const Comm comm = Comm::world();
  const auto hash = [&](Global rows, Global cols, Entries<double> entries) {
    if (!comm.is_root()) entries = {};
    return content_hash(Graph::from_entries(comm, rows, cols, std::move(entries)));
  };
  const std::uint64_t reference = hash(4, 4, {{0, 1, 3}, {1, 2, 0}, {1, 1, 1}});
  EXPECT_EQ(reference, hash(4, 4, {{0, 1, 3}, {1, 2, 0}, {}}));
  EXPECT_EQ(reference, hash(4, 4, {{3, 1, 0}, {0, 2, 1}, {1, 1, 1}}));
  EXPECT_NE(reference, hash(4, 4, {{0, 1, 3}, {1, 2, 0}, {1, 1, 2}}));
  EXPECT_NE(reference, hash(4, 4, {{0, 2, 3}, {1, 2, 0}, {}}));
  EXPECT_NE(reference, hash(5, 4, {{0, 1, 3}, {1, 2, 0}, {}}));
  EXPECT_NE(reference, hash(4, 5, {{0, 1, 3}, {1, 2, 0}, {}}));
  EXPECT_NE(reference, hash(4, 4, {{0, 1}, {1, 2}, {}}));
  EXPECT_NE(hash(0, 0, {}), hash(1, 1, {}));
}

TEST(VertexNames, FetchAndFind) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  std::string ids;
  std::string texts;
  for (int v = 0; v < 100; ++v) {
    ids += text(7 * v, ' ', 7 * v + 7, '\n');
    texts += text("name", 100 + v, ' ', "name", 101 + v, '\n');
  }
  const GraphFile numbered = read(comm, folder.write("numbers.txt", ids), {.ids = Ids::keep});
  const GraphFile with_ids = read(comm, folder / "numbers.txt");
  const GraphFile with_texts = read(comm, folder.write("texts.txt", texts));
  EXPECT_EQ(numbered.names.kind(), VertexNames::Kind::numbers);
  EXPECT_EQ(with_ids.names.kind(), VertexNames::Kind::ids);
  EXPECT_EQ(with_texts.names.kind(), VertexNames::Kind::texts);
  // Each rank asks for others, twice for one, and the last for none.
  std::vector<Global> asked{Global{50} - comm.rank(), 3, 99, 3};
  if (comm.rank() == comm.size() - 1) asked.clear();
  const auto expect_round_trip = [&](const VertexNames& names, const std::function<std::string(Global)>& expected) {
    const std::vector<std::string> called = names.fetch(comm, asked);
    ASSERT_EQ(called.size(), asked.size());
    for (std::size_t i = 0; i < asked.size(); ++i) EXPECT_EQ(called[i], expected(asked[i]));
    EXPECT_EQ(names.find(comm, called), asked);
    for (Local v = 0; v < names.vertices().size(comm.rank()); ++v) {
      EXPECT_EQ(names.owned(comm, v), expected(names.vertices().begin(comm.rank()) + v));
    }
  };
  expect_round_trip(numbered.names, [](Global v) { return text(v); });
  expect_round_trip(with_ids.names, [](Global v) { return text(7 * v); });
  expect_round_trip(with_texts.names, [](Global v) { return text("name", 100 + v); });

  const auto why = [&](const VertexNames& names, const std::string& name) {
    std::vector<std::string> wanted;
    if (comm.rank() == comm.size() - 1) wanted = {name};  // only one rank asks
    return message_of<InvalidArgument>([&] { names.find(comm, wanted); });
  };
  EXPECT_EQ(why(numbered.names, "701"), "no vertex is called '701'");
  EXPECT_EQ(why(numbered.names, "-1"), "no vertex is called '-1'");
  EXPECT_EQ(why(with_ids.names, "8"), "no vertex is called '8'");
  EXPECT_EQ(why(with_ids.names, "7x"), "no vertex is called '7x'");
  EXPECT_EQ(why(with_ids.names, ""), "no vertex is called ''");
  EXPECT_EQ(why(with_texts.names, "name99"), "no vertex is called 'name99'");
  EXPECT_EQ(why(with_texts.names, "name150"), "");
  EXPECT_THAT(message_of<InvalidArgument>([&] {
                const std::vector<Global> outside(1, comm.is_root() ? 101 : 0);
                (void)with_texts.names.fetch(comm, outside);
              }),
              HasSubstr("vertex 101 must be in [0, 101)"));
  EXPECT_THAT(message_of<InvalidArgument>([&] { VertexNames(comm, with_ids.graph.rows(), std::vector<Global>(1000)); }),
              HasSubstr("has 1000 vertex names for"));
}

TEST(TextWriter, RanksInOrder) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  TextWriter file(comm, folder / "out.tsv");
  std::string expected;
  for (int round = 0; round < 3; ++round) {
    file.write(text(comm.rank(), " of round ", round, '\n'));
    for (int r = 0; r < comm.size(); ++r) expected += text(r, " of round ", round, '\n');
  }
  file.write("");
  EXPECT_FALSE(std::filesystem::exists(folder / "out.tsv"));
  comm.barrier();
  file.commit();
  EXPECT_EQ(bytes_of(folder / "out.tsv"), expected);
}

TEST(TextWriter, WithoutCommitNothingIsLeft) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  { TextWriter(comm, folder / "out.tsv").write("half"); }
  comm.barrier();
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  EXPECT_THAT(message_of<IoError>([&] { TextWriter(comm, folder / "no/out.tsv"); }),
              HasSubstr("out.tsv: cannot be written: No such file"));
  EXPECT_THAT(message_of<IoError>([&] { TextWriter(comm, folder.path()); }), HasSubstr("not a regular file"));
}

TEST(TextWriter, DashIsStandardOutput) {
  const Comm comm = Comm::world();
  ::testing::internal::CaptureStdout();
  TextWriter screen(comm, "-");
  screen.write(text("rank ", comm.rank(), '\n'));
  screen.commit();
  const std::string printed = ::testing::internal::GetCapturedStdout();
  std::string expected;
  for (int r = 0; r < comm.size() && comm.is_root(); ++r) expected += text("rank ", r, '\n');
  EXPECT_EQ(printed, expected);
}

TEST(GraphFile, NamesStandBesideFormatsWithoutRoomForThem) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  const auto names_after = [&](const char* edges, const std::string& name) {
    const GraphFile file = read(comm, folder.write("in.txt", edges), {.undirected = true});
    write(file.graph, file.names, folder / name);
    const Content back = testing::read_on_any_ranks(folder / name);
    EXPECT_EQ(back.report.hash, file.report.hash);
    EXPECT_EQ(back.report.names_path,
              file.names.kind() == VertexNames::Kind::numbers ? "" : folder / (name + ".names"));
    return back.names;
  };
  for (const char* name : {"a.mtx", "a.graph", "a.gr", "a.wsg", "a.npy", "b.mtx.gz"}) {
    EXPECT_EQ(names_after("anna bob\nbob carl\n", name), (std::vector<std::string>{"anna", "bob", "carl"}));
    EXPECT_EQ(names_after("7 9\n9 1000000\n", name), (std::vector<std::string>{"7", "9", "1000000"}));
    EXPECT_EQ(testing::bytes_of(folder / (std::string(name) + ".names")), "7\n9\n1000000\n");
    // Those of the file before must not name the vertices of this one.
    EXPECT_EQ(names_after("0 1\n1 2\n", name), (std::vector<std::string>{"0", "1", "2"}));
  }
}

/// A ring of vertices with these names.
GraphFile ring_of(const Comm& comm, const std::vector<std::string>& called) {
  const auto n = static_cast<Global>(called.size());
  Entries<double> entries;
  for (Global v = 0; comm.is_root() && v < n; ++v) {
    entries.row.push_back(v);
    entries.col.push_back((v + 1) % n);
  }
  Graph graph = Graph::from_entries(comm, n, n, std::move(entries));
  Strings texts;
  for (Global v = graph.first_row(); v < graph.first_row() + graph.num_local_rows(); ++v)
    texts.push_back(called[static_cast<std::size_t>(v)]);
  VertexNames names(comm, graph.rows(), std::move(texts));
  return {std::move(graph), std::move(names), {}};
}

TEST(GraphFile, NamesThatTextFilesCannotHoldAreRefusedByPosition) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  const struct {
    std::string name;
    const char* shown;
  } cases[] = {{"a\tb", "'a?b'"},
               {"x\ny", "'x?y'"},
               {std::string("nul\0", 4), "'nul?'"},
               {"\x1b[0m", "'?[0m'"},
               {"cr\r", "'cr?'"},
               {"\xef\xbb\xbfmark", "'\xef\xbb\xbfmark'"},
               {"", "''"}};
  for (const auto& c : cases) {
    const GraphFile file = ring_of(comm, {"plain", "caf\xe9", c.name, "a,\"b\""});
    for (const char* out : {"a.txt", "a.csv", "a.mtx", "a.npy", "a.npz"}) {
      EXPECT_EQ(message_of<InvalidArgument>([&] { write(file.graph, file.names, folder / out); }),
                folder / out + ": vertex 2 is called " + c.shown +
                    "; in text files names are not empty and have no control characters; .h5 holds any");
      EXPECT_FALSE(std::filesystem::exists(folder / out));
    }
    write(file.graph, file.names, folder / "a.h5");
    EXPECT_EQ(testing::read_on_any_ranks(folder / "a.h5").names[2], c.name);
  }
}

TEST(GraphFile, NamesAreTextsOfHdf5WhereTheyCanBe) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  const auto kept_as_texts = [&](const std::vector<std::string>& called) {
    const GraphFile file = ring_of(comm, called);
    write(file.graph, file.names, folder / "a.h5");
    const Content back = testing::read_on_any_ranks(folder / "a.h5");
    EXPECT_EQ(back.names, called);
    EXPECT_FALSE(back.has_values);
    const Hdf5Reader raw(comm, folder / "a.h5");
    EXPECT_EQ(raw.length("/graph/data"), std::ssize(called));  // ones, for others
    EXPECT_EQ(raw.has("/graph/names_indptr"), !raw.holds_texts("/graph/names"));
    return raw.holds_texts("/graph/names");
  };
  EXPECT_TRUE(kept_as_texts({"Zo\xc3\xab", "", "tab\tline\n", "\xf0\x9f\x90\xa7"}));
  EXPECT_FALSE(kept_as_texts({"plain", "caf\xe9"}));                // Latin-1
  EXPECT_FALSE(kept_as_texts({"plain", std::string("nul\0", 4)}));  // padding would eat it
  EXPECT_FALSE(kept_as_texts({"plain", "\xed\xa0\x80"}));           // half of a pair of UTF-16
  EXPECT_FALSE(kept_as_texts({"plain", "\xc0\xaf", "\xe2\x82"}));   // too long, cut
  std::vector<std::string> one_long(20, std::string(200000, 'x'));
  for (std::size_t i = 1; i < one_long.size(); ++i) one_long[i] = std::to_string(i);
  EXPECT_FALSE(kept_as_texts(one_long));
}

}  // namespace
}  // namespace filigree::io
