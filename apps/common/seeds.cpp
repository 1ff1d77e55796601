#include "seeds.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <iterator>

namespace filigree::app {
namespace {

/// "40:0.3" -> "40" and 0.3; a name whose last colon is not followed by a number is all name, of weight 1.
struct WrittenSeed {
  std::string name;
  double weight = 1;

  explicit WrittenSeed(const std::string& seed) : name(seed) {
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

bool is_file(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

/// The queries of all ranks, on every rank.
std::vector<std::string> query_lines(const Comm& comm, const std::vector<std::string>& sources) {
  if (sources.size() != 1 || !comm.broadcast(is_file(sources.front()))) return sources;
  std::string content = comm.guard([&] {
    if (!comm.is_root()) return std::string();
    std::ifstream file(sources.front(), std::ios::binary);
    std::string all{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (!file) throw IoError(text(sources.front(), ": cannot be read: ", std::strerror(errno)));
    return all;
  });
  content = comm.broadcast(content);
  auto lines = split(content, "\r\n");
  std::erase_if(lines, [](const std::string& line) {
    return line.starts_with('#') || line.find_first_not_of(" \t") == std::string::npos;
  });
  return lines;
}

}  // namespace

std::vector<ppr::Query> find_seeds(const Comm& comm, const io::VertexNames& names, std::span<const std::string> lines) {
  std::vector<ppr::Query> queries;
  std::vector<std::string> wanted;
  for (const std::string& line : lines) {
    ppr::Query& query = queries.emplace_back();
    for (const std::string& part : split(line, line.find('\t') == std::string::npos ? " " : "\t")) {
      const WrittenSeed seed(part);
      query.push_back({0, seed.weight});
      wanted.push_back(seed.name);
    }
  }
  const std::vector<Global> found = names.find(comm, wanted);
  std::size_t next = 0;
  for (ppr::Query& query : queries) {
    for (ppr::Seed& seed : query) seed.vertex = found[next++];
  }
  return queries;
}

void add_sources(CLI::App& cli, std::vector<std::string>& sources) {
  cli.add_option("--sources", sources,
                 "queries: a vertex each, or several with weights, '12:0.7 40:0.3'; or a file of such lines")
      ->required()
      ->type_name("VERTEX|FILE")
      ->default_str("");
}

DealtQueries deal_queries(App& program, const std::vector<std::string>& sources, const io::VertexNames& names) {
  const Comm& comm = program.comm();
  const auto all = query_lines(comm, sources);
  require(!all.empty(), "--sources: ", sources.front(), ": holds no query");
  const auto shares = Partition::uniform(static_cast<Global>(all.size()), comm.size());
  DealtQueries mine;
  mine.lines.assign(all.begin() + shares.begin(comm.rank()), all.begin() + shares.end(comm.rank()));
  mine.queries = find_seeds(comm, names, mine.lines);
  program.result("queries", all.size());
  return mine;
}

}  // namespace filigree::app
