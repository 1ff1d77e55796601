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

/// A line as a query: the first of these readings in which every seed is a vertex.
///
///   the line as it is, or without blanks around it: one seed      New York
///   what stands between its tabs; without tabs,
///   between its blanks; or between its blanks and commas          12:0.7 40:0.3
///
/// A seed is a vertex by its name in the input; if no vertex has this name, it is VERTEX:WEIGHT, cut at the last colon.
struct Question {
  ppr::Query query;
  std::string mistake;  ///< why it is none, or empty
  bool is_blank;        ///< it is a blank line or a comment: # at its begin, unless a vertex is called so
};
/// The same lines on all ranks; collective.
std::vector<Question> understand(const NameTable& table, std::span<const Line> lines);

/// What a user wrote behind an option, the same on every rank: texts, or a file of lines.
struct Written {
  std::vector<Line> lines;
  std::string path;       ///< of the file, "" without
  bool is_alone = false;  ///< one text, which might have been a file

  /// "path:7: " of a line in a file, else "".
  std::string where(std::size_t i) const { return path.empty() ? "" : text(path, ':', lines[i].number, ": "); }
  /// What is to be said behind a complaint of an unknown vertex.
  std::string or_file() const { return is_alone ? "; nor is there a file of this name" : ""; }
};
/// If there is one text, no vertex is called so and a file is, the lines of that; else the texts as lines without
/// numbers. Notes where both are there. Collective.
Written read_written(App& program, const NameTable& table, const std::vector<std::string>& texts);

/// The queries that these texts are, the same on all ranks. Throws InvalidArgument on all ranks when one is none.
/// Collective.
std::vector<ppr::Query> find_seeds(const Comm& comm, const io::VertexNames& names, std::span<const std::string> texts);

/// `--sources`: queries, one a line of understand(), or a file of such lines, or "-", standard input; and
/// `--skip-unknown`.
void add_sources(Command cli, std::vector<std::string>& sources, bool& skip_unknown);

/// The lines this rank answers: an equal share of all that are no comment, in order.
struct OwnedQueries {
  std::vector<std::string> lines;     ///< as they were asked
  std::vector<std::string> mistakes;  ///< why a line is no query, or empty
  std::vector<ppr::Query> queries;    ///< of the lines without mistakes
};
/// This rank's share of some questions, which are the same on all ranks.
OwnedQueries share_of(const Comm& comm, std::span<const Line> lines, std::vector<Question>&& questions);

/// The queries of `--sources`. Throws on all ranks when there is none, or one is a mistake, unless `skip_unknown`,
/// which notes how many are. Collective.
OwnedQueries read_queries(App& program, const std::vector<std::string>& sources, bool skip_unknown,
                          const io::VertexNames& names);

/// The vertices whose names a file holds, one a line, ascending; none for the path "". Blank lines and comments do not
/// count. Throws InvalidArgument on all ranks, naming the line, when a name is not there (`skip_unknown`: notes how
/// many), or there twice; and when the file holds none. Collective.
std::vector<Global> read_vertices(App& program, const std::string& path, bool skip_unknown,
                                  const io::VertexNames& names);

}  // namespace filigree::app
