#include "name_table.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <numeric>
#include <optional>
#include <string_view>

#include "fields.hpp"

namespace filigree::app {
namespace {

std::optional<Global> whole_number(std::string_view name) {
  if (name.size() > 1 && name.front() == '+' && name[1] != '-') name.remove_prefix(1);
  Global number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc{} || end != name.data() + name.size()) return std::nullopt;
  return number;
}

/// A name between quotes, cut when long.
std::string shown(std::string_view name) {
  constexpr std::size_t most = 40;
  return "'" + printable(name.substr(0, most)) + (name.size() > most ? "...'" : "'");
}

char lower_case(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// How far two names are from each other, case aside: 0 or 1 letters - added, left out, changed, or swapped with the
/// next, where three are left - or 2 for more.
int distance(std::string_view a, std::string_view b) {
  const auto same = [](char x, char y) { return lower_case(x) == lower_case(y); };
  if (a.size() < b.size()) std::swap(a, b);
  if (a.size() - b.size() > 1) return 2;
  const std::size_t left = b.size();
  while (!b.empty() && same(a.front(), b.front())) a.remove_prefix(1), b.remove_prefix(1);
  while (!b.empty() && same(a.back(), b.back())) a.remove_suffix(1), b.remove_suffix(1);
  if (a.empty()) return 0;
  const bool swapped = a.size() == 2 && b.size() == 2 && same(a[0], b[1]) && same(a[1], b[0]);
  return left >= 3 && (a.size() == 1 || swapped) ? 1 : 2;
}

}  // namespace

NameTable::NameTable(const Comm& comm, const io::VertexNames& names) : comm_(comm), names_(names) {
  comm.guard([&] {
    if (names.kind() == io::VertexNames::Kind::numbers) return;
    order_.resize(static_cast<std::size_t>(names.vertices().size(comm.rank())));
    std::iota(order_.begin(), order_.end(), 0);
    const auto sort_by = [&](const auto& keys) {
      std::ranges::sort(order_, {}, [&](Local i) { return keys[static_cast<std::size_t>(i)]; });
    };
    if (names.kind() == io::VertexNames::Kind::ids)
      sort_by(names.ids());
    else
      sort_by(names.texts());
  });
}

std::vector<Global> NameTable::find(std::span<const std::string> wanted) const {
  std::vector<Global> found;
  for (const std::string& name : wanted) found.push_back(find_owned(name));
  comm_.max(found);
  return found;
}

Global NameTable::find_owned(const std::string& name) const {
  using Kind = io::VertexNames::Kind;
  const Partition& vertices = names_.vertices();
  const auto look_up = [&](const auto& key, const auto& keys) -> Global {
    const auto key_of = [&](Local i) { return keys[static_cast<std::size_t>(i)]; };
    const auto at = std::ranges::lower_bound(order_, key, {}, key_of);
    return at != order_.end() && key_of(*at) == key ? vertices.begin(comm_.rank()) + *at : -1;
  };
  if (names_.kind() == Kind::texts) return look_up(std::string_view(name), names_.texts());
  const auto id = whole_number(name);
  if (!id) return -1;
  if (names_.kind() == Kind::ids) return look_up(*id, names_.ids());
  return vertices.owns(comm_.rank(), *id) ? *id : -1;
}

std::vector<std::string> NameTable::complaints(std::span<const std::string> unknown) const {
  using Kind = io::VertexNames::Kind;
  std::vector<std::string> told;
  for (const std::string& name : unknown) told.push_back("no vertex is called " + shown(name));
  if (names_.kind() == Kind::numbers) {
    const Global n = names_.vertices().num_items();
    for (std::string& one : told) one += n == 0 ? "; there is none" : text("; vertices are called 0 to ", n - 1);
  }
  if (names_.kind() != Kind::texts) return told;

  constexpr std::size_t most_suggestions = 8;
  constexpr Global none = std::numeric_limits<Global>::max();
  const std::size_t count = std::min(unknown.size(), most_suggestions);
  // Of each name, the first vertex that is the same except in case, and the first that is one letter away.
  std::vector<Global> close(2 * count, none);
  const io::Strings& texts = names_.texts();
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t v = 0; v < texts.size(); ++v) {
      const int letters = distance(texts[v], unknown[i]);
      if (letters > 1) continue;
      Global& found = close[2 * i + static_cast<std::size_t>(letters)];
      found = std::min(found, names_.vertices().begin(comm_.rank()) + static_cast<Global>(v));
    }
  }
  comm_.min(close);
  std::vector<std::size_t> asked;
  std::vector<Global> suggested;
  for (std::size_t i = 0; i < count; ++i) {
    const Global best = close[2 * i] != none ? close[2 * i] : close[2 * i + 1];
    if (best == none) continue;
    asked.push_back(i);
    suggested.push_back(best);
  }
  const std::vector<std::string> called = names_.fetch(comm_, suggested);
  for (std::size_t k = 0; k < asked.size(); ++k) told[asked[k]] += "; did you mean " + shown(called[k]) + "?";
  return told;
}

}  // namespace filigree::app
