#include "seeds.hpp"

#include <charconv>
#include <cmath>
#include <map>

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
    parts.emplace_back(text.substr(at, end - at));
    at = text.find_first_not_of(separators, end);
  }
  return parts;
}

/// What was written on the command line, as lines without numbers.
std::vector<Line> without_numbers(std::span<const std::string> texts) {
  std::vector<Line> lines;
  for (const std::string& written : texts) lines.push_back({0, written});
  return lines;
}

}  // namespace

std::vector<Question> understand(const NameTable& table, std::span<const Line> lines) {
  std::vector<Question> questions;
  std::vector<WrittenSeed> seeds;
  std::vector<std::string> wanted;  // all of a seed, and its name
  for (const Line& line : lines) {
    Question& question = questions.emplace_back();
    for (const std::string& part : split(line.text, line.text.find('\t') == std::string::npos ? " " : "\t")) {
      const WrittenSeed& seed = seeds.emplace_back(part);
      question.query.emplace_back();
      wanted.insert(wanted.end(), {seed.whole, seed.name});
    }
    if (question.query.empty()) question.mistake = "a query needs a vertex";
  }
  const std::vector<Global> found = table.find(wanted);
  std::size_t next = 0;
  for (Question& question : questions) {
    double total = 0;
    for (ppr::Seed& seed : question.query) {
      const Global all = found[2 * next];
      const Global cut = found[2 * next + 1];
      const auto& [whole, name, weight] = seeds[next++];
      seed = all >= 0 ? ppr::Seed{all, 1} : ppr::Seed{cut, weight};
      total += seed.weight;
      if (!question.mistake.empty()) continue;
      if (seed.vertex < 0)
        question.mistake = no_such_vertex(name);
      else if (!(seed.weight > 0) || !std::isfinite(seed.weight))
        question.mistake = text("seed ", name, " has weight ", seed.weight, ", must be finite and above 0");
    }
    if (question.mistake.empty() && !std::isfinite(total))
      question.mistake = "the weights of its seeds add up to more than a double holds";
  }
  return questions;
}

std::vector<ppr::Query> find_seeds(const Comm& comm, const io::VertexNames& names, std::span<const std::string> texts) {
  std::vector<ppr::Query> queries;
  for (Question& question : understand(NameTable(comm, names), without_numbers(texts))) {
    require(question.mistake.empty(), question.mistake);
    queries.push_back(std::move(question.query));
  }
  return queries;
}

void add_sources(Command cli, std::vector<std::string>& sources) {
  cli.option("--sources", sources,
             "queries: a vertex each, or several with weights, '12:0.7 40:0.3' (what stands behind the last colon "
             "is a weight unless a vertex has the whole name); or a file of such lines; or - to answer lines of "
             "standard input as they come")
      .required()
      .type_name("VERTEX|FILE|-")
      .default_text("");
}

DealtQueries deal_queries(App& program, const std::vector<std::string>& sources, const io::VertexNames& names) {
  const Comm& comm = program.comm();
  const Written written = read_written(comm, sources);
  const std::vector<Line>& all = written.lines;
  require(!all.empty(), "--sources: ", sources.front(), ": holds no query");
  auto questions = understand(NameTable(comm, names), all);
  const auto shares = Partition::uniform(static_cast<Global>(all.size()), comm.size());
  DealtQueries mine;
  for (std::size_t i = 0; i < all.size(); ++i) {
    require(questions[i].mistake.empty(), written.where(i), questions[i].mistake);
    if (!shares.owns(comm.rank(), static_cast<Global>(i))) continue;
    mine.lines.push_back(all[i].text);
    mine.queries.push_back(std::move(questions[i].query));
  }
  program.result("queries", all.size());
  return mine;
}

std::vector<Global> read_vertices(const Comm& comm, const std::string& path, const io::VertexNames& names) {
  if (path.empty()) return {};
  const auto lines = read_lines(comm, path);
  require(!lines.empty(), path, ": names no vertex");
  std::vector<std::string> wanted;
  for (const Line& line : lines) wanted.push_back(trimmed(line.text));
  const auto found = NameTable(comm, names).find(wanted);
  std::map<Global, Offset> line_of;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    require(found[i] >= 0, path, ":", lines[i].number, ": ", no_such_vertex(wanted[i]));
    const auto [first, is_new] = line_of.emplace(found[i], lines[i].number);
    require(is_new, path, ":", lines[i].number, ": vertex ", wanted[i], " is there twice, first in line ",
            first->second);
  }
  std::vector<Global> vertices;
  for (const auto& [vertex, line] : line_of) vertices.push_back(vertex);
  return vertices;
}

}  // namespace filigree::app
