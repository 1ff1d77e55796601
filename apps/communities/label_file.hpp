// Labels of vertices, as a user wrote them.
#pragma once

#include <string>
#include <vector>

#include "filigree/io/names.hpp"
#include "filigree/matrix/labels.hpp"

namespace filigree::app {

/// One labelling that a file holds.
struct LabelColumn {
  std::string title;       ///< "column 2", "column 2, level 1"
  std::vector<Global> of;  ///< of this rank's vertices, numbered as they come in the file; -1 = none
  Global num_labels = 0;
};

struct LabelFile {
  std::vector<LabelColumn> columns;
  Offset strangers = 0;  ///< lines whose vertex the graph does not have
};

/// Reads lines `vertex label label ...`, separated by tabs, commas or blanks, or one label a line in the order of the
/// vertices. Empty lines and those that begin with # do not count; "-" is no label; a first line `vertex ...` or `id
/// ...` is a header.
///
/// columns  which to take, the vertex being column 1; none = column 2, and where its labels are paths (0/1/0) the
///          labelling by each of their beginnings
///
/// Throws IoError("path:line: what") on all ranks. Collective; the file is read by every rank.
LabelFile read_label_file(const Comm& comm, const std::string& path, const io::VertexNames& names,
                          const std::vector<int>& columns = {});

/// The labels of a file as they stand, a label for every vertex. Throws as above, also when one has none. Collective.
Labels read_labels(const Comm& comm, const std::string& path, const io::VertexNames& names);

}  // namespace filigree::app
