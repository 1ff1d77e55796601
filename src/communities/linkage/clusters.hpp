// Clusters of communities while they merge, and the similarities of pairs of them.
#pragma once

#include <algorithm>
#include <functional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "communities/linkage/contraction.hpp"
#include "core/index.hpp"

namespace filigree::communities {

/// What an entry of the lists holds, and how two entries of clusters that merge become one.
///
/// Mean: the edges between two clusters add up; `mass` of a cluster is its size or its volume.
template <class Edges>
struct Mean {
  Edges edges = 0;
  static Mean of_leaves(Wide edges, Wide, Wide) { return {static_cast<Edges>(edges)}; }
  void add(const Mean& other) { edges += other.edges; }
  Ratio ratio(Wide mass_a, Wide mass_b, Offset, Offset) const { return {edges, mass_a * mass_b}; }
};
/// The largest, or smallest, density between leaves; it is the smallest of all pairs of leaves only if all have edges.
template <bool largest>
struct Extreme {
  Ratio density;
  Offset leaf_pairs = 1;
  static Extreme of_leaves(Wide edges, Wide mass_a, Wide mass_b) { return {{edges, mass_a * mass_b}, 1}; }
  void add(const Extreme& other) {
    if (largest == (other.density > density)) density = other.density;
    leaf_pairs += other.leaf_pairs;
  }
  Ratio ratio(Wide, Wide, Offset leaves_a, Offset leaves_b) const {
    return largest || leaf_pairs == leaves_a * leaves_b ? density : Ratio{0, 1};
  }
};

/// The most similar of a cluster's neighbours; other = -1 if it has none.
struct Nearest {
  Global other = -1;
  Ratio similarity;
};

/// Which clusters keep a short list, and how long it is.
struct Hubs {
  std::size_t degree = 512;
  std::size_t kept = 256;
};

/// Clusters are called by their smallest leaves. Each has a list of neighbours; names in it may be those of clusters
/// that merged since, which the next scan of the list renews.
template <class Value>
class Clusters {
 public:
  /// `mass` of the leaves; edges within leaves are left out.
  Clusters(const Contraction& edges, std::vector<Wide> mass, Hubs hubs = {})
      : hubs_(hubs),
        mass_(std::move(mass)),
        leaves_(mass_.size(), 1),
        parent_(mass_.size()),
        list_(mass_.size()),
        merges_(mass_.size(), 0),
        position_(mass_.size(), -1) {
    const auto num_leaves = std::ssize(mass_);
    std::vector<Offset> degree(mass_.size(), 0);
    for_each(edges, [&](Global a, const Contraction::Entry& entry) {
      ++degree[z(a)];
      ++degree[z(entry.b)];
    });
    for (Global a = 0; a < num_leaves; ++a) {
      parent_[z(a)] = a;
      list_[z(a)].reserve(z(degree[z(a)]));
    }
    for_each(edges, [&](Global a, const Contraction::Entry& entry) {
      const Value value = Value::of_leaves(entry.edges, mass_[z(a)], mass_[z(entry.b)]);
      list_[z(a)].push_back({static_cast<Local>(entry.b), value});
      list_[z(entry.b)].push_back({static_cast<Local>(a), value});
    });
  }

  /// Calls found(other, similarity) for each neighbour at a similarity above 0, each once.
  template <class Found>
  void scan(Global a, Found found) {
    std::vector<Neighbour>& list = list_[z(a)];
    std::size_t kept = 0;
    for (const Neighbour& neighbour : list) {
      const auto other = static_cast<Local>(find(neighbour.other));
      if (other == a) continue;
      Offset& position = position_[z(other)];
      if (position < 0) {
        position = static_cast<Offset>(kept);
        list[kept++] = {other, neighbour.value};
      } else {
        list[z(position)].value.add(neighbour.value);
      }
    }
    list.resize(kept);
    scanned_ += static_cast<Offset>(kept);
    for (const Neighbour& neighbour : list) {
      position_[z(neighbour.other)] = -1;
      const Ratio similarity =
          neighbour.value.ratio(mass_[z(a)], mass_[z(neighbour.other)], leaves_[z(a)], leaves_[z(neighbour.other)]);
      if (similarity.edges > 0) found(Global{neighbour.other}, similarity);
    }
  }

  /// The most similar neighbour, of equals the one with the smallest name. For means only: there neighbours that merge
  /// with others are never more similar than before, so a hub whose neighbours merge with it one by one need not scan
  /// all others each time. It keeps a short list of the best.
  Nearest nearest(Global a) {
    if (const auto kept = shortlist_.find(a); kept != shortlist_.end()) {
      std::vector<Candidate>& list = kept->second;
      while (!list.empty() && find(list.back().other) == a) list.pop_back();
      if (!list.empty() && is_live(list.back().other) && merges_[z(list.back().other)] == list.back().merges)
        return {list.back().other, list.back().similarity_to(mass_[z(a)])};
      shortlist_.erase(kept);
    }
    Nearest best;
    candidates_.clear();
    const bool is_hub = list_[z(a)].size() >= hubs_.degree;
    scan(a, [&](Global other, const Ratio& similarity) {
      const auto order = best.other < 0 ? std::strong_ordering::greater : similarity <=> best.similarity;
      if (order > 0 || (order == 0 && other < best.other)) best = {other, similarity};
      if (is_hub) candidates_.push_back({other, similarity.edges, mass_[z(other)], merges_[z(other)]});
    });
    if (candidates_.size() > hubs_.kept) {
      const auto end = candidates_.begin() + static_cast<std::ptrdiff_t>(hubs_.kept);
      std::nth_element(candidates_.begin(), end, candidates_.end(), std::greater<>());
      std::sort(candidates_.begin(), end);
      shortlist_[a].assign(candidates_.begin(), end);
    }
    return best;
  }

  /// a and b become one, called by the smaller of the two names, which is returned.
  Global merge(Global a, Global b) {
    if (a > b) std::swap(a, b);
    parent_[z(b)] = a;
    mass_[z(a)] += mass_[z(b)];
    leaves_[z(a)] += leaves_[z(b)];
    ++merges_[z(a)];
    std::vector<Neighbour>& into = list_[z(a)];
    std::vector<Neighbour>& from = list_[z(b)];
    keep_shortlist(a, b, into, from);
    if (into.size() < from.size()) std::swap(into, from);
    into.insert(into.end(), from.begin(), from.end());
    std::vector<Neighbour>().swap(from);
    return a;
  }

  /// The cluster that a leaf, or a cluster of before, is in.
  Global find(Global a) {
    while (parent_[z(a)] != a) a = parent_[z(a)] = parent_[z(parent_[z(a)])];
    return a;
  }
  bool is_live(Global a) const { return parent_[z(a)] == a; }
  Global num_leaves() const { return std::ssize(parent_); }
  /// Neighbours that scans met.
  Offset scanned() const { return scanned_; }

 private:
  struct Neighbour {
    Local other;
    Value value;
  };
  /// A neighbour of a hub as it was when the hub's list was scanned. Ascending by similarity, then falling by name.
  struct Candidate {
    Global other;
    Wide edges;
    Wide mass;
    Offset merges;
    Ratio similarity_to(Wide mass_of_hub) const { return {edges, mass * mass_of_hub}; }
    friend std::strong_ordering operator<=>(const Candidate& x, const Candidate& y) {
      const auto order = Ratio{x.edges, x.mass} <=> Ratio{y.edges, y.mass};
      return order != 0 ? order : y.other <=> x.other;
    }
    friend bool operator==(const Candidate&, const Candidate&) = default;
  };

  /// The short list of a hub stays right while it takes in clusters without neighbours of their own.
  void keep_shortlist(Global a, Global b, const std::vector<Neighbour>& list_a, const std::vector<Neighbour>& list_b) {
    if (shortlist_.empty()) return;
    const auto [hub, other] = list_a.size() >= list_b.size() ? std::pair(a, b) : std::pair(b, a);
    const auto& list_of_other = list_a.size() >= list_b.size() ? list_b : list_a;
    const bool has_own =
        std::any_of(list_of_other.begin(), list_of_other.end(), [&](const Neighbour& n) { return find(n.other) != a; });
    auto kept = shortlist_.extract(hub);
    shortlist_.erase(other);
    if (kept.empty() || has_own) return;
    kept.key() = a;
    shortlist_.insert(std::move(kept));
  }
  template <class Body>
  static void for_each(const Contraction& edges, Body body) {
    for (Global a = 0; a < std::ssize(edges.sizes); ++a) {
      for (Offset k = edges.row_ptr[z(a)]; k < edges.row_ptr[z(a) + 1]; ++k)
        if (edges.entries[z(k)].b != a) body(a, edges.entries[z(k)]);
    }
  }

  Hubs hubs_;
  std::vector<Wide> mass_;
  std::vector<Offset> leaves_;
  std::vector<Global> parent_;
  std::vector<std::vector<Neighbour>> list_;
  std::vector<Offset> merges_;  // that made a cluster
  std::unordered_map<Global, std::vector<Candidate>> shortlist_;
  std::vector<Candidate> candidates_;
  std::vector<Offset> position_;  // in the list that is scanned, -1 else
  Offset scanned_ = 0;
};

/// Two clusters, by their smallest leaves, and how similar they were.
struct Joined {
  Global a, b;
  Ratio similarity;
};

}  // namespace filigree::communities
