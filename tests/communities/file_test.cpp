// Files of trees: the same from any ranks, read on any ranks, and damaged ones refused.
#include <gmock/gmock.h>

#include "filigree/communities_file.hpp"
#include "filigree/generate.hpp"
#include "support/deep.hpp"
#include "support/files.hpp"
#include "support/matrices.hpp"

namespace filigree::testing {
namespace {

using ::testing::HasSubstr;

communities::Tree tree_on(const Comm& comm) {
  const auto model = generate::hsbm(comm, 3, {.branching = 3, .depth = 2, .leaf_size = 20, .beta = 0.3, .p_last = 0.4});
  return communities::link(model.graph, model.leaves);
}

bool are_equal(const Comm& comm, const communities::Tree& a, const communities::Tree& b) {
  return a.dendrogram == b.dendrogram && a.between.weight == b.between.weight && a.between.col == b.between.col &&
         a.between.row_ptr == b.between.row_ptr && a.between.sizes == b.between.sizes &&
         a.between.is_weighted == b.between.is_weighted && whole(comm, a.leaves.of) == whole(comm, b.leaves.of);
}

TEST(CommunitiesFile, TheSameFromAnyRanksAndReadOnAnyRanks) {
  const Comm world = Comm::world();
  const TempFolder folder(world);
  const auto tree = tree_on(world);
  communities::save(world, tree, folder / "together.h5",
                    [](io::Hdf5Writer& file) { file.attribute("/", "note", std::string("more")); });
  const auto add_note = [](io::Hdf5Writer& file) { file.attribute("/", "note", std::string("more")); };
  if (world.is_root()) communities::save(Comm::self(), tree_on(Comm::self()), folder / "alone.h5", add_note);
  world.barrier();
  EXPECT_EQ(bytes_of(folder / "together.h5"), bytes_of(folder / "alone.h5"));
  EXPECT_TRUE(are_equal(world, communities::load(world, folder / "alone.h5"), tree));
  EXPECT_TRUE(are_equal(Comm::self(), communities::load(Comm::self(), folder / "together.h5"), tree_on(Comm::self())));
}

TEST(CommunitiesFile, DamagedFilesAreRefused) {
  const Comm world = Comm::world();
  const TempFolder folder(world);
  const auto tree = tree_on(world);
  const std::string path = folder / "tree.h5";
  communities::save(world, tree, path);
  const std::string bytes = bytes_of(path);
  world.barrier();
  EXPECT_THAT(message_of<IoError>([&] { communities::load(world, folder / "no.h5"); }), HasSubstr("no.h5"));
  folder.write("tree.h5", bytes.substr(0, bytes.size() / 2));
  EXPECT_THAT(message_of<IoError>([&] { communities::load(world, path); }), HasSubstr(path));
  folder.write("tree.h5", "not HDF5");
  EXPECT_THAT(message_of<IoError>([&] { communities::load(world, path); }), HasSubstr(path));

  // Any bit flipped: refused, or a bit that no one reads.
  Random random(4);
  int refused = 0;
  for (int round = 0; round < deep(60, 3000); ++round) {
    std::string damaged = bytes;
    const auto at = static_cast<std::size_t>(below(random, std::ssize(bytes)));
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << below(random, 8)));
    folder.write("tree.h5", damaged);
    try {
      EXPECT_TRUE(are_equal(world, communities::load(world, path), tree)) << "byte " << at;
    } catch (const IoError& e) {
      EXPECT_THAT(e.what(), HasSubstr(path));
      ++refused;
    }
    world.barrier();
  }
  EXPECT_GT(refused, 10);
}

TEST(CommunitiesFile, WhatOthersWroteIsChecked) {
  const Comm world = Comm::world();
  const TempFolder folder(world);
  const std::string path = folder / "tree.h5";
  // Saved with its hash, so only the checks of the content can refuse it.
  const auto refused = [&](auto change) {
    auto tree = tree_on(world);
    change(tree);
    communities::save(world, tree, path);
    return message_of<IoError>([&] { communities::load(world, path); });
  };
  EXPECT_EQ(refused([](auto&) {}), "");
  EXPECT_THAT(refused([](auto& t) { t.dendrogram.merges[2].right = t.dendrogram.merges[1].right; }),
              HasSubstr("dendrogram (3): merge 2 joins node"));
  EXPECT_THAT(refused([](auto& t) { t.dendrogram.merges[2].right = 99; }), HasSubstr("cannot merge nodes"));
  EXPECT_THAT(refused([](auto& t) { t.dendrogram.merges[0].height = -1; }), HasSubstr("merge 0 has height -1"));
  EXPECT_THAT(refused([](auto& t) { ++t.dendrogram.leaf_sizes[4]; }),
              HasSubstr("leaf sizes are not those of its labels"));
  EXPECT_THAT(refused([](auto& t) { t.dendrogram.leaf_sizes.pop_back(); }),
              HasSubstr("do not fit 9 leaves of 180 vertices"));
  EXPECT_THAT(refused([](auto& t) {
                if (!t.leaves.of.empty()) t.leaves.of[0] = 9;
              }),
              HasSubstr("a vertex is in leaf 9 of 9"));
  EXPECT_THAT(refused([](auto& t) { t.between.col[1] = t.between.col[0]; }),
              HasSubstr("/between: row 0 holds column 0"));
  EXPECT_THAT(refused([](auto& t) { t.between.weight[0] = -2; }), HasSubstr("/between: row 0 holds weight -2"));
  EXPECT_THAT(refused([](auto& t) { t.between.row_ptr[1] = 99; }), HasSubstr("/between: row_ptr, col and weight"));
}

}  // namespace
}  // namespace filigree::testing
