// The table of formats: for each its reader, its writer and how its files begin.
#pragma once

#include <string>
#include <utility>

#include "filigree/io/integers.hpp"
#include "io/detect/head.hpp"

namespace filigree::io {

/// A row of the table. A new format is a row here, a value of Format and a file for its reader and writer.
struct FormatEntry {
  FormatInfo info;
  /// Whether a file that begins so is certainly of this format; null if only its extension shows it.
  bool (*is_in)(const Head& head);
  /// Collective. report.format is left to read(), and report.hash where it does not come along.
  GraphFile (*read)(const Comm& comm, const std::string& path, const ReadOptions& options);
  /// Collective. Null if the format is only read.
  void (*write)(const Graph& graph, const VertexNames& names, const std::string& path);
};

const std::vector<FormatEntry>& format_table();
const FormatEntry& entry_of(Format format);

/// The format of a file: by its first bytes, else by its extension, else an edge list; `asked` if that is not
/// automatic. Throws IoError on all ranks for a format that cannot be read. Collective.
struct FoundFormat {
  Format format;
  std::vector<std::string> remarks;  ///< such as first bytes that contradict the extension
};
FoundFormat format_to_read(const Comm& comm, const std::string& path, Format asked);

/// Throws IoError when the path of a binary format has the extension of a compressed file.
void refuse_packed_binary(Format format, const std::string& path);

/// Whether an edge list of this name has weights in its third column: .wel.
bool has_weights_by_extension(const std::string& path);

/// A hash in 16 hexadecimal digits.
std::string hash_text(std::uint64_t hash);

/// The graph of entries in the order of the file, made undirected if options say so, duplicates and loops by
/// their policy; vertices are called by their numbers. Messages begin with `path`. Collective.
template <class V>
MatrixFile<V> assemble(const Comm& comm, const std::string& path, Global num_rows, Global num_cols, Entries<V> entries,
                       const ReadOptions& options);

/// What values there are, by the header alone. Collective.
Values matrix_market_values(const Comm& comm, const std::string& path);
/// Rows and columns by the header alone. Collective.
std::pair<Global, Global> matrix_market_shape(const Comm& comm, const std::string& path);

/// Where the first edge between two vertices of these names stands in an edge list, as "path:line"; empty if it is not
/// found. Reads the file again. Collective.
std::string find_edge(const Comm& comm, const std::string& path, const ReadOptions& options, const std::string& from,
                      const std::string& to);

// Collective.
GraphFile read_edge_list(const Comm& comm, const std::string& path, const ReadOptions& options);
GraphFile read_matrix_market(const Comm& comm, const std::string& path, const ReadOptions& options);
IntegerFile read_matrix_market_integers(const Comm& comm, const std::string& path, const ReadOptions& options);
GraphFile read_metis(const Comm& comm, const std::string& path, const ReadOptions& options);
GraphFile read_dimacs(const Comm& comm, const std::string& path, const ReadOptions& options);
GraphFile read_dimacs_col(const Comm& comm, const std::string& path, const ReadOptions& options);
GraphFile read_gap(const Comm& comm, const std::string& path, const ReadOptions& options, bool weighted);
GraphFile read_npy(const Comm& comm, const std::string& path, const ReadOptions& options);
GraphFile read_edges_npy(const Comm& comm, const std::string& path, const ReadOptions& options);
GraphFile read_npz(const Comm& comm, const std::string& path, const ReadOptions& options);
GraphFile read_hdf5(const Comm& comm, const std::string& path, const ReadOptions& options);
GraphFile read_graphml(const Comm& comm, const std::string& path, const ReadOptions& options);
GraphFile read_gml(const Comm& comm, const std::string& path, const ReadOptions& options);
GraphFile read_pajek(const Comm& comm, const std::string& path, const ReadOptions& options);

// Collective.
void write_edge_list(const Graph& graph, const VertexNames& names, const std::string& path);
void write_matrix_market(const Graph& graph, const std::string& path);
void write_matrix_market(const Integers& matrix, const std::string& path);
void write_metis(const Graph& graph, const std::string& path);
void write_dimacs(const Graph& graph, const std::string& path);
void write_gap(const Graph& graph, const std::string& path, bool weighted);
void write_npy(const Graph& graph, const std::string& path);
void write_npz(const Graph& graph, const std::string& path);
void write_hdf5(const Graph& graph, const VertexNames& names, const std::string& path);

}  // namespace filigree::io
