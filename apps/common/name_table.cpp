#include "name_table.hpp"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <optional>

namespace filigree::app {
namespace {

std::optional<Global> whole_number(std::string_view name) {
  if (name.size() > 1 && name.front() == '+' && name[1] != '-') name.remove_prefix(1);
  Global number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc{} || end != name.data() + name.size()) return std::nullopt;
  return number;
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
  comm_.max(std::span<Global>(found));
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

std::string no_such_vertex(const std::string& name) {
  constexpr std::size_t most = 40;
  std::string shown = name.substr(0, most);
  std::ranges::replace_if(
      shown, [](char c) { return static_cast<unsigned char>(c) < 32 || c == 127; }, '?');
  return "no vertex is called '" + shown + (name.size() > most ? "...'" : "'");
}

}  // namespace filigree::app
