#include "ppr/query/result.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <tuple>
#include <utility>
#include <vector>

#include "core/index.hpp"
#include "filigree/core/top_k.hpp"

namespace filigree::ppr {
namespace {

constexpr double least_error = 1e-15;  // below it rounding decides

void keep_best(Row& row, int top) {
  std::vector<Scored<Global>> best(row.size());
  for (std::size_t k = 0; k < row.size(); ++k) best[k] = {row.vertex[k], row.value[k]};
  sort_top(best, static_cast<std::size_t>(top));
  row.resize(best.size());
  for (std::size_t k = 0; k < best.size(); ++k)
    std::tie(row.vertex[k], row.value[k]) = std::tie(best[k].id, best[k].score);
}

/// What ranks must agree on.
void check_same_options(const Comm& comm, const QueryOptions& options, bool is_top_k) {
  const std::vector<Offset> own{std::bit_cast<Offset>(options.teleport),
                                std::bit_cast<Offset>(options.target_error),
                                static_cast<Offset>(options.dangling),
                                static_cast<Offset>(options.method),
                                options.levels,
                                options.top,
                                is_top_k ? 1 : 0,
                                options.batch_bytes};
  const auto all = comm.all_gather(std::span<const Offset>(own));
  for (std::size_t i = 0; i < all.values.size(); ++i)
    require(all.values[i] == own[i % own.size()], "options: those of rank ", i / own.size(), " and rank ", comm.rank(),
            " differ, they must be the same on all ranks");
}

}  // namespace

void check_queries(const Comm& comm, Global num_vertices, std::uint64_t graph_hash, const Index* index,
                   std::span<const Query> queries, const QueryOptions& options, bool is_top_k) {
  check_same_options(comm, options, is_top_k);
  check_teleport(options.teleport);
  require(options.target_error >= least_error && options.target_error < 2, "target error: ", options.target_error,
          ", must lie in [1e-15, 2)");
  require(options.levels >= 0, "levels: ", options.levels, ", must be at least 0");
  require(options.batch_bytes >= 0, "batch bytes: ", options.batch_bytes, ", must be at least 0");
  require(options.top >= 0, "top: ", options.top, ", must be at least 0 (0 = all)");
  if (is_top_k) {
    require(options.top > 0, "top k: k is ", options.top, ", must be at least 1");
    require(options.dangling == Dangling::source || options.dangling == Dangling::drop,
            "top k: only with the dangling policies source and drop");
  }
  if (index != nullptr) {
    require(index->graph_hash == graph_hash, "index: it was built for another graph (hash ", std::hex,
            index->graph_hash, ", this graph has ", graph_hash, ")");
    require(index->teleport == options.teleport, "index: it was built with teleport ", index->teleport,
            ", the query has ", options.teleport);
    require(index->sources.num_parts() == comm.size() && index->sources.num_items() == num_vertices,
            "index: it covers ", index->sources.num_items(), " vertices on ", index->sources.num_parts(),
            " ranks, the graph has ", num_vertices, " on ", comm.size());
  }
  comm.guard([&] {
    require(!is_top_k || options.filter.candidates.empty(), "top k: not with candidates");
    for (std::size_t i = 0; i < queries.size(); ++i) {
      require(!queries[i].empty(), "query ", i, " has no seeds");
      double total = 0;
      for (const Seed& seed : queries[i]) {
        require(seed.vertex >= 0 && seed.vertex < num_vertices, "query ", i, ": seed ", seed.vertex,
                " is not a vertex; the graph has ", num_vertices);
        require(seed.weight > 0 && std::isfinite(seed.weight), "query ", i, ": seed ", seed.vertex, " has weight ",
                seed.weight, ", must be finite and above 0");
        total += seed.weight;
      }
      require(std::isfinite(total), "query ", i, ": the weights of its seeds add up to more than a double holds");
    }
  });
}

Answers::Answers(std::size_t num_queries, const DanglingPolicy& policy, const RowFilter& filter,
                 const QueryOptions& options, double index_mass)
    : policy_(policy),
      filter_(filter),
      top_(options.top),
      index_mass_(index_mass),
      rows_(num_queries),
      error_bound_(num_queries),
      error_estimate_(num_queries),
      index_share_(num_queries) {}

void Answers::finish(std::size_t number, Row q, const Norms& norms, const std::function<bool(Global)>& is_dangling,
                     std::vector<Global> excluded) {
  const double norm = q.sum();
  // |q - q^|_1 <= sum_v f(v) (|q_v|_1 + |q^_v|_1), and |q_v|_1 <= 1
  const double worst = norms.residual * (1 + index_mass_) + norms.unsolved;
  error_bound_[number] = norm > 0 ? policy_.error(worst, norm) : 2;
  error_estimate_[number] = norm > 0 ? policy_.error(norms.expected_error, norm) : 2;
  index_share_[number] = norm > 0 ? norms.indexed / norm : 0;
  policy_.apply(q, is_dangling);
  filter_.apply(std::move(excluded), q);
  if (top_ > 0) keep_best(q, top_);
  rows_[number] = std::move(q);
}

void Answers::move_to(Result& result) {
  if (rows_.size() == 1) {  // nothing to copy
    result.vertex = std::move(rows_[0].vertex);
    result.score = std::move(rows_[0].value);
    rows_.clear();
    result.row_ptr.push_back(std::ssize(result.vertex));
  }
  Offset total = std::ssize(result.vertex);
  for (const Row& row : rows_) total += std::ssize(row.vertex);
  result.vertex.reserve(z(total));
  result.score.reserve(z(total));
  result.row_ptr.reserve(rows_.size() + 1);
  for (Row& row : rows_) {
    result.vertex.insert(result.vertex.end(), row.vertex.begin(), row.vertex.end());
    result.score.insert(result.score.end(), row.value.begin(), row.value.end());
    result.row_ptr.push_back(std::ssize(result.vertex));
    row = Row{};
  }
  result.error_bound = std::move(error_bound_);
  result.error_estimate = std::move(error_estimate_);
  result.index_share = std::move(index_share_);
}

}  // namespace filigree::ppr
