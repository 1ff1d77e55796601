// Bounds B1 to B4 against singular values of the whole matrix, on random and on adversarial instances.
#include <gmock/gmock.h>

#include <limits>
#include <random>

#include "blocks.hpp"
#include "filigree/core/error.hpp"
#include "support/deep.hpp"

namespace filigree::testing {
namespace {

using svd_clustering::IncrementalSvd;
using svd_clustering::Kernel;

struct Instance {
  std::vector<Dense> blocks;
  Offset rank;
  Offset oversampling;
};

/// Shapes, ranks, spectra and scales of all kinds; the seed decides which.
Instance random_instance(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto below = [&](Offset n) { return static_cast<Offset>(random() % static_cast<std::uint64_t>(n)); };
  const Offset rows = 1 + below(below(4) == 0 ? 60 : 20);
  Instance instance{{}, 1 + below(rows), below(7)};
  const auto count = static_cast<int>(1 + below(7));
  const Offset kind = below(8);
  const Offset dimension = 1 + below(rows);  // draws one at a time: the order of arguments is the compiler's
  const Dense common = random_dense(rows, dimension, random());
  for (int i = 0; i < count; ++i) {
    const Offset cols = 1 + below(below(3) == 0 ? 70 : 12);
    Dense block = random_dense(rows, cols, random());
    if (kind == 1 || kind == 2) block = multiply(common, random_dense(common.cols, cols, random()));  // low rank
    if (kind == 2) {
      for (double& x : block.values) x += 1e-10 * static_cast<double>(below(1000));
    }
    if (kind == 3 && i > 0) {  // the same again, with other signs
      block = instance.blocks.front();
      for (Offset j = 0; j < block.cols; j += 2) {
        for (double& x : block.col(j)) x = -x;
      }
    }
    if (kind == 4 && i == 1) {
      for (double& x : block.values) x *= 1e8;
    }
    if (kind == 5) {  // graded
      for (Offset j = 0; j < cols; ++j) {
        for (double& x : block.col(j)) x *= std::pow(0.1, static_cast<double>(j % 13));
      }
    }
    if (kind == 6) block = Dense(qr(block).q);  // tied singular values
    if (kind == 7 && below(2) == 0) std::ranges::fill(block.values, 0.0);
    instance.blocks.push_back(std::move(block));
  }
  return instance;
}

double tolerance_of(Kernel kernel) { return kernel == Kernel::qr ? 1e-14 : 1e-16; }

/// What must hold of a decomposition of M.
void expect_certified(const IncrementalSvd& svd, const Dense& m, Kernel kernel, const std::string& what) {
  const double norm = std::sqrt(squared_norm(m));
  EXPECT_NEAR(svd.norm(), norm, 1e-13 * norm) << what;
  EXPECT_LT(orthogonality_loss(svd.basis()), 1e-12) << what;
  EXPECT_LE(svd.lower_error(), svd.certified_error()) << what;
  if (norm == 0) {
    EXPECT_EQ(svd.certified_error(), 0) << what;
    return;
  }
  const double optimum = rest_of(singular_values(m), svd.rank()) / norm;
  const double stored = residual_of(m, svd.basis()) / norm;
  // The oracle rounds as well: of the error itself where it is small, by a few units of the norm.
  EXPECT_LE(stored, svd.certified_error() + 1e-15) << what;
  EXPECT_LE(optimum, svd.certified_error() + 1e-15) << what;
  if (kernel == Kernel::qr) {
    EXPECT_LE(svd.lower_error(), optimum + tolerance_of(kernel)) << what;
  } else {
    EXPECT_LE(svd.lower_error() * svd.lower_error(), optimum * optimum + tolerance_of(kernel)) << what;
  }
  double kept = 0;
  double best = 0;
  const auto all = singular_values(m);
  for (std::size_t k = 0; const double s : svd.singular_values()) {
    kept += s * s;
    best += all[k] * all[k];
    EXPECT_LE(kept, best * (1 + 1e-12)) << what;  // B2, B3: sums of squares are lower bounds
    ++k;
  }
}

TEST(IncrementalSvd, CertificatesHold) {
  const int count = deep(500, 10000);
  for (int i = 0; i < count; ++i) {
    const Instance instance = random_instance(static_cast<std::uint64_t>(i));
    const Dense m = side_by_side(instance.blocks);
    for (const Kernel kernel : {Kernel::qr, Kernel::gram}) {
      const std::string what = text("instance ", i, kernel == Kernel::qr ? " qr" : " gram");
      IncrementalSvd all(m.rows, instance.rank, instance.oversampling, kernel);
      IncrementalSvd even = all;
      IncrementalSvd odd = all;
      for (std::size_t k = 0; k < instance.blocks.size(); ++k) {
        all.update(instance.blocks[k]);
        (k % 2 == 0 ? even : odd).update(instance.blocks[k]);
      }
      expect_certified(all, m, kernel, what);
      even.merge(odd);
      expect_certified(even, m, kernel, what + " merged");
      EXPECT_EQ(even.num_columns(), m.cols);
      const IncrementalSvd copy = IncrementalSvd::unpack(all.pack());
      EXPECT_EQ(copy.pack(), all.pack());
      EXPECT_EQ(copy.certified_error(), all.certified_error());
    }
  }
}

TEST(IncrementalSvd, QrTellsErrorsOfOneInATrillion) {
  for (const double noise : {1e-4, 1e-8, 1e-12}) {
    const auto blocks = grouped_blocks(120, 20, 8, 1, 10, noise, 3);
    IncrementalSvd svd(120, 10, 5, Kernel::qr);
    for (const Dense& block : blocks) svd.update(block);
    const Dense m = side_by_side(blocks);
    const double optimum = rest_of(singular_values(m), 10) / svd.norm();
    EXPECT_GE(svd.certified_error(), optimum);
    EXPECT_LE(svd.certified_error(), 1.1 * optimum) << noise;
    EXPECT_LE(svd.lower_error(), optimum);
  }
}

TEST(IncrementalSvd, MergedKernelsKeepTheWiderSlack) {
  for (const auto seed : {1u, 2u, 3u}) {
    const auto blocks = grouped_blocks(60, 20, 2, 1, 5, 1e-10, seed);
    const Dense m = side_by_side(blocks);
    IncrementalSvd by_gram(60, 5, 0, Kernel::gram);
    by_gram.update(m);
    for (const bool gram_first : {false, true}) {
      IncrementalSvd merged(60, 5, 0, gram_first ? Kernel::gram : Kernel::qr);
      IncrementalSvd other(60, 5, 0, gram_first ? Kernel::qr : Kernel::gram);
      (gram_first ? merged : other).update(blocks[0]);
      (gram_first ? other : merged).update(random_dense(60, 1, seed + 9));
      merged.merge(other);
      const Dense all = side_by_side({blocks[0], random_dense(60, 1, seed + 9)});
      EXPECT_LE(residual_of(all, merged.basis()) / merged.norm(), merged.certified_error());
    }
    IncrementalSvd merged(60, 5, 0, Kernel::qr);
    merged.merge(by_gram);
    EXPECT_LE(residual_of(m, merged.basis()) / merged.norm(), merged.certified_error());
    EXPECT_GE(merged.certified_error(), by_gram.certified_error());
  }
}

TEST(IncrementalSvd, OversamplingEndsAtTheRows) {
  constexpr Offset most = std::numeric_limits<Offset>::max();
  const auto blocks = grouped_blocks(30, 12, 4, 2, 6, 1e-2, 6);
  for (const Kernel kernel : {Kernel::qr, Kernel::gram}) {
    IncrementalSvd svd(30, 4, most, kernel);
    IncrementalSvd whole(30, 4, 26, kernel);
    for (const Dense& block : blocks) {
      svd.update(block);
      whole.update(block);
    }
    EXPECT_EQ(svd.pack(), whole.pack());
    EXPECT_GT(svd.basis().cols, 0);
    EXPECT_LE(residual_of(side_by_side(blocks), svd.basis()) / svd.norm(), svd.certified_error());
  }
}

/// Tall blocks, where sums over many rows round more.
TEST(IncrementalSvd, GramCertificatesHoldOnManyRows) {
  for (const Offset rows : {300, 1000, deep(3000, 30000)}) {
    for (const double noise : {1e-2, 1e-5, 1e-7, 1e-9, 0.0}) {
      for (const double mean : {0.0, 1.0}) {
        auto blocks = grouped_blocks(rows, 12, 3, 1, 6, noise, static_cast<std::uint64_t>(rows));
        for (Dense& block : blocks) {
          for (double& x : block.values) x += mean;  // sums that only grow
        }
        const Dense m = side_by_side(blocks);
        IncrementalSvd svd(rows, 7, 3, Kernel::gram);
        for (const Dense& block : blocks) svd.update(block);
        const std::string what = text(rows, " rows, noise ", noise, ", mean ", mean);
        const double stored = residual_of(m, svd.basis()) / svd.norm();
        const double optimum = rest_of(singular_values(m), 7) / svd.norm();
        EXPECT_LE(stored, svd.certified_error()) << what;
        EXPECT_LE(svd.lower_error(), optimum) << what;
        EXPECT_LE(svd.certified_error(), 1.03 * optimum + 2e-7) << what;
        EXPECT_LT(orthogonality_loss(svd.basis()), 1e-12) << what;
      }
    }
  }
}

TEST(IncrementalSvd, NearlyOptimalOnDriftingSpaces) {
  const auto blocks = grouped_blocks(200, 40, 12, 2, 8, 1e-2, 4);
  const Dense m = side_by_side(blocks);
  for (const Kernel kernel : {Kernel::qr, Kernel::gram}) {
    IncrementalSvd svd(200, 16, 5, kernel);
    for (const Dense& block : blocks) svd.update(block);
    const double optimum = rest_of(singular_values(m), 16) / svd.norm();
    EXPECT_LE(svd.certified_error(), 1.03 * optimum);
    EXPECT_LE(residual_of(m, svd.basis()) / svd.norm(), 1.0001 * optimum);
    for (Offset rank = 0; rank < 16; ++rank) EXPECT_GE(svd.certified_error(rank), svd.certified_error(rank + 1));
  }
}

TEST(IncrementalSvd, ScalesBeyondSquares) {
  for (const double scale : {1e150, 1e-150, 1e300, 1e-300}) {
    for (const Kernel kernel : {Kernel::qr, Kernel::gram}) {
      auto blocks = grouped_blocks(30, 6, 5, 1, 4, 1e-3, 5);
      IncrementalSvd plain(30, 4, 2, kernel);
      IncrementalSvd scaled(30, 4, 2, kernel);
      for (Dense& block : blocks) {
        plain.update(block);
        for (double& x : block.values) x *= scale;
        scaled.update(block);
      }
      EXPECT_NEAR(scaled.norm() / scale, plain.norm(), 1e-12 * plain.norm()) << scale;
      EXPECT_NEAR(scaled.certified_error(), plain.certified_error(), 1e-9) << scale;
    }
  }
  // A block far larger than those before it, and far smaller.
  const Dense small = random_dense(10, 3, 1);
  IncrementalSvd svd(10, 3, 0);
  svd.update(small);
  Dense large = random_dense(10, 3, 2);
  for (double& x : large.values) x *= 1e200;
  svd.update(large);
  svd.update(small);
  EXPECT_NEAR(svd.norm(), 1e200 * std::sqrt(squared_norm(random_dense(10, 3, 2))), 1e187);
  EXPECT_LT(svd.certified_error(), 1e-13);
}

TEST(IncrementalSvd, NothingButZeros) {
  IncrementalSvd svd(5, 2);
  svd.update(Dense(5, 3));
  svd.update(Dense(5, 0));
  EXPECT_EQ(svd.certified_error(), 0);
  EXPECT_EQ(svd.norm(), 0);
  EXPECT_EQ(svd.basis().cols, 0);
  EXPECT_EQ(svd.num_columns(), 3);
}

TEST(IncrementalSvd, BadArguments) {
  EXPECT_THROW(IncrementalSvd(0, 1), InvalidArgument);
  EXPECT_THROW(IncrementalSvd(3, 0), InvalidArgument);
  EXPECT_THROW(IncrementalSvd(3, 4), InvalidArgument);
  EXPECT_THROW(IncrementalSvd(3, 1, -1), InvalidArgument);
  IncrementalSvd svd(3, 1);
  EXPECT_THROW(svd.update(Dense(4, 1)), InvalidArgument);
  Dense bad(3, 1);
  bad(1, 0) = INFINITY;
  EXPECT_THROW(svd.update(bad), InvalidArgument);
  bad(1, 0) = NAN;
  EXPECT_THROW(svd.update(bad), InvalidArgument);
  EXPECT_THROW(svd.merge(IncrementalSvd(3, 2)), InvalidArgument);
}

}  // namespace
}  // namespace filigree::testing
