#include "io/keys.hpp"

#define XXH_INLINE_ALL
#include <tbb/parallel_sort.h>
#include <xxhash.h>

#include <algorithm>
#include <numeric>
#include <type_traits>
#include <unordered_map>
#include <utility>

#include "core/index.hpp"
#include "core/mailbox.hpp"

namespace filigree::io {
namespace {

/// Positions of the keys in ascending order.
template <class Keys>
std::vector<Offset> ascending(const Keys& keys) {
  std::vector<Offset> order(keys.size());
  std::iota(order.begin(), order.end(), Offset{0});
  const auto descends = [&](Offset a, Offset b) { return keys[z(b)] < keys[z(a)]; };
  if (std::adjacent_find(order.begin(), order.end(), descends) == order.end()) return order;
  tbb::parallel_sort(order.begin(), order.end(), [&](Offset a, Offset b) { return keys[z(a)] < keys[z(b)]; });
  return order;
}

/// The same for keys that arrived from several ranks, ascending from each: runs are merged, neighbours first.
template <class Keys>
std::vector<Offset> merged(const ReceivedKeys<Keys>& arrived) {
  std::vector<Offset> order(arrived.keys.size());
  std::iota(order.begin(), order.end(), Offset{0});
  std::vector<Offset> bounds(1, 0);
  for (Offset count : arrived.counts) bounds.push_back(bounds.back() + count);
  const auto less = [&](Offset a, Offset b) { return arrived.keys[z(a)] < arrived.keys[z(b)]; };
  for (std::size_t width = 1; width + 1 < bounds.size(); width *= 2) {
    for (std::size_t run = 0; run + width + 1 < bounds.size(); run += 2 * width) {
      const std::size_t end = std::min(run + 2 * width, bounds.size() - 1);
      std::inplace_merge(order.begin() + bounds[run], order.begin() + bounds[run + width], order.begin() + bounds[end],
                         less);
    }
  }
  return order;
}

std::vector<Offset> lengths_of(const Strings& keys) {
  std::vector<Offset> lengths(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) lengths[i] = static_cast<Offset>(keys[i].size());
  return lengths;
}

Strings from_lengths(std::span<const Offset> lengths, std::span<const char> bytes) {
  Strings strings;
  for (Offset length : lengths) {
    strings.push_back(std::string_view(bytes.data(), z(length)));
    bytes = bytes.subspan(z(length));
  }
  return strings;
}

/// At most size() - 1 keys that cut all keys into runs of similar length, the same on all ranks: every rank contributes
/// some at equal distances.
template <class Keys>
Keys splitters(const Comm& comm, const Keys& keys, std::span<const Offset> order) {
  constexpr Offset samples_per_part = 64;
  const Offset distance = comm.sum(static_cast<Offset>(keys.size())) / (comm.size() * samples_per_part) + 1;
  Keys offered;
  for (std::size_t i = 0; i < keys.size(); i += z(distance)) offered.push_back(keys[z(order[i])]);
  const Keys samples = all_gather(comm, offered);
  const std::vector<Offset> sample_order = ascending(samples);
  Keys chosen;
  for (Offset part = 1; part < comm.size() && samples.size() > 0; ++part) {
    chosen.push_back(samples[z(sample_order[z(static_cast<Offset>(samples.size()) * part / comm.size())])]);
  }
  return chosen;
}

template <class Keys>
Keys ordered(const Keys& keys, std::span<const Offset> order) {
  Keys sorted;
  for (Offset i : order) sorted.push_back(keys[z(i)]);
  return sorted;
}

template <class Keys>
using KeyOf = std::decay_t<decltype(std::declval<const Keys&>()[0])>;

std::uint64_t hash_of(Global key) { return XXH3_64bits(&key, sizeof key); }
std::uint64_t hash_of(std::string_view key) { return XXH3_64bits(key.data(), key.size()); }

}  // namespace

ReceivedKeys<std::vector<Global>> all_to_all(const Comm& comm, const std::vector<Global>& keys,
                                             std::span<const Offset> counts) {
  Received<Global> received = comm.all_to_all(keys, counts);
  return {std::move(received.values), std::move(received.counts)};
}

ReceivedKeys<Strings> all_to_all(const Comm& comm, const Strings& keys, std::span<const Offset> counts) {
  const std::vector<Offset> lengths = lengths_of(keys);
  std::vector<Offset> bytes(counts.size());
  auto begin = lengths.begin();
  for (std::size_t r = 0; r < counts.size(); begin += counts[r++]) {
    bytes[r] = std::accumulate(begin, begin + counts[r], Offset{0});
  }
  const Received<Offset> arrived = comm.all_to_all(lengths, counts);
  return {from_lengths(arrived.values, comm.all_to_all(keys.bytes(), bytes).values), arrived.counts};
}

std::vector<Global> all_gather(const Comm& comm, const std::vector<Global>& keys) {
  return comm.all_gather(keys).values;
}

Strings all_gather(const Comm& comm, const Strings& keys) {
  const std::vector<Offset> lengths = lengths_of(keys);
  const Received<Offset> arrived = comm.all_gather(lengths);
  return from_lengths(arrived.values, comm.all_gather(keys.bytes()).values);
}

template <class Keys>
NumberedKeys<Keys> number_keys(const Comm& comm, const Keys& keys) {
  // Each key to the rank that holds its run.
  const std::vector<Offset> order = ascending(keys);
  const Keys bounds = splitters(comm, keys, order);
  Keys sent;
  std::vector<Offset> counts(z(comm.size()), 0);
  std::size_t part = 0;
  for (Offset i : order) {
    while (part < bounds.size() && !(keys[z(i)] < bounds[part])) ++part;
    sent.push_back(keys[z(i)]);
    ++counts[part];
  }
  const ReceivedKeys<Keys> arrived = all_to_all(comm, sent, counts);

  // There keys from different ranks meet: equal ones get one number.
  NumberedKeys<Keys> result;
  std::vector<Global> answer(arrived.keys.size());
  for (Offset i : merged(arrived)) {
    const auto key = arrived.keys[z(i)];
    if (result.sorted.size() == 0 || result.sorted[result.sorted.size() - 1] != key) result.sorted.push_back(key);
    answer[z(i)] = static_cast<Global>(result.sorted.size()) - 1;
  }
  result.first = comm.exclusive_sum(static_cast<Offset>(result.sorted.size()));
  result.total = comm.sum(static_cast<Offset>(result.sorted.size()));
  for (Global& number : answer) number += result.first;

  // And the numbers back.
  std::vector<Global> in_order(keys.size());
  comm.all_to_all(answer, arrived.counts, in_order, counts);
  result.number.resize(keys.size());
  for (std::size_t k = 0; k < order.size(); ++k) result.number[z(order[k])] = in_order[k];
  return result;
}

template <class Keys>
std::vector<Global> look_up(const Comm& comm, const VertexList<Keys>& list, const Keys& keys) {
  // Keys with a hash meet on one rank.
  const auto to_ranks = [&](const Keys& some) {
    return RankOrder(comm.size(), static_cast<Offset>(some.size()), [&](Offset i) {
      return static_cast<int>(hash_of(some[z(i)]) % static_cast<std::uint64_t>(comm.size()));
    });
  };
  const RankOrder listed = to_ranks(list.keys);
  const ReceivedKeys<Keys> known = all_to_all(comm, ordered(list.keys, listed.order), listed.counts);
  std::vector<Global> places(list.keys.size());
  std::iota(places.begin(), places.end(), list.first);
  const std::vector<Global> place =
      comm.all_to_all(std::span<const Global>(listed.apply(places)), listed.counts).values;
  std::unordered_map<KeyOf<Keys>, Global> place_of;
  for (std::size_t i = 0; i < place.size(); ++i) place_of.emplace(known.keys[i], place[i]);

  const RankOrder asked = to_ranks(keys);
  const ReceivedKeys<Keys> questions = all_to_all(comm, ordered(keys, asked.order), asked.counts);
  std::vector<Global> answers;
  for (std::size_t i = 0; i < questions.keys.size(); ++i) {
    const auto found = place_of.find(questions.keys[i]);
    answers.push_back(found == place_of.end() ? -1 : found->second);
  }
  std::vector<Global> arrived(keys.size());
  comm.all_to_all(answers, questions.counts, arrived, asked.counts);
  std::vector<Global> result(keys.size());
  for (std::size_t k = 0; k < result.size(); ++k) result[z(asked.order[k])] = arrived[k];
  return result;
}

template <class Keys>
Keys deal_out(const Comm& comm, const Keys& keys, Global first, const Partition& owners) {
  const Global end = first + static_cast<Global>(keys.size());
  std::vector<Offset> counts(z(comm.size()));
  for (int r = 0; r < comm.size(); ++r) {
    counts[z(r)] = std::max<Offset>(0, std::min(end, owners.end(r)) - std::max(first, owners.begin(r)));
  }
  return all_to_all(comm, keys, counts).keys;
}

template NumberedKeys<std::vector<Global>> number_keys(const Comm&, const std::vector<Global>&);
template NumberedKeys<Strings> number_keys(const Comm&, const Strings&);
template std::vector<Global> look_up(const Comm&, const VertexList<std::vector<Global>>&, const std::vector<Global>&);
template std::vector<Global> look_up(const Comm&, const VertexList<Strings>&, const Strings&);
template std::vector<Global> deal_out(const Comm&, const std::vector<Global>&, Global, const Partition&);
template Strings deal_out(const Comm&, const Strings&, Global, const Partition&);

}  // namespace filigree::io
