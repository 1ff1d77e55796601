#include "seeds.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <map>
#include <optional>

namespace filigree::app {
namespace {

/// "40:0.3" -> "40" and 0.3, unless a vertex is called all of it; a seed whose last colon is not followed by a number
/// is all name, of weight 1.
struct WrittenSeed {
  std::string whole;
  std::string name;
  double weight = 1;

  explicit WrittenSeed(const std::string& seed) : whole(seed), name(seed) {
    const auto colon = seed.rfind(':');
    if (colon == std::string::npos || colon == 0) return;
    double number = 0;
    const char* end = seed.data() + seed.size();
    const auto [stop, error] = std::from_chars(seed.data() + colon + 1, end, number);
    if (error != std::errc{} || stop != end) return;
    name.resize(colon);
    weight = number;
  }
};

std::vector<std::string> split(std::string_view text, std::string_view separators) {
  std::vector<std::string> parts;
  for (std::size_t at = text.find_first_not_of(separators); at != std::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_of(separators, at), text.size());
    parts.push_back(trimmed(std::string(text.substr(at, end - at))));
    if (parts.back().empty()) parts.pop_back();
    at = text.find_first_not_of(separators, end);
  }
  return parts;
}

bool has_tab(const std::string& line) { return line.find('\t') != std::string::npos; }

/// A way to read a line: the seeds that it may be.
using Reading = std::vector<WrittenSeed>;

/// The readings of a line, as Question tells them, without those that repeat another.
std::vector<Reading> readings_of(const std::string& line) {
  std::vector<std::vector<std::string>> ways;
  const auto add = [&](const std::vector<std::string>& way) {
    if (!way.empty() && (ways.empty() || way != ways.back())) ways.push_back(way);
  };
  if (!line.empty()) add({line});
  if (!trimmed(line).empty()) add({trimmed(line)});
  if (says_something(line)) {
    for (const char* const separators : has_tab(line) ? std::vector{"\t"} : std::vector{" ", " ,"})
      add(split(line, separators));
  }
  std::vector<Reading> readings;
  for (const auto& way : ways) readings.emplace_back(way.begin(), way.end());
  return readings;
}

/// Why the seeds of a reading, all of them vertices, are no query; or empty.
std::string fault_of_weights(const Reading& reading, const ppr::Query& query) {
  double total = 0;
  for (std::size_t i = 0; i < query.size(); ++i) {
    const double weight = query[i].weight;
    if (!(weight > 0) || !std::isfinite(weight))
      return text("seed ", reading[i].name, " has weight ", weight, ", must be finite and above 0");
    total += weight;
  }
  return std::isfinite(total) ? "" : "the weights of its seeds add up to more than a double holds";
}

/// What was written on the command line, as lines without numbers.
std::vector<Line> without_numbers(std::span<const std::string> texts) {
  std::vector<Line> lines;
  for (const std::string& written : texts) lines.push_back({0, written});
  return lines;
}

}  // namespace

std::vector<Question> understand(const NameTable& table, std::span<const Line> lines) {
  std::vector<std::vector<Reading>> readings;
  std::vector<std::string> wanted;  // all of a seed, and its name
  for (const Line& line : lines) {
    for (const Reading& reading : readings.emplace_back(readings_of(line.text)))
      for (const WrittenSeed& seed : reading) wanted.insert(wanted.end(), {seed.whole, seed.name});
  }
  const std::vector<Global> found = table.find(wanted);
  std::vector<Question> questions;
  std::vector<std::string> unknown;
  std::vector<std::size_t> with_unknown;
  std::size_t next = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    Question& question = questions.emplace_back();
    std::optional<std::string> stranger;  // the first seed of the last reading that is no vertex
    bool is_understood = false;
    for (const Reading& reading : readings[i]) {
      ppr::Query query;
      stranger.reset();
      for (const auto& [whole, name, weight] : reading) {
        const Global all = found[next++];
        const Global cut = found[next++];
        query.push_back(all >= 0 ? ppr::Seed{all, 1} : ppr::Seed{cut, weight});
        if (query.back().vertex < 0 && !stranger) stranger = name;
      }
      if (stranger || is_understood) continue;
      is_understood = true;
      question.mistake = fault_of_weights(reading, query);
      question.query = std::move(query);
    }
    if (is_understood) continue;
    question.is_blank = !says_something(lines[i].text);
    if (question.is_blank) continue;
    // Of a line that may be one name or several, first all of it.
    const std::string whole = trimmed(lines[i].text);
    for (const std::string& name : {whole, stranger.value_or(whole)}) {
      if (!unknown.empty() && with_unknown.back() == i && unknown.back() == name) continue;
      unknown.push_back(name);
      with_unknown.push_back(i);
    }
  }
  const std::vector<std::string> complaints = table.complaints(unknown);
  for (std::size_t k = 0; k < unknown.size(); ++k) {
    std::string& mistake = questions[with_unknown[k]].mistake;
    const bool is_helpful = mistake.ends_with('?');  // with what might be meant
    if (!is_helpful) mistake = complaints[k];
  }
  return questions;
}

Written read_written(App& program, const NameTable& table, const std::vector<std::string>& texts) {
  const Comm& comm = program.comm();
  std::error_code failed;
  const bool is_alone = texts.size() == 1;
  const std::string& first = texts.empty() ? std::string() : texts.front();
  const bool is_file = comm.broadcast(comm.is_root() && is_alone && std::filesystem::exists(first, failed) &&
                                      !std::filesystem::is_directory(first, failed));  // a pipe, too
  if (is_file) {
    if (table.find(std::span(&first, 1)).front() < 0) return {read_lines(comm, first), first};
    program.note(text(first, " is a vertex and a file: taken for the vertex; ./", first, " is the file"));
  }
  return {without_numbers(texts), "", is_alone && !is_file};
}

std::vector<ppr::Query> find_seeds(const Comm& comm, const io::VertexNames& names, std::span<const std::string> texts) {
  std::vector<ppr::Query> queries;
  const NameTable table(comm, names);
  for (Question& question : understand(table, without_numbers(texts))) {
    require(!question.is_blank, "a query needs a vertex");
    require(question.mistake.empty(), question.mistake);
    queries.push_back(std::move(question.query));
  }
  return queries;
}

void add_sources(Command cli, std::vector<std::string>& sources, bool& skip_unknown) {
  cli.option(
         "--sources", sources,
         "queries: a vertex each, or several with weights, '12:0.7 40:0.3' (what stands behind the last colon "
         "is a weight unless a vertex has the whole name; names with blanks stand alone or between tabs); or a file "
         "of such lines, also .gz and .zst, where # begins a comment; or - to answer lines of standard input as they "
         "come")
      .required()
      .type_name("VERTEX|FILE|-")
      .default_text("");
  cli.flag("--skip-unknown", skip_unknown,
           "go on where a line of --sources or --candidates is no vertex; its row has rank 0 and says why in a column "
           "error");
}

OwnedQueries share_of(const Comm& comm, std::span<const Line> lines, std::vector<Question>&& questions) {
  const auto shares = Partition::uniform(std::ssize(lines), comm.size());
  OwnedQueries mine;
  for (auto i = shares.begin(comm.rank()); i < shares.end(comm.rank()); ++i) {
    Question& question = questions[static_cast<std::size_t>(i)];
    mine.lines.push_back(lines[static_cast<std::size_t>(i)].text);
    mine.mistakes.push_back(question.mistake);
    if (question.mistake.empty()) mine.queries.push_back(std::move(question.query));
  }
  return mine;
}

OwnedQueries read_queries(App& program, const std::vector<std::string>& sources, bool skip_unknown,
                          const io::VertexNames& names) {
  const NameTable table(program.comm(), names);
  const Written written = read_written(program, table, sources);
  std::vector<Question> all = understand(table, written.lines);
  std::vector<Line> lines;
  std::vector<Question> questions;
  Offset mistakes = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    require(!all[i].is_blank || !written.path.empty(), "--sources: a query needs a vertex");
    if (all[i].is_blank) continue;
    const bool is_mistake = !all[i].mistake.empty();
    require(!is_mistake || skip_unknown, written.where(i), all[i].mistake, written.or_file());
    mistakes += is_mistake ? 1 : 0;
    lines.push_back(written.lines[i]);
    questions.push_back(std::move(all[i]));
  }
  require(!questions.empty(), "--sources: ", sources.front(), ": holds no query");
  if (mistakes > 0) program.note(text(mistakes, " of ", questions.size(), " queries have no answer: unknown vertices"));
  if (skip_unknown) program.result("mistakes", mistakes);
  program.result("queries", std::ssize(questions) - mistakes);
  return share_of(program.comm(), lines, std::move(questions));
}

std::vector<Global> read_vertices(App& program, const std::string& path, bool skip_unknown,
                                  const io::VertexNames& names) {
  if (path.empty()) return {};
  const Comm& comm = program.comm();
  const auto lines = read_lines(comm, path);
  const NameTable table(comm, names);
  std::vector<std::string> wanted;
  for (const Line& line : lines) wanted.insert(wanted.end(), {line.text, trimmed(line.text)});
  const auto found = table.find(wanted);
  std::map<Global, Offset> line_of;
  Offset unknown = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const Global vertex = found[2 * i] >= 0 ? found[2 * i] : found[2 * i + 1];
    const std::string& name = wanted[2 * i + 1];
    if (vertex < 0 && !says_something(lines[i].text)) continue;
    if (vertex < 0 && skip_unknown && ++unknown > 0) continue;
    if (vertex < 0) require(false, path, ":", lines[i].number, ": ", table.complaint(name));
    const auto [first, is_new] = line_of.emplace(vertex, lines[i].number);
    require(is_new, path, ":", lines[i].number, ": vertex ", name, " is there twice, first in line ", first->second);
  }
  if (unknown > 0)
    program.note(text(path, ": ", unknown, " of ", unknown + std::ssize(line_of), " are unknown vertices"));
  require(!line_of.empty(), path, ": names no vertex");
  std::vector<Global> vertices;
  for (const auto& [vertex, line] : line_of) vertices.push_back(vertex);
  return vertices;
}

}  // namespace filigree::app
