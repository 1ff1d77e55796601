// How far answers are from exact ones.
#pragma once

#include <vector>

#include "filigree/ppr/query.hpp"

#pragma GCC visibility push(default)
namespace filigree::ppr {

/// What compare() finds. Vectors have an element for every query of this rank; all else is of the queries of all ranks.
struct Comparison {
  std::vector<double> error;  ///< L1
  std::vector<double> rag;    ///< RAG(k), in [0, 1] as far as `exact` is
  double mean_error = 0;      ///< 0 without queries, as other means
  double mean_rag = 0;
  double min_rag = 1;          ///< of the worst query; 1 without queries
  double share_covered = 0;    ///< of queries: their error is at most error_estimate (+ 1e-12)
  double largest_excess = -2;  ///< of an error over its error_bound; at most 0 where bounds hold
};

struct CompareOptions {
  int k = 200;               ///< of RAG(k), >= 1
  bool listed_only = false;  ///< the errors of answers to `top` queries: the vertices that they leave out do not count
};

/// Compares answers with exact ones of the same queries, both q at vertex v:
///
///   error = sum_v |answer_v - exact_v|
///   RAG(k), relative aggregated goodness = exact mass of the k best of the answer / exact mass of the k truly best
///
/// RAG is 1 where the truly best have no mass. `answers` in any order; `exact` as of QueryOptions::top = 0, by rising
/// vertex. Throws InvalidArgument on all ranks if they do not have as many queries, or k < 1. Collective over comm.
/// Cost: O(scores x log). Means over several ranks may differ in their last bits between MPI libraries.
Comparison compare(const Comm& comm, const Result& answers, const Result& exact, const CompareOptions& options = {});

}  // namespace filigree::ppr
#pragma GCC visibility pop
