#include "suggest.hpp"

#include <algorithm>
#include <cctype>

namespace filigree::app {
namespace {

std::string in_lower_case(std::string_view word) {
  std::string lower(word);
  for (char& letter : lower) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  return lower;
}

/// Letters that must be changed, inserted, removed or swapped with the next to make one word the other.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> distance(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        distance[i][j] = i + j;
        continue;
      }
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      distance[i][j] = std::min({distance[i - 1][j] + 1, distance[i][j - 1] + 1, distance[i - 1][j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        distance[i][j] = std::min(distance[i][j], distance[i - 2][j - 2] + 1);
    }
  }
  return distance.back().back();
}

}  // namespace

std::string did_you_mean(std::string_view unknown, const std::vector<std::string>& known) {
  constexpr std::size_t longest = 100;  // longer texts are no mistyped words
  if (unknown.size() > longest) return "";
  const std::string given = in_lower_case(unknown);
  const std::size_t letters = given.size() - std::min(given.size(), given.find_first_not_of('-'));
  std::size_t nearest = letters < 6 ? 2 : 3;
  const std::string* meant = nullptr;
  std::vector<const std::string*> longer;
  for (const std::string& word : known) {
    const std::string candidate = in_lower_case(word);
    if (letters >= 2 && candidate.starts_with(given)) longer.push_back(&word);
    const std::size_t distance = edit_distance(given, candidate);
    if (distance >= nearest || distance >= letters) continue;
    nearest = distance;
    meant = &word;
  }
  if (meant == nullptr && longer.size() == 1) meant = longer.front();
  return meant == nullptr ? "" : "; did you mean " + *meant + "?";
}

}  // namespace filigree::app
