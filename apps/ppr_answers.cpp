#include "ppr_answers.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "filigree/io/hdf5.hpp"

namespace filigree::app {
namespace {

std::size_t z(Offset i) { return static_cast<std::size_t>(i); }

/// Positions of a query's scores, best first, ties by id.
std::vector<std::size_t> by_score(const ppr::Result& answers, std::size_t query) {
  std::vector<std::size_t> order(z(answers.row_ptr[query + 1] - answers.row_ptr[query]));
  std::iota(order.begin(), order.end(), z(answers.row_ptr[query]));
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (answers.score[a] != answers.score[b]) return answers.score[a] > answers.score[b];
    return answers.vertex[a] < answers.vertex[b];
  });
  return order;
}

}  // namespace

double mean(const Comm& comm, const std::vector<double>& mine) {
  const double total = comm.sum(std::accumulate(mine.begin(), mine.end(), 0.0));
  const Offset count = comm.sum(static_cast<Offset>(mine.size()));
  return count == 0 ? 0 : total / static_cast<double>(count);
}

Agreement compare(const Comm& comm, const ppr::Result& answers, const ppr::Result& exact, Offset k) {
  std::vector<double> rag;
  double max_excess = -2;
  for (std::size_t query = 0; query + 1 < answers.row_ptr.size(); ++query) {
    const auto begin = exact.vertex.begin() + exact.row_ptr[query];
    const auto end = exact.vertex.begin() + exact.row_ptr[query + 1];
    const auto truth = [&](Global vertex) {
      const auto at = std::lower_bound(begin, end, vertex);
      return at == end || *at != vertex ? 0.0 : exact.score[z(at - exact.vertex.begin())];
    };
    const auto ours = by_score(answers, query);
    const auto best = by_score(exact, query);
    double found = 0;
    double error = 0;
    for (std::size_t i = 0; i < ours.size(); ++i) {
      const double right = truth(answers.vertex[ours[i]]);
      if (i < z(k)) found += right;
      error += std::abs(answers.score[ours[i]] - right);
    }
    double possible = 0;
    for (std::size_t i = 0; i < std::min(best.size(), z(k)); ++i) possible += exact.score[best[i]];
    rag.push_back(possible > 0 ? found / possible : 1);
    max_excess = std::max(max_excess, error - answers.error_bound[query]);
  }
  const double min_rag = rag.empty() ? 1 : *std::min_element(rag.begin(), rag.end());
  return {k, mean(comm, rag), comm.min(min_rag), comm.max(max_excess)};
}

void write_answers(App& program, const io::VertexNames& names, std::span<const std::string> lines,
                   const ppr::Result& answers) {
  const Comm& comm = program.comm();
  if (program.output_is_hdf5()) {
    // Every rank's rows follow those of the ranks below it, and the last one closes the array.
    const Offset before = comm.exclusive_sum(answers.row_ptr.back());
    const bool is_last = comm.rank() + 1 == comm.size();
    std::vector<Offset> indptr(answers.row_ptr.begin(), answers.row_ptr.end() - (is_last ? 0 : 1));
    for (Offset& at : indptr) at += before;
    io::Hdf5Writer file(comm, program.output());
    file.write("/ppr/indptr", std::span<const Offset>(indptr));
    file.write("/ppr/indices", std::span<const Global>(answers.vertex));
    file.write("/ppr/data", std::span<const double>(answers.score));
    file.write("/ppr/error_bound", std::span<const double>(answers.error_bound));
    file.write("/ppr/error_estimate", std::span<const double>(answers.error_estimate));
    program.sign(file, "personalized pagerank");
    return file.commit();
  }
  const std::vector<std::string> called = names.fetch(comm, answers.vertex);
  std::string table = comm.is_root() ? "query\trank\tvertex\tscore\n" : "";
  for (std::size_t query = 0; query < lines.size(); ++query) {
    int rank = 0;
    for (std::size_t at : by_score(answers, query)) {
      table += text(lines[query], '\t', ++rank, '\t', called[at], '\t', number(answers.score[at]), '\n');
    }
  }
  program.print(table);
}

}  // namespace filigree::app
