// What filigree-ppr does with answers: compare them with exact ones, write them.
#pragma once

#include <string>
#include <vector>

#include "app.hpp"
#include "filigree/io/names.hpp"
#include "filigree/ppr.hpp"

namespace filigree::app {

/// Mean over the queries of all ranks. Collective.
double mean(const Comm& comm, const std::vector<double>& mine);

/// Computes the same answers exactly and says how good the first `options.top` (200 if that is 0) are:
///
///   RAG(k) = exact mass of the k best answers / exact mass of the k truly best;   1 = none missed
///
/// and how much of the mass came through the index; the record gets the mean L1 error, too (of the scores that were
/// returned), and the share of queries whose estimate covers it. With --verify: whether errors stay below their bounds.
/// Collective.
void check_against_exact(App& program, const ppr::ReplicatedGraph& graph, std::span<const ppr::Query> queries,
                         const ppr::Result& answers, const ppr::QueryOptions& options);

/// Answers as lines `query rank vertex score`, best first. `lines`: the queries of this rank, as they were asked.
/// Collective.
std::string answer_lines(const Comm& comm, const io::VertexNames& names, std::span<const std::string> lines,
                         const ppr::Result& answers);
/// What stands above them.
inline const std::string answers_header = "query\trank\tvertex\tscore\n";

/// In an HDF5 file: sparse rows, only the scores that there are, or all, queries x vertices.
enum class Rows { sparse, dense };

/// To --output or standard output: lines, or, for *.h5, rows of scores. Collective.
void write_answers(App& program, const io::VertexNames& names, std::span<const std::string> lines,
                   const ppr::Result& answers, Rows rows);

}  // namespace filigree::app
