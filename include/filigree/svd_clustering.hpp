// svd_clustering: which matrices of a collection may share one truncated SVD without exceeding an error.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "filigree/core/timing.hpp"
#include "filigree/matrix/dense_blocks.hpp"
#include "filigree/matrix/dist_dense.hpp"

/// For blocks A_i of m rows, a cluster C stands for M = [A_i : i in C], stored as U (m x r, shared) and U^T A_i
/// (private). Source: Shamrai, Concatenated Matrix SVD: Compression Bounds, Incremental Approximation, and
/// Error-Constrained Clustering, arXiv 2601.11626, 2026.
#pragma GCC visibility push(default)
namespace filigree::svd_clustering {

/// The kernel of an update. qr: Householder QR and SVD, certificates accurate to about 1e-14 |M|. gram: eigenvalues of
/// a Gram matrix, several times faster, certificates accurate to about 1e-7 |M|.
enum class Kernel { qr, gram };

/// The truncated SVD of [A_1, A_2, ...] seen block by block, with a certificate. It keeps S = T_l(Q S Q^T + A A^T), the
/// top l = rank + oversampling eigenpairs of each step. Then Q S Q^T <= M M^T, so for U, the first `rank` columns of Q,
///
///     opt^2 <= |M - U U^T M|_F^2 <= est^2 = |M|_F^2 - sum of the `rank` largest of S, and
///     est^2 - min(rank Delta, D) <= opt^2,
///
/// opt the error of the best approximation of that rank, D the sum of all dropped eigenvalues, Delta the sum over steps
/// of the largest dropped. Blocks are scaled by powers of two: any magnitude that squares would not hold works.
/// Memory: (rows + l) l doubles, and (rows + l + n)(l + n) during an update with n columns. Not collective.
class IncrementalSvd {
 public:
  /// rows >= 1, 1 <= rank <= rows, oversampling >= 0, of which rows - rank are used at most.
  IncrementalSvd(Offset rows, Offset rank, Offset oversampling = 5, Kernel kernel = Kernel::qr);

  /// Appends a block of `rows` rows with finite elements. Work O(rows (l + n)^2).
  void update(DenseView block);
  /// Appends all that `other` has seen; rows, rank and oversampling must agree; the kernel is gram from then on
  /// if either one's is. D and Delta add, so a tree of merges in any shape keeps the certificate.
  void merge(const IncrementalSvd& other);

  Offset rows() const { return rows_; }
  Offset rank() const { return rank_; }
  Offset num_columns() const { return num_columns_; }  ///< seen
  /// U: orthonormal columns, `rank` of them or fewer if M has a lower rank.
  DenseView basis() const;
  /// Those of the basis, descending: lower bounds of M's in the sense that their sums of squares are.
  std::vector<double> singular_values() const;
  double norm() const;  ///< |M|_F
  /// Upper bound of |M - U U^T M|_F / |M|_F, rounding included; 0 for M = 0.
  double certified_error() const;
  /// The same for the first `rank` columns of the basis, 0 <= rank <= rank().
  double certified_error(Offset rank) const;
  /// Lower bound of opt / |M|_F, 0 <= lower_error() <= certified_error().
  double lower_error() const;

  /// All of the state as numbers, to send or store, and back.
  std::vector<double> pack() const;
  static IncrementalSvd unpack(std::span<const double> packed);

 private:
  void append(DenseView block, double squared_norm);
  void append_qr(DenseView block);
  void append_gram(DenseView block);
  void set_exponent(int exponent);
  double tail(Offset rank) const;
  double rounding() const;

  Offset rows_;
  Offset rank_;
  Offset oversampling_;
  Kernel kernel_;
  Offset num_columns_ = 0;
  Offset num_steps_ = 0;
  int exponent_ = 0;       ///< stored numbers times 2^exponent are those of the blocks
  Dense q_;                ///< rows x kept
  std::vector<double> s_;  ///< singular values, descending
  double squared_norm_ = 0;
  double dropped_ = 0;          ///< D
  double largest_dropped_ = 0;  ///< Delta
};

/// Computes the truncated SVD of all blocks: each rank's own in their order, then merged in order of ranks. The
/// certificate holds on any number of ranks; the basis is the same on every rank and, within it, depends on their
/// number. Throws InvalidArgument for a rank outside [1, rows]. Collective over blocks.comm. Work O(m (l + n)^2) a
/// block.
IncrementalSvd decompose(const DenseBlocks& blocks, Offset rank, Offset oversampling = 5, Kernel kernel = Kernel::gram,
                         const Progress& progress = {});

struct RowsSvd {
  DistDense<double> basis;              ///< `rank` orthonormal columns, or fewer
  std::vector<double> singular_values;  ///< descending
  double norm = 0;                      ///< |M|_F
  std::vector<double> certified_error;  ///< relative, of the first k columns of the basis, k = 0 .. basis.cols
  double lower_error = 0;               ///< of the best relative error at the full rank
};

/// Computes the truncated SVD of a matrix whose rows are distributed, panel by panel of its columns: the QR kernel of
/// IncrementalSvd with Cholesky QR or TSQR over the ranks, so only matrices of order l + panel are reduced. The same
/// bits on any ranks and threads. Throws InvalidArgument on all ranks for NaN, infinity and a rank outside [1, rows].
/// Collective over m.comm. Work O(m N (l + panel)) over all ranks. Memory: 2 (l + panel) doubles a row.
RowsSvd decompose_rows(const DistDense<double>& m, Offset rank, Offset oversampling = 5, const Progress& progress = {});

/// ours: ranks candidates against the current basis, skips those that fail. published: candidates in one order for each
/// seed, the first failure closes the cluster, ten seeds without a companion in a row end it.
enum class Rule { ours, published };
/// The certificate of a cluster. max_norm: singular values of its seed (Weyl). residual: those of what each block adds
/// to the span of those before. incremental: IncrementalSvd.
enum class Method { max_norm, residual, incremental };
/// The order of candidates in the published rule: smallest norm first, or smallest residual against the seed.
enum class Order { norm, residual };

/// A cluster that is finished, as a checkpoint keeps it.
struct FinishedCluster {
  std::vector<Global> blocks;  ///< in order of acceptance
  bool grew = false;           ///< beyond its seed
  std::vector<double> svd;     ///< IncrementalSvd::pack(), empty if the rule has made none
  Stats stats;                 ///< counted so far
};

struct Options {
  Offset rank = 32;     ///< r, 1 <= rank <= rows
  double error = 0.05;  ///< epsilon in (0, 1): largest certified relative error of a cluster of two or more
  Rule rule = Rule::ours;
  Method method = Method::incremental;
  Order order = Order::residual;
  Offset oversampling = 5;
  Offset max_failures = 32;  ///< ours: candidates in a row that fail before a cluster is closed
  bool exact = false;        ///< one more pass: the error of what is stored, from the residuals themselves
  Progress progress = {};    ///< phase "cluster", blocks that have a cluster
  std::vector<FinishedCluster> resume = {};  ///< clusters of an unfinished run with the same blocks and options
  std::function<void(const FinishedCluster&)> finished =
      {};  ///< called for each further one, on every rank; may communicate
};

struct Cluster {
  std::vector<Global> blocks;  ///< in order of acceptance
  Offset num_columns = 0;
  Dense basis;  ///< U, rows x rank or fewer columns; empty if the block is stored as it is
  std::vector<double> singular_values;
  double norm = 0;                    ///< |M|_F
  double certified_error = 0;         ///< upper bound of the relative error of what is stored
  double lower_error = 0;             ///< lower bound of the best relative error at this rank
  std::optional<double> exact_error;  ///< of what is stored, if asked for

  bool is_raw() const { return basis.cols == 0; }
};

struct Result {
  Offset rows = 0;
  Offset rank = 0;
  double error = 0;
  std::vector<Cluster> clusters;    ///< on every rank, in order of making
  std::vector<Offset> cluster_of;   ///< of each block
  std::vector<Dense> coefficients;  ///< of the owned blocks: U^T A_i, or A_i where the cluster is raw
  std::vector<double> block_error;  ///< |A_i - U U^T A_i| / |A_i|, of each block
  Offset worst_block = -1;          ///< the block with the largest error; -1 if all are exact
  double ratio = 1;  ///< numbers in the blocks / numbers stored: m K for a raw block, else r (m + K) or m K
  Timings timings;
  Stats stats;  ///< clusters, raw_blocks, trials, accepted, rankings, columns
};

/// Partitions the blocks so that every cluster of two or more has a certified relative error <= options.error.
/// Every block is in one cluster; clusters of one block are stored as they are. Throws InvalidArgument on all ranks for
/// options out of range and NaN or infinity. Collective over blocks.comm. Work O(trials m (l + n)^2 + rankings m l N).
/// Memory: the blocks, a sketch of 4 columns for each, the bases of all clusters. The same partition and bits on any
/// number of ranks and threads.
Result cluster(const DenseBlocks& blocks, const Options& options = {});

/// Returns the owned block i as it is stored: U (U^T A_i). Not collective.
Dense reconstruct(const Result& result, Global block, const Dense& coefficients);

/// The true errors of a clustering, computed from the blocks themselves.
struct Evaluation {
  std::vector<double> error;    ///< of what is stored, of each cluster
  std::vector<double> optimum;  ///< the least error at the cluster's rank, by an SVD of the whole cluster; 0 if raw
  std::vector<double> block_error;
  Offset violations = 0;          ///< clusters of two or more with error > result.error
  Offset false_certificates = 0;  ///< clusters with error > certified_error
  double ratio = 1;
};
/// Evaluates a clustering from scratch: every block is reconstructed and compared; each rank solves one cluster at a
/// time. Collective over blocks.comm. Peak bytes per rank beside the blocks: 16 m K for a cluster of K columns that
/// it solves, 24 for each element that it owns of those solved at once, and what an SVD of m x K takes.
Evaluation evaluate(const DenseBlocks& blocks, const Result& result);

}  // namespace filigree::svd_clustering
#pragma GCC visibility pop
