// What filigree-summary prints.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "app.hpp"
#include "filigree/io/names.hpp"
#include "filigree/summary.hpp"
#include "summary_arguments.hpp"

namespace filigree::app {

/// Rows `measure value` of size and errors; the same figures for the record.
std::string measures_table(const summary::Measures& measures, Form form);
void record_measures(App& program, const summary::Measures& measures);

/// This rank's part of the text of a summary. Two sections, each a header line and then a line for each:
///
///   <Subnode of each supernode>     supernode, then the names of its vertices
///   <Superedge info>                supernode, supernode, number of edges
///
/// separated by tabs, names escaped as in tables. Supernodes are numbers from 0, ascending. Collective.
std::string summary_text(const summary::Summary& summary, const io::VertexNames& names);
/// This rank's part of the superedges: lines `supernode supernode edges`, separated by tabs. Not collective.
std::string superedge_lines(const summary::Summary& summary);

/// Error against size after each round, as SVG.
std::string rounds_svg(const summary::Result& result, const summary::Options& options);

/// Answers the query of the command line. Collective.
void answer_query(App& program, const SummaryArguments& a, const summary::Summary& summary,
                  const io::VertexNames& names);

}  // namespace filigree::app
