#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "core/index.hpp"
#include "filigree/core/random.hpp"
#include "filigree/generate.hpp"

namespace filigree::generate {
namespace {

enum Purpose : std::uint64_t { of_space = 0xb10c, of_coefficients, of_noise, of_scale, of_order };

/// rows x cols normal numbers; `number` tells which matrix of a purpose.
Dense normal(const Stream& stream, Global number, Offset rows, Offset cols) {
  Dense matrix(rows, cols);
  for (Offset j = 0; j < cols; ++j) {
    const std::span<double> column = matrix.col(j);
    for (Offset i = 0; i < rows; i += 2) {
      const Stream::Block w = stream.block(number, static_cast<std::uint32_t>(j), static_cast<std::uint32_t>(i / 2));
      const double radius = std::sqrt(-2 * std::log(Stream::unit(w[0], w[1])));
      const double angle = 2 * std::numbers::pi * Stream::unit(w[2], w[3]);
      column[z(i)] = radius * std::cos(angle);
      if (i + 1 < rows) column[z(i + 1)] = radius * std::sin(angle);
    }
  }
  return matrix;
}

struct Shape {
  Offset rows;
  Offset cols;
  Offset count;
  Offset num_spaces;
  Offset dim;
  double noise;
  double least_scale = 1;
  double most_scale = 1;
};

Shape shape_of(BlockCase which) {
  switch (which) {
    case BlockCase::drift: return {1024, 128, 64, 2, 32, 1e-2};
    case BlockCase::shared: return {1024, 128, 64, 1, 32, 1e-2};
    case BlockCase::decay: return {1024, 128, 64, 1, 256, 1e-3};
    case BlockCase::groups: return {1024, 128, 64, 4, 32, 5e-3};
    case BlockCase::narrow: return {512, 20, 800, 8, 12, 1e-2, 0.5, 2};
    case BlockCase::vectors: return {768, 1, 1500, 6, 24, 2e-2, 0.2, 3};
    case BlockCase::outliers: break;
  }
  return {512, 20, 300, 10, 8, 5e-3, 0.3, 2};
}

/// Which space each block of `groups` lies in: equal numbers, in random order.
std::vector<Offset> shuffled(std::uint64_t seed, Offset count, Offset num_spaces) {
  const Stream stream(seed, of_order);
  std::vector<Offset> space(z(count));
  std::vector<std::uint64_t> key(z(count));
  std::vector<std::size_t> order(z(count));
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t i = 0; i < order.size(); ++i) {
    const Stream::Block w = stream.block(static_cast<Global>(i), 0, 0);
    key[i] = std::uint64_t{w[0]} << 32 | w[1];
  }
  std::ranges::sort(order, {}, [&](std::size_t i) { return std::pair(key[i], i); });
  for (std::size_t k = 0; k < order.size(); ++k) space[order[k]] = static_cast<Offset>(k) * num_spaces / count;
  return space;
}

}  // namespace

DenseBlocks blocks(const Comm& comm, BlockCase which, std::uint64_t seed, Offset count) {
  require(count >= 0, "count: ", count, ", must not be negative");
  const Shape shape = shape_of(which);
  if (count == 0) count = shape.count;
  DenseBlocks result{comm, Partition::uniform(count, comm.size()), shape.rows, {}, {}, {}};
  result.cols.assign(z(count), shape.cols);
  for (Offset i = 0; i < count; ++i) {
    const std::string digits = std::to_string(i);
    result.names.push_back(std::string(digits.size() < 5 ? 5 - digits.size() : 0, '0') + digits);
  }
  comm.guard([&] {
    std::vector<Dense> spaces;
    if (which == BlockCase::drift) {  // the two spaces are orthogonal
      const Dense both = qr(normal(Stream(seed, of_space), 0, shape.rows, 2 * shape.dim)).q;
      spaces = {Dense(both.view().columns(0, shape.dim)), Dense(both.view().columns(shape.dim, shape.dim))};
    } else {
      for (Offset s = 0; s < shape.num_spaces; ++s)
        spaces.push_back(qr(normal(Stream(seed, of_space), s, shape.rows, shape.dim)).q);
    }
    const std::vector<Offset> group =
        which == BlockCase::groups ? shuffled(seed, count, shape.num_spaces) : std::vector<Offset>();
    for (Global i = result.blocks.begin(comm.rank()); i < result.blocks.end(comm.rank()); ++i) {
      Dense noise = normal(Stream(seed, of_noise), i, shape.rows, shape.cols);
      if (which == BlockCase::outliers && i % 10 == 0) {
        for (double& x : noise.values) x *= 10;
        result.local.push_back(std::move(noise));
        continue;
      }
      Dense coefficients = normal(Stream(seed, of_coefficients), i, shape.dim, shape.cols);
      const Stream::Block w = Stream(seed, of_scale).block(i, 0, 0);
      const double scale = shape.least_scale + (shape.most_scale - shape.least_scale) * Stream::unit(w[0], w[1]);
      for (Offset j = 0; j < shape.cols; ++j) {
        for (Offset k = 0; k < shape.dim; ++k) {
          double& x = coefficients(k, j);
          x *= scale;
          if (which == BlockCase::shared) x *= 2 - 1.5 * static_cast<double>(k) / static_cast<double>(shape.dim - 1);
          if (which == BlockCase::decay) x /= static_cast<double>(k + 1);
        }
      }
      Dense block(shape.rows, shape.cols);
      if (which == BlockCase::drift) {
        const double angle = std::numbers::pi / 2 * static_cast<double>(i) / static_cast<double>(count);
        gemm(std::cos(angle), spaces[0], Op::none, coefficients, Op::none, 0, block);
        gemm(std::sin(angle), spaces[1], Op::none, coefficients, Op::none, 1, block);
      } else {
        const Offset space = group.empty() ? i % shape.num_spaces : group[z(i)];
        gemm(1, spaces[z(space)], Op::none, coefficients, Op::none, 0, block);
      }
      for (std::size_t e = 0; e < block.values.size(); ++e) block.values[e] += shape.noise * noise.values[e];
      result.local.push_back(std::move(block));
    }
  });
  return result;
}

}  // namespace filigree::generate
