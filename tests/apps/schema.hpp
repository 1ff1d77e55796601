// As much of JSON Schema as bench/record.schema.json uses.
#pragma once

#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>

namespace filigree::testing {

using Json = nlohmann::json;

inline bool is_of_type(const Json& value, const std::string& type) {
  if (type == "integer") return value.is_number_integer();
  if (type == "number") return value.is_number();
  return value.type_name() == type;  // null, boolean, string, array, object
}

/// What is wrong with `value`, each complaint with its place; empty if nothing is. A word of the schema that this does
/// not know is a complaint, so that no rule is passed over in silence.
inline std::string complaints(const Json& value, const Json& schema, const std::string& place = "record") {
  static const std::set<std::string> known{"$schema",  "title",      "description",          "type",   "pattern",
                                           "required", "properties", "additionalProperties", "minimum"};
  std::string found;
  const auto complain = [&](const std::string& what) { found += place + ": " + what + "\n"; };
  for (const auto& [word, rule] : schema.items()) {
    if (!known.contains(word)) complain("the checker does not know '" + word + "'");
  }

  const Json types = schema.contains("type") ? schema["type"] : Json::array();
  bool fits = types.empty();
  for (const Json& type : types.is_array() ? types : Json::array({types})) fits = fits || is_of_type(value, type);
  if (!fits) complain(value.dump() + " is not of type " + types.dump());

  if (schema.contains("pattern") && value.is_string() &&
      !std::regex_search(value.get<std::string>(), std::regex(schema["pattern"].get<std::string>()))) {
    complain(value.dump() + " does not match " + schema["pattern"].dump());
  }
  if (schema.contains("minimum") && value.is_number() && value < schema["minimum"]) {
    complain(value.dump() + " is below " + schema["minimum"].dump());
  }
  if (!value.is_object()) return found;

  for (const Json& name : schema.value("required", Json::array())) {
    if (!value.contains(name)) complain("lacks " + name.dump());
  }
  const Json properties = schema.value("properties", Json::object());
  const Json others = schema.value("additionalProperties", Json(true));
  for (const auto& [name, member] : value.items()) {
    if (properties.contains(name)) {
      found += complaints(member, properties[name], place + "." + name);
    } else if (others.is_object()) {
      found += complaints(member, others, place + "." + name);
    } else if (others == false) {
      complain("has an unknown member " + name);
    }
  }
  return found;
}

}  // namespace filigree::testing
