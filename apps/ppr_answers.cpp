#include "ppr_answers.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "filigree/core/top_k.hpp"
#include "filigree/io/hdf5.hpp"

namespace filigree::app {
namespace {

std::size_t z(Offset i) { return static_cast<std::size_t>(i); }

/// Positions of a query's answers, best first; at equal scores they are by rising vertex already.
std::vector<Scored<std::size_t>> by_score(const ppr::Result& answers, std::size_t query) {
  std::vector<Scored<std::size_t>> best;
  for (auto at = z(answers.row_ptr[query]); at < z(answers.row_ptr[query + 1]); ++at)
    best.push_back({at, answers.score[at]});
  sort_top(best, best.size());
  return best;
}

}  // namespace

double mean(const Comm& comm, const std::vector<double>& mine) {
  const double total = comm.sum(std::accumulate(mine.begin(), mine.end(), 0.0));
  const Offset count = comm.sum(static_cast<Offset>(mine.size()));
  return count == 0 ? 0 : total / static_cast<double>(count);
}

void compare_with_exact(App& program, const ppr::Result& answers, const ppr::Result& exact, int top) {
  const Comm& comm = program.comm();
  const std::size_t k = top > 0 ? static_cast<std::size_t>(top) : 200;
  std::vector<double> rag;
  std::vector<double> errors;
  std::vector<double> covered;  // 1 where the error is not above its estimate
  double worst_excess = -2;
  for (std::size_t query = 0; query < answers.error_bound.size(); ++query) {
    const auto begin = exact.vertex.begin() + exact.row_ptr[query];
    const auto end = exact.vertex.begin() + exact.row_ptr[query + 1];
    const auto truth = [&](Global vertex) {
      const auto at = std::lower_bound(begin, end, vertex);
      return at == end || *at != vertex ? 0.0 : exact.score[z(at - exact.vertex.begin())];
    };
    const auto ours = by_score(answers, query);
    double found = 0;
    double error = 0;  // L1; with --top over the scores that were returned
    double met = 0;
    for (std::size_t i = 0; i < ours.size(); ++i) {
      const double right = truth(answers.vertex[ours[i].id]);
      if (i < k) found += right;
      error += std::abs(ours[i].score - right);
      met += right;
    }
    if (top == 0)
      error += std::accumulate(exact.score.begin() + exact.row_ptr[query],
                               exact.score.begin() + exact.row_ptr[query + 1], -met);
    errors.push_back(error);
    covered.push_back(error <= answers.error_estimate[query] + 1e-12 ? 1 : 0);
    const auto best = by_score(exact, query);
    double possible = 0;
    for (std::size_t i = 0; i < std::min(best.size(), k); ++i) possible += best[i].score;
    rag.push_back(possible > 0 ? found / possible : 1);
    worst_excess = std::max(worst_excess, error - answers.error_bound[query]);
  }
  const double mean_rag = mean(comm, rag);
  const double min_rag = comm.min(rag.empty() ? 1.0 : *std::min_element(rag.begin(), rag.end()));
  program.result("rag_k", k);
  program.result("mean_rag", mean_rag);
  program.result("min_rag", min_rag);
  program.result("mean_error", mean(comm, errors));
  program.result("share_covered_by_estimate", mean(comm, covered));
  program.note(text("RAG(", k, ") ", mean_rag, " (worst query ", min_rag, "); ", 100 * mean(comm, answers.index_share),
                    " % of the mass came through the index"));
  if (program.verify()) program.verified(comm.max(worst_excess) <= 1e-9, "errors stay below their bounds");
}

std::string answer_lines(const Comm& comm, const io::VertexNames& names, std::span<const std::string> lines,
                         const ppr::Result& answers) {
  const std::vector<std::string> called = names.fetch(comm, answers.vertex);
  std::string table;
  for (std::size_t query = 0; query < lines.size(); ++query) {
    int rank = 0;
    for (const auto& [at, score] : by_score(answers, query))
      table += text(lines[query], '\t', ++rank, '\t', called[at], '\t', number(score), '\n');
    if (rank == 0) table += lines[query] + "\t0\t\t0\n";
  }
  return table;
}

namespace {

void write_dense(io::Hdf5Writer& file, const ppr::Result& answers, Global num_vertices) {
  file.write_rows("/ppr/scores", std::ssize(answers.row_ptr) - 1, num_vertices,
                  [&](Offset query, std::span<double> row) {
                    for (auto k = z(answers.row_ptr[z(query)]); k < z(answers.row_ptr[z(query) + 1]); ++k)
                      row[z(answers.vertex[k])] = answers.score[k];
                  });
}

void write_sparse(const Comm& comm, io::Hdf5Writer& file, const ppr::Result& answers) {
  // Every rank's rows follow those of the ranks below it, and the last one closes the array.
  const Offset before = comm.exclusive_sum(answers.row_ptr.back());
  const bool is_last = comm.rank() + 1 == comm.size();
  std::vector<Offset> indptr(answers.row_ptr.begin(), answers.row_ptr.end() - (is_last ? 0 : 1));
  for (Offset& at : indptr) at += before;
  file.write("/ppr/indptr", std::span<const Offset>(indptr));
  file.write("/ppr/indices", std::span<const Global>(answers.vertex));
  file.write("/ppr/data", std::span<const double>(answers.score));
}

}  // namespace

void write_answers(App& program, const io::VertexNames& names, std::span<const std::string> lines,
                   const ppr::Result& answers, Rows rows) {
  const Comm& comm = program.comm();
  if (!program.output_is_hdf5()) {
    const std::string table = answer_lines(comm, names, lines, answers);
    return program.print(comm.is_root() ? answers_header + table : table);
  }
  io::Hdf5Writer file(comm, program.output());
  if (rows == Rows::dense)
    write_dense(file, answers, names.vertices().num_items());
  else
    write_sparse(comm, file, answers);
  file.write("/ppr/error_bound", std::span<const double>(answers.error_bound));
  file.write("/ppr/error_estimate", std::span<const double>(answers.error_estimate));
  program.sign(file, "personalized pagerank", names);
  file.commit();
}

}  // namespace filigree::app
