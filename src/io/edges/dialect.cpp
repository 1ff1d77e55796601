#include "io/edges/dialect.hpp"

#include <algorithm>
#include <utility>

namespace filigree::io::edges {
namespace {

struct Invisible {
  std::string_view bytes;
  std::string_view name;
};
constexpr Invisible invisibles[] = {{"\xc2\xa0", "a no-break space (U+00A0)"},
                                    {"\xe2\x80\x8b", "a zero-width space (U+200B)"},
                                    {"\xe2\x80\xaf", "a narrow no-break space (U+202F)"},
                                    {"\xe2\x81\xa0", "a word joiner (U+2060)"},
                                    {"\xe3\x80\x80", "an ideographic space (U+3000)"},
                                    {"\xef\xbb\xbf", "a byte order mark (U+FEFF)"}};

template <class Holds>
std::string_view first_that(Holds holds) {
  const auto* const found = std::find_if(std::begin(invisibles), std::end(invisibles), holds);
  return found == std::end(invisibles) ? std::string_view() : found->name;
}

}  // namespace

FieldReader::FieldReader(std::string_view line, const Dialect& dialect)
    : rest_(line), separator_(dialect.separator), quotes_(dialect.quotes) {
  while (!rest_.empty() && is_blank(rest_.back())) rest_.remove_suffix(1);
  skip_blanks();
}

void FieldReader::skip_blanks() {
  while (!rest_.empty() && is_blank(rest_.front()) && rest_.front() != separator_) rest_.remove_prefix(1);
  while (separator_ == ' ' && !rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
}

/// Returns false unless the quotes end where the field does.
bool FieldReader::take_quoted(std::string& content) {
  content.clear();
  for (std::size_t i = 1; i < rest_.size(); ++i) {
    if (rest_[i] != '"') {
      content += rest_[i];
    } else if (i + 1 < rest_.size() && rest_[i + 1] == '"') {
      content += rest_[i++];
    } else {
      rest_.remove_prefix(i + 1);
      if (separator_ == ' ') return rest_.empty() || is_blank(rest_.front());
      skip_blanks();
      return rest_.empty() || rest_.front() == separator_;
    }
  }
  return false;
}

std::string_view FieldReader::next(std::string& unquoted) {
  std::string_view field;
  if (quotes_ && rest_.starts_with('"')) {
    if (!take_quoted(unquoted)) {
      broken_ = true;
      rest_ = {};
      return {};
    }
    field = unquoted;
  } else if (taken_ >= 2 && rest_.starts_with('{') && rest_.ends_with('}')) {
    field = std::exchange(rest_, {});
  } else {
    const std::size_t end = separator_ == ' ' ? rest_.find_first_of(" \t\r") : rest_.find(separator_);
    field = without_blanks(rest_.substr(0, end));
    rest_.remove_prefix(std::min(end, rest_.size()));
  }
  ++taken_;
  skip_blanks();
  if (separator_ != ' ' && !rest_.empty() && rest_.front() == separator_) rest_.remove_prefix(1);
  skip_blanks();
  return field;
}

std::string_view invisible_at_ends(std::string_view field) {
  const auto is_high = [](char c) { return static_cast<unsigned char>(c) >= 0x80; };
  if (field.empty() || (!is_high(field.front()) && !is_high(field.back()))) return {};
  return first_that([&](const Invisible& i) { return field.starts_with(i.bytes) || field.ends_with(i.bytes); });
}

std::string_view invisible_in(std::string_view line) {
  return first_that([&](const Invisible& i) { return line.find(i.bytes) != std::string_view::npos; });
}

}  // namespace filigree::io::edges
