// Sample: the first lines of an edge list, and their fields.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/edges/dialect.hpp"
#include "io/text_file.hpp"

namespace filigree::io::edges {

struct Line {
  Offset at;
  std::string text;
};
using Fields = std::vector<std::string>;

/// The beginning of a file.
struct Sample {
  std::vector<Line> data;                   ///< lines that are neither comments nor empty
  std::string first;                        ///< the first line of the file if it is a comment
  std::optional<std::string> last_comment;  ///< above the first line of data
};

/// `comments`: whether lines that begin as comments do are some.
Sample sample_of(const TextFile& file, bool comments);

/// All fields of a line; none if its quotes are broken.
Fields fields_of(std::string_view line, const Dialect& dialect);
inline Fields fields_of(std::string_view line, char separator) {
  return fields_of(line, Dialect{.separator = separator});
}

/// The first separator that cuts a line into two fields; none if no one does.
std::optional<char> separator_of(std::string_view line);

/// Whether lines begin with names of rows as R writes them: all different, in quotation marks or counted from 1.
bool have_row_names(const std::vector<Line>& lines, char separator);

}  // namespace filigree::io::edges
