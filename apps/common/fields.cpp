#include "fields.hpp"

#include <algorithm>
#include <optional>

#include "filigree/core/utf8.hpp"

namespace filigree::app {
namespace {

void append_hexadecimal(std::string& to, char byte) {
  constexpr std::string_view digits = "0123456789abcdef";
  to += "\\x";
  to += digits[static_cast<unsigned char>(byte) >> 4];
  to += digits[static_cast<unsigned char>(byte) & 15];
}

/// Calls keep(character) for the characters of a text that are no control character, and escape(bytes) for the others
/// and what is no UTF-8.
template <class Keep, class Escape>
void for_characters(std::string_view text, Keep keep, Escape escape) {
  while (!text.empty()) {
    const std::size_t size = num_bytes_of_character(text);
    const std::string_view character = text.substr(0, std::max<std::size_t>(size, 1));
    if (size == 0 || begins_with_control(character))
      escape(character);
    else
      keep(character);
    text.remove_prefix(character.size());
  }
}

void append_tsv(std::string& to, std::string_view text) {
  const auto hexadecimal = [&](std::string_view bytes) {
    for (char byte : bytes) append_hexadecimal(to, byte);
  };
  if (text.starts_with('"') || text.starts_with('#') || text.starts_with(' ')) {
    hexadecimal(text.substr(0, 1));
    text.remove_prefix(1);
  }
  const bool ends_in_blank = text.ends_with(' ');
  if (ends_in_blank) text.remove_suffix(1);
  for_characters(
      text, [&](std::string_view character) { to += character == "\\" ? "\\\\" : character; },
      [&](std::string_view bytes) {
        switch (bytes.front()) {
          case '\t': to += "\\t"; break;
          case '\n': to += "\\n"; break;
          case '\r': to += "\\r"; break;
          default: hexadecimal(bytes);
        }
      });
  if (ends_in_blank) hexadecimal(" ");
}

void append_csv(std::string& to, std::string_view text) {
  const bool ends_are_blank = !text.empty() && (text.front() == ' ' || text.back() == ' ');
  const bool quotes =
      ends_are_blank || text.starts_with('#') || text.find_first_of(",\"\r\n") != std::string_view::npos;
  if (quotes) to += '"';
  for_characters(
      text,
      [&](std::string_view character) {
        const bool is_escape =
            character == "\\" && text.substr(static_cast<std::size_t>(character.end() - text.begin())).starts_with('x');
        to += is_escape ? "\\x5c" : character == "\"" ? "\"\"" : character;
      },
      [&](std::string_view bytes) {
        if (bytes == "\t" || bytes == "\n" || bytes == "\r") {
          to += bytes;
        } else {
          for (char byte : bytes) append_hexadecimal(to, byte);
        }
      });
  if (quotes) to += '"';
}

std::optional<unsigned> hexadecimal_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return std::nullopt;
}

/// Undoes \xNN, and backslashes before `letters`: t, n, r, backslash, or none of them.
std::string without_escapes(std::string_view field, std::string_view letters) {
  std::string text;
  for (std::size_t i = 0; i < field.size(); ++i) {
    const std::string_view rest = field.substr(i);
    const char escaped = rest.size() > 1 ? rest[1] : '\0';
    const auto high = rest.size() > 3 ? hexadecimal_digit(rest[2]) : std::nullopt;
    const auto low = rest.size() > 3 ? hexadecimal_digit(rest[3]) : std::nullopt;
    if (rest.front() != '\\') {
      text += rest.front();
    } else if (const auto letter = letters.find(escaped); letter != std::string_view::npos) {
      text += "\t\n\r\\"[letter];
      ++i;
    } else if (escaped == 'x' && high && low) {
      text += static_cast<char>(16 * *high + *low);
      i += 3;
    } else {
      text += '\\';
    }
  }
  return text;
}

}  // namespace

void append_field(std::string& to, std::string_view text, Form form) {
  form == Form::csv ? append_csv(to, text) : append_tsv(to, text);
}

std::vector<std::string> fields_of(std::string_view line, Form form) {
  std::vector<std::string> fields(1);
  if (form == Form::tsv) {
    for (std::size_t tab = 0; (tab = line.find('\t')) != std::string_view::npos; line.remove_prefix(tab + 1)) {
      fields.back() = without_escapes(line.substr(0, tab), "tnr\\");
      fields.emplace_back();
    }
    fields.back() = without_escapes(line, "tnr\\");
    return fields;
  }
  bool is_quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool is_quote = line[i] == '"';
    if (is_quote && is_quoted && line.substr(i + 1).starts_with('"'))
      fields.back() += line[i++];
    else if (is_quote && (is_quoted || fields.back().empty()))
      is_quoted = !is_quoted;
    else if (line[i] == ',' && !is_quoted)
      fields.emplace_back();
    else
      fields.back() += line[i];
  }
  for (std::string& field : fields) field = without_escapes(field, "");
  return fields;
}

std::string printable(std::string_view text) {
  std::string shown;
  for_characters(
      text, [&](std::string_view character) { shown += character; },
      [&](std::string_view bytes) {
        for (char byte : bytes) {
          if (byte == '\n' || byte == '\t')
            shown += byte;
          else
            append_hexadecimal(shown, byte);
        }
      });
  return shown;
}

}  // namespace filigree::app
