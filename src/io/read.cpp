#include "filigree/io/read.hpp"

#include <array>
#include <charconv>

#include "filigree/matrix/content_hash.hpp"
#include "io/formats.hpp"
#include "io/names_file.hpp"
#include "io/packed.hpp"

namespace filigree::io {

void refuse_packed_binary(Format format, const std::string& path) {
  if (!info_of(format).text && packing_of(path) != Packing::none)
    throw IoError(text(path, ": only text formats can be compressed"));
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

GraphFile read(const Comm& comm, const std::string& path, const ReadOptions& options) {
  const FoundFormat found = format_to_read(comm, path, options.format);
  const FormatEntry& format = entry_of(found.format);
  refuse_packed_binary(found.format, path);
  ReadOptions with_extension = options;
  with_extension.weights |= found.format == Format::edge_list && has_weights_by_extension(path);
  GraphFile file = format.read(comm, path, with_extension);
  if (!found.remark.empty()) file.report.remarks.insert(file.report.remarks.begin(), found.remark);
  if (!format.info.holds_names && file.names.kind() == VertexNames::Kind::numbers) {
    if (std::optional<VertexNames> names = read_names_beside(comm, path, file.graph.rows)) {
      file.names = *std::move(names);
      file.report.names_path = names_path(path);
      file.report.remarks.push_back("vertices are called as " + names_path(path) + " says");
    }
  }
  file.report.format = found.format;
  if (file.report.hash.empty()) file.report.hash = hash_text(content_hash(file.graph));
  return file;
}

}  // namespace filigree::io
