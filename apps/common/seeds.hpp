// Seeds of queries, and vertices to choose from, as a user writes them.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "app.hpp"
#include "filigree/io/names.hpp"
#include "filigree/ppr.hpp"
#include "lines.hpp"
#include "name_table.hpp"

namespace filigree::app {

/// A line as a query. Seeds are separated by blanks, or by tabs if the line holds one (names may have blanks). A seed
/// is a vertex by its name in the input; if no vertex has this name, it is VERTEX:WEIGHT, cut at the last colon.
struct Question {
  ppr::Query query;
  std::string mistake;  ///< why it is none, or empty
};
/// The same lines on all ranks; collective.
std::vector<Question> understand(const NameTable& table, std::span<const Line> lines);

/// The queries that these texts are, the same on all ranks. Throws InvalidArgument on all ranks when one is none.
/// Collective.
std::vector<ppr::Query> find_seeds(const Comm& comm, const io::VertexNames& names, std::span<const std::string> texts);

/// `--sources`: queries, one a line of understand(), or a file of such lines, or "-", standard input.
void add_sources(Command cli, std::vector<std::string>& sources);

/// The queries this rank answers: an equal share of all, in order.
struct DealtQueries {
  std::vector<std::string> lines;
  std::vector<ppr::Query> queries;
};
/// If there is one source and it names a file, the queries are its lines, except empty ones and those that begin with
/// #. Throws on all ranks when there is none, or one is a mistake. Collective.
DealtQueries deal_queries(App& program, const std::vector<std::string>& sources, const io::VertexNames& names);

/// The vertices that a file names, one a line, ascending; none for the path "". Throws InvalidArgument on all ranks,
/// naming the line, when a name is not there, or there twice; and when the file holds none. Collective.
std::vector<Global> read_vertices(const Comm& comm, const std::string& path, const io::VertexNames& names);

}  // namespace filigree::app
