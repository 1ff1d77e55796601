// Seeds of queries as a user writes them.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "app.hpp"
#include "filigree/io/names.hpp"
#include "filigree/ppr.hpp"

namespace filigree::app {

/// One query per line: seeds separated by blanks, or by tabs if the line holds one (names may have blanks). A seed is a
/// vertex by its name in the input, or VERTEX:WEIGHT. Each rank may pass others. Throws InvalidArgument on all ranks
/// for a vertex that is not there. Collective.
std::vector<ppr::Query> find_seeds(const Comm& comm, const io::VertexNames& names, std::span<const std::string> lines);

/// `--sources`: queries, one a line of find_seeds(), or a file of such lines.
void add_sources(CLI::App& cli, std::vector<std::string>& sources);

/// The queries this rank answers: an equal share of all, in order.
struct DealtQueries {
  std::vector<std::string> lines;
  std::vector<ppr::Query> queries;
};
/// If there is one source and it names a file, the queries are its lines, except empty ones and those that begin with
/// #. Throws on all ranks when there is none. Collective.
DealtQueries deal_queries(App& program, const std::vector<std::string>& sources, const io::VertexNames& names);

}  // namespace filigree::app
