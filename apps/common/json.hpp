// Values of a record, and how they are written.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace filigree::app {

/// A JSON value. Members of an object keep the order in which they came.
class Json {
 public:
  using Array = std::vector<Json>;
  using Object = std::vector<std::pair<std::string, Json>>;

  Json() = default;  ///< null
  Json(bool value) : value_(value) {}
  Json(std::integral auto value) {
    using T = decltype(value);
    if constexpr (std::unsigned_integral<T>) {
      value_ = static_cast<std::uint64_t>(value);
    } else {
      value_ = static_cast<std::int64_t>(value);
    }
  }
  Json(std::floating_point auto value) : value_(static_cast<double>(value)) {}
  Json(const char* value) : value_(std::string(value)) {}
  Json(std::string_view value) : value_(std::string(value)) {}
  Json(std::string value) : value_(std::move(value)) {}
  Json(Array values) : value_(std::move(values)) {}
  template <class T>
  Json(const std::vector<T>& values) : value_(Array(values.begin(), values.end())) {}
  template <class T, class Less>
  Json(const std::map<std::string, T, Less>& members) : value_(Object(members.begin(), members.end())) {}
  static Json object(std::initializer_list<std::pair<std::string, Json>> members = {});

  /// The member of this name, null if it is new. What is null becomes an object.
  Json& operator[](const std::string& name);
  /// The member of this name, or null.
  const Json& at(const std::string& name) const;
  /// Adds to an array; null becomes one.
  void push_back(Json value);
  /// In order of insertion; none if this is no object.
  const Object& members() const;

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  /// Whether it is NaN or infinite, which JSON cannot say: written as null.
  bool is_without_number() const;
  double number() const;              ///< 0 if it is none
  const std::string& string() const;  ///< "" if it is none

  /// With `indent` >= 0 one member a line, so many blanks a level.
  std::string dump(int indent = -1) const;

 private:
  void write(std::string& to, int indent, int level) const;
  std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string, Array, Object> value_;
};

/// What a text would be in JSON: "0.15" a number, "true" a truth value, anything else itself.
Json typed(const std::string& text);

}  // namespace filigree::app
