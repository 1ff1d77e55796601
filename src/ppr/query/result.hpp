// Both ends of a call that answers queries, whatever the placement of the graph.
#pragma once

#include "ppr/push/dangling.hpp"
#include "ppr/push/schedule.hpp"
#include "ppr/query/filter.hpp"

namespace filigree::ppr {

/// Throws InvalidArgument on all ranks unless the arguments of a query are in order. graph_hash: of the graph, needed
/// with an index only; is_top_k: of top_k. Collective.
void check_queries(const Comm& comm, Global num_vertices, std::uint64_t graph_hash, const Index* index,
                   std::span<const Query> queries, const QueryOptions& options, bool is_top_k = false);

/// The answers of this rank's queries: each is finished once, in any order and from any thread.
class Answers {
 public:
  /// index_mass: the largest |q^_v|_1 of the index, 0 without. What is passed must outlive it.
  Answers(std::size_t num_queries, const DanglingPolicy& policy, const RowFilter& filter, const QueryOptions& options,
          double index_mass);

  /// q: of query `number`, by rising vertex; norms: of its parts, the residual before an index walked it; is_dangling:
  /// as DanglingPolicy::apply asks; excluded: as RowFilter::excluded() says.
  void finish(std::size_t number, Row q, const Norms& norms, const std::function<bool(Global)>& is_dangling,
              std::vector<Global> excluded);
  /// Puts them into a result.
  void move_to(Result& result);

 private:
  const DanglingPolicy& policy_;
  const RowFilter& filter_;
  int top_;
  double index_mass_;
  std::vector<Row> rows_;
  std::vector<double> error_bound_;
  std::vector<double> error_estimate_;
  std::vector<double> index_share_;
};

}  // namespace filigree::ppr
