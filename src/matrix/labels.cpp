#include "filigree/matrix/labels.hpp"

#include <algorithm>
#include <unordered_map>

#include "core/mailbox.hpp"

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
  const RankOrder by_home(comm.size(), std::ssize(first_uses),
                          [&](Offset i) { return static_cast<int>(first_uses[z(i)].label % comm.size()); });
  first_uses = by_home.apply(first_uses);
  const auto met = comm.all_to_all(first_uses, by_home.counts);
  std::unordered_map<Global, Global> first_vertex;
  for (const FirstUse& use : met.values) {  // by rank, so the smallest vertex comes first
    first_vertex.emplace(use.label, use.vertex);
  }

  std::vector<Global> firsts;
  for (const auto& entry : first_vertex) firsts.push_back(entry.second);
  std::sort(firsts.begin(), firsts.end());
  Mailbox<Global> to_owner(comm);
  for (const Global vertex : firsts) to_owner.put(vertices.owner(vertex), vertex);
  const auto at_owner = to_owner.exchange();
  std::vector<Global> sorted = at_owner.values;
  std::sort(sorted.begin(), sorted.end());
  const Global before = comm.exclusive_sum(static_cast<Offset>(sorted.size()));
  std::vector<Global> numbers;
  for (Global vertex : at_owner.values) {
    numbers.push_back(before + (std::lower_bound(sorted.begin(), sorted.end(), vertex) - sorted.begin()));
  }
  const auto numbered = comm.all_to_all(numbers, at_owner.counts);

  // And back the way they came.
  std::vector<Global> answers;
  for (const FirstUse& use : met.values) {
    const Global vertex = first_vertex.at(use.label);
    const auto at = std::lower_bound(firsts.begin(), firsts.end(), vertex) - firsts.begin();
    answers.push_back(numbered.values[static_cast<std::size_t>(at)]);
  }
  const auto mine = comm.all_to_all(answers, met.counts);
  for (std::size_t i = 0; i < first_uses.size(); ++i) number[first_uses[i].label] = mine.values[i];

  Labels labels{vertices, std::move(of), comm.sum(static_cast<Global>(firsts.size()))};
  for (Global& label : labels.of) label = number[label];
  return labels;
}

}  // namespace filigree
