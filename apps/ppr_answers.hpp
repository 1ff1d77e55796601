// What filigree-ppr does with answers: compare them with exact ones, write them.
#pragma once

#include <string>
#include <vector>

#include "app.hpp"
#include "filigree/io/names.hpp"
#include "filigree/ppr.hpp"

namespace filigree::app {

/// Answers against exact ones, over the queries of all ranks.
struct Agreement {
  Offset k = 0;
  double mean_rag = 0;  ///< exact mass of the k best answers / exact mass of the k truly best: 1 = none missed
  double min_rag = 0;
  /// Largest excess of a query's L1 error over its error_bound, over the scores that were returned; at most rounding.
  double max_excess = 0;
};
/// `exact`: all scores (top = 0) of the same queries. Collective.
Agreement compare(const Comm& comm, const ppr::Result& answers, const ppr::Result& exact, Offset k);

/// Mean over the queries of all ranks. Collective.
double mean(const Comm& comm, const std::vector<double>& mine);

/// To --output or standard output: lines `query rank vertex score`, best first, or, for *.h5, sparse rows of scores.
/// `lines`: the queries of this rank, as they were asked. Collective.
void write_answers(App& program, const io::VertexNames& names, std::span<const std::string> lines,
                   const ppr::Result& answers);

}  // namespace filigree::app
