#include "ppr_stream.hpp"

#include <algorithm>
#include <cstdio>
#include <optional>

#include "filigree/io/text_writer.hpp"
#include "ppr_answers.hpp"
#include "seeds.hpp"

namespace filigree::app {
namespace {

constexpr std::size_t most_lines = 1024;

/// What rank 0 reads next, on all ranks; none = the end. Collective.
std::vector<Line> next_lines(const Comm& comm, StandardInput& input) {
  std::vector<Line> lines = comm.guard([&] { return comm.is_root() ? input.next(most_lines) : std::vector<Line>(); });
  if (comm.size() == 1) return lines;
  std::string together;
  for (const Line& line : lines) together += text(line.number, ' ', line.text, '\n');
  together = comm.broadcast(together);
  if (comm.is_root()) return lines;
  for (std::size_t at = 0; at < together.size();) {
    const std::size_t blank = together.find(' ', at);
    const std::size_t end = together.find('\n', blank);
    lines.push_back({std::stoll(together.substr(at, blank - at)), together.substr(blank + 1, end - blank - 1)});
    at = end + 1;
  }
  return lines;
}

/// The lines to answer, on all ranks. jsonl answers every line, blank ones by what is wrong with them.
struct Batch {
  std::vector<Line> lines;
  std::vector<Question> questions;
  Offset mistakes = 0;
};

/// Of tables, blank lines are left out, and those with mistakes as well, which rank 0 then tells on stderr, unless they
/// have a row that says so. Collective.
Batch batch_of(const Comm& comm, const NameTable& table, std::vector<Line> lines, bool answers_all, bool has_errors) {
  Batch batch;
  std::vector<Question> questions = understand(table, lines);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    Question& question = questions[i];
    if (question.is_blank && !answers_all) continue;
    if (question.is_blank) question.mistake = "a blank line or a comment is no query";
    const bool is_mistake = !question.mistake.empty() && !question.is_blank;
    batch.mistakes += is_mistake ? 1 : 0;
    if (is_mistake && !answers_all && !has_errors) {
      if (comm.is_root())
        std::fprintf(stderr, "error: standard input:%lld: %s\n", static_cast<long long>(lines[i].number),
                     printable(question.mistake).c_str());
      continue;
    }
    batch.lines.push_back(std::move(lines[i]));
    batch.questions.push_back(std::move(question));
  }
  return batch;
}

/// What a stream came to.
struct Account {
  Offset queries = 0;
  Offset mistakes = 0;
  double seconds = 0;  // all of them
  double least = std::numeric_limits<double>::infinity();
  double most = 0;  // of a query
  Timings timings;
  Stats stats;

  void add(Offset num_queries, double batch_seconds) {
    const double each = batch_seconds / static_cast<double>(num_queries);
    queries += num_queries;
    seconds += batch_seconds;
    least = std::min(least, each);
    most = std::max(most, each);
  }
};

Account answer_all(App& program, const io::VertexNames& names, const Answer& answer, bool skip_unknown) {
  const Comm& comm = program.comm();
  const Form form = program.table_form();
  const NameTable table(comm, names);
  AnswerTable answers(form, skip_unknown);
  std::optional<io::TextWriter> file;
  if (!program.output().empty() && program.output() != "-") file.emplace(comm, program.output());
  const auto print = [&](std::string_view mine) { file ? file->write(mine) : program.print(mine); };

  Account account;
  StandardInput input;
  print(comm.is_root() ? answers.head() : "");
  while (true) {
    const Stopwatch waiting;
    std::vector<Line> lines = next_lines(comm, input);
    account.timings["wait"] += waiting.seconds();
    if (lines.empty()) break;
    const Stopwatch watch;
    Batch batch = batch_of(comm, table, std::move(lines), form == Form::jsonl, skip_unknown);
    account.mistakes += batch.mistakes;
    if (batch.lines.empty()) continue;

    const OwnedQueries mine = share_of(comm, batch.lines, std::move(batch.questions));
    const Offset count = comm.sum(static_cast<Offset>(mine.queries.size()));
    ppr::Result found;
    if (count > 0) found = answer(mine.queries);
    account.timings["answer"] += watch.seconds();
    const double milliseconds = 1e3 * watch.seconds() / static_cast<double>(std::max<Offset>(count, 1));
    print(answers.rows(comm, names, mine, found, milliseconds));
    if (count > 0) account.add(count, watch.seconds());
    for (const auto& [name, amount] : found.stats) account.stats[name] += amount;
  }
  if (file) file->commit();
  return account;
}

}  // namespace

void answer_stream(App& program, const io::VertexNames& names, const Answer& answer, bool skip_unknown) {
  const Account account = program.measure("stream", [&] { return answer_all(program, names, answer, skip_unknown); });
  program.result("queries", account.queries);
  program.result("mistakes", account.mistakes);
  if (account.queries > 0) {
    program.result("query_seconds_min", account.least);
    program.result("query_seconds_mean", account.seconds / static_cast<double>(account.queries));
    program.result("query_seconds_max", account.most);
  }
  if (account.mistakes == 0) return;
  const std::string told =
      text(account.mistakes, account.mistakes == 1 ? " line" : " lines", " of standard input could not be answered");
  if (!skip_unknown) program.fail(told);
  program.note(told);
}

}  // namespace filigree::app
