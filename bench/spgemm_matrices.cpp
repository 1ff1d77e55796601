#include "spgemm_matrices.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <iterator>
#include <numeric>

#include "core/index.hpp"
#include "filigree/core/error.hpp"
#include "filigree/core/random.hpp"
#include "filigree/generate.hpp"
#include "filigree/io/read.hpp"

namespace filigree::bench {
namespace {

/// The number behind `prefix` in a name, or -1.
int number_behind(const std::string& prefix, std::string_view name) {
  if (!name.starts_with(prefix)) return -1;
  name.remove_prefix(prefix.size());
  int number = -1;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  return error == std::errc() && end == name.data() + name.size() ? number : -1;
}

/// Every point of an n x n x n grid with those of the 3 x 3 x 3 around it at most `reach` steps along the axes away.
DistCsr<double> stencil(const Comm& comm, Global n, Global reach) {
  const Partition rows = Partition::uniform(n * n * n, comm.size());
  std::vector<Offset> row_ptr{0};
  std::vector<Global> col;
  const auto inside = [n](Global x) { return x >= 0 && x < n; };
  for (Global v = rows.begin(comm.rank()); v < rows.end(comm.rank()); ++v) {
    for (Global i = -1; i <= 1; ++i) {
      for (Global j = -1; j <= 1; ++j) {
        for (Global k = -1; k <= 1; ++k) {
          if (std::abs(i) + std::abs(j) + std::abs(k) > reach) continue;
          if (inside(v / (n * n) + i) && inside(v / n % n + j) && inside(v % n + k))
            col.push_back(v + (i * n + j) * n + k);
        }
      }
    }
    row_ptr.push_back(std::ssize(col));
  }
  return DistCsr<double>::from_csr(comm, n * n * n, row_ptr, col, {});
}

/// A full row 0, all others with one nonzero.
DistCsr<double> heavy_row(const Comm& comm, Global n) {
  const Partition rows = Partition::uniform(n, comm.size());
  const Stream stream(1, 1);
  std::vector<Offset> row_ptr{0};
  std::vector<Global> col;
  for (Global i = rows.begin(comm.rank()); i < rows.end(comm.rank()); ++i) {
    if (i == 0) {
      col.resize(z(n));
      std::iota(col.begin(), col.end(), Global{0});
    } else {
      col.push_back(Stream::below(stream.block(i, 0, 0)[0], static_cast<std::uint64_t>(n)));
    }
    row_ptr.push_back(std::ssize(col));
  }
  return DistCsr<double>::from_csr(comm, n, row_ptr, col, {});
}

/// Those it lacks: a function of the position alone.
void draw_values(DistCsr<double>& matrix) {
  if (matrix.has_values()) return;
  const Stream stream(1, 2);
  const Csr<double>& local = matrix.local();
  Array<double> values;
  for (Local i = 0; i < local.num_rows(); ++i) {
    for (std::uint32_t k = 0; k < local.view().cols(i).size(); ++k) {
      const auto words = stream.block(matrix.first_row() + i, k, 0);
      values.push_back(Stream::unit(words[0], words[1]));
    }
  }
  matrix.set_values(std::move(values));
}

}  // namespace

Factors factors(const Comm& comm, const std::string& name, std::uint64_t seed) {
  const auto uniform = [&](int scale) {
    const Global n = Global{1} << scale;
    return generate::uniform(comm, n, n, 8 * n, seed);
  };
  const auto square = [&](DistCsr<double> a) {
    draw_values(a);
    return Factors{name, a, a};
  };
  if (const int scale = number_behind("rmat", name); scale >= 0) return square(generate::rmat(comm, scale, 16, seed));
  if (const int width = number_behind("poisson3d:", name); width >= 0) return square(stencil(comm, width, 1));
  if (const int width = number_behind("stencil27:", name); width >= 0) return square(stencil(comm, width, 3));
  if (name.ends_with("x8")) {
    const int scale = number_behind("uniform", std::string_view(name).substr(0, name.size() - 2));
    if (scale >= 0) return square(uniform(scale));
  }
  if (name == "heavyrow") {
    require(comm.size() == 1, "heavyrow is for one rank");
    Factors heavy{name, heavy_row(comm, Global{1} << 18), uniform(18)};
    draw_values(heavy.a);
    draw_values(heavy.b);
    return heavy;
  }
  const std::string undirected = "undirected:";
  const bool both_ways = name.starts_with(undirected);
  const std::string path = both_ways ? name.substr(undirected.size()) : name;
  const std::string file = std::filesystem::path(path).filename().string();
  Factors read = square(io::read(comm, path, {.undirected = both_ways}).graph);
  read.name = file.substr(0, file.find('.'));
  if (!read.a.is_square()) read.b = transpose(read.a);
  return read;
}

Factors undirected_pattern(const Factors& f) {
  require(f.a.is_square(), text(f.name, ": not square, so no graph"));
  const CsrView<double> a = f.a.local().view();
  const Csr<double> transposed = transpose(a);
  std::vector<Offset> row_ptr{0};
  std::vector<Global> col;
  for (Local i = 0; i < a.num_rows(); ++i) {
    std::ranges::set_union(a.cols(i), transposed.view().cols(i), std::back_inserter(col));
    const auto loop = std::find(col.begin() + row_ptr.back(), col.end(), i);
    if (loop != col.end()) col.erase(loop);
    row_ptr.push_back(std::ssize(col));
  }
  const DistCsr<double> both = DistCsr<double>::from_csr(f.a.comm(), f.a.num_cols(), row_ptr, col, {});
  return {f.name, both, both};
}

Offset num_products(const Factors& f) {
  std::vector<double> owned;
  for (Local i = 0; i < f.b.local().num_rows(); ++i) owned.push_back(static_cast<double>(f.b.local().view().degree(i)));
  const auto degrees = f.a.with_ghosts(owned);
  Offset mine = 0;
  for (const Local k : f.a.local().col) mine += static_cast<Offset>(degrees[z(k)]);
  return f.a.comm().sum(mine);
}

}  // namespace filigree::bench
