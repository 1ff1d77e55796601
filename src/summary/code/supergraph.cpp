#include "summary/code/supergraph.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/index.hpp"
#include "core/parallel_for.hpp"

namespace filigree::summary {

namespace {

/// Lengths of all rows, from those that each rank owns. Collective.
std::vector<Local> all_lengths(const Comm& comm, const std::vector<Offset>& row_ptr) {
  std::vector<Local> mine(row_ptr.size() - 1);
  for (std::size_t i = 0; i < mine.size(); ++i) mine[i] = static_cast<Local>(row_ptr[i + 1] - row_ptr[i]);
  return comm.all_gather(mine).values;
}

/// What merges make of supernodes.
struct Renumbering {
  std::vector<Local> of;       // new number of each old one
  std::vector<Local> size;     // vertices of each new one
  std::vector<char> merged;    // whether a new one was merged
  std::vector<Local> members;  // old ones by new one, ascending
  std::vector<Local> member_ptr;

  Local count() const { return static_cast<Local>(size.size()); }
  std::span<const Local> members_of(Local a) const {
    return std::span(members).subspan(z(member_ptr[z(a)]), z(member_ptr[z(a) + 1] - member_ptr[z(a)]));
  }
};

Renumbering renumber(const Supergraph& graph, std::span<const MergeStep> merges) {
  Renumbering result;
  const auto old_num = static_cast<std::size_t>(graph.num_supernodes());
  std::vector<Local> root(old_num);
  std::iota(root.begin(), root.end(), Local{0});
  const auto find = [&](Local a) {
    while (root[z(a)] != a) a = root[z(a)] = root[z(root[z(a)])];
    return a;
  };
  std::vector<char> merged_old(old_num, 0);
  for (const MergeStep& merge : merges) {
    const Local a = find(merge.kept);
    const Local b = find(merge.gone);
    root[z(std::max(a, b))] = std::min(a, b);
    merged_old[z(merge.kept)] = merged_old[z(merge.gone)] = 1;
  }
  // New numbers, in order of the smallest: roots come before what they stand for.
  std::vector<Local>& renumbered = result.of;
  renumbered.resize(old_num);
  Local new_num = 0;
  for (std::size_t a = 0; a < old_num; ++a) {
    const Local r = find(static_cast<Local>(a));
    renumbered[a] = r == static_cast<Local>(a) ? new_num++ : renumbered[z(r)];
  }
  std::vector<Local>& members = result.members;
  members.resize(old_num);
  std::vector<Local>& member_ptr = result.member_ptr;
  member_ptr.assign(z(new_num) + 1, 0);
  std::vector<Local>& size = result.size;
  size.assign(z(new_num), 0);
  std::vector<char>& merged = result.merged;
  merged.assign(z(new_num), 0);
  for (std::size_t a = 0; a < old_num; ++a) {
    ++member_ptr[z(renumbered[a]) + 1];
    size[z(renumbered[a])] += graph.size[a];
    merged[z(renumbered[a])] |= merged_old[a];
  }
  for (std::size_t a = 0; a < z(new_num); ++a) member_ptr[a + 1] += member_ptr[a];
  {
    std::vector<Local> next(member_ptr.begin(), member_ptr.end() - 1);
    for (std::size_t a = 0; a < old_num; ++a) members[z(next[z(renumbered[a])]++)] = static_cast<Local>(a);
  }
  return result;
}

/// The new rows that this rank owns, from the old rows of their members.
void make_rows(const Supergraph& old, const Renumbering& to, const Rows& rows, const CostModel& cost,
               Supergraph& result) {
  const Local first = result.first();
  const auto num_owned = static_cast<Local>(result.owners.size(result.comm.rank()));
  // Rows are counted, then made: the arrays have no more than they need.
  result.row_ptr.assign(z(num_owned) + 1, 0);
  constexpr Offset chunk = 512;
  const Offset num_chunks = (Offset{num_owned} + chunk - 1) / chunk;
  const auto for_each_row = [&](auto visit) {
    parallel_for(
        num_chunks, [&] { return std::vector<Local>(z(to.count()), -1); },
        [&](std::vector<Local>& of_thread, Offset c) {
          const auto end = static_cast<Local>(std::min<Offset>(num_owned, (c + 1) * chunk));
          for (auto i = static_cast<Local>(c * chunk); i < end; ++i) visit(of_thread, i);
        },
        [](Offset) {});
  };
  for_each_row([&](std::vector<Local>& counted_for, Local i) {
    Offset num = 0;
    for (const Local member : to.members_of(first + i)) {
      for (const Entry& e : rows(member)) {
        Local& last = counted_for[z(to.of[z(e.other)])];
        num += last != i ? 1 : 0;
        last = i;
      }
    }
    result.row_ptr[z(i) + 1] = num;
  });
  std::partial_sum(result.row_ptr.begin(), result.row_ptr.end(), result.row_ptr.begin());
  result.entry.resize(z(result.row_ptr.back()));
  // position: of a supernode in the row being made, -1 between rows.
  for_each_row([&](std::vector<Local>& position, Local i) {
    const Local a = first + i;
    const std::int64_t size = to.size[z(a)];
    Entry* const row = result.entry.data() + result.row_ptr[z(i)];
    Local num = 0;
    std::int64_t twice_inside = 0;  // edges between two members stand in both rows
    bool inside_is_superedge = false;
    for (const Local member : to.members_of(a)) {
      for (const Entry& e : rows(member)) {
        const Local other = to.of[z(e.other)];
        if (other == a) {
          twice_inside += e.other == member ? 2 * e.edges() : e.edges();
          inside_is_superedge = e.is_superedge();
        } else if (Local& at = position[z(other)]; at < 0) {
          at = num;
          row[num++] = {other, e.bits};
        } else {
          row[at].bits += static_cast<std::uint32_t>(e.edges());
        }
      }
    }
    for (Entry& e : std::span(row, z(num))) {
      position[z(e.other)] = -1;
      if (!to.merged[z(a)] && !to.merged[z(e.other)]) continue;
      const bool is_superedge = cost.prefers_superedge(e.edges(), size * to.size[z(e.other)]);
      e.bits = static_cast<std::uint32_t>(e.edges()) | (is_superedge ? Entry::superedge_bit : 0);
    }
    if (twice_inside > 0) {
      const std::int64_t edges = twice_inside / 2;
      if (to.merged[z(a)]) inside_is_superedge = cost.prefers_superedge(edges, num_vertex_pairs(size, size, true));
      row[num] = {a, static_cast<std::uint32_t>(edges) | (inside_is_superedge ? Entry::superedge_bit : 0)};
    }
  });
  result.of.resize(old.of.size());
  for (std::size_t v = 0; v < old.of.size(); ++v) result.of[v] = to.of[z(old.of[v])];
  result.size = to.size;
}

}  // namespace

Rows::Rows(const Supergraph& graph, std::span<const int> destination) : graph_(&graph) {
  const Comm& comm = graph.comm;
  if (comm.size() == 1) return;
  std::vector<Offset> counts(z(comm.size()), 0);
  std::vector<Entry> sent;
  comm.guard([&] {
    std::vector<Offset> begin(counts.size() + 1, 0);
    for (Local a = graph.first(); a < graph.first() + graph.num_owned(); ++a)
      if (destination[z(a)] >= 0) counts[z(destination[z(a)])] += graph.length[z(a)];
    std::partial_sum(counts.begin(), counts.end(), begin.begin() + 1);
    sent.resize(z(begin.back()));
    for (Local a = graph.first(); a < graph.first() + graph.num_owned(); ++a) {
      if (destination[z(a)] < 0) continue;
      const auto row = graph.row(a);
      std::copy(row.begin(), row.end(), sent.begin() + begin[z(destination[z(a)])]);
      begin[z(destination[z(a)])] += std::ssize(row);
    }
  });
  received_ = comm.all_to_all(sent, counts).values;
  // Blocks of supernodes ascend with ranks, and so do the rows that they send.
  comm.guard([&] {
    begin_.assign(graph.size.size(), -1);
    Offset next = 0;
    for (std::size_t a = 0; a < begin_.size(); ++a) {
      if (destination[a] != comm.rank()) continue;
      begin_[a] = next;
      next += graph.length[a];
    }
  });
}

Supergraph singletons(const Graph& graph) {
  const auto n = static_cast<std::size_t>(graph.num_rows());
  Supergraph result{.comm = graph.comm(), .of = {}, .size = {}, .length = {}, .owners = graph.rows(), .entry = {}};
  graph.comm().guard([&] {
    result.of.resize(n);
    std::iota(result.of.begin(), result.of.end(), Local{0});
    result.size.assign(n, 1);
    result.row_ptr.reserve(z(graph.num_local_rows()) + 1);
    result.entry.reserve(graph.local().col.size());
    for (Local row = 0; row < graph.num_local_rows(); ++row) {
      for (const Local column : graph.local().view().cols(row)) {
        const Global other = graph.global_col(column);
        if (other != graph.first_row() + row)
          result.entry.push_back({static_cast<Local>(other), 1 | Entry::superedge_bit});
      }
      result.row_ptr.push_back(static_cast<Offset>(result.entry.size()));
    }
  });
  result.length = all_lengths(graph.comm(), result.row_ptr);
  return result;
}

Supergraph contract(const Supergraph& graph, std::span<const MergeStep> merges, const CostModel& cost) {
  const Comm& comm = graph.comm;
  const Renumbering to = comm.guard([&] { return renumber(graph, merges); });
  Supergraph result{.comm = comm, .of = {}, .size = {}, .length = {}, .owners = {}, .entry = {}};
  std::vector<int> destination;
  comm.guard([&] {
    destination.assign(graph.size.size(), 0);
    std::vector<Offset> bound(to.size.size(), 0);  // on the lengths of new rows
    for (std::size_t a = 0; a < to.of.size(); ++a) bound[z(to.of[a])] += graph.length[a];
    result.owners = Partition::by_weight(bound, comm.size());
    for (std::size_t a = 0; a < to.of.size() && comm.size() > 1; ++a) destination[a] = result.owners.owner(to.of[a]);
  });
  const Rows rows(graph, destination);
  comm.guard([&] { make_rows(graph, to, rows, cost, result); });
  result.length = all_lengths(comm, result.row_ptr);
  return result;
}

Counts count_superedges(const Supergraph& graph) {
  Counts counts;
  for (Local a = graph.first(); a < graph.first() + graph.num_owned(); ++a) {
    for (const Entry& e : graph.row(a)) {
      if (e.other < a || !e.is_superedge()) continue;
      ++counts.superedges;
      counts.max_count = std::max(counts.max_count, e.edges());
    }
  }
  return {graph.comm.sum(counts.superedges), graph.comm.max(counts.max_count)};
}

double size_in_bits(std::int64_t num_vertices, std::int64_t num_supernodes, std::int64_t num_superedges,
                    std::int64_t max_count) {
  const double id_bits = std::log2(static_cast<double>(std::max<std::int64_t>(1, num_supernodes)));
  const double count_bits = max_count > 1 ? std::log2(static_cast<double>(max_count)) : 0.0;
  return static_cast<double>(num_vertices) * id_bits + static_cast<double>(num_superedges) * (2 * id_bits + count_bits);
}

}  // namespace filigree::summary
