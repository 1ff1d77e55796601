#include "summary/merge/group_merge.hpp"

#include <algorithm>
#include <numeric>

#include "core/index.hpp"

namespace filigree::summary {

GroupMerger::GroupMerger(const RoundView& view) : view_(view), scratch_(view.graph->num_supernodes()) {}

std::int64_t GroupMerger::size_of(Local supernode) const {
  return in_group(supernode) ? size_[z(view_.place_in[z(supernode)])] : view_.graph->size[z(supernode)];
}

bool GroupMerger::touched(Local supernode) const {
  return in_group(supernode) && touched_[z(view_.place_in[z(supernode)])] != 0;
}

Local GroupMerger::resolve(Local supernode) const {
  if (!in_group(supernode)) return supernode;
  Local at = view_.place_in[z(supernode)];
  while (root_[z(at)] != at) at = root_[z(at)];
  return group_[z(at)];
}

void GroupMerger::refresh(Local at) {
  if (!stale_[z(at)]) return;
  stale_[z(at)] = 0;
  const Local self = group_[z(at)];
  std::vector<Entry> fresh;
  fresh.reserve(row_[z(at)].entries.size());
  scratch_.clear();
  scattered_ = -1;
  std::uint32_t inside = 0;
  for (Entry e : row_[z(at)].entries) {
    e.other = resolve(e.other);
    if (e.other == self) {
      inside = e.bits;
    } else if (!scratch_.contains(e.other)) {
      scratch_[e.other] = static_cast<std::uint32_t>(fresh.size());
      fresh.push_back(e);
    } else {
      fresh[scratch_.get(e.other)].bits += static_cast<std::uint32_t>(e.edges());
    }
  }
  if (inside != 0) fresh.push_back({self, inside});
  row_[z(at)].own = std::move(fresh);
  row_[z(at)].entries = row_[z(at)].own;
}

double GroupMerger::row_cost(Local at) {
  double& cost = cost_[z(at)];
  if (cost >= 0) return cost;
  refresh(at);
  cost = 0;
  const Local self = group_[z(at)];
  const std::int64_t size = size_[z(at)];
  for (const Entry& e : row_[z(at)].entries) {
    const std::int64_t pairs = num_vertex_pairs(size, size_of(e.other), e.other == self);
    cost += touched_[z(at)] || touched(e.other) ? view_.cost->best(e.edges(), pairs)
                                                : view_.cost->kept(e.is_superedge(), e.edges(), pairs);
  }
  return cost;
}

void GroupMerger::scatter(Local at) {
  if (scattered_ == at) return;
  scratch_.clear();
  scattered_ = at;
  base_.clear();
  for (const Entry& e : row_[z(at)].entries) scratch_[e.other] = e.bits;
}

double GroupMerger::merged_cost(Local a, Local b) {
  const CostModel& cost = *view_.cost;
  const Local id_a = group_[z(a)];
  const Local id_b = group_[z(b)];
  const std::int64_t size = size_[z(a)] + size_[z(b)];
  const auto edges_to = [&](Local other) { return std::int64_t{scratch_.get(other) & ~Entry::superedge_bit}; };
  double total = -1;
  for (const auto& [size_b, base] : base_)
    if (size_b == size_[z(b)]) total = base;
  if (total < 0) {
    total = 0;
    for (const Entry& e : row_[z(a)].entries)
      if (e.other != id_a) total += cost.best(e.edges(), size * size_of(e.other));
    base_.push_back({size_[z(b)], total});
  }
  const std::int64_t between = edges_to(id_b);
  if (between > 0) total -= cost.best(between, size * size_[z(b)]);
  std::int64_t inside = between + edges_to(id_a);
  for (const Entry& e : row_[z(b)].entries) {
    if (e.other == id_b) inside += e.edges();
    if (e.other == id_a || e.other == id_b) continue;
    const std::int64_t pairs = size * size_of(e.other);
    const std::int64_t edges = edges_to(e.other);
    total += cost.best(edges + e.edges(), pairs);
    if (edges > 0) total -= cost.best(edges, pairs);
  }
  if (inside > 0) total += cost.best(inside, num_vertex_pairs(size, size, true));
  return total;
}

double GroupMerger::reduction(Local a, Local b) {
  ++pairs_scored_;
  refresh(a);
  refresh(b);
  const double cost_a = row_cost(a);
  const double cost_b = row_cost(b);
  scatter(a);
  double before = cost_a + cost_b;
  const Local id_b = group_[z(b)];
  if (scratch_.contains(id_b)) {
    const Entry between{id_b, scratch_.get(id_b)};
    const std::int64_t pairs = size_[z(a)] * size_[z(b)];
    before -= touched_[z(a)] || touched_[z(b)] ? view_.cost->best(between.edges(), pairs)
                                               : view_.cost->kept(between.is_superedge(), between.edges(), pairs);
  }
  if (before <= 0) return 0;
  return 1 - merged_cost(a, b) / before;
}

void GroupMerger::merge(Local a, Local b) {
  refresh(a);
  refresh(b);
  const Local id_a = group_[z(a)];
  const Local id_b = group_[z(b)];
  std::vector<Entry> row;
  row.reserve(row_[z(a)].entries.size() + row_[z(b)].entries.size());
  scratch_.clear();
  scattered_ = -1;
  std::int64_t inside = 0;
  for (const Entry& e : row_[z(a)].entries) {
    if (e.other == id_a || e.other == id_b) {
      inside += e.edges();
      continue;
    }
    scratch_[e.other] = static_cast<std::uint32_t>(row.size());
    row.push_back(e);
  }
  for (const Entry& e : row_[z(b)].entries) {
    if (e.other == id_a) continue;
    if (e.other == id_b)
      inside += e.edges();
    else if (!scratch_.contains(e.other))
      row.push_back(e);
    else
      row[scratch_.get(e.other)].bits += static_cast<std::uint32_t>(e.edges());
  }
  for (const Entry& e : row) {
    if (!in_group(e.other)) continue;
    const Local other = view_.place_in[z(e.other)];
    stale_[z(other)] = 1;
    cost_[z(other)] = -1;
    ++version_[z(other)];
  }
  if (inside > 0) row.push_back({id_a, static_cast<std::uint32_t>(inside)});
  row_[z(b)] = {};
  row_[z(a)].own = std::move(row);
  row_[z(a)].entries = row_[z(a)].own;
  root_[z(b)] = a;
  size_[z(a)] += size_[z(b)];
  touched_[z(a)] = 1;
  cost_[z(a)] = -1;
  ++version_[z(a)];
}

void GroupMerger::push(Local a, Local b) {
  const double value = reduction(a, b);
  if (value < view_.threshold || value <= 0) return;
  heap_.push_back({value, a, b, version_[z(a)], version_[z(b)]});
}

std::int64_t GroupMerger::run(Local g, std::span<const Local> group, std::vector<MergeStep>& merges) {
  pairs_scored_ = 0;
  g_ = g;
  group_ = group;
  const std::size_t num = group.size();
  root_.resize(num);
  std::iota(root_.begin(), root_.end(), Local{0});
  size_.resize(num);
  row_.assign(num, {});
  touched_.assign(num, 0);
  stale_.assign(num, 0);
  cost_.assign(num, -1);
  version_.assign(num, 0);
  for (std::size_t i = 0; i < num; ++i) {
    size_[i] = view_.graph->size[z(group[i])];
    row_[i].entries = (*view_.rows)(group[i]);
  }
  scattered_ = -1;
  heap_.clear();
  const auto by_reduction = [](const Candidate& x, const Candidate& y) {
    if (x.reduction != y.reduction) return x.reduction < y.reduction;
    return std::pair(x.a, x.b) > std::pair(y.a, y.b);
  };
  std::uint32_t draws = 0;
  Stream::Block words{};
  const auto draw = [&](std::size_t below) {
    if (draws % 4 == 0) words = view_.stream.block(group_[0], view_.round, draws / 4);
    return Stream::below(words[draws++ % 4], below);
  };
  const auto partners = static_cast<std::size_t>(view_.partners);
  if (num - 1 <= 2 * partners) {
    for (std::size_t a = 0; a < num; ++a)
      for (std::size_t b = a + 1; b < num; ++b) push(static_cast<Local>(a), static_cast<Local>(b));
  } else {
    for (std::size_t a = 0; a < num; ++a) {
      for (std::size_t k = 0; k < partners; ++k) {
        const std::size_t b = draw(num - 1);
        push(static_cast<Local>(a), static_cast<Local>(b + (b >= a ? 1 : 0)));
      }
    }
  }
  std::make_heap(heap_.begin(), heap_.end(), by_reduction);
  const auto root = [&](Local at) {
    while (root_[z(at)] != at) at = root_[z(at)];
    return at;
  };
  std::vector<Local> alive(num);
  std::iota(alive.begin(), alive.end(), Local{0});
  std::vector<Local> place(alive);
  float least = 1;
  while (!heap_.empty()) {
    std::pop_heap(heap_.begin(), heap_.end(), by_reduction);
    const Candidate best = heap_.back();
    heap_.pop_back();
    const Local a = root(best.a);
    const Local b = root(best.b);
    if (a == b) continue;
    const bool fresh =
        a == best.a && b == best.b && best.version_a == version_[z(a)] && best.version_b == version_[z(b)];
    if (!fresh) {
      const std::size_t before = heap_.size();
      push(a, b);
      if (heap_.size() > before) std::push_heap(heap_.begin(), heap_.end(), by_reduction);
      continue;
    }
    merge(a, b);
    least = std::min(least, static_cast<float>(best.reduction));
    merges.push_back({group_[z(a)], group_[z(b)], least});
    alive[z(place[z(b)])] = alive.back();
    place[z(alive.back())] = place[z(b)];
    alive.pop_back();
    for (std::size_t k = 0; k < partners && alive.size() > 1; ++k) {
      const Local other = alive[draw(alive.size())];
      if (other == a) continue;
      const std::size_t before = heap_.size();
      push(a, other);
      if (heap_.size() > before) std::push_heap(heap_.begin(), heap_.end(), by_reduction);
    }
  }
  return pairs_scored_;
}

}  // namespace filigree::summary
