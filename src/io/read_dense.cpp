#include "filigree/io/read_dense.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <memory>

#include "core/index.hpp"
#include "filigree/io/hdf5.hpp"
#include "io/fields.hpp"
#include "io/formats.hpp"
#include "io/natural_order.hpp"
#include "io/npy_header.hpp"

namespace filigree::io {
namespace {

namespace fs = std::filesystem;

/// Where a block lies and how large it is.
struct Source {
  enum class Kind { npy, hdf5, hdf5_rows, matrix_market } kind;
  std::string path;
  std::string dataset;  ///< HDF5
  Offset first = 0;     ///< HDF5: its first column, or row if the dataset holds columns as rows
  Offset rows = 0;
  Offset cols = 0;
  Offset part = -1;  ///< which block of its dataset; -1 if it is all of it

  std::string name() const {
    if (dataset.empty()) return path;
    return part < 0 ? text(path, ":", dataset) : text(path, ":", dataset, "[", part, "]");
  }
};

[[noreturn]] void fail(const std::string& path, const std::string& what) { throw IoError(text(path, ": ", what)); }

bool ends_with_any(const std::string& path, std::initializer_list<const char*> endings) {
  return std::ranges::any_of(endings, [&](const char* ending) { return path.ends_with(ending); });
}

/// Finds the blocks of all paths. Works on one rank by itself.
class Scan {
 public:
  explicit Scan(const Comm& self) : self_(self) {}

  void add(const std::string& path, int depth = 0) {
    if (fs::is_directory(path)) return add_folder(path);
    if (ends_with_any(path, {".npy"})) return add_npy(path);
    if (ends_with_any(path, {".h5", ".hdf5", ".nc", ".nc4"})) return add_hdf5(path);
    if (ends_with_any(path, {".mtx", ".mtx.gz", ".mtx.zst"})) {
      const auto [rows, cols] = matrix_market_shape(self_, path);
      found.push_back({.kind = Source::Kind::matrix_market, .path = path, .dataset = "", .rows = rows, .cols = cols});
      return;
    }
    if (ends_with_any(path, {".txt"}) && depth == 0) return add_list(path);
    if (!fs::exists(path)) fail(path, "does not exist");
    fail(path, "is no collection of dense matrices: expected a folder, .npy, .h5, .nc, .mtx or a list in .txt");
  }

  std::vector<Source> found;

 private:
  void add_folder(const std::string& path) {
    std::vector<std::string> files;
    for (const auto& entry : fs::directory_iterator(path)) {
      if (entry.path().extension() == ".npy") files.push_back(entry.path().filename());
    }
    if (files.empty()) fail(path, "holds no .npy files");
    std::ranges::sort(files, natural_less);
    for (const std::string& file : files) add_npy((fs::path(path) / file).string());
  }
  void add_npy(const std::string& path) {
    const NpyHeader header = read_npy_header(BinaryFile(self_, path));
    found.push_back(
        {.kind = Source::Kind::npy, .path = path, .dataset = "", .rows = header.num_rows, .cols = header.num_cols});
  }
  void add_list(const std::string& path) {
    std::ifstream list(path);
    if (!list) fail(path, "cannot be opened");
    const fs::path folder = fs::path(path).parent_path();
    std::string line;
    while (std::getline(list, line)) {
      const std::string entry(without_blanks(std::string_view(line).substr(0, line.find('#'))));
      if (!entry.empty()) add((folder / entry).string(), 1);
    }
    if (found.empty()) fail(path, "the list is empty");
  }
  void add_hdf5(const std::string& path) {
    const Hdf5Reader file(self_, path);
    const std::size_t before = found.size();
    for (const std::string& dataset : file.datasets()) {
      const std::vector<Offset> shape = file.shape(dataset);
      if (shape.size() != 2 || !file.holds_numbers(dataset)) continue;
      const std::string group = dataset.substr(0, dataset.rfind('/') + 1);
      const bool as_rows = dataset == group + "columns";
      if ((as_rows || dataset == group + "values") && file.has(group + "offsets")) {
        add_cut(file, dataset, group + "offsets", shape, as_rows);
        continue;
      }
      found.push_back(
          {.kind = Source::Kind::hdf5, .path = path, .dataset = dataset, .rows = shape[0], .cols = shape[1]});
    }
    if (found.size() == before) fail(path, "holds no two-dimensional datasets of numbers");
  }
  void add_cut(const Hdf5Reader& file, const std::string& dataset, const std::string& where,
               const std::vector<Offset>& shape, bool as_rows) {
    const std::vector<Offset> offsets = file.read<Offset>(where, 0, file.length(where));
    const Offset rows = as_rows ? shape[1] : shape[0];
    const Offset end = as_rows ? shape[0] : shape[1];
    if (offsets.empty() || offsets.front() != 0 || offsets.back() != end || !std::ranges::is_sorted(offsets))
      fail(file.path(), text(where, ": must ascend from 0 to ", end, ", the columns of ", dataset));
    for (std::size_t i = 0; i + 1 < offsets.size(); ++i) {
      found.push_back({as_rows ? Source::Kind::hdf5_rows : Source::Kind::hdf5, file.path(), dataset, offsets[i], rows,
                       offsets[i + 1] - offsets[i], static_cast<Offset>(i)});
    }
  }

  const Comm& self_;
};

Dense read_npy_block(const Comm& self, const Source& source) {
  const BinaryFile file(self, source.path);
  const NpyHeader header = read_npy_header(file);
  Dense block(source.rows, source.cols);
  const bool native = header.type == "<f8";
  if (native && (header.by_columns || header.num_cols == 1)) {
    file.read(header.data_begin, std::span<double>(block.values));
    return block;
  }
  const NpyConvert convert = npy_conversion_of(header.type);
  const Offset width = header.element_bytes();
  const Offset line = header.by_columns ? header.num_rows : header.num_cols;
  const Offset count = header.num_rows * header.num_cols;
  std::vector<char> bytes;
  for (Offset first = 0; first < count;) {
    const Offset length = std::min(count - first, slice_bytes / width);
    bytes.resize(z(length * width));
    file.read(header.data_begin + first * width, std::span<char>(bytes));
    Offset major = first / line;
    Offset minor = first % line;
    for (Offset k = 0; k < length; ++k) {
      const std::optional<double> value = convert(bytes.data() + k * width, header.is_big_endian());
      const Offset row = header.by_columns ? minor : major;
      const Offset col = header.by_columns ? major : minor;
      if (!value)
        fail(source.path, text("element (", row, ", ", col, ") is a number that a double cannot hold exactly"));
      block(row, col) = *value;
      if (++minor == line) {
        minor = 0;
        ++major;
      }
    }
    first += length;
  }
  return block;
}

Dense read_hdf5_block(const Hdf5Reader& file, const Source& source) {
  Dense block(source.rows, source.cols);
  if (source.kind == Source::Kind::hdf5_rows) {
    block.values = file.read_matrix(source.dataset, source.first, source.cols, 0, source.rows);
    return block;
  }
  const std::vector<double> by_rows = file.read_matrix(source.dataset, 0, source.rows, source.first, source.cols);
  for (Offset i = 0; i < block.rows; ++i) {
    for (Offset j = 0; j < block.cols; ++j) block(i, j) = by_rows[z(i * block.cols + j)];
  }
  return block;
}

Dense read_matrix_market_block(const Comm& self, const Source& source) {
  ReadOptions options;
  options.format = Format::matrix_market;
  options.policy.duplicates = Duplicates::sum;
  options.finite = false;
  const Graph graph = read(self, source.path, options).graph;
  Dense block(source.rows, source.cols);
  const CsrView<double> local = graph.local.view();
  for (Local row = 0; row < local.num_rows(); ++row) {
    for (std::size_t k = 0; k < local.cols(row).size(); ++k)
      block(row, graph.global_col(local.cols(row)[k])) = local.has_values() ? local.vals(row)[k] : 1;
  }
  return block;
}

/// Returns how many elements were replaced.
Offset replace_not_finite(Dense& block, const std::string& name, NotFinite how) {
  Offset count = 0;
  for (Offset j = 0; j < block.cols; ++j) {
    for (Offset i = 0; i < block.rows; ++i) {
      if (std::isfinite(block(i, j))) continue;
      if (how == NotFinite::refuse)
        fail(name,
             text("element (", i, ", ", j, ") is ", block(i, j), ", must be finite; --nan zero or impute replaces it"));
      ++count;
    }
  }
  if (count == 0) return 0;
  for (Offset i = 0; i < block.rows; ++i) {
    double sum = 0;
    Offset finite = 0;
    for (Offset j = 0; j < block.cols; ++j) {
      if (!std::isfinite(block(i, j))) continue;
      sum += block(i, j);
      ++finite;
    }
    const double value = how == NotFinite::impute && finite > 0 ? sum / static_cast<double>(finite) : 0;
    for (Offset j = 0; j < block.cols; ++j) {
      if (!std::isfinite(block(i, j))) block(i, j) = value;
    }
  }
  return count;
}

Dense padded(Dense block, Offset rows) {
  if (block.rows == rows) return block;
  Dense taller(rows, block.cols);
  for (Offset j = 0; j < block.cols; ++j) std::ranges::copy(block.col(j), taller.col(j).begin());
  return taller;
}

/// The number of rows that all blocks have or are given.
Offset common_rows(const std::vector<Source>& sources, bool pad) {
  Offset rows = sources.front().rows;
  for (const Source& source : sources) {
    if (source.cols == 0 || source.rows == 0) fail(source.name(), text("is empty: ", source.rows, " x ", source.cols));
    if (!pad && source.rows != rows)
      fail(source.name(), text("has ", source.rows, " rows, but ", sources.front().name(), " has ", rows,
                               "; blocks must agree (--pad adds rows of zeros)"));
    rows = std::max(rows, source.rows);
  }
  return rows;
}

}  // namespace

DenseFile read_dense(const Comm& comm, const std::vector<std::string>& paths, const DenseOptions& options) {
  const Comm self = Comm::self();
  DenseFile result{{comm, {}, 0, {}, {}, {}}, 0, 0};
  DenseBlocks& blocks = result.blocks;
  const std::vector<Source> sources = comm.guard([&] {
    require(!paths.empty(), "blocks: the list of paths is empty");
    Scan scan(self);
    try {
      for (const std::string& path : paths) scan.add(path);
    } catch (const fs::filesystem_error& fault) {
      fail(fault.path1().string(), fault.code().message());
    }
    blocks.rows = common_rows(scan.found, options.pad);
    return std::move(scan.found);
  });
  for (const Source& source : sources) {
    blocks.cols.push_back(source.cols);
    blocks.names.push_back(source.name());
    if (source.rows < blocks.rows) ++result.num_padded;
  }
  blocks.blocks = Partition::by_weight(blocks.cols, comm.size());
  Offset mine = 0;
  for (Global i = blocks.blocks.begin(comm.rank()); i < blocks.blocks.end(comm.rank()); ++i) mine += blocks.cols[z(i)];
  Offset done = 0;
  result.num_replaced = comm.sum(comm.guard([&] {
    std::unique_ptr<Hdf5Reader> file;
    Offset replaced = 0;
    for (Global i = blocks.blocks.begin(comm.rank()); i < blocks.blocks.end(comm.rank()); ++i) {
      const Source& source = sources[z(i)];
      const bool hdf5 = source.kind == Source::Kind::hdf5 || source.kind == Source::Kind::hdf5_rows;
      if (hdf5 && (!file || file->path() != source.path)) file = std::make_unique<Hdf5Reader>(self, source.path);
      Dense block = hdf5                               ? read_hdf5_block(*file, source)
                    : source.kind == Source::Kind::npy ? read_npy_block(self, source)
                                                       : read_matrix_market_block(self, source);
      replaced += replace_not_finite(block, blocks.names[z(i)], options.not_finite);
      blocks.local.push_back(padded(std::move(block), blocks.rows));
      done += source.cols;
      if (options.progress) options.progress("read", done, mine);
    }
    return replaced;
  }));
  return result;
}

void write_dense_npy(const std::string& path, DenseView matrix) {
  std::string header(npy_magic);
  const std::string dict =
      text("{'descr': '<f8', 'fortran_order': True, 'shape': (", matrix.rows, ", ", matrix.cols, "), }");
  const std::size_t before = npy_magic.size() + 4;
  const std::size_t length = (before + dict.size() + 1 + 63) / 64 * 64 - before;
  header += {'\1', '\0', static_cast<char>(length % 256), static_cast<char>(length / 256)};
  header += dict;
  header.resize(before + length - 1, ' ');
  header += '\n';
  BinaryWriter file(Comm::self(), path);
  file.write(0, std::span<const char>(header));
  for (Offset j = 0; j < matrix.cols; ++j) {
    file.write(std::ssize(header) + j * matrix.rows * Offset{sizeof(double)}, std::span<const double>(matrix.col(j)));
  }
  file.commit();
}

}  // namespace filigree::io
