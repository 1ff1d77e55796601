#include "io/formats.hpp"

#include <algorithm>
#include <filesystem>

#include "io/detect/foreign.hpp"
#include "io/detect/signatures.hpp"
#include "io/fields.hpp"
#include "io/packed.hpp"

namespace filigree::io {
namespace {

constexpr std::string_view from_zero = "vertices are called 0, 1, 2, ...";
constexpr std::string_view from_one = "vertices are called 0, 1, 2, ...: the file's number 1 is vertex 0";
constexpr std::string_view as_named = "vertices are called as in the file";

std::string extension_of(const std::string& path) {
  return lower_case(std::filesystem::path(without_packing(path)).extension().string());
}

/// ".mtx, .graph or .h5" of what can be written.
std::string written_extensions() {
  std::string list;
  for (const FormatInfo& format : formats()) {
    if (!format.writes) continue;
    for (std::string_view extension : format.extensions)
      if (!extension.empty()) list += text(list.empty() ? "" : " ", extension);
  }
  return list;
}

std::string format_names(bool only_written) {
  std::string list;
  for (const FormatInfo& format : formats())
    if (format.writes || !only_written) list += text(list.empty() ? "" : "|", format.option);
  return list;
}

}  // namespace

const std::vector<FormatEntry>& format_table() {
  using Names = const VertexNames&;
  static const std::vector<FormatEntry> table{
      {.info = {.format = Format::edge_list,
                .option = "edges",
                .title = "edge list",
                .extensions = {".txt", ".tsv", ".csv", ".el", ".wel", ".edges", ".edgelist", ".ncol", ""},
                .vertices = as_named,
                .text = true,
                .holds_names = true,
                .writes = true},
       .is_in = nullptr,
       .read = read_edge_list,
       .write = write_edge_list},
      {.info = {.format = Format::adjacency,
                .option = "adjacency",
                .title = "adjacency lists",
                .extensions = {".adjlist"},
                .vertices = as_named,
                .text = true,
                .holds_names = true,
                .writes = false},
       .is_in = nullptr,
       .read = read_edge_list,
       .write = nullptr},
      {.info = {.format = Format::matrix_market,
                .option = "mtx",
                .title = "MatrixMarket",
                .extensions = {".mtx", ".mm"},
                .vertices = from_one,
                .text = true,
                .holds_names = false,
                .writes = true},
       .is_in = is_matrix_market,
       .read = read_matrix_market,
       .write = [](const Graph& graph, Names, const std::string& path) { write_matrix_market(graph, path); }},
      {.info = {.format = Format::metis,
                .option = "metis",
                .title = "METIS",
                .extensions = {".graph", ".metis"},
                .vertices = from_one,
                .text = true,
                .holds_names = false,
                .writes = true},
       .is_in = nullptr,
       .read = read_metis,
       .write = [](const Graph& graph, Names, const std::string& path) { write_metis(graph, path); }},
      {.info = {.format = Format::dimacs,
                .option = "dimacs",
                .title = "DIMACS",
                .extensions = {".gr"},
                .vertices = from_one,
                .text = true,
                .holds_names = false,
                .writes = true},
       .is_in = is_dimacs,
       .read = read_dimacs,
       .write = [](const Graph& graph, Names, const std::string& path) { write_dimacs(graph, path); }},
      {.info = {.format = Format::dimacs_col,
                .option = "col",
                .title = "DIMACS col",
                .extensions = {".col"},
                .vertices = from_one,
                .text = true,
                .holds_names = false,
                .writes = false},
       .is_in = is_dimacs_col,
       .read = read_dimacs_col,
       .write = nullptr},
      {.info = {.format = Format::gap,
                .option = "gap",
                .title = "GAP",
                .extensions = {".sg"},
                .vertices = from_zero,
                .text = false,
                .holds_names = false,
                .writes = true},
       .is_in = nullptr,
       .read = [](const Comm& comm, const std::string& path,
                  const ReadOptions& options) { return read_gap(comm, path, options, false); },
       .write = [](const Graph& graph, Names, const std::string& path) { write_gap(graph, path, false); }},
      {.info = {.format = Format::gap_weighted,
                .option = "gap-weighted",
                .title = "GAP, weighted",
                .extensions = {".wsg"},
                .vertices = from_zero,
                .text = false,
                .holds_names = false,
                .writes = true},
       .is_in = nullptr,
       .read = [](const Comm& comm, const std::string& path,
                  const ReadOptions& options) { return read_gap(comm, path, options, true); },
       .write = [](const Graph& graph, Names, const std::string& path) { write_gap(graph, path, true); }},
      {.info = {.format = Format::npy,
                .option = "npy",
                .title = "NumPy array",
                .extensions = {".npy"},
                .vertices = from_zero,
                .text = false,
                .holds_names = false,
                .writes = true},
       .is_in = is_npy,
       .read = read_npy,
       .write = [](const Graph& graph, Names, const std::string& path) { write_npy(graph, path); }},
      {.info = {.format = Format::edges_npy,
                .option = "edges-npy",
                .title = "NumPy edges",
                .extensions = {},
                .vertices = as_named,
                .text = false,
                .holds_names = true,
                .writes = false},
       .is_in = nullptr,
       .read = read_edges_npy,
       .write = nullptr},
      {.info = {.format = Format::npz,
                .option = "npz",
                .title = "SciPy sparse matrix",
                .extensions = {".npz"},
                .vertices = from_zero,
                .text = false,
                .holds_names = false,
                .writes = true},
       .is_in = is_npz,
       .read = read_npz,
       .write = [](const Graph& graph, Names, const std::string& path) { write_npz(graph, path); }},
      {.info = {.format = Format::hdf5,
                .option = "hdf5",
                .title = "HDF5",
                .extensions = {".h5", ".hdf5"},
                .vertices = as_named,
                .text = false,
                .holds_names = true,
                .writes = true},
       .is_in = is_hdf5,
       .read = read_hdf5,
       .write = write_hdf5},
      {.info = {.format = Format::graphml,
                .option = "graphml",
                .title = "GraphML",
                .extensions = {".graphml"},
                .vertices = "vertices are called by their ids",
                .text = true,
                .holds_names = true,
                .writes = false},
       .is_in = is_graphml,
       .read = read_graphml,
       .write = nullptr},
      {.info = {.format = Format::gml,
                .option = "gml",
                .title = "GML",
                .extensions = {".gml"},
                .vertices = "vertices are called by their labels, or by their ids if those are not distinct",
                .text = true,
                .holds_names = true,
                .writes = false},
       .is_in = is_gml,
       .read = read_gml,
       .write = nullptr},
      {.info = {.format = Format::pajek,
                .option = "pajek",
                .title = "Pajek",
                .extensions = {".net"},
                .vertices = "vertices are called by their labels, or 1, 2, ... if those are not distinct",
                .text = true,
                .holds_names = true,
                .writes = false},
       .is_in = is_pajek,
       .read = read_pajek,
       .write = nullptr},
  };
  return table;
}

const FormatEntry& entry_of(Format format) {
  const auto found = std::ranges::find(format_table(), format, [](const FormatEntry& row) { return row.info.format; });
  require(found != format_table().end(), "no format is given");
  return *found;
}

const std::vector<FormatInfo>& formats() {
  static const std::vector<FormatInfo> all = [] {
    std::vector<FormatInfo> infos;
    for (const FormatEntry& entry : format_table()) infos.push_back(entry.info);
    return infos;
  }();
  return all;
}

const FormatInfo& info_of(Format format) { return entry_of(format).info; }

Format format_of(const std::string& path) {
  const std::string extension = extension_of(path);
  for (const FormatEntry& entry : format_table()) {
    if (std::ranges::find(entry.info.extensions, extension) != entry.info.extensions.end()) return entry.info.format;
  }
  return Format::automatic;
}

Format format_to_write(const std::string& path, Format asked) {
  const Format format = asked == Format::automatic && path == "-" ? Format::edge_list
                        : asked == Format::automatic              ? format_of(path)
                                                                  : asked;
  if (format == Format::automatic || !info_of(format).writes) {
    const std::string what = format == Format::automatic
                                 ? text("no format is written under the extension ", extension_of(path))
                                 : text(info_of(format).title, " is only read");
    throw InvalidArgument(text(path, ": ", what, "; there are ", written_extensions(),
                               ", those of text also with .gz or .zst behind; or say which of ", format_names(true)));
  }
  refuse_packed_binary(format, path);
  return format;
}

bool has_weights_by_extension(const std::string& path) { return extension_of(path) == ".wel"; }

FoundFormat format_to_read(const Comm& comm, const std::string& path, Format asked) {
  struct Told {
    Format format = Format::automatic;
    bool lacks_checksum = false;
  };
  const Format by_extension = format_of(path);
  Told by_content;
  comm.guard([&] {
    const std::unique_ptr<const Head> head = comm.is_root() ? read_head(path) : nullptr;
    if (head == nullptr) return;
    by_content.lacks_checksum = head->lacks_checksum;
    if (asked != Format::automatic) return;
    const auto refuse = [&](const std::string& what) {
      if (!what.empty()) throw IoError(text(path, ": ", what));
    };
    refuse(foreign_content(*head, path));
    for (const FormatEntry& entry : format_table()) {
      if (entry.is_in == nullptr || !entry.is_in(*head)) continue;
      by_content.format = entry.info.format;
      return;
    }
    if (by_extension == Format::automatic) refuse(foreign_extension(path));
    const bool is_text = by_extension == Format::automatic || info_of(by_extension).text;
    const auto zeros = std::ranges::count(head->bytes(), '\0');
    if (is_text && 10 * zeros > std::ssize(head->bytes()))
      refuse("holds bytes of zero, so it is no text, and it is of no other format that filigree reads");
  });
  by_content = comm.broadcast(by_content);
  FoundFormat found{asked, {}};
  if (found.format == Format::automatic) found.format = by_content.format;
  if (found.format == Format::automatic) found.format = by_extension;
  if (found.format == Format::automatic) found.format = Format::edge_list;
  if (by_content.format != Format::automatic && by_content.format != by_extension)
    found.remarks.push_back(text("is read as ", info_of(by_content.format).title, ", as its first bytes say"));
  if (by_content.lacks_checksum)
    found.remarks.emplace_back("is compressed without a checksum: damage may go unnoticed");
  return found;
}

}  // namespace filigree::io
