#include "io/edges/sample.hpp"

#include <set>

namespace filigree::io::edges {

Sample sample_of(const TextFile& file, bool comments) {
  constexpr std::size_t most_lines = 1000;
  constexpr Offset most_bytes = Offset{1} << 20;
  Sample sample;
  file.for_lines(file.all(), {}, [&](const TextFile::Chunk& chunk) {
    std::string_view lines = chunk.lines;
    while (!lines.empty() && sample.data.size() < most_lines) {
      const std::size_t end = lines.find('\n');
      const std::string_view line = lines.substr(0, end);
      const Offset at = chunk.at + (lines.data() - chunk.lines.data());
      lines.remove_prefix(end + 1);
      if (is_empty_line(line)) continue;
      if (!comments || !is_comment(line)) {
        sample.data.push_back({at, std::string(line)});
      } else if (sample.data.empty()) {
        if (!sample.last_comment) sample.first = line;
        sample.last_comment = line;
      }
    }
    return sample.data.size() < most_lines && chunk.at < most_bytes;  // a last line without its newline comes alone
  });
  return sample;
}

Fields fields_of(std::string_view line, const Dialect& dialect) {
  Fields fields;
  FieldReader reader(line, dialect);
  std::string unquoted;
  while (reader.more()) {
    fields.emplace_back(reader.next(unquoted));
    if (reader.broken_quotes()) return {};
  }
  return fields;
}

std::optional<char> separator_of(std::string_view line) {
  for (char separator : separators) {
    const Fields fields = fields_of(line, separator);
    if (fields.size() >= 2 && !fields[1].empty()) return separator;
  }
  return std::nullopt;
}

bool have_row_names(const std::vector<Line>& lines, char separator) {
  bool quoted = true;
  bool counted = lines.size() > 1;
  std::set<std::string> names;
  for (const Line& line : lines) {
    const Fields fields = fields_of(line.text, separator);
    if (fields.empty() || !names.insert(fields.front()).second) return false;
    quoted = quoted && without_blanks(line.text).starts_with('"');
    counted = counted && fields.front() == std::to_string(names.size());
  }
  return quoted || counted;
}

}  // namespace filigree::io::edges
