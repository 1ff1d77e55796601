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

/// Says how good the first `top` answers (200 if that is 0) are beside all the exact ones of the same queries:
///
///   RAG(k) = exact mass of the k best answers / exact mass of the k truly best;   1 = none missed
///
/// and how much of the mass came through the index; the record gets the mean L1 error, too (of the scores that were
/// returned), and the share of queries whose estimate covers it. With --verify: whether errors stay below their bounds.
/// Collective.
void compare_with_exact(App& program, const ppr::Result& answers, const ppr::Result& exact, int top);

/// Answers as lines `query rank vertex score`, best first. An answer without vertices is one line, too: rank 0, no
/// vertex, score 0. `lines`: the queries of this rank, as they were asked. Collective.
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
