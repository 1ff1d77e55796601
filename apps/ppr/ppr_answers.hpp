// What filigree-ppr does with answers: compare them with exact ones, write them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app.hpp"
#include "filigree/io/names.hpp"
#include "filigree/ppr.hpp"
#include "seeds.hpp"

namespace filigree::app {

/// Mean over the queries of all ranks. Collective.
double mean(const Comm& comm, const std::vector<double>& mine);

/// Says how good the first `top` answers (200 if that is 0) are beside all the exact ones of the same queries, by
/// ppr::compare(), and how much of the mass came through the index; the record gets the comparison. With --verify:
/// whether errors stay below their bounds. Collective.
void compare_with_exact(App& program, const ppr::Result& answers, const ppr::Result& exact, int top);

/// How answers are written as text. As tsv and csv they are rows `query rank vertex score`, best first; an answer
/// without vertices is one row, too: rank 0, no vertex, score 0. With --skip-unknown a fifth column says why a line had
/// no answer. As jsonl they are a line for each query:
///
///   {"query":"Anna","error_bound":1e-4,"answers":[["Bela",0.19],["Cili",0.02]]}
///   {"query":"Zoe","error":"no vertex is called 'Zoe'"}
class AnswerTable {
 public:
  AnswerTable(Form form, bool has_errors) : form_(form), has_errors_(has_errors), table_(form, headings(has_errors)) {}

  /// What stands above them.
  std::string head();
  /// The lines of this rank and the answers of those without mistakes. `milliseconds`: of each query, for jsonl.
  /// Collective.
  std::string rows(const Comm& comm, const io::VertexNames& names, const OwnedQueries& mine, const ppr::Result& answers,
                   std::optional<double> milliseconds = {});

 private:
  static std::vector<std::string> headings(bool has_errors);

  Form form_;
  bool has_errors_;
  Table table_;
};

/// In an HDF5 file: sparse rows, only the scores that there are, or all, queries x vertices.
enum class Rows { sparse, dense };

/// To --output or standard output: text, or, for *.h5, rows of scores, one for each line of `mine`. Collective.
void write_answers(App& program, const io::VertexNames& names, const OwnedQueries& mine, const ppr::Result& answers,
                   Rows rows, bool has_errors);

}  // namespace filigree::app
