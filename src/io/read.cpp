#include "filigree/io/read.hpp"

#include <array>
#include <charconv>
#include <filesystem>

#include "filigree/matrix/content_hash.hpp"
#include "io/formats.hpp"
#include "io/names_file.hpp"
#include "io/packed.hpp"

namespace filigree::io {

Format format_of(const std::string& path) {
  const std::string extension = std::filesystem::path(without_packing(path)).extension().string();
  if (extension == ".mtx") return Format::matrix_market;
  if (extension == ".graph" || extension == ".metis") return Format::metis;
  if (extension == ".gr") return Format::dimacs;
  if (extension == ".sg") return Format::gap;
  if (extension == ".wsg") return Format::gap_weighted;
  if (extension == ".npy") return Format::npy;
  if (extension == ".h5" || extension == ".hdf5") return Format::hdf5;
  return Format::edge_list;
}

bool holds_names(Format format) { return format == Format::edge_list || format == Format::hdf5; }

void refuse_packed_binary(Format format, const std::string& path) {
  const bool binary =
      format == Format::hdf5 || format == Format::npy || format == Format::gap || format == Format::gap_weighted;
  if (binary && packing_of(path) != Packing::none) throw IoError(text(path, ": only text formats can be compressed"));
}

std::string hash_text(std::uint64_t hash) {
  std::array<char, 16> digits{};
  const char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), hash, 16).ptr;
  const std::string_view shown(digits.data(), static_cast<std::size_t>(end - digits.data()));
  return std::string(digits.size() - shown.size(), '0') + std::string(shown);
}

GraphFile assemble(const Comm& comm, const std::string& path, Global num_rows, Global num_cols, Entries<double> entries,
                   const ReadOptions& options) {
  try {
    require(!options.undirected || num_rows == num_cols, num_rows, " x ", num_cols,
            ": only a square matrix can be made undirected");
    comm.guard([&] {
      if (options.undirected) symmetrize(entries);
    });
    ReadReport report;
    Graph graph = Graph::from_entries(comm, num_rows, num_cols, std::move(entries), options.policy, &report.entries);
    VertexNames names(graph.rows);
    return {std::move(graph), std::move(names), std::move(report)};
  } catch (const InvalidArgument& fault) {  // on all ranks
    throw InvalidArgument(text(path, ": ", fault.what()));
  }
}

namespace {

GraphFile read_as(Format format, const Comm& comm, const std::string& path, const ReadOptions& options) {
  switch (format) {
    case Format::matrix_market: return read_matrix_market(comm, path, options);
    case Format::metis: return read_metis(comm, path, options);
    case Format::hdf5: return read_hdf5(comm, path, options);
    case Format::dimacs: return read_dimacs(comm, path, options);
    case Format::gap: return read_gap(comm, path, options, false);
    case Format::gap_weighted: return read_gap(comm, path, options, true);
    case Format::npy: return read_npy(comm, path, options);
    case Format::edge_list:
    case Format::automatic: break;
  }
  return read_edge_list(comm, path, options);
}

}  // namespace

GraphFile read(const Comm& comm, const std::string& path, const ReadOptions& options) {
  const Format format = options.format == Format::automatic ? format_of(path) : options.format;
  refuse_packed_binary(format, path);
  GraphFile file = read_as(format, comm, path, options);
  if (!holds_names(format) && file.names.kind() == VertexNames::Kind::numbers) {
    if (std::optional<VertexNames> names = read_names_beside(comm, path, file.graph.rows)) {
      file.names = *std::move(names);
      file.report.names_path = names_path(path);
      file.report.remarks.push_back("vertices are called as " + names_path(path) + " says");
    }
  }
  file.report.format = format;
  if (file.report.hash.empty()) file.report.hash = hash_text(content_hash(file.graph));
  return file;
}

}  // namespace filigree::io
