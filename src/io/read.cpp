#include "filigree/io/read.hpp"

#include <array>
#include <charconv>
#include <filesystem>

#include "filigree/matrix/content_hash.hpp"
#include "io/formats.hpp"

namespace filigree::io {

Format format_of(const std::string& path) {
  const std::string extension = std::filesystem::path(path).extension().string();
  if (extension == ".mtx") return Format::matrix_market;
  if (extension == ".graph" || extension == ".metis") return Format::metis;
  if (extension == ".h5" || extension == ".hdf5") return Format::hdf5;
  if (extension == ".gz" || extension == ".zst")
    throw IoError(text(path, ": compressed files cannot be read or written; use the plain one"));
  return Format::edge_list;
}

std::string hash_text(const Graph& graph) {
  std::array<char, 16> digits{};
  const char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), content_hash(graph), 16).ptr;
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
    case Format::edge_list:
    case Format::automatic: break;
  }
  return read_edge_list(comm, path, options);
}

}  // namespace

GraphFile read(const Comm& comm, const std::string& path, const ReadOptions& options) {
  const Format format = options.format == Format::automatic ? format_of(path) : options.format;
  GraphFile file = read_as(format, comm, path, options);
  file.report.format = format;
  file.report.hash = hash_text(file.graph);
  return file;
}

}  // namespace filigree::io
