#include "ppr/query/residual_exchange.hpp"

#include <algorithm>
#include <utility>

#include "ppr/push/term.hpp"

namespace filigree::ppr {
namespace {

/// row + terms, both by rising vertex; a vertex occurs once in the row.
Row add_terms(const Row& row, std::span<const Term> terms) {
  Row sum;
  sum.rest = row.rest;
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

void exchange_residuals(const QueryContext& context, std::span<Partial> partial, Stats& stats) {
  const Comm& comm = context.comm;
  const Index& index = *context.index;
  Mailbox<Term> outbox(comm);
  comm.guard([&] {
    for (std::size_t q = 0; q < partial.size(); ++q) {
      const Row& residual = partial[q].residual;
      for (std::size_t k = 0; k < residual.size(); ++k) {
        const auto v = static_cast<Local>(residual.vertex[k]);
        outbox.put(index.sources.owner(v), {static_cast<std::int32_t>(q), v, residual.value[k]});
      }
      stats["residuals_sent"] += std::ssize(residual.vertex);
    }
  });
  ByRank<Term> asked(outbox.exchange());

  // A run: the residuals of one query of one rank. Each becomes one sparse row.
  struct Run {
    int rank;
    std::span<const Term> residuals;
    std::vector<Term> row;
    Offset entries = 0;
  };
  std::vector<Run> runs;
  for (int rank = 0; rank < comm.size(); ++rank) {
    while (asked.left(rank) > 0) {
      const std::int32_t query = asked.front(rank).query;
      runs.push_back({rank, asked.take_while(rank, [&](const Term& term) { return term.query == query; }), {}, 0});
    }
  }
  comm.guard([&] {
    const auto sum_rows = [&](SinglePush& sum, Offset i) {
      Run& run = runs[z(i)];
      std::vector<Local> vertices;
      std::vector<double> residuals;
      for (const Term& term : run.residuals) {
        vertices.push_back(term.vertex);
        residuals.push_back(term.value);
      }
      sum.start(vertices, residuals);
      sum.walk(index, index.sources.begin(comm.rank()));
      const std::int32_t query = run.residuals.front().query;
      sum.for_settled([&](Local v, double x) { run.row.push_back({query, v, x}); });
      run.entries = sum.num_index_entries();
    };
    context.engine.parallel_for_pooled(context.engine.single, std::ssize(runs), sum_rows, [](Offset) {});
  });

  comm.guard([&] {
    for (const Run& run : runs) {
      for (const Term& term : run.row) outbox.put(run.rank, term);
      stats["index_entries"] += run.entries;
    }
  });
  std::vector<Term> walked = outbox.exchange().values;
  std::sort(walked.begin(), walked.end(),
            [](const Term& a, const Term& b) { return a.query != b.query ? a.query < b.query : a.vertex < b.vertex; });
  comm.guard([&] {
    auto next = walked.cbegin();
    for (std::size_t i = 0; i < partial.size(); ++i) {
      const auto first = next;
      next = std::find_if(first, walked.cend(), [&](const Term& term) { return z(term.query) != i; });
      partial[i].q = add_terms(partial[i].q, std::span(first, next));
    }
  });
}

}  // namespace filigree::ppr
