// generate: graphs from a formula and a seed, for tests, benchmarks and first steps.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "filigree/matrix/dense_blocks.hpp"
#include "filigree/matrix/dist_csr.hpp"
#include "filigree/matrix/labels.hpp"

/// Every edge is a pure function of the arguments and its own number, so any number of ranks and threads gives the same
/// graph, bit for bit. Each rank makes an equal share of the edges. Graphs have no values (all ones), except those of
/// stencil27.
#pragma GCC visibility push(default)
namespace filigree::generate {

struct UniformOptions {
  bool undirected = false;    ///< add the reverse of every edge
  Loops loops = Loops::keep;  ///< what becomes of positions on the diagonal
};

struct RmatOptions {
  /// Probabilities of the upper left, upper right and lower left quarter of the adjacency matrix; the lower right gets
  /// d = 1 - a - b - c. The defaults are Graph500's; then d = 0.05.
  double a = 0.57;
  double b = 0.19;
  double c = 0.19;
  /// Largest shift mu of a level's probabilities, 0 <= noise <= min((a + d) / 2, b, c): b + mu, c + mu, and a and d
  /// shrink in proportion, with mu uniform in [-noise, noise] for every level. Smooths the oscillating degrees of plain
  /// R-MAT (Seshadhri, Pinar, Kolda, JACM 2013); 0 is plain R-MAT.
  double noise = 0;
  /// Renumber the vertices by a pseudo-random permutation, as Graph500 does. Without it the small ids are the hubs,
  /// which gives an unnatural locality and load.
  bool scramble = true;
  std::optional<Offset> edges = {};  ///< drawn in all, at most 2^62, whatever edges_per_vertex says
  bool undirected = false;           ///< add the reverse of every edge; Graph500 reads its edges this way
  Loops loops = Loops::keep;         ///< what becomes of edges from a vertex to itself
};

/// Draws a recursive-matrix graph of 2^scale vertices: each edge descends `scale` times into a quarter of the adjacency
/// matrix. Edges drawn twice count once.
///
/// scale             in [0, 62]
/// edges_per_vertex  >= 0; 2^scale * edges_per_vertex, at most 2^62, are drawn
///
/// Throws InvalidArgument on all ranks. Collective. Cost: O(edges * scale). Memory per rank: 64 bytes for each of its
/// share of the edges, reverses included. Source: Chakrabarti, Zhan, Faloutsos, SDM 2004.
CountedMatrix<double> rmat_counted(const Comm& comm, int scale, Offset edges_per_vertex, std::uint64_t seed,
                                   const RmatOptions& options = {});
/// The same without the number of duplicates and loops.
inline Graph rmat(const Comm& comm, int scale, Offset edges_per_vertex, std::uint64_t seed,
                  const RmatOptions& options = {}) {
  return rmat_counted(comm, scale, edges_per_vertex, seed, options).matrix;
}

/// Draws num_edges independent positions, each uniform over the num_rows x num_cols matrix: square, an Erdos-Renyi
/// graph. Positions drawn twice count once. num_rows, num_cols, num_edges >= 0; edges need a nonempty matrix,
/// `undirected` a square one. Throws InvalidArgument on all ranks. Collective. Cost: O(edges). Memory per rank: 64
/// bytes for each of its share of the edges.
CountedMatrix<double> uniform_counted(const Comm& comm, Global num_rows, Global num_cols, Offset num_edges,
                                      std::uint64_t seed, const UniformOptions& options = {});
/// The same without the number of duplicates and loops.
inline Graph uniform(const Comm& comm, Global num_rows, Global num_cols, Offset num_edges, std::uint64_t seed,
                     const UniformOptions& options = {}) {
  return uniform_counted(comm, num_rows, num_cols, num_edges, seed, options).matrix;
}

/// Makes a height x width grid: vertex i * width + j is joined, both ways, with those above, left, right and below.
/// Extents >= 0. Each rank has an equal number of rows. Collective, without communication of edges. Memory per rank:
/// 100 bytes for each of its vertices.
Graph grid2d(const Comm& comm, Global height, Global width);

/// Makes a depth x height x width grid: vertex (i * height + j) * width + k is joined, both ways, with its up to six
/// neighbours. Otherwise as grid2d(). Memory per rank: 150 bytes for each of its vertices.
Graph grid3d(const Comm& comm, Global depth, Global height, Global width);

/// Makes the 27-point stencil on the same grid: 26 on the diagonal, -1 for each of the up to 26 points that differ by
/// at most one in every coordinate. Memory per rank: 1,200 bytes for each of its vertices. Source: the HPCG benchmark,
/// Dongarra, Heroux, Luszczek, IJHPCA 2016.
Graph stencil27(const Comm& comm, Global depth, Global height, Global width);

/// A balanced tree of communities: `depth` levels of `branching` children each, leaf_size vertices in each of the
/// branching^depth leaves. Two vertices whose leaves have their lowest common ancestor at depth k (the root's is 0; one
/// leaf: `depth`) are joined with probability p_k.
struct HsbmOptions {
  int branching = 2;
  int depth = 4;
  Global leaf_size = 200;
  /// p_k = beta^(depth-k) p_depth, 0 <= beta <= 1.
  double beta = 0.1;
  /// One of the next four sets p_depth, N being the number of vertices; none means a_last = 36.
  std::optional<double> a_last = {};  ///< p_depth = a_last ln N / N
  std::optional<double> p_last = {};  ///< p_depth itself
  std::optional<double> degree = {};  ///< the mean degree that is expected
  std::vector<double> a = {};         ///< p_k = a[k] ln N / N for all k, whatever beta: depth + 1 numbers
  bool shuffle = false;               ///< number the vertices pseudo-randomly, not leaf by leaf
};

struct Hsbm {
  Graph graph;    ///< undirected: every edge both ways, no loops
  Labels leaves;  ///< the leaf of each vertex; its ancestor at depth k is leaf / branching^(depth-k)
  std::vector<double> probabilities;  ///< p_0 .. p_depth
};

/// Draws a hierarchical stochastic block model, by geometric jumps from edge to edge of a vertex. Throws
/// InvalidArgument on all ranks for options outside their ranges, also when some p_k exceeds 1. Collective. Cost:
/// O(vertices * depth + edges). Memory per rank: 64 bytes for each of its arcs. Source: Dreveton, Kuroda, Grossglauser,
/// Thiran, JASA 2026, section 2.
Hsbm hsbm(const Comm& comm, std::uint64_t seed, const HsbmOptions& options = {});

/// Collections of matrices that may share truncated SVDs: the columns of a block lie in a space, and noise is added.
enum class BlockCase {
  drift,     ///< 64 of 1024 x 128, a space of dimension 32 that turns into another by 90 degrees; noise 0.01
  shared,    ///< 64 of 1024 x 128, one space of dimension 32, coefficients from 2 down to 0.5; noise 0.01
  decay,     ///< 64 of 1024 x 128, one space of dimension 256, the k-th coefficient 1 / k; noise 0.001
  groups,    ///< 64 of 1024 x 128 from 4 spaces of dimension 32, as many of each in random order; noise 0.005
  narrow,    ///< 800 of 512 x 20 from 8 spaces of dimension 12, scaled by 0.5 to 2; noise 0.01
  vectors,   ///< 1500 of 768 x 1 from 6 spaces of dimension 24, scaled by 0.2 to 3; noise 0.02
  outliers,  ///< 300 of 512 x 20 from 10 spaces of dimension 8, scaled by 0.3 to 2; noise 0.005. Every tenth block is
             ///< 10 times normal numbers instead
};

/// Draws the blocks of a case, the first `count` only if that is not 0; their names are their numbers. All numbers are
/// normal (Box-Muller), pure functions of seed, block and position: the same bits on any number of ranks, whatever
/// `count` except for drift and groups. Throws InvalidArgument on all ranks if count is negative. Collective. Memory
/// per rank: 8 bytes for each of its elements, and the spaces.
DenseBlocks blocks(const Comm& comm, BlockCase which, std::uint64_t seed, Offset count = 0);

}  // namespace filigree::generate
#pragma GCC visibility pop
