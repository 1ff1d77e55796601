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
/// and how much of the mass came through the index; with --verify also whether errors stay below their bounds.
/// Collective.
void check_against_exact(App& program, const ppr::ReplicatedGraph& graph, std::span<const ppr::Query> queries,
                         const ppr::Result& answers, const ppr::QueryOptions& options);

/// To --output or standard output: lines `query rank vertex score`, best first, or, for *.h5, sparse rows of scores.
/// `lines`: the queries of this rank, as they were asked. Collective.
void write_answers(App& program, const io::VertexNames& names, std::span<const std::string> lines,
                   const ppr::Result& answers);

}  // namespace filigree::app
