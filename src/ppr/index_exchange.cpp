#include "ppr/index_exchange.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace filigree::ppr {
namespace {

/// `value` belongs to vertex `vertex` of the query number `query` of those in flight: a residual on its way to the
/// index, or a score on its way back.
struct Term {
  std::int32_t query;
  Local vertex;
  double value;
};

/// row + terms, both by rising vertex; a vertex occurs once in the row.
Row add_terms(const Row& row, std::span<const Term> terms) {
  Row sum;
  std::size_t k = 0;
  for (const Term& term : terms) {
    for (; k < row.size() && row.vertex[k] <= term.vertex; ++k) sum.add(row.vertex[k], row.value[k]);
    if (sum.size() > 0 && sum.vertex.back() == term.vertex)
      sum.value.back() += term.value;
    else
      sum.add(term.vertex, term.value);
  }
  for (; k < row.size(); ++k) sum.add(row.vertex[k], row.value[k]);
  return sum;
}

}  // namespace

void walk_elsewhere(const Setting& setting, std::span<Partial> partial, Stats& stats) {
  const Comm& comm = setting.comm;
  const Index& index = *setting.index;
  const auto owner = [&](Local v) { return z(index.sources.owner(v)); };
  std::vector<Offset> counts(z(comm.size()), 0);
  for (const Partial& query : partial) {
    for (Local v : query.residual.vertex) ++counts[owner(v)];
  }
  std::vector<Offset> next(counts.size(), 0);
  std::exclusive_scan(counts.begin(), counts.end(), next.begin(), Offset{0});
  std::vector<Term> outgoing(z(std::accumulate(counts.begin(), counts.end(), Offset{0})));
  for (std::size_t q = 0; q < partial.size(); ++q) {
    const Row& residual = partial[q].residual;
    for (std::size_t k = 0; k < residual.size(); ++k) {
      const Local v = residual.vertex[k];
      outgoing[z(next[owner(v)]++)] = {static_cast<std::int32_t>(q), v, residual.value[k]};
    }
  }
  const auto asked = comm.all_to_all(std::span<const Term>(outgoing), counts);
  stats["residuals_sent"] += std::ssize(outgoing);

  // A run: the residuals of one query of one rank. Each becomes one sparse row.
  struct Run {
    std::size_t rank, begin, end;
    std::vector<Term> row;
    Offset entries = 0;
  };
  std::vector<Run> runs;
  std::size_t at = 0;
  for (std::size_t rank = 0; rank < asked.counts.size(); ++rank) {
    const std::size_t end = at + z(asked.counts[rank]);
    while (at < end) {
      Run run{rank, at, at, {}, 0};
      while (run.end < end && asked.values[run.end].query == asked.values[at].query) ++run.end;
      at = run.end;
      runs.push_back(std::move(run));
    }
  }
  comm.guard([&] {
    const auto sum_rows = [&](Decomposition<1>& sum, Offset i) {
      Run& run = runs[z(i)];
      Row residual;
      for (std::size_t k = run.begin; k < run.end; ++k) residual.add(asked.values[k].vertex, asked.values[k].value);
      sum.start(residual.vertex, residual.value);
      sum.walk(index, index.sources.begin(comm.rank()));
      const std::int32_t query = asked.values[run.begin].query;
      sum.for_settled([&](int, Local v, double x) { run.row.push_back({query, v, x}); });
      run.entries = sum.num_index_entries();
    };
    parallel_for_pooled(setting.graph.tables->single, setting.graph, std::ssize(runs), sum_rows, [](Offset) {});
  });

  std::vector<Term> answers;
  std::vector<Offset> answer_counts(counts.size(), 0);
  for (const Run& run : runs) {
    answers.insert(answers.end(), run.row.begin(), run.row.end());
    answer_counts[run.rank] += std::ssize(run.row);
    stats["index_entries"] += run.entries;
  }
  std::vector<Term> walked = comm.all_to_all(std::span<const Term>(answers), answer_counts).values;
  std::sort(walked.begin(), walked.end(),
            [](const Term& a, const Term& b) { return a.query != b.query ? a.query < b.query : a.vertex < b.vertex; });
  comm.guard([&] {
    const auto query_of = [](const Term& term) { return term.query; };
    for (std::size_t i = 0; i < partial.size(); ++i) {
      const auto terms = std::ranges::equal_range(walked, static_cast<std::int32_t>(i), {}, query_of);
      partial[i].q = add_terms(partial[i].q, std::span(terms.begin(), terms.end()));
    }
  });
}

}  // namespace filigree::ppr
