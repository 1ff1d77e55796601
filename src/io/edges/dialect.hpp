// Dialect: how the lines of an edge list are cut into fields.
#pragma once

#include <string>
#include <string_view>

#include "io/fields.hpp"

namespace filigree::io::edges {

struct Dialect {
  bool names = false;    ///< vertices are texts, not whole numbers
  char separator = ' ';  ///< , ; | or a tab between fields; a blank: runs of blanks and tabs
  bool quotes = true;    ///< a field may stand between double quotes, which are doubled in it (RFC 4180)
  bool comments = true;  ///< lines that begin with # % or // hold no data
};

/// Separators in the order in which they are looked for.
constexpr std::string_view separators = "\t;,| ";

/// Whether a line goes on behind a carriage return.
inline bool has_stray_return(std::string_view line) {
  const std::size_t at = line.find('\r');
  return at != std::string_view::npos && !without_blanks(line.substr(at)).empty();
}
inline bool is_empty_line(std::string_view line) { return without_blanks(line).empty(); }
inline bool is_comment(std::string_view line) {
  line = without_blanks(line);
  return line.starts_with('#') || line.starts_with('%') || line.starts_with("//");
}

/// Takes the fields of a line one after the other.
class FieldReader {
 public:
  FieldReader(std::string_view line, const Dialect& dialect);

  /// The next field without the blanks around it; empty where nothing stands between two separators, and at the end. A
  /// field that had quotes views `unquoted`. Attributes as Python writes them, {'weight': 3}, are one field behind the
  /// second.
  std::string_view next(std::string& unquoted);
  /// What is left of the line.
  std::string_view rest() const { return rest_; }
  bool more() const { return !rest_.empty(); }
  /// Whether a quotation mark was not closed, or closed before the end of its field. Nothing is read behind it.
  bool broken_quotes() const { return broken_; }

 private:
  void skip_blanks();
  bool take_quoted(std::string& content);

  std::string_view rest_;
  char separator_;
  bool quotes_;
  bool broken_ = false;
  int taken_ = 0;
};

/// What looks like a blank and is none at the ends of a field, as "a no-break space (U+00A0)"; empty if there is none.
std::string_view invisible_at_ends(std::string_view field);
/// The same anywhere in a line.
std::string_view invisible_in(std::string_view line);

}  // namespace filigree::io::edges
