// The formats that read() and write() choose among, one file each.
#pragma once

#include <string>
#include <utility>

#include "filigree/io/read.hpp"

namespace filigree::io {

/// Whether files of a format say what vertices are called; those of others may have it beside them (names_file.hpp).
bool holds_names(Format format);

/// Throws IoError when the path of a binary format has the extension of a compressed file.
void refuse_packed_binary(Format format, const std::string& path);

/// A hash in 16 hexadecimal digits.
std::string hash_text(std::uint64_t hash);

/// The graph of entries that stand in the order of the file, made undirected if options say so, duplicates and loops by
/// their policy; vertices are called by their numbers. Messages begin with `path`. Collective.
GraphFile assemble(const Comm& comm, const std::string& path, Global num_rows, Global num_cols, Entries<double> entries,
                   const ReadOptions& options);

/// Rows and columns by the header alone. Collective.
std::pair<Global, Global> matrix_market_shape(const Comm& comm, const std::string& path);

// Collective. report.format is left to read(), and report.hash where it does not come along.
GraphFile read_edge_list(const Comm& comm, const std::string& path, const ReadOptions& options);
GraphFile read_matrix_market(const Comm& comm, const std::string& path, const ReadOptions& options);
GraphFile read_metis(const Comm& comm, const std::string& path, const ReadOptions& options);
GraphFile read_dimacs(const Comm& comm, const std::string& path, const ReadOptions& options);
GraphFile read_gap(const Comm& comm, const std::string& path, const ReadOptions& options, bool weighted);
GraphFile read_npy(const Comm& comm, const std::string& path, const ReadOptions& options);
GraphFile read_hdf5(const Comm& comm, const std::string& path, const ReadOptions& options);

// Collective.
void write_edge_list(const Graph& graph, const VertexNames& names, const std::string& path);
void write_matrix_market(const Graph& graph, const std::string& path);
void write_metis(const Graph& graph, const std::string& path);
void write_dimacs(const Graph& graph, const std::string& path);
void write_gap(const Graph& graph, const std::string& path, bool weighted);
void write_npy(const Graph& graph, const std::string& path);
void write_hdf5(const Graph& graph, const VertexNames& names, const std::string& path);

}  // namespace filigree::io
