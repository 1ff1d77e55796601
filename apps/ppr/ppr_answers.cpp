#include "ppr_answers.hpp"

#include <limits>
#include <numeric>

#include "filigree/core/top_k.hpp"
#include "filigree/io/write.hpp"

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
  const int k = top > 0 ? top : 200;
  const auto found = ppr::compare(program.comm(), answers, exact, {.k = k, .listed_only = top > 0});
  program.result("rag_k", k);
  program.result("mean_rag", found.mean_rag);
  program.result("min_rag", found.min_rag);
  program.result("mean_error", found.mean_error);
  program.result("share_covered_by_estimate", found.share_covered);
  program.note(text("relative aggregated goodness RAG(", k, ") ", found.mean_rag, " (worst query ", found.min_rag,
                    "); ", 100 * mean(program.comm(), answers.index_share), " % of the mass came through the index"));
  if (program.verify()) program.verified(found.largest_excess <= 1e-9, "errors stay below their bounds");
}

std::vector<std::string> AnswerTable::headings(bool has_errors) {
  std::vector<std::string> all{"query", "rank", "vertex", "score"};
  if (has_errors) all.push_back("error");
  return all;
}

std::string AnswerTable::head() {
  table_.head();
  return table_.take();
}

std::string AnswerTable::rows(const Comm& comm, const io::VertexNames& names, const OwnedQueries& mine,
                              const ppr::Result& answers, std::optional<double> milliseconds) {
  const std::vector<std::string> called = names.fetch(comm, answers.vertex);
  const auto row = [&](const std::string& query, int rank, const std::string& vertex, double score, Field error) {
    std::vector<Field> fields{query, rank, vertex, score};
    if (has_errors_) fields.push_back(std::move(error));
    table_.row(fields);
  };
  std::string objects;
  const auto member = [&](const char* name, const Field& value) {
    objects += text(name, ':');
    value.append_to(objects, form_);
  };
  std::size_t query = 0;
  for (std::size_t line = 0; line < mine.lines.size(); ++line) {
    const std::string& asked = mine.lines[line];
    const std::string& mistake = mine.mistakes[line];
    const auto best = mistake.empty() ? by_score(answers, query) : std::vector<Scored<std::size_t>>();
    if (form_ != Form::jsonl) {
      for (int rank = 0; const auto& [at, score] : best) row(asked, ++rank, called[at], score, std::nullopt);
      if (best.empty()) row(asked, 0, "", 0, mistake.empty() ? Field(std::nullopt) : Field(mistake));
    } else if (!mistake.empty()) {
      member("{\"query\"", asked);
      member(",\"error\"", mistake);
      objects += "}\n";
    } else {
      member("{\"query\"", asked);
      member(",\"error_bound\"", answers.error_bound[query]);
      if (milliseconds) member(",\"ms\"", *milliseconds);
      objects += ",\"answers\":[";
      for (std::size_t i = 0; i < best.size(); ++i) {
        objects += i == 0 ? "[" : ",[";
        Field(called[best[i].id]).append_to(objects, form_);
        objects += ',';
        Field(best[i].score).append_to(objects, form_);
        objects += ']';
      }
      objects += "]}\n";
    }
    if (mistake.empty()) ++query;
  }
  return form_ == Form::jsonl ? objects : table_.take();
}

namespace {

/// Answers with an empty row, whose error is unknown, where a line had a mistake.
ppr::Result with_empty_rows(const OwnedQueries& mine, ppr::Result answers) {
  for (std::size_t line = 0; line < mine.lines.size(); ++line) {
    if (mine.mistakes[line].empty()) continue;
    const auto at = static_cast<std::ptrdiff_t>(line);
    answers.row_ptr.insert(answers.row_ptr.begin() + at, answers.row_ptr[line]);
    for (std::vector<double>* error : {&answers.error_bound, &answers.error_estimate})
      error->insert(error->begin() + at, std::numeric_limits<double>::quiet_NaN());
  }
  return answers;
}

void write_dense(io::Hdf5Writer& file, const ppr::Result& answers, Global num_vertices) {
  file.write_rows("/ppr/scores", std::ssize(answers.row_ptr) - 1, num_vertices,
                  [&](Offset query, std::span<double> row) {
                    for (auto k = z(answers.row_ptr[z(query)]); k < z(answers.row_ptr[z(query) + 1]); ++k)
                      row[z(answers.vertex[k])] = answers.score[k];
                  });
}

/// With the attributes by which AnnData reads a group as a sparse matrix.
void write_sparse(const Comm& comm, io::Hdf5Writer& file, const ppr::Result& answers, Global num_vertices) {
  // Every rank's rows follow those of the ranks below it, and the last one closes the array.
  const Offset before = comm.exclusive_sum(answers.row_ptr.back());
  const bool is_last = comm.rank() + 1 == comm.size();
  std::vector<Offset> indptr(answers.row_ptr.begin(), answers.row_ptr.end() - (is_last ? 0 : 1));
  for (Offset& at : indptr) at += before;
  file.write("/ppr/indptr", std::span<const Offset>(indptr));
  file.write("/ppr/indices", std::span<const Global>(answers.vertex));
  file.write("/ppr/data", std::span<const double>(answers.score));
  const Offset num_queries = comm.sum(std::ssize(answers.row_ptr) - 1);
  file.attribute("/ppr", "shape", std::vector<std::int64_t>{num_queries, num_vertices});
  file.text_attribute("/ppr", "encoding-type", "csr_matrix");
  file.text_attribute("/ppr", "encoding-version", "0.1.0");
}

}  // namespace

void write_answers(App& program, const io::VertexNames& names, const OwnedQueries& mine, const ppr::Result& answers,
                   Rows rows, bool has_errors) {
  const Comm& comm = program.comm();
  const Form form = program.table_form();
  if (form != Form::hdf5) {
    AnswerTable table(form, has_errors);
    const std::string head = comm.is_root() ? table.head() : "";
    return program.print(head + table.rows(comm, names, mine, answers));
  }
  const ppr::Result all = with_empty_rows(mine, answers);
  io::Hdf5Writer file(comm, program.output());
  if (rows == Rows::dense)
    write_dense(file, all, names.vertices().num_items());
  else
    write_sparse(comm, file, all, names.vertices().num_items());
  io::Strings asked;
  for (const std::string& line : mine.lines) asked.push_back(line);
  io::write_texts(comm, file, "/ppr/queries", asked);
  file.write("/ppr/error_bound", std::span<const double>(all.error_bound));
  file.write("/ppr/error_estimate", std::span<const double>(all.error_estimate));
  program.sign(file, "personalized pagerank", names);
  file.commit();
}

}  // namespace filigree::app
