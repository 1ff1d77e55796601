#include "filigree/ppr/compare.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/index.hpp"
#include "filigree/core/top_k.hpp"

namespace filigree::ppr {
namespace {

double mean(const Comm& comm, const std::vector<double>& own) {
  const double total = comm.sum(std::accumulate(own.begin(), own.end(), 0.0));
  return total / static_cast<double>(std::max<Offset>(1, comm.sum(std::ssize(own))));
}

/// Scores with their positions, the best first; at equal scores by position.
std::vector<Scored<std::size_t>> by_score(const Answer& answer) {
  std::vector<Scored<std::size_t>> best;
  for (std::size_t k = 0; k < answer.scores.size(); ++k) best.push_back({k, answer.scores[k]});
  sort_top(best, best.size());
  return best;
}

}  // namespace

Comparison compare(const Comm& comm, const Result& answers, const Result& exact, const CompareOptions& options) {
  const auto k = static_cast<std::size_t>(options.k);
  Comparison found;
  std::vector<double> covered;
  comm.guard([&] {
    require(options.k >= 1, "compare: k is ", options.k, ", must be at least 1");
    require(answers.size() == exact.size(), "compare: ", answers.size(), " answers and ", exact.size(),
            " exact ones, must be as many");
    for (std::size_t query = 0; query < answers.size(); ++query) {
      const Answer truth = exact[query];
      const auto exact_score = [&](Global vertex) {
        const auto at = std::ranges::lower_bound(truth.vertices, vertex);
        return at == truth.vertices.end() || *at != vertex ? 0.0 : truth.scores[z(at - truth.vertices.begin())];
      };
      double of_best = 0;
      double error = 0;
      double met = 0;
      for (std::size_t rank = 0; const auto& [at, score] : by_score(answers[query])) {
        const double right = exact_score(answers[query].vertices[at]);
        if (rank++ < k) of_best += right;
        error += std::abs(score - right);
        met += right;
      }
      if (!options.listed_only) error += std::accumulate(truth.scores.begin(), truth.scores.end(), -met);
      double possible = 0;
      for (std::size_t rank = 0; const auto& [at, score] : by_score(truth)) possible += rank++ < k ? score : 0;
      found.error.push_back(error);
      found.rag.push_back(possible > 0 ? of_best / possible : 1);
      covered.push_back(error <= answers.error_estimate[query] + 1e-12 ? 1 : 0);
      // NaN is never within a bound.
      const double excess = error - answers.error_bound[query];
      found.largest_excess =
          std::isnan(excess) ? std::numeric_limits<double>::infinity() : std::max(found.largest_excess, excess);
      found.min_rag = std::min(found.min_rag, found.rag.back());
    }
  });
  found.mean_error = mean(comm, found.error);
  found.mean_rag = mean(comm, found.rag);
  found.min_rag = comm.min(found.min_rag);
  found.share_covered = mean(comm, covered);
  found.largest_excess = comm.max(found.largest_excess);
  return found;
}

}  // namespace filigree::ppr
