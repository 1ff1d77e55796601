// Random members of the families, spread over ranks in any way, through every algorithm, against an obvious oracle.
//
// Quick: 250 instances on each of 1 to 4 ranks. Deep: 2500.
#include <gmock/gmock.h>

#include <numeric>
#include <set>

#include "communities/linkage_oracle.hpp"
#include "filigree/communities.hpp"
#include "filigree/components.hpp"
#include "filigree/io/write.hpp"
#include "filigree/pagerank.hpp"
#include "filigree/ppr.hpp"
#include "filigree/summary.hpp"
#include "filigree/svd_clustering.hpp"
#include "support/deep.hpp"
#include "support/families.hpp"
#include "support/files.hpp"
#include "support/ppr_queries.hpp"
#include "support/spgemm.hpp"
#include "support/walk_oracle.hpp"
#include "svd_clustering/blocks.hpp"

namespace filigree::testing {
namespace {

std::size_t z(Offset i) { return static_cast<std::size_t>(i); }

/// A graph, by its entries in the order of a file, and how it is spread over ranks.
struct Instance {
  std::string name;
  Global n = 0;
  Entries<double> entries;
  EntryPolicy policy;
  std::uint64_t seed = 0;

  /// Rows in blocks of nearly equal entries, or of random sizes, some empty. Collective.
  Graph over(const Comm& comm) const {
    const Entries<double> mine = deal(comm, entries, seed);
    if (seed % 3 == 0) return Graph::from_entries(comm, n, n, mine, policy);
    const Partition rows = random_partition(n, comm.size(), seed);
    return Graph::from_entries(comm, rows, rows, mine, policy);
  }
  GlobalMatrix<double> expected() const { return *merged(entries, policy); }
};

enum class Shape { directed, symmetric, unweighted_symmetric };

/// One of the families, 0 to 33 vertices, perhaps renumbered, with loops, repeated arcs and weights.
Instance random_instance(Random& random, Shape shape) {
  const auto families = graph_families(8 + below(random, 26));
  Family family{"no vertices", 0, {}};
  if (below(random, 40) > 0) family = families[z(below(random, std::ssize(families)))];
  Instance instance{family.name, family.num_vertices, {}, {Duplicates::first, Loops::keep}, random()};
  std::vector<Global> number(z(family.num_vertices));
  std::iota(number.begin(), number.end(), Global{0});
  if (below(random, 2) == 0) std::shuffle(number.begin(), number.end(), random);
  const bool weights = shape != Shape::unweighted_symmetric && below(random, 2) == 0;
  const bool repeats = below(random, 3) == 0;
  const bool loops = below(random, 3) == 0;
  const auto add = [&](Global from, Global to) {
    instance.entries.row.push_back(from);
    instance.entries.col.push_back(to);
    if (weights) instance.entries.val.push_back(static_cast<double>(1 + below(random, 32)) / 8);
  };
  for (const auto& [from, to] : family.arcs) {
    add(number[z(from)], number[z(to)]);
    if (repeats && below(random, 4) == 0) add(number[z(from)], number[z(to)]);
    if (loops && below(random, 8) == 0) add(number[z(to)], number[z(to)]);
  }
  if (weights && repeats && below(random, 2) == 0) instance.policy.duplicates = Duplicates::sum;
  if (below(random, 4) == 0) instance.policy.loops = Loops::drop;
  if (shape != Shape::directed) symmetrize(instance.entries);
  return instance;
}

/// What is true of an instance on these ranks. Collective.
using Check = void (*)(const Comm& comm, Random& random);

void arrives_whole(const Comm& comm, Random& random) {
  const Instance instance = random_instance(random, Shape::directed);
  SCOPED_TRACE(instance.name);
  const Graph graph = instance.over(comm);
  expect_well_formed(graph);
  EXPECT_EQ(whole(graph), instance.expected());
  const Graph reversed = transpose(graph);
  EXPECT_EQ(whole(reversed), transposed(instance.expected()));
  std::vector<Global> ids(z(graph.num_owned_cols()));
  std::iota(ids.begin(), ids.end(), graph.cols().begin(comm.rank()));
  const auto seen = graph.with_ghosts(ids);
  for (Local column = 0; column < graph.local().num_cols; ++column)
    EXPECT_EQ(seen[z(column)], graph.global_col(column));
}

void pagerank_is_a_dense_solve(const Comm& comm, Random& random) {
  const Instance instance = random_instance(random, Shape::directed);
  SCOPED_TRACE(instance.name);
  if (instance.n == 0) return;
  const Dangling dangling = all_policies[below(random, 4)];
  const auto result = pagerank::solve(instance.over(comm), {}, {.tolerance = 1e-13, .dangling = dangling});
  const std::vector<double> uniform(z(instance.n), 1.0);
  EXPECT_LT(l1_distance(whole(comm, result.scores), dense_pagerank(instance.expected(), uniform, 0.15, dangling)),
            1e-12);
}

/// The L1 errors of this rank's answers.
std::vector<double> errors_of(const Instance& instance, const std::vector<ppr::Query>& queries,
                              const ppr::Result& result, Dangling dangling) {
  std::vector<double> errors;
  for (std::size_t i = 0; i < queries.size(); ++i) {
    const auto truth = dense_pagerank(instance.expected(), teleport_of(queries[i], instance.n), 0.15, dangling);
    errors.push_back(l1_distance(dense_scores(result, i, instance.n), truth));
  }
  return errors;
}

void queries_meet_their_bounds(const Comm& comm, Random& random) {
  const Instance instance =
      random_instance(random, below(random, 2) == 0 ? Shape::directed : Shape::unweighted_symmetric);
  SCOPED_TRACE(instance.name);
  if (instance.n == 0) return;
  const Graph graph = instance.over(comm);
  const auto queries = deal_queries(comm, random_queries(instance.n, static_cast<int>(below(random, 6)), random()));
  const Dangling dangling = all_policies[below(random, 4)];
  const auto placement = below(random, 2) == 0 ? ppr::Placement::replicated : ppr::Placement::partitioned;
  SCOPED_TRACE(text("policy ", static_cast<int>(dangling), " placement ", static_cast<int>(placement)));

  ppr::QueryOptions to_rounding;
  to_rounding.dangling = dangling;
  to_rounding.placement = placement;
  for (const double error : errors_of(instance, queries, ppr::exact(graph, queries, 1e-12, to_rounding), dangling))
    EXPECT_LT(error, 1e-11);

  ppr::IndexOptions walks{.walks = static_cast<int>(1 + below(random, 30)), .seed = random(), .placement = placement};
  if (below(random, 3) == 0) walks.index_bytes = 200 * instance.n;
  const bool with_index = below(random, 2) == 0;
  const std::optional<ppr::Index> index = with_index ? std::optional(ppr::build_index(graph, walks)) : std::nullopt;
  ppr::QueryOptions options;
  options.dangling = dangling;
  options.placement = placement;
  options.target_error = below(random, 2) == 0 ? 1e-2 : 1e-6;
  if (below(random, 3) == 0) options.method = ppr::Method::verd;
  const auto answers = with_index ? ppr::query(graph, *index, queries, options) : ppr::query(graph, queries, options);
  const auto errors = errors_of(instance, queries, answers, dangling);
  for (std::size_t i = 0; i < errors.size(); ++i) {
    EXPECT_LE(errors[i], answers.error_bound[i] + 1e-12);
    const bool guaranteed = !with_index && options.method == ppr::Method::push;
    EXPECT_LE(errors[i], guaranteed ? options.target_error + 1e-12 : 2.0);
  }
}

void components_are_those_of_relabelling(const Comm& comm, Random& random) {
  const Instance instance = random_instance(random, Shape::directed);
  SCOPED_TRACE(instance.name);
  std::vector<Global> smallest(z(instance.n));
  std::iota(smallest.begin(), smallest.end(), Global{0});
  for (Global pass = 0; pass < instance.n; ++pass) {
    for (std::size_t k = 0; k < instance.entries.size(); ++k) {
      Global& a = smallest[z(instance.entries.row[k])];
      Global& b = smallest[z(instance.entries.col[k])];
      a = b = std::min(a, b);
    }
  }
  const Partition all = Partition::uniform(instance.n, 1);
  const Labels expected = compact_labels(Comm::self(), all, smallest);
  const auto found = components::weak(instance.over(comm));
  EXPECT_EQ(whole(comm, found.labels.of), expected.of);
  EXPECT_EQ(found.labels.num_labels, expected.num_labels);
}

void products_are_their_definition(const Comm& comm, Random& random) {
  const Instance of_a = random_instance(random, Shape::directed);
  SCOPED_TRACE(of_a.name);
  const Graph a = of_a.over(comm);
  const Graph b = below(random, 2) == 0 ? a : transpose(a);
  Instance of_mask = random_instance(random, Shape::directed);
  of_mask.n = of_a.n;
  Entries<double> inside;
  for (std::size_t k = 0; k < of_mask.entries.size(); ++k) {
    if (of_mask.entries.row[k] >= of_a.n || of_mask.entries.col[k] >= of_a.n) continue;
    inside.row.push_back(of_mask.entries.row[k]);
    inside.col.push_back(of_mask.entries.col[k]);
  }
  of_mask.entries = inside;
  const Graph mask = of_mask.over(comm);
  const bool masked = below(random, 2) == 0;
  spgemm::Options options;
  options.semiring = all_semirings[z(below(random, 5))];
  const bool complement = masked && below(random, 2) == 0;
  options.fetch_bytes = below(random, 2) == 0 ? 1 : Offset{1} << 20;
  const auto whole_mask = whole(mask);
  GlobalMatrix<double> expected;
  for (const auto& [ij, x] : whole(a)) {
    for (const auto& [jk, y] : whole(b)) {
      const std::pair at(ij.first, jk.second);
      if (ij.second != jk.first || (masked && whole_mask.contains(at) == complement)) continue;
      const auto entry = expected.find(at);
      const double before = entry == expected.end() ? without_any<double>(options.semiring) : entry->second;
      expected[at] = with_one_more(options.semiring, before, x, y);
    }
  }
  const auto product = spgemm::multiply(a, b, options, {masked ? &mask : nullptr, complement});
  expect_well_formed(product.c);
  EXPECT_EQ(whole(product.c), expected);
}

void summaries_keep_their_promises(const Comm& comm, Random& random) {
  const Instance instance = random_instance(random, Shape::symmetric);
  SCOPED_TRACE(instance.name);
  const summary::Options options{.size_ratio = static_cast<double>(5 + below(random, 96)) / 100, .seed = random()};
  GlobalMatrix<double> edges = instance.expected();
  std::erase_if(edges, [](const auto& entry) { return entry.first.first == entry.first.second; });
  const Graph graph = instance.over(comm);
  if (instance.n < 2 || edges.empty()) {
    EXPECT_NE(message_of<InvalidArgument>([&] { summary::summarize(graph, options); }), "");
    return;
  }
  const auto result = summary::summarize(graph, options);
  EXPECT_LE(result.measures.bits, result.budget_bits);
  // RE_1 by its definition.
  const auto of = whole(comm, result.summary.supernode.of);
  const auto superedges = whole(result.summary.superedges);
  std::vector<double> size(z(result.summary.num_supernodes()), 0);
  for (const Global a : of) ++size[z(a)];
  double sum = 0;
  for (Global u = 0; u < instance.n; ++u) {
    for (Global v = 0; v < instance.n; ++v) {
      if (u == v) continue;
      const Global a = of[z(u)];
      const Global b = of[z(v)];
      const auto superedge = superedges.find({a, b});
      const double pairs = a == b ? size[z(a)] * (size[z(a)] - 1) / 2 : size[z(a)] * size[z(b)];
      const double density = superedge == superedges.end() ? 0 : superedge->second / pairs;
      sum += std::abs((edges.contains({u, v}) ? 1 : 0) - density);
    }
  }
  EXPECT_NEAR(result.measures.l1, sum / static_cast<double>(instance.n * (instance.n - 1)), 1e-12);
  EXPECT_EQ(summary::evaluate(graph, result.summary).l1, result.measures.l1);
  const auto alone = summary::summarize(instance.over(Comm::self()), options);
  EXPECT_EQ(of, alone.summary.supernode.of);
  EXPECT_EQ(superedges, whole(alone.summary.superedges));
}

void linkage_is_greedy(const Comm& comm, Random& random) {
  const Instance instance = random_instance(random, Shape::unweighted_symmetric);
  SCOPED_TRACE(instance.name);
  const Graph graph = instance.over(comm);
  if (instance.n == 0) {
    EXPECT_NE(message_of<InvalidArgument>([&] { communities::link(graph, {graph.rows(), {}, 0}); }), "");
    return;
  }
  std::vector<Global> any(z(instance.n));
  for (Global& label : any) label = below(random, 9);
  const auto of = compact_labels(Comm::self(), Partition::uniform(instance.n, 1), any).of;
  const Labels labels = compact_labels(comm, graph.rows(), owned(graph.rows(), comm.rank(), of));
  // Only vertices with edges count.
  std::vector<Offset> sizes(z(labels.num_labels), 0);
  std::set<Global> connected;
  PairCounts between;
  for (const auto& [at, value] : instance.expected()) {
    if (at.first != at.second && connected.insert(at.first).second) ++sizes[z(of[z(at.first)])];
    const std::pair pair(of[z(at.first)], of[z(at.second)]);
    if (pair.first < pair.second) ++between[pair];
  }
  for (Offset& size : sizes) size = std::max<Offset>(size, 1);
  const auto linkage = std::array{communities::Linkage::density, communities::Linkage::single,
                                  communities::Linkage::complete}[z(below(random, 3))];
  const auto tree = communities::link(graph, labels, {.linkage = linkage});
  EXPECT_NO_THROW(tree.dendrogram.validate());
  std::vector<std::pair<Global, Global>> merges;
  for (const Merge& merge : tree.dendrogram.merges) merges.emplace_back(merge.left, merge.right);
  EXPECT_EQ(merges, naive_merges(sizes, between, linkage, communities::Ties::smallest));
}

void communities_are_the_same_on_any_ranks(const Comm& comm, Random& random) {
  const Instance instance = random_instance(random, Shape::symmetric);
  SCOPED_TRACE(instance.name);
  communities::DetectOptions options;
  options.leaves.seed = random();
  options.leaves.num_communities = below(random, 2) == 0 ? 0 : 1 + below(random, std::max<Global>(1, instance.n));
  const auto detect = [&](const Comm& on, std::string& message) -> std::optional<communities::Detected> {
    std::optional<communities::Detected> found;
    message = message_of<InvalidArgument>([&] { found = communities::detect(instance.over(on), options); });
    return found;
  };
  std::string together;
  std::string apart;
  const auto found = detect(comm, together);
  const auto alone = detect(Comm::self(), apart);
  EXPECT_EQ(together, apart);
  if (!found || !alone) return;
  EXPECT_EQ(whole(comm, found->leaves.labels.of), alone->leaves.labels.of);
  EXPECT_EQ(found->leaves.labels.num_labels, alone->leaves.labels.num_labels);
  EXPECT_EQ(found->tree.dendrogram, alone->tree.dendrogram);
  EXPECT_NO_THROW(found->tree.dendrogram.validate());
}

/// Columns of the adjacency matrix, some at a time.
std::vector<Dense> blocks_of(const Instance& instance, Random& random) {
  std::vector<Dense> blocks;
  const auto matrix = instance.expected();
  for (Global first = 0; first < instance.n;) {
    const Global width = std::min<Global>(instance.n - first, 1 + below(random, 5));
    Dense block(instance.n, width);
    for (const auto& [at, value] : matrix) {
      if (first <= at.second && at.second < first + width) block(at.first, at.second - first) = value;
    }
    blocks.push_back(std::move(block));
    first += width;
  }
  return blocks;
}

void clusters_keep_their_errors(const Comm& comm, Random& random) {
  const Instance instance = random_instance(random, Shape::directed);
  SCOPED_TRACE(instance.name);
  if (instance.n == 0) return;
  const std::vector<Dense> all = blocks_of(instance, random);
  const DenseBlocks blocks = distributed(comm, all);
  svd_clustering::Options options;
  options.rank = 1 + below(random, instance.n);
  options.error = static_cast<double>(1 + below(random, 60)) / 100;
  const auto result = svd_clustering::cluster(blocks, options);
  const auto alone = svd_clustering::cluster(distributed(Comm::self(), all), options);
  EXPECT_EQ(result.cluster_of, alone.cluster_of);
  EXPECT_EQ(result.block_error, alone.block_error);
  const auto evaluation = svd_clustering::evaluate(blocks, result);
  EXPECT_EQ(evaluation.violations, 0);
  EXPECT_EQ(evaluation.false_certificates, 0);
  for (Global i = blocks.blocks.begin(comm.rank()); i < blocks.blocks.end(comm.rank()); ++i) {
    const Dense& block = blocks.owned(i);
    const Dense stored =
        svd_clustering::reconstruct(result, i, result.coefficients[z(i - blocks.blocks.begin(comm.rank()))]);
    double squares = 0;
    double errors = 0;
    for (std::size_t k = 0; k < block.values.size(); ++k) {
      squares += block.values[k] * block.values[k];
      errors += (block.values[k] - stored.values[k]) * (block.values[k] - stored.values[k]);
    }
    const double relative = squares > 0 ? std::sqrt(errors / squares) : 0;
    EXPECT_NEAR(relative, result.block_error[z(i)], 1e-7);
  }
}

void files_give_back_the_graph(const Comm& comm, Random& random) {
  const bool undirected = below(random, 2) == 0;
  Instance instance = random_instance(random, undirected ? Shape::unweighted_symmetric : Shape::directed);
  SCOPED_TRACE(instance.name);
  instance.policy.loops = Loops::drop;  // METIS holds none
  const Graph graph = instance.over(comm);
  const TempFolder folder(comm);
  const std::vector<std::string> names{"g.h5", "g.mtx", "g.gr", "g.npy", "g.mtx.zst", "g.graph"};
  const std::string& name = names[z(below(random, undirected ? 6 : 5))];
  SCOPED_TRACE(name);
  io::write(graph, io::VertexNames(graph.rows()), folder / name);
  const auto back = io::read(comm, folder / name);
  EXPECT_EQ(whole(back.graph), instance.expected());
  EXPECT_EQ(back.graph.num_rows(), instance.n);
}

TEST(RandomFamilies, EveryAlgorithmEqualsItsOracle) {
  const std::vector<Check> checks{arrives_whole,
                                  pagerank_is_a_dense_solve,
                                  queries_meet_their_bounds,
                                  components_are_those_of_relabelling,
                                  products_are_their_definition,
                                  summaries_keep_their_promises,
                                  linkage_is_greedy,
                                  communities_are_the_same_on_any_ranks,
                                  clusters_keep_their_errors,
                                  files_give_back_the_graph};
  const Comm comm = Comm::world();
  for (int instance = 0; instance < deep(250, 2500); ++instance) {
    SCOPED_TRACE(text("instance ", instance));
    Random random(static_cast<std::uint64_t>(instance));
    try {
      checks[static_cast<std::size_t>(instance) % checks.size()](comm, random);
    } catch (const std::exception& error) {
      FAIL() << error.what();  // with the instance
    }
  }
}

}  // namespace
}  // namespace filigree::testing
