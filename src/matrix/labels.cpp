#include "filigree/matrix/labels.hpp"

#include <algorithm>
#include <unordered_map>

namespace filigree {

Labels compact_labels(const Comm& comm, const Partition& vertices, std::vector<Global> of) {
  struct FirstUse {
    Global vertex;
    Global label;
  };
  std::vector<FirstUse> first_uses;
  std::unordered_map<Global, Global> number;  // label -> its new number, filled below
  comm.guard([&] {
    require(static_cast<Global>(of.size()) == vertices.size(comm.rank()), "labels: ", of.size(), " for ",
            vertices.size(comm.rank()), " vertices on rank ", comm.rank());
    for (std::size_t v = 0; v < of.size(); ++v) {
      const Global vertex = vertices.begin(comm.rank()) + static_cast<Global>(v);
      require(of[v] >= 0, "labels: vertex ", vertex, " has label ", of[v], ", must be at least 0");
      if (number.emplace(of[v], -1).second) first_uses.push_back({vertex, of[v]});
    }
  });

  // Every label meets at one rank, which learns its first vertex; first vertices meet at their owners, who count them.
  const auto home = [&](Global label) { return static_cast<std::size_t>(label % comm.size()); };
  std::stable_sort(first_uses.begin(), first_uses.end(),
                   [&](const FirstUse& a, const FirstUse& b) { return home(a.label) < home(b.label); });
  std::vector<Offset> counts(static_cast<std::size_t>(comm.size()), 0);
  for (const FirstUse& use : first_uses) ++counts[home(use.label)];
  const auto met = comm.all_to_all(std::span<const FirstUse>(first_uses), counts);
  std::unordered_map<Global, Global> first_vertex;
  for (const FirstUse& use : met.values) {  // by rank, so the smallest vertex comes first
    first_vertex.emplace(use.label, use.vertex);
  }

  std::vector<Global> firsts;
  for (const auto& entry : first_vertex) firsts.push_back(entry.second);
  std::sort(firsts.begin(), firsts.end());
  std::vector<Offset> by_owner(static_cast<std::size_t>(comm.size()), 0);
  for (Global vertex : firsts) ++by_owner[static_cast<std::size_t>(vertices.owner(vertex))];
  const auto at_owner = comm.all_to_all(std::span<const Global>(firsts), by_owner);
  std::vector<Global> sorted = at_owner.values;
  std::sort(sorted.begin(), sorted.end());
  const Global before = comm.exclusive_sum(static_cast<Offset>(sorted.size()));
  std::vector<Global> numbers;
  for (Global vertex : at_owner.values) {
    numbers.push_back(before + (std::lower_bound(sorted.begin(), sorted.end(), vertex) - sorted.begin()));
  }
  const auto numbered = comm.all_to_all(std::span<const Global>(numbers), at_owner.counts);

  // And back the way they came.
  std::vector<Global> answers;
  for (const FirstUse& use : met.values) {
    const Global vertex = first_vertex.at(use.label);
    const auto at = std::lower_bound(firsts.begin(), firsts.end(), vertex) - firsts.begin();
    answers.push_back(numbered.values[static_cast<std::size_t>(at)]);
  }
  const auto mine = comm.all_to_all(std::span<const Global>(answers), met.counts);
  for (std::size_t i = 0; i < first_uses.size(); ++i) number[first_uses[i].label] = mine.values[i];

  Labels labels{vertices, std::move(of), comm.sum(static_cast<Global>(firsts.size()))};
  for (Global& label : labels.of) label = number[label];
  return labels;
}

}  // namespace filigree
