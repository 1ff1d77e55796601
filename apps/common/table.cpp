#include "table.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>

#include "filigree/core/error.hpp"
#include "options.hpp"

namespace filigree::app {
namespace {

const std::pair<std::string, Form> extensions[] = {{".tsv", Form::tsv},     {".txt", Form::tsv}, {".csv", Form::csv},
                                                   {".jsonl", Form::jsonl}, {".npy", Form::npy}, {".h5", Form::hdf5},
                                                   {".hdf5", Form::hdf5}};

std::string lower_case(std::string_view name) {
  std::string lower(name);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

bool has_extension(const std::string& path) {
  return path.substr(path.rfind('/') + 1).find('.', 1) != std::string::npos;
}

bool is_text(Form form) { return std::ranges::find(text_forms, form) != text_forms.end(); }

}  // namespace

std::string name_of(Form form) {
  constexpr const char* names[] = {"tsv", "csv", "jsonl", "npy", "h5"};
  return names[static_cast<int>(form)];
}

std::optional<Form> form_of_extension(const std::string& path) {
  const std::string name = lower_case(path);
  for (const auto& [extension, form] : extensions) {
    if (name.ends_with(extension)) return form;
    if (is_text(form) && (name.ends_with(extension + ".gz") || name.ends_with(extension + ".zst"))) return form;
  }
  return std::nullopt;
}

Form form_of(const std::string& path, const std::string& name, std::span<const Form> possible,
             const std::string& option) {
  const bool is_screen = path.empty() || path == "-";
  for (const Form form : possible) {
    if (name_of(form) != name) continue;
    if (is_screen && !is_text(form)) usage_error(text("--output-format ", name, ": needs --output"));
    return form;
  }
  if (is_screen || !has_extension(path)) return Form::tsv;
  const auto form = form_of_extension(path);
  if (form && std::ranges::find(possible, *form) != possible.end()) return *form;
  std::string list;
  for (const auto& [extension, known] : extensions) {
    if (std::ranges::find(possible, known) != possible.end()) list += ' ' + extension;
  }
  usage_error(text(option, ' ', path, ": is written as", list, ", text also as .gz or .zst",
                   option == "--output" ? "; under another name by --output-format" : ""));
}

bool is_for_people(const std::string& path, const std::string& name) {
  return name == "auto" && (path == "-" || !has_extension(path));
}

Field::Field(double number)
    : kind_(std::isfinite(number) ? Kind::number : Kind::no_json_number), value_(app::number(number)) {}

/// A text, else a number or a truth value as JSON writes it.
Field::Field(const Json& value) : kind_(Kind::number), value_(value.dump()) {
  if (value.is_null() || value.is_without_number()) *this = Field(std::nullopt);
  if (value_.starts_with('"')) *this = Field(value.string());
}

Field Field::exactly(double number) {
  Field field(number);
  if (field.kind_ != Kind::number) return field;
  std::array<char, 32> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  field.value_.assign(digits.data(), end);
  return field;
}

void Field::append_to(std::string& line, Form form) const {
  if (form == Form::jsonl) {
    line += kind_ == Kind::text ? Json(value_).dump() : kind_ == Kind::number ? value_ : "null";
  } else if (kind_ != Kind::text) {
    line += value_;
  } else {
    append_field(line, value_, form);
  }
}

void Table::head() {
  if (form_ == Form::jsonl) return;
  row(std::vector<Field>(headings_.begin(), headings_.end()));
}

void Table::row(std::span<const Field> fields) {
  const bool is_json = form_ == Form::jsonl;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (is_json)
      lines_ += (i == 0 ? "{" : ",") + Json(headings_[i]).dump() + ':';
    else if (i > 0)
      lines_ += form_ == Form::csv ? ',' : '\t';
    fields[i].append_to(lines_, form_);
  }
  lines_ += is_json ? "}\n" : "\n";
}

std::string npy_header(std::span<const std::int64_t> shape) {
  std::string sizes;
  for (const std::int64_t size : shape) sizes += text(size, ", ");
  if (shape.size() > 1) sizes.resize(sizes.size() - 2);
  std::string header = text("{'descr': '<f8', 'fortran_order': False, 'shape': (", sizes, "), }");
  constexpr std::size_t magic = 10;
  while ((magic + header.size() + 1) % 64 != 0) header += ' ';
  header += '\n';
  std::string out("\x93NUMPY\x01\x00", 8);
  out += static_cast<char>(header.size() & 0xff);
  out += static_cast<char>(header.size() >> 8);
  return out + header;
}

std::string npy_bytes(std::span<const double> values) {
  std::string out;
  for (const double value : values) {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    for (int shift = 0; shift < 64; shift += 8) out += static_cast<char>(bits >> shift & 0xff);
  }
  return out;
}

std::string number(double value) {
  if (std::isnan(value)) return "nan";
  std::array<char, 32> digits{};
  const auto [end, error] =
      std::to_chars(digits.data(), digits.data() + digits.size(), value, std::chars_format::general, 10);
  return {digits.data(), end};
}

}  // namespace filigree::app
