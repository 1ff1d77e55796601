// The formats of files that hold graphs and sparse matrices.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#pragma GCC visibility push(default)
namespace filigree::io {

enum class Format {
  automatic,
  edge_list,
  adjacency,
  matrix_market,
  metis,
  dimacs,
  dimacs_col,
  gap,
  gap_weighted,
  npy,
  edges_npy,
  npz,
  hdf5,
  graphml,
  gml,
  pajek
};

/// A format as help texts and messages describe it.
struct FormatInfo {
  Format format;
  std::string_view option;                   ///< its name on command lines, as "mtx"
  std::string_view title;                    ///< its name in sentences, as "MatrixMarket"
  std::vector<std::string_view> extensions;  ///< in lower case, as ".mtx"; the first one is usual
  std::string_view vertices;                 ///< what vertices are called, as a sentence without its end
  bool text;                                 ///< it may be compressed
  bool holds_names;                          ///< names of vertices are in the file; else in PATH.names beside it
  bool writes;                               ///< write() makes such files
};

/// All formats that are read, in the order in which help lists them; Format::automatic is none of them.
const std::vector<FormatInfo>& formats();
/// That of one format. Throws InvalidArgument for Format::automatic.
const FormatInfo& info_of(Format format);

/// The format of a path's extension, in any case and before .gz or .zst if it has that; automatic if the extension is
/// unknown.
Format format_of(const std::string& path);

/// The format in which write() makes `path`: `asked` or, if that is automatic, that of its extension. Throws
/// InvalidArgument, which lists what is possible, if that is no format or one that is only read.
Format format_to_write(const std::string& path, Format asked = Format::automatic);

}  // namespace filigree::io
#pragma GCC visibility pop
