// Graph summaries: vertices merged into supernodes and a sparse set of superedges, within a given size (SSumM).
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "filigree/core/timing.hpp"
#include "filigree/matrix/dendrogram.hpp"
#include "filigree/matrix/dist_csr.hpp"
#include "filigree/matrix/labels.hpp"
#include "filigree/matrix/linear_operator.hpp"

#pragma GCC visibility push(default)
namespace filigree::summary {

/// Values of superedges. weighted: the number of edges. The others are not available yet.
enum class Mode { weighted, unweighted, hybrid };
/// Norm of the difference between the adjacency matrix and its reconstruction.
enum class Norm { l1, l2 };

struct Options {
  Mode mode = Mode::weighted;
  Norm error = Norm::l1;            ///< that is made small
  double size_ratio = 0.3;          ///< budget as a part of the graph's 2 m log2 n bits, in (0, 1]
  std::optional<double> bits = {};  ///< budget in bits, >= 0; overrides size_ratio
  std::uint64_t seed = 1;
  int max_rounds = 20;     ///< 1 or more
  Progress progress = {};  ///< phase "merge", rounds done of max_rounds
};

/// A graph summary. Supernode A and superedge AB with E edges among Pi vertex pairs stand for edges of density E / Pi
/// between all u in A and v in B, u != v; what no superedge covers is 0. Supernodes are numbered by their smallest
/// vertices.
struct Summary {
  Mode mode = Mode::weighted;
  Labels supernode;              ///< of each vertex, distributed like the rows of the graph
  DistCsr<double> superedges;    ///< supernodes x supernodes, symmetric; edges of each superedge, on the diagonal once
  Offset num_edges = 0;          ///< of the graph, without loops
  std::uint64_t graph_hash = 0;  ///< content_hash() of the graph without loops and weights

  Global num_vertices() const { return supernode.vertices.num_items(); }
  Global num_supernodes() const { return supernode.num_labels; }
};

/// Size and errors of a summary.
struct Measures {
  Global supernodes = 0;
  Offset superedges = 0;
  Offset max_count = 0;   ///< w_max, the most edges of a superedge; 0 without superedges
  double bits = 0;        ///< n log2 |S| + |P| (2 log2 |S| + log2 w_max)
  double graph_bits = 0;  ///< 2 m log2 n
  double l1 = 0;          ///< RE_1 = sum over u != v of |A - A^| / (n (n-1))
  double l2 = 0;          ///< RE_2 = (sum over u != v of |A - A^|^2)^(1/2) / (n (n-1))
};

/// The state after a round, filled to the budget; of a round that crosses the budget, after the best part of its
/// merges.
struct RoundReport {
  int round = 0;             ///< 0: before any merge
  double threshold = 0;      ///< least relative reduction of a merge
  Global supernodes = 0;     ///< after its merges
  double unfilled_bits = 0;  ///< size with all superedges that shorten the description
  double bits = 0;           ///< size after superedges were dropped or added to fill the budget
  double error = 0;          ///< RE_1 or RE_2 then
};

struct Result {
  Summary summary;
  Measures measures = {};
  double budget_bits = 0;
  std::vector<RoundReport> rounds = {};  ///< the summary is the one of least error
  Dendrogram merges = {};                ///< of vertices up to that round; height = 1 - relative reduction of bits
  Timings timings = {};                  ///< group, merge, contract, fill, evaluate
  Stats stats = {};                      ///< rounds, merges, pairs_scored, loops
};

/// Summarizes a graph within a budget of k bits: merges supernodes in rounds, then keeps the superedges that lower the
/// error most. docs/summary.md has the rules.
///
///   minimize RE_1 or RE_2   subject to   n log2 |S| + |P| (2 log2 |S| + log2 w_max) <= k
///
/// graph    symmetric, of fewer than 2^31 vertices and edges, at least two and one; loops and weights are ignored
/// returns  the summary of least error after any round, distributed like the graph; its measures on every rank
///
/// Throws InvalidArgument on all ranks. Collective over graph.comm(). Work: O(T (m + pairs scored x row lengths)).
/// Memory per rank: 32 bytes an edge of its rows (several ranks: 64); 120 a vertex, 52 a superedge (80) of the whole.
/// The same bits on any ranks and threads. Source: Lee, Jo, Ko, Lim, Shin, "SSumM: Sparse Summarization of Massive
/// Graphs", KDD 2020.
Result summarize(const Graph& graph, const Options& options = {});

/// Measures size and errors of a summary from scratch, from its supernodes and counts alone.
///
/// graph    as for summarize(), with the rows where the summary's vertices are
///
/// Throws InvalidArgument on all ranks when sizes differ or `summary.graph_hash` is of another graph. Collective.
/// O(m + |P|) work and memory, distributed; 24 bytes a supernode on every rank. Same bits on any ranks and threads.
Measures evaluate(const Graph& graph, const Summary& summary);

/// The reconstructed adjacency matrix A^ as a linear operator: what all queries use, and what pagerank::solve() takes.
///
///   (A^ x)_v = sum over superedges AB, v in A, of s_AB X_B,  less s_AA x_v;   X_B = sum of x over B,  s = E / Pi
class Operator : public LinearOperator {
 public:
  /// Collective over summary.superedges.comm(). Peak bytes per rank: 24 an owned vertex, 12 a superedge both ways.
  explicit Operator(const Summary& summary);

  const Comm& comm() const override { return density_.comm(); }
  const Partition& rows() const override { return vertices_; }
  /// O(n + |P|). Collective. Same bits on any number of ranks and threads.
  void apply(std::span<const double> x, std::span<double> y, const Finish& finish = {}) const override;

 private:
  Partition vertices_;
  DistCsr<double> density_;             // s of superedges
  std::vector<double> inside_;          // s_AA of owned supernodes
  std::vector<Offset> order_;           // owned vertices as they are sent to their supernodes' owners
  std::vector<Offset> send_counts_;     // of these, by rank
  std::vector<Offset> receive_counts_;  // vertices of owned supernodes, by the rank that owns them
  std::vector<Local> supernode_;        // owned supernode, from 0, of each vertex received
};

/// Returns the expected degree of the owned vertices: row sums of A^, out-weights for pagerank::solve(). Collective.
std::vector<double> degrees(const Operator& reconstruction);

/// Returns the number of steps from `source` to the owned vertices along nonzeros of A^; -1 = not reached. Collective.
/// O(n + |P|).
std::vector<Local> bfs(const Summary& summary, Global source);

/// The nonzeros of one row of A^.
struct Neighbors {
  std::vector<Global> vertex;  ///< of this rank, ascending
  std::vector<double> density;
};
/// Returns this rank's columns of row `vertex` of A^. Collective.
Neighbors neighbors(const Summary& summary, Global vertex);

}  // namespace filigree::summary
#pragma GCC visibility pop
