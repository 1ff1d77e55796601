// Tables: rows of typed fields, in the form that the output asks for.
//
//   Table table(program.form(), {"vertex", "score"});
//   if (comm.is_root()) table.head();
//   table.row({name, 0.25});                     this rank's rows
//   program.print(table.take());
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fields.hpp"
#include "json.hpp"

namespace filigree::app {

inline constexpr std::array text_forms{Form::tsv, Form::csv, Form::jsonl};

/// "tsv", "csv", "jsonl", "npy", "h5".
std::string name_of(Form form);
/// What the extension of a path says, in any case: .tsv .txt .csv .jsonl, also behind .gz and .zst, .npy .h5 .hdf5.
std::optional<Form> form_of_extension(const std::string& path);
/// The form to write `path` in: the one called `name` or, if that is "auto", what the extension says; tsv for "" and
/// "-", standard output, and for names without extension. Throws Leave, a usage error, unless it is one of `possible`,
/// or when standard output cannot take it; `option` is what took the path.
Form form_of(const std::string& path, const std::string& name, std::span<const Form> possible,
             const std::string& option = "--output");

/// Whether neither `name` ("auto") nor an extension of `path` asks for a table.
bool is_for_people(const std::string& path, const std::string& name);

/// A value in a table: a text, a number, or nothing.
class Field {
 public:
  Field(std::string_view text) : kind_(Kind::text), value_(text) {}
  Field(const std::string& text) : Field(std::string_view(text)) {}
  Field(const char* text) : Field(std::string_view(text)) {}
  Field(std::integral auto number) : kind_(Kind::number), value_(std::to_string(number)) {}
  Field(double number);
  explicit Field(const Json& value);
  Field(std::nullopt_t) : kind_(Kind::nothing) {}
  template <class T>
  Field(const std::optional<T>& value) : Field(value ? Field(*value) : Field(std::nullopt)) {}

  /// A number with the digits that identify it, instead of ten.
  static Field exactly(double number);

  void append_to(std::string& line, Form form) const;

 private:
  enum class Kind { text, number, no_json_number, nothing };
  Kind kind_;
  std::string value_;
};

/// Rows in a form of text.
class Table {
 public:
  Table(Form form, std::vector<std::string> headings) : form_(form), headings_(std::move(headings)) {}

  /// The line of headings; JSON Lines have none.
  void head();
  /// As many fields as headings.
  void row(std::span<const Field> fields);
  void row(std::initializer_list<Field> fields) { row(std::span(fields.begin(), fields.end())); }
  /// What was written since the last call.
  std::string take() { return std::exchange(lines_, {}); }

 private:
  Form form_;
  std::vector<std::string> headings_;
  std::string lines_;
};

/// The first bytes of a .npy file of doubles (little-endian, C order) with this shape.
std::string npy_header(std::span<const std::int64_t> shape);
/// Doubles as they follow it.
std::string npy_bytes(std::span<const double> values);

/// A score as tables print it: ten significant digits, so that the last bits, which ranks may change, do not show.
std::string number(double value);

}  // namespace filigree::app
