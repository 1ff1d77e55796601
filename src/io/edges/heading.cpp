#include "io/edges/heading.hpp"

#include <algorithm>
#include <utility>

#include "filigree/core/error.hpp"
#include "io/fields.hpp"

namespace filigree::io::edges {
namespace {

constexpr std::pair<std::string_view, std::string_view> known_pairs[] = {
    {"source", "target"},
    {"from", "to"},
    {"src", "dst"},
    {"src", "dest"},
    {"source", "destination"},
    {"source_id", "target_id"},
    {"from_id", "to_id"},
    {"tail", "head"},
    {"u", "v"},
    {"node1", "node2"},
    {"node_1", "node_2"},
    {"id_1", "id_2"},
    {"fromnodeid", "tonodeid"},
    {"start", "end"},
    {"sender", "receiver"},
    {"follower", "followee"},
    {"follower", "followed"},
    {"follower", "following"},
    {"citing", "cited"},
    {":start_id", ":end_id"},
    {"protein1", "protein2"},
    {"entrez gene interactor a", "entrez gene interactor b"}};
constexpr std::string_view known_weights[] = {"weight", "weights", "w", "combined_score"};

/// A heading as it is compared: in lower case; of Neo4j's "name:START_ID(Person)" the kind alone, of "weight:float" the
/// name alone.
std::string normalized(std::string_view heading) {
  std::string lower = lower_case(without_blanks(heading));
  for (const std::string_view kind : {":start_id", ":end_id"}) {
    if (lower.find(kind) != std::string::npos) return std::string(kind);
  }
  return lower.starts_with(':') ? lower : lower.substr(0, lower.find(':'));
}

int position_of(const std::vector<std::string>& names, std::string_view name) {
  const auto found = std::ranges::find(names, name);
  return found == names.end() ? -1 : static_cast<int>(found - names.begin());
}

}  // namespace

std::optional<int> column_number(const std::string& chosen) {
  int number = 0;
  if (!parse_whole(chosen, number)) return std::nullopt;
  return number - 1;
}

std::optional<FoundColumns> columns_of(const std::vector<std::string>& heading, const Columns& chosen) {
  std::vector<std::string> names;
  for (const std::string& field : heading) names.push_back(normalized(field));
  FoundColumns found;
  bool by_name = false;
  for (const auto& [choice, column] :
       {std::pair{&chosen.source, &found.source}, {&chosen.target, &found.target}, {&chosen.weight, &found.weight}}) {
    if (choice->empty() || column_number(*choice)) continue;
    *column = position_of(heading, *choice);
    if (*column < 0) *column = position_of(names, lower_case(*choice));
    if (*column < 0) return std::nullopt;
    by_name = true;
  }
  bool known = false;
  for (const auto& [source, target] : known_pairs) {
    const int from = position_of(names, source);
    const int to = position_of(names, target);
    if (from < 0 || to < 0) continue;
    if (chosen.source.empty()) found.source = from;
    if (chosen.target.empty()) found.target = to;
    known = true;
    break;
  }
  for (const std::string_view name : known_weights) {
    if (found.weight < 0 && chosen.weight.empty()) found.weight = position_of(names, name);
  }
  if (!by_name && !known) return std::nullopt;
  return found;
}

std::string listed(const std::vector<std::string>& heading) {
  std::string list;
  for (std::size_t i = 0; i < heading.size(); ++i)
    list += text(i == 0 ? "" : ", ", quoted(heading[i]), " (", i + 1, ")");
  return list;
}

}  // namespace filigree::io::edges
