// compact_labels against one pass over the whole array.
#include "filigree/matrix/labels.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <map>

#include "support/matrices.hpp"

namespace filigree::testing {
namespace {

std::vector<Global> compact(const std::vector<Global>& all, Global* num_labels) {
  std::map<Global, Global> number;
  std::vector<Global> result;
  for (Global label : all) result.push_back(number.emplace(label, static_cast<Global>(number.size())).first->second);
  *num_labels = static_cast<Global>(number.size());
  return result;
}

void expect_compact(const Comm& comm, const Partition& vertices, const std::vector<Global>& all) {
  Global num_labels = 0;
  const auto expected = compact(all, &num_labels);
  const Labels labels = compact_labels(comm, vertices, owned(vertices, comm.rank(), all));
  EXPECT_EQ(labels.num_labels, num_labels);
  EXPECT_EQ(labels.vertices, vertices);
  EXPECT_EQ(labels.of, owned(vertices, comm.rank(), expected));
  // A canonical form: doing it again changes nothing.
  EXPECT_EQ(compact_labels(comm, vertices, labels.of).of, labels.of);
}

TEST(Labels, EqualTheSerialRenumbering) {
  for (const Comm& comm : {Comm::self(), Comm::world()}) {
    Random random(3);
    for (std::uint64_t round = 0; round < 60; ++round) {
      const Global n = below(random, 120);
      const std::int64_t spread = std::int64_t{1} << below(random, 62);
      const std::int64_t step = below(random, 5) + 1;  // labels that all meet at one rank, too
      std::vector<Global> all(static_cast<std::size_t>(n));
      for (Global& label : all) label = below(random, spread) / step * step;
      expect_compact(comm, random_partition(n, comm.size(), round), all);
    }
  }
}

TEST(Labels, OfNoVerticesAndOfExtremes) {
  const Comm comm = Comm::world();
  expect_compact(comm, Partition::uniform(0, comm.size()), {});
  expect_compact(comm, Partition::uniform(1, comm.size()), {77});
  constexpr Global largest = std::numeric_limits<Global>::max();
  expect_compact(comm, Partition::uniform(6, comm.size()), {largest, 0, largest, largest - 1, 0, 5});
  expect_compact(comm, Partition::uniform(50, comm.size()), std::vector<Global>(50, 9));  // all the same
  std::vector<Global> falling;
  for (Global v = 0; v < 50; ++v) falling.push_back(50 - v);  // all different
  expect_compact(comm, Partition::uniform(50, comm.size()), falling);
}

TEST(Labels, RefusesWrongInputOnAllRanks) {
  const Comm comm = Comm::world();
  const Partition vertices = Partition::uniform(3 * comm.size(), comm.size());
  const bool culprit = comm.rank() == comm.size() - 1;
  const auto message = message_of<InvalidArgument>([&] {
    compact_labels(comm, vertices, {1, culprit ? Global{-4} : Global{4}, 2});
  });
  EXPECT_EQ(message, text("labels: vertex ", 3 * comm.size() - 2, " has label -4, must be at least 0"));
  EXPECT_THROW(compact_labels(comm, vertices, std::vector<Global>(culprit ? 2 : 3, 1)), InvalidArgument);
  EXPECT_EQ(comm.sum(1), comm.size());
}

}  // namespace
}  // namespace filigree::testing
