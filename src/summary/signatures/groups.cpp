#include "summary/signatures/groups.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>

#include "core/index.hpp"
#include "core/parallel_for.hpp"
#include "filigree/core/random.hpp"

namespace filigree::summary {
namespace {

constexpr std::uint64_t hash_purpose = 0x73756d6d61727901;
constexpr std::uint64_t cut_purpose = 0x73756d6d61727902;

/// A random value of every vertex.
void fill_hashes(const Stream& stream, std::uint32_t round, std::uint32_t level, std::vector<std::uint32_t>& hash) {
  constexpr std::size_t block = 1024;
  const auto n = static_cast<Offset>(hash.size());
  const auto step = static_cast<Offset>(4 * block);
  parallel_for((n + step - 1) / step, [&] { return std::vector<Stream::Block>(block); },
               [&](std::vector<Stream::Block>& blocks, Offset part) {
                 const Offset first = part * step;
                 for (std::size_t i = 0; i < block; ++i)
                   blocks[i] = {static_cast<std::uint32_t>(first / 4 + static_cast<Offset>(i)), 0, round, level};
                 stream.fill(blocks);
                 const Offset end = std::min(n, first + step);
                 for (Offset v = first; v < end; ++v) hash[z(v)] = blocks[z((v - first) / 4)][z((v - first) % 4)];
               },
               [](Offset) {});
}

/// Shingles of supernodes, by one hash function after another.
class Signer {
 public:
  Signer(const Graph& graph, std::span<const Local> of, Local num_supernodes, std::uint64_t seed, std::uint32_t round)
      : graph_(graph), hashes_(seed, hash_purpose), round_(round), hash_(of.size()) {
    graph.comm().guard([&] {
      const auto own = of.subspan(z(graph.first_row()), z(graph.num_local_rows()));
      member_ptr_.assign(z(num_supernodes) + 1, 0);
      members_.resize(own.size());
      for (const Local a : own) ++member_ptr_[z(a) + 1];
      std::partial_sum(member_ptr_.begin(), member_ptr_.end(), member_ptr_.begin());
      std::vector<Local> next(member_ptr_.begin(), member_ptr_.end() - 1);
      for (std::size_t v = 0; v < own.size(); ++v) members_[z(next[z(own[v])]++)] = static_cast<Local>(v);
    });
  }

  /// The shingle of each of these supernodes: the least hash of its vertices and their neighbours. Collective.
  std::vector<std::int32_t> sign(std::span<const Local> supernodes, std::uint32_t level) {
    std::vector<std::int32_t> signature(supernodes.size());
    graph_.comm().guard([&] {
      fill_hashes(hashes_, round_, level, hash_);
      const auto count = static_cast<Offset>(supernodes.size());
#pragma omp parallel for schedule(dynamic, 256)
      for (Offset i = 0; i < count; ++i) {
        const Local a = supernodes[z(i)];
        std::uint32_t least = std::numeric_limits<std::uint32_t>::max();
        for (Local k = member_ptr_[z(a)]; k < member_ptr_[z(a) + 1]; ++k)
          least = std::min(least, shingle(members_[z(k)]));
        signature[z(i)] = static_cast<std::int32_t>(least >> 1);  // a type whose least MPI finds
      }
    });
    graph_.comm().min(signature);
    return signature;
  }

 private:
  std::uint32_t shingle(Local row) const {
    std::uint32_t least = hash_[z(graph_.first_row() + row)];
    for (const Local column : graph_.local().view().cols(row))
      least = std::min(least, hash_[z(graph_.global_col(column))]);
    return least;
  }

  const Graph& graph_;
  Stream hashes_;
  std::uint32_t round_;
  std::vector<std::uint32_t> hash_;  // of every vertex
  std::vector<Local> member_ptr_;    // by supernode
  std::vector<Local> members_;       // owned rows of each
};

}  // namespace

Groups find_groups(const Graph& graph, std::span<const Local> of, Local num_supernodes, std::uint64_t seed,
                   std::uint32_t round, const GroupOptions& options) {
  Signer signer(graph, of, num_supernodes, seed, round);
  Groups groups;
  std::vector<Local> open(z(num_supernodes));  // supernodes of groups that are still too large, group by group
  std::iota(open.begin(), open.end(), Local{0});
  std::vector<Local> open_begins{0, num_supernodes};
  const auto close = [&](std::span<const Local> group) {
    if (group.size() < 2) return;
    groups.members.insert(groups.members.end(), group.begin(), group.end());
    groups.begins.push_back(static_cast<Local>(groups.members.size()));
  };
  const auto cut = [&](std::span<const Local> group) {
    const std::size_t parts = (group.size() + z(options.max_group) - 1) / z(options.max_group);
    for (std::size_t p = 0; p < parts; ++p)
      close(group.subspan(group.size() * p / parts, group.size() * (p + 1) / parts - group.size() * p / parts));
  };
  for (int level = 0; level < options.max_hashes && !open.empty(); ++level) {
    const std::vector<std::int32_t> signature = signer.sign(open, static_cast<std::uint32_t>(level));
    std::vector<Local> still_open;
    std::vector<Local> still_begins{0};
    std::vector<std::uint64_t> keys;
    for (std::size_t g = 0; g + 1 < open_begins.size(); ++g) {
      const std::span<Local> group = std::span(open).subspan(z(open_begins[g]), z(open_begins[g + 1] - open_begins[g]));
      keys.clear();
      for (std::size_t i = 0; i < group.size(); ++i)
        keys.push_back(std::uint64_t{static_cast<std::uint32_t>(signature[z(open_begins[g]) + i])} << 32 |
                       static_cast<std::uint32_t>(group[i]));
      std::sort(keys.begin(), keys.end());
      for (std::size_t i = 0; i < group.size(); ++i) group[i] = static_cast<Local>(keys[i] & 0xFFFFFFFF);
      std::vector<Local> alone;
      for (std::size_t begin = 0; begin < group.size();) {
        std::size_t end = begin + 1;
        while (end < group.size() && keys[end] >> 32 == keys[begin] >> 32) ++end;
        const auto part = group.subspan(begin, end - begin);
        if (part.size() == 1) {
          alone.push_back(part[0]);
        } else if (part.size() <= z(options.max_group)) {
          close(part);
        } else {
          still_open.insert(still_open.end(), part.begin(), part.end());
          still_begins.push_back(static_cast<Local>(still_open.size()));
        }
        begin = end;
      }
      // The leaves of a star agree in all but their own hashes, which should not part them.
      if (level > 0) cut(alone);
    }
    open = std::move(still_open);
    open_begins = std::move(still_begins);
  }
  // What no hash splits is cut at random.
  const Stream cuts(seed, cut_purpose);
  for (std::size_t g = 0; g + 1 < open_begins.size() && !open.empty(); ++g) {
    const std::span<Local> group = std::span(open).subspan(z(open_begins[g]), z(open_begins[g + 1] - open_begins[g]));
    for (std::size_t i = group.size() - 1; i > 0; --i) {
      const auto word = cuts.block(static_cast<Global>(i), round, static_cast<std::uint32_t>(g))[0];
      std::swap(group[i], group[Stream::below(word, i + 1)]);
    }
    cut(group);
  }
  return groups;
}

}  // namespace filigree::summary
