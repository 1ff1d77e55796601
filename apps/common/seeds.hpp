// Seeds of queries as a user writes them.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "filigree/io/names.hpp"
#include "filigree/ppr.hpp"

namespace filigree::app {

/// The queries of `--sources`, one a line: the arguments themselves, or the lines of the file if there is one argument
/// and it names a file. Empty lines and those that begin with # are left out. Equal on all ranks. Throws IoError on all
/// ranks. Collective.
std::vector<std::string> query_lines(const Comm& comm, const std::vector<std::string>& arguments);

/// One query per line: seeds separated by blanks, or by tabs if the line holds one (names may have blanks). A seed is a
/// vertex by its name in the input, or VERTEX:WEIGHT. Each rank may pass others. Throws InvalidArgument on all ranks for
/// a vertex that is not there. Collective.
std::vector<ppr::Query> find_seeds(const Comm& comm, const io::VertexNames& names, std::span<const std::string> lines);

}  // namespace filigree::app
