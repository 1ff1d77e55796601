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

struct Batch {
  std::vector<std::string> lines;
  std::vector<ppr::Query> queries;
};

/// The lines that are queries; of the others rank 0 says why not. Collective.
Batch queries_among(const Comm& comm, const NameTable& table, const std::vector<Line>& lines) {
  Batch batch;
  std::vector<Question> questions = understand(table, lines);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string& mistake = questions[i].mistake;
    if (mistake.empty()) {
      batch.lines.push_back(lines[i].text);
      batch.queries.push_back(std::move(questions[i].query));
    } else if (comm.is_root()) {
      std::fprintf(stderr, "error: standard input:%lld: %s\n", static_cast<long long>(lines[i].number),
                   mistake.c_str());
    }
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

Account answer_all(App& program, const io::VertexNames& names, const Answer& answer) {
  const Comm& comm = program.comm();
  const NameTable table(comm, names);
  std::optional<io::TextWriter> file;
  if (!program.output().empty()) file.emplace(comm, program.output());
  const auto print = [&](std::string_view mine) { file ? file->write(mine) : program.print(mine); };

  Account account;
  StandardInput input;
  print(comm.is_root() ? answers_header : "");
  while (true) {
    const Stopwatch waiting;
    const std::vector<Line> lines = next_lines(comm, input);
    account.timings["wait"] += waiting.seconds();
    if (lines.empty()) break;
    const Stopwatch watch;
    const Batch batch = queries_among(comm, table, lines);
    const auto count = static_cast<Offset>(batch.queries.size());
    account.mistakes += static_cast<Offset>(lines.size()) - count;
    if (count == 0) continue;

    const auto shares = Partition::uniform(count, comm.size());
    const auto first = static_cast<std::size_t>(shares.begin(comm.rank()));
    const auto mine = static_cast<std::size_t>(shares.size(comm.rank()));
    const ppr::Result answers = answer(std::span(batch.queries).subspan(first, mine));
    account.timings["answer"] += watch.seconds();
    print(answer_lines(comm, names, std::span(batch.lines).subspan(first, mine), answers));
    account.add(count, watch.seconds());
    for (const auto& [name, amount] : answers.stats) account.stats[name] += amount;
  }
  if (file) file->commit();
  return account;
}

}  // namespace

void answer_stream(App& program, const io::VertexNames& names, const Answer& answer) {
  const Account account = program.measure("stream", [&] { return answer_all(program, names, answer); });
  program.result("queries", account.queries);
  program.result("mistakes", account.mistakes);
  if (account.queries > 0) {
    program.result("query_seconds_min", account.least);
    program.result("query_seconds_mean", account.seconds / static_cast<double>(account.queries));
    program.result("query_seconds_max", account.most);
  }
  if (account.mistakes > 0)
    program.fail(
        text(account.mistakes, account.mistakes == 1 ? " line" : " lines", " of standard input could not be answered"));
}

}  // namespace filigree::app
