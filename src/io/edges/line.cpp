#include "io/edges/line.hpp"

#include <algorithm>

namespace filigree::io::edges {
namespace {

/// The value of "weight" in attributes as Python writes them: {'colour': 'red', 'weight': 3.5}; empty if there is none.
std::string_view weight_in(std::string_view attributes) {
  for (const std::string_view key : {"'weight':", "\"weight\":"}) {
    const std::size_t at = attributes.find(key);
    if (at == std::string_view::npos) continue;
    const std::string_view value = without_blanks(attributes.substr(at + key.size()));
    return without_blanks(value.substr(0, value.find_first_of(",}")));
  }
  return {};
}

/// The digits of a weight: attributes and decimal commas read over.
std::string_view digits_of(std::string_view field, const Layout& layout, std::string& workspace) {
  if (field.starts_with('{')) return weight_in(field);
  const bool comma = layout.dialect.separator == ';' && std::ranges::count(field, ',') == 1 &&
                     field.find('.') == std::string_view::npos;
  if (!comma) return field;
  workspace = field;
  std::ranges::replace(workspace, ',', '.');
  return workspace;
}

}  // namespace

std::optional<Fault> parse_vertex(std::string_view field, const ReadOptions& options, Global& id) {
  if (!is_number(field))
    return Fault{quoted(field) + " is not a vertex id, a whole number (with --ids names it may be any text)"};
  if (!parse_whole(field, id))
    return Fault{
        text("vertex id ", field, " is not a whole number in [-2^63, 2^63) (with --ids names it may be any text)")};
  if (options.ids == Ids::keep && (id < 0 || id >= end_of_kept_ids))
    return Fault{text("vertex id ", field, " is not in [0, 10^18), as vertex numbers are that --ids keep keeps")};
  return std::nullopt;
}

std::optional<Fault> parse_vertex(std::string_view field, const ReadOptions&, std::string_view& name) {
  if (has_control_character(field)) return Fault{text("a control character in the name ", quoted(field))};
  const std::string_view invisible = invisible_at_ends(field);
  if (!invisible.empty()) return Fault{text("the name ", quoted(field), " begins or ends with ", invisible)};
  name = field;
  return std::nullopt;
}

std::optional<Fault> parse_weight(std::string_view field, const Layout& layout, bool finite, std::string& workspace,
                                  double& weight) {
  const std::string_view digits = digits_of(field, layout, workspace);
  if (digits.empty()) return Fault{text("the attributes ", quoted(field), " have no 'weight'")};
  if (parse_whole(digits, weight) && (!finite || std::isfinite(weight))) {
    if (is_rounded(digits, weight)) return Fault{text("weight ", digits, only_rounded)};
    return std::nullopt;
  }
  double any = 0;
  if (is_number(digits) || parse_whole(digits, any))
    return Fault{text("weight ", digits, " is not a ", finite ? "finite " : "", "number that a double can hold")};
  return Fault{text("weight ", quoted(digits), " is not a number (--weight chooses the column)")};
}

bool is_weight(std::string_view field, const Layout& layout) {
  std::string workspace;
  double weight = 0;
  const std::string_view digits = digits_of(field, layout, workspace);
  return !digits.empty() && parse_whole(digits, weight);
}

}  // namespace filigree::io::edges
