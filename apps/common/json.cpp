#include "json.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "filigree/core/utf8.hpp"

namespace filigree::app {
namespace {

void write_string(std::string& to, std::string_view text) {
  to += '"';
  while (!text.empty()) {
    const auto first = static_cast<unsigned char>(text.front());
    const std::size_t size = num_bytes_of_character(text);
    if (first == '"' || first == '\\') {
      to += '\\';
      to += text.front();
    } else if (first == '\n') {
      to += "\\n";
    } else if (first == '\t') {
      to += "\\t";
    } else if (size == 0) {
      to += "\\ufffd";
    } else if (begins_with_control(text)) {
      std::array<char, 8> escaped{};
      std::snprintf(escaped.data(), escaped.size(), "\\u%04x", static_cast<unsigned char>(text[size - 1]));
      to += escaped.data();
    } else {
      to += text.substr(0, size);
    }
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  to += '"';
}

void write_number(std::string& to, auto value) {
  std::array<char, 32> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  to.append(digits.data(), end);
  if constexpr (std::floating_point<decltype(value)>) {
    if (std::string_view(digits.data(), end).find_first_of(".e") == std::string_view::npos) to += ".0";
  }
}

/// Whether this is a number as JSON writes it, and whether it is a whole one.
enum class Numeral { none, whole, real };
Numeral numeral(std::string_view text) {
  const auto digits = [&] {
    const std::size_t count = std::min(text.find_first_not_of("0123456789"), text.size());
    text.remove_prefix(count);
    return count;
  };
  if (text.starts_with('-')) text.remove_prefix(1);
  const bool begins_with_zero = text.starts_with('0');
  const std::size_t count = digits();
  if (count == 0 || (begins_with_zero && count > 1)) return Numeral::none;
  Numeral found = Numeral::whole;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (digits() == 0) return Numeral::none;
    found = Numeral::real;
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
    if (digits() == 0) return Numeral::none;
    found = Numeral::real;
  }
  return text.empty() ? found : Numeral::none;
}

void new_line(std::string& to, int indent, int level) {
  if (indent >= 0) to += '\n' + std::string(static_cast<std::size_t>(indent * level), ' ');
}

}  // namespace

Json Json::object(std::initializer_list<std::pair<std::string, Json>> members) {
  Json made;
  made.value_ = Object(members);
  return made;
}

Json& Json::operator[](const std::string& name) {
  if (is_null()) value_ = Object();
  Object& members = std::get<Object>(value_);
  const auto found = std::find_if(members.begin(), members.end(), [&](const auto& m) { return m.first == name; });
  return found != members.end() ? found->second : members.emplace_back(name, Json()).second;
}

const Json& Json::at(const std::string& name) const {
  static const Json none;
  for (const auto& [member, value] : members()) {
    if (member == name) return value;
  }
  return none;
}

void Json::push_back(Json value) {
  if (is_null()) value_ = Array();
  std::get<Array>(value_).push_back(std::move(value));
}

const Json::Object& Json::members() const {
  static const Object none;
  const auto* const members = std::get_if<Object>(&value_);
  return members == nullptr ? none : *members;
}

bool Json::is_without_number() const {
  const auto* const real = std::get_if<double>(&value_);
  return real != nullptr && !std::isfinite(*real);
}

double Json::number() const {
  if (const auto* const whole = std::get_if<std::int64_t>(&value_)) return static_cast<double>(*whole);
  if (const auto* const natural = std::get_if<std::uint64_t>(&value_)) return static_cast<double>(*natural);
  const auto* const real = std::get_if<double>(&value_);
  return real == nullptr ? 0 : *real;
}

const std::string& Json::string() const {
  static const std::string none;
  const auto* const text = std::get_if<std::string>(&value_);
  return text == nullptr ? none : *text;
}

std::string Json::dump(int indent) const {
  std::string to;
  write(to, indent, 0);
  return to;
}

void Json::write(std::string& to, int indent, int level) const {
  if (const auto* const truth = std::get_if<bool>(&value_)) {
    to += *truth ? "true" : "false";
  } else if (const auto* const whole = std::get_if<std::int64_t>(&value_)) {
    write_number(to, *whole);
  } else if (const auto* const natural = std::get_if<std::uint64_t>(&value_)) {
    write_number(to, *natural);
  } else if (const auto* const real = std::get_if<double>(&value_); real != nullptr && std::isfinite(*real)) {
    write_number(to, *real);
  } else if (const auto* const text = std::get_if<std::string>(&value_)) {
    write_string(to, *text);
  } else if (const auto* const items = std::get_if<Array>(&value_)) {
    to += '[';
    for (const Json& item : *items) {
      if (&item != items->data()) to += ',';
      new_line(to, indent, level + 1);
      item.write(to, indent, level + 1);
    }
    if (!items->empty()) new_line(to, indent, level);
    to += ']';
  } else if (const auto* const members = std::get_if<Object>(&value_)) {
    to += '{';
    for (const auto& member : *members) {
      if (&member != members->data()) to += ',';
      new_line(to, indent, level + 1);
      write_string(to, member.first);
      to += indent >= 0 ? ": " : ":";
      member.second.write(to, indent, level + 1);
    }
    if (!members->empty()) new_line(to, indent, level);
    to += '}';
  } else {
    to += "null";
  }
}

Json typed(const std::string& text) {
  if (text == "true" || text == "false") return text == "true";
  const Numeral kind = numeral(text);
  const char* const end = text.data() + text.size();
  if (std::int64_t whole = 0; kind == Numeral::whole && std::from_chars(text.data(), end, whole).ec == std::errc())
    return whole;
  if (std::uint64_t large = 0; kind == Numeral::whole && std::from_chars(text.data(), end, large).ec == std::errc())
    return large;
  if (double real = 0; kind != Numeral::none && std::from_chars(text.data(), end, real).ec == std::errc()) return real;
  return text;
}

}  // namespace filigree::app
