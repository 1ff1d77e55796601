#include "io/dense_source.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "core/index.hpp"
#include "io/fields.hpp"
#include "io/formats.hpp"
#include "io/natural_order.hpp"
#include "io/numpy/npy_header.hpp"

namespace filigree::io {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& path, const std::string& what) { throw IoError(text(path, ": ", what)); }

bool ends_with_any(const std::string& path, std::initializer_list<const char*> endings) {
  const std::string lower = lower_case(path);
  return std::ranges::any_of(endings, [&](const char* ending) { return lower.ends_with(ending); });
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
      if (lower_case(entry.path().extension().string()) == ".npy") files.push_back(entry.path().filename());
    }
    if (files.empty()) fail(path, "holds no .npy files");
    std::ranges::sort(files, natural_less);
    for (const std::string& file : files) add_npy((fs::path(path) / file).string());
  }
  void add_npy(const std::string& path) {
    const NpyHeader header = read_npy_header(BinaryFile(self_, path));
    found.push_back(
        {.kind = Source::Kind::npy, .path = path, .dataset = "", .rows = header.num_rows(), .cols = header.num_cols()});
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

/// Numbers that follow each other in a .npy file, converted.
void read_npy_run(const BinaryFile& file, const NpyHeader& header, Offset first, std::span<double> to) {
  if (header.type == "<f8") return file.read(header.data_begin + first * Offset{sizeof(double)}, to);
  const NpyConvert convert = npy_conversion_of(header.type);
  const Offset width = header.element_bytes();
  std::vector<char> bytes(to.size() * z(width));
  file.read(header.data_begin + first * width, std::span<char>(bytes));
  for (std::size_t k = 0; k < to.size(); ++k) {
    const std::optional<double> value = convert(bytes.data() + k * z(width), header.is_big_endian());
    if (!value) {
      const Offset position = first + static_cast<Offset>(k);
      const Offset line = header.by_columns ? header.num_rows() : header.num_cols();
      const Offset major = position / line;
      const Offset minor = position % line;
      fail(file.path(), text("element (", header.by_columns ? minor : major, ", ", header.by_columns ? major : minor,
                             ") is a number that a double cannot hold exactly"));
    }
    to[k] = *value;
  }
}

Dense read_npy_block(const Comm& self, const Source& source, Rows rows) {
  const BinaryFile file(self, source.path);
  const NpyHeader header = read_npy_header(file);
  Dense block(rows.count, source.cols);
  if (header.by_columns || header.num_cols() == 1) {
    if (rows.count == header.num_rows()) {
      read_npy_run(file, header, 0, block.values);
    } else {
      for (Offset j = 0; j < block.cols; ++j)
        read_npy_run(file, header, j * header.num_rows() + rows.begin, block.col(j));
    }
    return block;
  }
  const Offset rows_at_once = std::max<Offset>(1, slice_bytes / (block.cols * Offset{sizeof(double)}));
  std::vector<double> slice;
  for (Offset row = 0; row < block.rows; row += rows_at_once) {
    const Offset count = std::min(rows_at_once, block.rows - row);
    slice.resize(z(count * block.cols));
    read_npy_run(file, header, (rows.begin + row) * block.cols, slice);
    for (Offset i = 0; i < count; ++i) {
      for (Offset j = 0; j < block.cols; ++j) block(row + i, j) = slice[z(i * block.cols + j)];
    }
  }
  return block;
}

Dense read_hdf5_block(const Hdf5Reader& file, const Source& source, Rows rows) {
  Dense block(rows.count, source.cols);
  if (source.kind == Source::Kind::hdf5_rows) {
    block.values = file.read_matrix(source.dataset, source.first, source.cols, rows.begin, rows.count);
    return block;
  }
  const std::vector<double> by_rows =
      file.read_matrix(source.dataset, rows.begin, rows.count, source.first, source.cols);
  for (Offset i = 0; i < block.rows; ++i) {
    for (Offset j = 0; j < block.cols; ++j) block(i, j) = by_rows[z(i * block.cols + j)];
  }
  return block;
}

Dense read_matrix_market_block(const Comm& self, const Source& source, Rows rows) {
  ReadOptions options;
  options.format = Format::matrix_market;
  options.policy.duplicates = Duplicates::sum;
  options.finite = false;
  const Graph graph = read(self, source.path, options).graph;
  Dense block(rows.count, source.cols);
  const CsrView<double> local = graph.local().view();
  for (Offset i = 0; i < block.rows; ++i) {
    const auto row = static_cast<Local>(rows.begin + i);
    for (std::size_t k = 0; k < local.cols(row).size(); ++k)
      block(i, graph.global_col(local.cols(row)[k])) = local.has_values() ? local.vals(row)[k] : 1;
  }
  return block;
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
  // What a file says of its size need not be there; nothing is allocated for sizes that cannot be.
  constexpr Offset most_elements = Offset{1} << 40;  // of a block
  Offset columns = 0;
  for (const Source& source : sources) {
    if (source.cols > most_elements / rows)
      fail(source.name(), text("is too large: ", rows, " x ", source.cols, ", a block holds 2^40 elements at most"));
    columns += source.cols;
    if (columns > (Offset{1} << 60) / rows)
      fail(source.name(), text("is too large: ", rows, " x ", columns, " with all blocks before it"));
  }
  return rows;
}

}  // namespace

Dense BlockReader::read(const Source& source, Rows rows) {
  if (source.kind == Source::Kind::npy) return read_npy_block(self_, source, rows);
  if (source.kind == Source::Kind::matrix_market) return read_matrix_market_block(self_, source, rows);
  if (!file_ || file_->path() != source.path) file_ = std::make_unique<Hdf5Reader>(self_, source.path);
  return read_hdf5_block(*file_, source, rows);
}

Offset replace_not_finite(Dense& block, const std::string& name, NotFinite how, Offset first_row) {
  Offset count = 0;
  for (Offset j = 0; j < block.cols; ++j) {
    for (Offset i = 0; i < block.rows; ++i) {
      if (std::isfinite(block(i, j))) continue;
      if (how == NotFinite::refuse)
        fail(name, text("element (", first_row + i, ", ", j, ") is ", block(i, j),
                        ", must be finite; --nan zero or impute replaces it"));
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

std::vector<Source> find_sources(const Comm& comm, const std::vector<std::string>& paths, bool pad, Offset& rows) {
  return comm.guard([&] {
    require(!paths.empty(), "blocks: the list of paths is empty");
    const Comm self = Comm::self();
    Scan scan(self);
    try {
      for (const std::string& path : paths) scan.add(path);
    } catch (const fs::filesystem_error& fault) {
      fail(fault.path1().string(), fault.code().message());
    }
    rows = common_rows(scan.found, pad);
    return std::move(scan.found);
  });
}

}  // namespace filigree::io
