// Files that programs write, cut short and with bits flipped: loading refuses them by name, or finds what was saved.
#include <gmock/gmock.h>

#include <functional>

#include "filigree/communities_file.hpp"
#include "filigree/generate.hpp"
#include "filigree/io/read.hpp"
#include "filigree/io/read_dense.hpp"
#include "filigree/io/write.hpp"
#include "filigree/ppr_file.hpp"
#include "filigree/summary_file.hpp"
#include "filigree/svd_clustering_file.hpp"
#include "support/deep.hpp"
#include "support/files.hpp"
#include "support/matrices.hpp"

namespace filigree::testing {
namespace {

using ::testing::HasSubstr;

/// The bytes of what was loaded.
class Loaded {
 public:
  template <class T>
  Loaded& add(const T& value) {
    if constexpr (requires { value.begin(), value.end(); }) {
      add(std::ssize(value));
      for (const auto& one : value) add(one);
    } else {
      static_assert(std::is_arithmetic_v<T>);
      bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

std::string one_bit_flipped(std::string bytes, Random& random) {
  const auto at = static_cast<std::size_t>(below(random, std::ssize(bytes)));
  bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(random, 8)));
  return bytes;
}

std::string overwritten(std::string bytes, Random& random) {
  const auto at = static_cast<std::size_t>(below(random, std::ssize(bytes)));
  const auto length = std::min<std::size_t>(static_cast<std::size_t>(1 + below(random, 16)), bytes.size() - at);
  for (std::size_t i = 0; i < length; ++i) bytes[at + i] = static_cast<char>(random());
  return bytes;
}

std::string cut(const std::string& bytes, Random& random) {
  return bytes.substr(0, static_cast<std::size_t>(below(random, std::ssize(bytes))));
}

/// `load` gives the bytes of what a file holds.
void expect_refused_or_same(const std::string& name, const std::function<void(const std::string& path)>& save,
                            const std::function<std::string(const std::string& path)>& load) {
  const TempFolder folder(Comm::self());
  const std::string good = folder / name;
  save(good);
  const std::string bytes = bytes_of(good);
  const std::string expected = load(good);
  Random random(5);
  int refused = 0;
  for (int round = 0; round < deep(120, 6'000); ++round) {
    const std::string damaged = round % 6 == 0   ? cut(bytes, random)
                                : round % 6 == 1 ? overwritten(bytes, random)
                                                 : one_bit_flipped(bytes, random);
    const std::string path = folder.write("damaged-" + name, damaged);
    try {
      EXPECT_TRUE(load(path) == expected) << name << ", round " << round;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("damaged-" + name));
      ++refused;
    }
  }
  EXPECT_GT(refused, 20) << name;
}

Graph a_graph() {
  return generate::hsbm(Comm::self(), 3, {.branching = 2, .depth = 2, .leaf_size = 12, .beta = 0.3, .p_last = 0.4})
      .graph;
}

void write(const std::string& path, const std::function<void(io::Hdf5Writer&)>& put) {
  io::Hdf5Writer file(Comm::self(), path);
  put(file);
  file.commit();
}

TEST(ResultFiles, Graphs) {
  const Graph graph = a_graph();
  expect_refused_or_same(
      "graph.h5", [&](const std::string& path) { io::write(graph, io::VertexNames(graph.rows()), path); },
      [](const std::string& path) {
        const auto read = io::read(Comm::self(), path);
        return Loaded().add(read.graph.local().row_ptr).add(read.graph.local().col).add(read.graph.local().val).bytes();
      });
}

TEST(ResultFiles, Summaries) {
  const auto result = summary::summarize(a_graph(), {.size_ratio = 0.4});
  expect_refused_or_same(
      "summary.h5",
      [&](const std::string& path) {
        write(path, [&](io::Hdf5Writer& file) { summary::save(file, result.summary, result.merges); });
      },
      [](const std::string& path) {
        const io::Hdf5Reader file(Comm::self(), path);
        const auto read = summary::load(Comm::self(), file);
        const auto& edges = read.superedges.local();
        Loaded loaded;
        loaded.add(read.supernode.of).add(edges.row_ptr).add(edges.col).add(edges.val);
        for (const Merge& merge : summary::load_merges(file).merges) loaded.add(merge.left).add(merge.right);
        return loaded.bytes();
      });
}

TEST(ResultFiles, TreesOfCommunities) {
  const auto model =
      generate::hsbm(Comm::self(), 3, {.branching = 2, .depth = 2, .leaf_size = 12, .beta = 0.3, .p_last = 0.4});
  const auto tree = communities::link(model.graph, model.leaves);
  expect_refused_or_same(
      "tree.h5", [&](const std::string& path) { communities::save(Comm::self(), tree, path); },
      [](const std::string& path) {
        const auto read = communities::load(Comm::self(), path);
        Loaded loaded;
        for (const auto& merge : read.dendrogram.merges) loaded.add(merge.left).add(merge.right).add(merge.height);
        return loaded.add(read.leaves.of).add(read.between.weight).add(read.between.col).bytes();
      });
}

DenseBlocks some_blocks() {
  Random random(8);
  DenseBlocks blocks{Comm::self(), Partition::uniform(4, 1), 12, {}, {}, {}};
  for (int i = 0; i < 4; ++i) {
    Dense block(12, 3);
    for (double& value : block.values) value = static_cast<double>(below(random, 1000)) / 7;
    blocks.cols.push_back(3);
    blocks.names.push_back(text("block", i));
    blocks.local.push_back(block);
  }
  return blocks;
}

TEST(ResultFiles, ClustersOfMatrices) {
  const DenseBlocks blocks = some_blocks();
  const auto result = svd_clustering::cluster(blocks, {.rank = 4, .error = 0.5});
  expect_refused_or_same(
      "clusters.h5",
      [&](const std::string& path) {
        write(path, [&](io::Hdf5Writer& file) { svd_clustering::save(file, blocks, result); });
      },
      [](const std::string& path) {
        const auto read = svd_clustering::load(Comm::self(), path);
        Loaded loaded;
        for (const auto& cluster : read.result.clusters) loaded.add(cluster.basis.values).add(cluster.singular_values);
        for (const Dense& block : read.result.coefficients) loaded.add(block.values);
        return loaded.bytes();
      });
}

TEST(ResultFiles, IndexesOfWalks) {
  const auto index = ppr::build_index(a_graph(), {.walks = 5});
  expect_refused_or_same(
      "index.h5", [&](const std::string& path) { ppr::save(Comm::self(), index, path); },
      [](const std::string& path) {
        const auto read = ppr::load(Comm::self(), path);
        return Loaded().add(read.graph_hash).add(read.visits.bytes()).add(read.walks).add(read.deviation).bytes();
      });
}

TEST(ResultFiles, DenseMatrices) {
  const DenseBlocks blocks = some_blocks();
  expect_refused_or_same(
      "matrices.h5",
      [&](const std::string& path) {
        write(path, [&](io::Hdf5Writer& file) {
          for (std::size_t i = 0; i < blocks.local.size(); ++i) {
            const Dense& block = blocks.local[i];
            file.write_rows("/" + blocks.names[i], block.cols, block.rows,
                            [&](Offset k, std::span<double> row) { std::ranges::copy(block.col(k), row.begin()); });
          }
        });
      },
      [](const std::string& path) {
        const auto read = io::read_dense(Comm::self(), {path});
        Loaded loaded;
        for (const Dense& block : read.blocks.local) {
          EXPECT_EQ(std::ssize(block.values), block.rows * block.cols);
          loaded.add(block.values);
        }
        return loaded.bytes();
      });
}

}  // namespace
}  // namespace filigree::testing
