#include "filigree/generate.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "core/index.hpp"
#include "filigree/core/random.hpp"
#include "generate/scramble.hpp"

namespace filigree::generate {
namespace {

constexpr Offset most_edges = Offset{1} << 62;

// Purposes of the streams: one seed, independent draws.
constexpr std::uint64_t edge_purpose = 0x65646765;   // "edge"
constexpr std::uint64_t noise_purpose = 0x6e6f6973;  // "nois"

/// This rank's share of the edges, a contiguous range in global order: edge k is draw(k) = {row, column}.
template <class Draw>
Entries<double> draw_share(const Comm& comm, Offset num_edges, const Draw& draw) {
  const Partition shares = Partition::uniform(num_edges, comm.size());
  const Offset first = shares.begin(comm.rank());
  const Offset count = shares.size(comm.rank());
  Entries<double> entries;
  comm.guard([&] {
    entries.row.resize(z(count));
    entries.col.resize(z(count));
#pragma omp parallel for schedule(static)
    for (Offset i = 0; i < count; ++i) {
      const auto [row, col] = draw(first + i);
      entries.row[z(i)] = row;
      entries.col[z(i)] = col;
    }
  });
  return entries;
}

CountedMatrix<double> build(const Comm& comm, Global num_rows, Global num_cols, Entries<double> entries,
                            bool undirected, Loops loops) {
  if (undirected) comm.guard([&] { symmetrize(entries); });
  return Graph::from_entries_counted(comm, num_rows, num_cols, std::move(entries), {Duplicates::first, loops});
}

/// Where in [0, 2^32) the quarters of one level begin; the first begins at 0.
struct Quarters {
  std::uint64_t upper_right, lower_left, lower_right;
};

std::vector<Quarters> quarters_by_level(int scale, std::uint64_t seed, const RmatOptions& options) {
  const auto [a, b, c] = std::array{options.a, options.b, options.c};
  const double d = 1 - a - b - c;
  const Stream stream(seed, noise_purpose);
  std::vector<Quarters> levels;
  for (int level = 0; level < scale; ++level) {
    const auto words = stream.block(level, 0, 0);
    const double mu = options.noise * (2 * Stream::unit(words[0], words[1]) - 1);
    const double level_a = mu == 0 ? a : a - 2 * mu * a / (a + d);
    const double row_of_ones = level_a + b + mu;
    const auto cell = [](double share) { return static_cast<std::uint64_t>(std::llround(share * 0x1p32)); };
    levels.push_back({cell(level_a), cell(row_of_ones), cell(row_of_ones + c + mu)});
  }
  return levels;
}

/// Returns how many edges to draw.
Offset checked_edges(int scale, Offset edges_per_vertex, const RmatOptions& options) {
  require(scale >= 0 && scale <= 62, "rmat: scale ", scale, ", must be in [0, 62]");
  require(edges_per_vertex >= 0 && edges_per_vertex <= most_edges >> scale, "rmat: ", edges_per_vertex,
          " edges per vertex, must be in [0, ", most_edges >> scale, "] for scale ", scale);
  const Offset edges = options.edges.value_or(edges_per_vertex << scale);
  require(edges >= 0 && edges <= most_edges, "rmat: ", edges, " edges, must be in [0, ", most_edges, "]");
  const auto [a, b, c, noise] = std::array{options.a, options.b, options.c, options.noise};
  // Probabilities typed in decimal may sum to a last bit above 1.
  require(a >= 0 && b >= 0 && c >= 0 && a + b + c <= 1 + 1e-12, "rmat: probabilities ", a, ", ", b, ", ", c,
          ", must be at least 0 and sum to at most 1");
  const double most_noise = std::min({(1 - b - c) / 2, b, c});
  require(noise >= 0 && noise <= most_noise, "rmat: noise ", noise, ", must be in [0, ", most_noise,
          "] with these probabilities");
  return edges;
}

/// A word of 64 random bits as an index in [0, n); bias below n / 2^64.
Global below(std::uint32_t high, std::uint32_t low, Global n) {
  const auto word = std::uint64_t{high} << 32 | low;
  __extension__ using Wide = unsigned __int128;
  return static_cast<Global>(static_cast<std::uint64_t>(Wide{word} * static_cast<std::uint64_t>(n) >> 64));
}

/// The product of extents, refused when negative or too large.
Global volume(const char* what, const std::array<Global, 3>& extents) {
  Global product = 1;
  for (Global extent : extents) {
    require(extent >= 0, what, ": extent ", extent, ", must be at least 0");
    require(extent == 0 || product <= most_edges / extent, what, ": more than 2^62 vertices");
    product *= extent;
  }
  return product;
}

/// Who is a point's neighbour in a grid: those one step away in one direction, or in any, and itself, with values.
enum class Stencil { cross, box };

Graph grid(const Comm& comm, const char* what, const std::array<Global, 3>& extents, Stencil stencil) {
  const bool is_box = stencil == Stencil::box;
  const Global num_vertices = comm.guard([&] { return volume(what, extents); });
  const auto is_inside = [&](Global at, std::size_t direction) { return at >= 0 && at < extents[direction]; };
  const Global height = extents[1];
  const Global width = extents[2];
  const Partition rows = Partition::uniform(num_vertices, comm.size());
  std::vector<Offset> row_ptr;
  std::vector<Global> col;
  std::vector<double> val;
  comm.guard([&] {
    row_ptr.reserve(z(rows.size(comm.rank())) + 1);
    row_ptr.push_back(0);
    col.reserve((is_box ? 27 : 6) * z(rows.size(comm.rank())));
    if (is_box) val.reserve(col.capacity());
    for (Global v = rows.begin(comm.rank()); v < rows.end(comm.rank()); ++v) {
      const Global k = v % width;
      const Global j = v / width % height;
      const Global i = v / width / height;
      // Ascending.
      for (Global di = -1; di <= 1; ++di) {
        for (Global dj = -1; dj <= 1; ++dj) {
          for (Global dk = -1; dk <= 1; ++dk) {
            const Global steps = std::abs(di) + std::abs(dj) + std::abs(dk);
            if (!is_box && steps != 1) continue;
            if (!is_inside(i + di, 0) || !is_inside(j + dj, 1) || !is_inside(k + dk, 2)) continue;
            col.push_back(v + (di * height + dj) * width + dk);
            if (is_box) val.push_back(steps == 0 ? 26 : -1);
          }
        }
      }
      row_ptr.push_back(static_cast<Offset>(col.size()));
    }
  });
  return Graph::from_csr(comm, num_vertices, row_ptr, col, val);
}

}  // namespace

CountedMatrix<double> rmat_counted(const Comm& comm, int scale, Offset edges_per_vertex, std::uint64_t seed,
                                   const RmatOptions& options) {
  const Offset num_edges = comm.guard([&] { return checked_edges(scale, edges_per_vertex, options); });
  const Global num_vertices = Global{1} << scale;
  const std::vector<Quarters> levels = quarters_by_level(scale, seed, options);
  const Scramble scramble(scale, seed);
  const Stream stream(seed, edge_purpose);
  const auto draw = [&](Offset k) -> std::array<Global, 2> {
    std::uint64_t row = 0;
    std::uint64_t col = 0;
    Stream::Block words{};
    for (std::size_t level = 0; level < levels.size(); ++level) {
      if (level % 4 == 0) words = stream.block(k, 0, static_cast<std::uint32_t>(level / 4));
      const std::uint64_t word = words[level % 4];
      const Quarters& at = levels[level];
      const bool lower = word >= at.lower_left;
      const bool right = lower ? word >= at.lower_right : word >= at.upper_right;
      row = row << 1 | (lower ? 1 : 0);
      col = col << 1 | (right ? 1 : 0);
    }
    if (!options.scramble) return {static_cast<Global>(row), static_cast<Global>(col)};
    return {scramble(row), scramble(col)};
  };
  return build(comm, num_vertices, num_vertices, draw_share(comm, num_edges, draw), options.undirected, options.loops);
}

CountedMatrix<double> uniform_counted(const Comm& comm, Global num_rows, Global num_cols, Offset num_edges,
                                      std::uint64_t seed, const UniformOptions& options) {
  comm.guard([&] {
    require(num_rows >= 0 && num_cols >= 0, "uniform: shape ", num_rows, " x ", num_cols, ", must be at least 0 x 0");
    require(num_edges >= 0 && num_edges <= most_edges, "uniform: ", num_edges, " edges, must be in [0, 2^62]");
    require(num_edges == 0 || (num_rows > 0 && num_cols > 0), "uniform: ", num_edges, " edges do not fit into ",
            num_rows, " x ", num_cols);
    require(!options.undirected || num_rows == num_cols, "uniform: an undirected graph is square, not ", num_rows,
            " x ", num_cols);
  });
  const Stream stream(seed, edge_purpose);
  const auto draw = [&](Offset k) -> std::array<Global, 2> {
    const auto words = stream.block(k, 0, 0);
    return {below(words[0], words[1], num_rows), below(words[2], words[3], num_cols)};
  };
  return build(comm, num_rows, num_cols, draw_share(comm, num_edges, draw), options.undirected, options.loops);
}

Graph grid2d(const Comm& comm, Global height, Global width) {
  return grid(comm, "grid2d", {1, height, width}, Stencil::cross);
}

Graph grid3d(const Comm& comm, Global depth, Global height, Global width) {
  return grid(comm, "grid3d", {depth, height, width}, Stencil::cross);
}

Graph stencil27(const Comm& comm, Global depth, Global height, Global width) {
  return grid(comm, "stencil27", {depth, height, width}, Stencil::box);
}

}  // namespace filigree::generate
