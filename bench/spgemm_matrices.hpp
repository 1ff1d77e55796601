// Matrices to multiply, by name: files, and what is made on the spot.
#pragma once

#include <string>

#include "filigree/matrix/dist_csr.hpp"

namespace filigree::bench {

struct Factors {
  std::string name;  ///< of a file: without folder and endings
  DistCsr<double> a, b;
};

/// A with B = A, or with B = A' if A is not square. Those without values get random ones in (0, 1).
///
/// name  a file; undirected:FILE of edges to be taken both ways; or
///   rmat14        2^14 vertices, 16 edges each drawn by R-MAT (0.57, 0.19, 0.19, 0.05), renumbered at random
///   poisson3d:40  7-point stencil on a grid of 40 x 40 x 40, with the diagonal; stencil27:24 with all 27 points
///   uniform18x8   2^18 rows and columns, 8 nonzeros a row on average, anywhere
///   heavyrow      A: 2^18 rows of one nonzero each, but row 0 is full; B = uniform18x8; one rank
Factors factors(const Comm& comm, const std::string& name, std::uint64_t seed);

/// The edges of a square A, both ways, without loops and values; B = A. On one rank.
Factors undirected_pattern(const Factors& f);

/// Multiplications of C = A B, of all ranks.
Offset num_products(const Factors& f);

}  // namespace filigree::bench
