// Files that went wrong at random: a reader may refuse them with an IoError, and must do on many ranks what it does on
// one. Run with the address sanitizer it also shows that no reader leaves its buffer.
#include <gtest/gtest.h>

#include "io/reading.hpp"

namespace filigree::io {
namespace {

using filigree::testing::TempFolder;

/// A few random changes: bytes replaced, inserted, removed, pieces doubled, the end cut off.
std::string damaged(std::string bytes, testing::Random& random) {
  using namespace std::string_view_literals;
  static const std::string_view likely = "0123456789 \t\r\n,;.-+#%/\"eEx\0\xff"sv;
  for (std::int64_t changes = 1 + testing::below(random, 4); changes > 0 && !bytes.empty(); --changes) {
    const auto size = static_cast<std::int64_t>(bytes.size());
    const auto at = static_cast<std::size_t>(testing::below(random, size));
    const char byte =
        likely[static_cast<std::size_t>(testing::below(random, static_cast<std::int64_t>(likely.size())))];
    switch (testing::below(random, 6)) {
      case 0: bytes[at] = byte; break;
      case 1: bytes.insert(at, 1, byte); break;
      case 2: bytes.erase(at, static_cast<std::size_t>(1 + testing::below(random, 4))); break;
      case 3: bytes.insert(at, bytes.substr(at, static_cast<std::size_t>(1 + testing::below(random, 20)))); break;
      case 4: bytes.insert(at, static_cast<std::size_t>(testing::below(random, 25)), '9'); break;
      default: bytes.resize(at); break;
    }
  }
  return bytes;
}

/// What reading gives: the hash of a graph, or a message.
std::string outcome(const Comm& comm, const std::string& path, const ReadOptions& options) {
  try {
    return read(comm, path, options).report.hash;
  } catch (const IoError& error) {
    return error.what();
  }
}

void fuzz(const std::string& name, const std::vector<std::string>& seeds, const ReadOptions& options) {
  const Comm comm = Comm::world();
  const Comm self = Comm::self();
  const TempFolder folder(comm);
  testing::Random random(11);
  int refused = 0;
  int read = 0;
  for (int round = 0; round < 250; ++round) {
    const std::string bytes = damaged(seeds[static_cast<std::size_t>(round) % seeds.size()], random);
    const std::string path = folder.write(name, bytes);
    const std::string together = outcome(comm, path, options);
    const std::string alone = outcome(self, path, options);
    EXPECT_EQ(together, alone) << bytes;
    (together.starts_with(folder.path()) ? refused : read) += 1;
    comm.barrier();
  }
  EXPECT_GT(refused, 10);
  EXPECT_GT(read, 3);
}

TEST(Fuzz, EdgeLists) {
  const std::vector<std::string> seeds{
      "# c\nu v\n0 1 2.5\n1 2 1e3\r\n 2\t0 7\n17 4 1\n", "who;whom;how\n1;2;1,5\n\"2\";3;7\n", "a|b|c\n1|2|3\n",
      ",source,target\n0,\"x, y\",z\n1,z,w\n", "anna\tbob\t1\nbob\tcarl\t2\ncarl\tanna\t-3.5\n"};
  fuzz("a.txt", seeds, {});
  fuzz("a.txt", seeds, {.undirected = true, .weights = true});
}

TEST(Fuzz, MatrixMarket) {
  fuzz("a.mtx",
       {"%%MatrixMarket matrix coordinate real general\n% c\n3 4 3\n1 2 0.5\n3 4 -1e2\n2 1 3\n",
        "%%MatrixMarket matrix coordinate integer symmetric\n3 3 3\n1 1 5\n2 1 3\n3 2 4\n",
        "%%MatrixMarket matrix coordinate pattern general\n3 3 4\n1 1\n2 1\n3 2\n1 3\n"},
       {});
}

TEST(Fuzz, Metis) {
  fuzz("a.graph",
       {"4 3\n2\n1 3\n2 4\n3\n", "% c\n4 2 011 2\n7 7 2 5\n7 7 1 5 3 2\n7 7 2 2\n7 7\n", "5 1\n\n3\n2\n\n\n"}, {});
}

TEST(Fuzz, ParsedByOneRank) {
  fuzz("a.graphml",
       {"<graphml><key id=\"w\" for=\"edge\" attr.name=\"weight\"/><graph edgedefault=\"undirected\"><node id=\"a\"/>"
        "<node id=\"b\"/><edge source=\"a\" target=\"b\"><data key=\"w\">3.5</data></edge></graph></graphml>\n"},
       {});
  fuzz("a.gml",
       {"# c\ngraph [ directed 1 node [ id 1 label \"a\" ] node [ id 2 label \"b &amp; c\" ]\n"
        "edge [ source 1 target 2 weight 0.5 ] ]\n"},
       {});
}

}  // namespace
}  // namespace filigree::io
