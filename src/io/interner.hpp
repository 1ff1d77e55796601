// Interner: keys as a file repeats them -> their positions among the distinct ones.
#pragma once

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>
#include <string_view>
#include <utility>
#include <vector>

#include "filigree/core/error.hpp"
#include "filigree/io/names.hpp"

namespace filigree::io {

/// Distinct keys in order of first occurrence. Keys: Strings or std::vector<Global>. An open-addressing hash table,
/// about 16 bytes a key beyond the keys.
template <class Keys>
class Interner {
 public:
  const Keys& keys() const { return keys_; }

  /// The position of a key among keys(), appended there when it is new.
  template <class Key>
  Local operator()(Key key) {
    if (2 * (keys_.size() + 1) > slots_.size()) grow();
    const std::uint64_t hash = hash_of(key);
    for (std::size_t at = hash & (slots_.size() - 1);; at = (at + 1) & (slots_.size() - 1)) {
      Slot& slot = slots_[at];
      if (slot.position < 0) {
        slot = {tag_of(hash), append(key)};
        return slot.position;
      }
      if (slot.tag == tag_of(hash) && keys_[static_cast<std::size_t>(slot.position)] == key) return slot.position;
    }
  }

 private:
  struct Slot {
    std::uint32_t tag = 0;
    Local position = -1;
  };

  static std::uint64_t hash_of(Global key) { return XXH3_64bits(&key, sizeof key); }
  static std::uint64_t hash_of(std::string_view key) { return XXH3_64bits(key.data(), key.size()); }
  static std::uint32_t tag_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> 32); }

  template <class Key>
  Local append(Key key) {
    if (keys_.size() >= static_cast<std::size_t>(std::numeric_limits<Local>::max())) {
      throw Error("more than 2^31 - 1 distinct vertices in one rank's part of the file: use more ranks");
    }
    keys_.push_back(key);
    return static_cast<Local>(keys_.size() - 1);
  }

  void grow() {
    const std::vector<Slot> smaller =
        std::exchange(slots_, std::vector<Slot>(std::max<std::size_t>(1024, 2 * slots_.size())));
    for (const Slot& slot : smaller) {
      if (slot.position < 0) continue;
      std::size_t at = hash_of(keys_[static_cast<std::size_t>(slot.position)]) & (slots_.size() - 1);
      while (slots_[at].position >= 0) at = (at + 1) & (slots_.size() - 1);
      slots_[at] = slot;
    }
  }

  Keys keys_;
  std::vector<Slot> slots_;
};

/// The distinct ones among many vertex ids, and the position of each in ascending order. Small ids, the usual case, are
/// marked in a plain table instead of a hash table.
class DistinctIds {
 public:
  /// Ids below `table_size` go through the table, which grows to at most 4 bytes for each of them.
  explicit DistinctIds(Offset table_size) : table_limit_(static_cast<std::size_t>(table_size)) {}

  void add(Global id) {
    const auto at = static_cast<std::size_t>(id);
    if (at < table_.size()) {
      table_[at] = 0;
    } else if (at < table_limit_) {
      table_.resize(std::min(table_limit_, std::max(at + 1, 2 * table_.size())), -1);
      table_[at] = 0;
    } else {
      large_(id);
    }
  }
  /// All of them, ascending. Only then position() is known, and nothing may be added.
  std::vector<Global> sort() {
    const std::vector<Global>& large = large_.keys();
    large_position_.resize(large.size());
    std::vector<Local> order(large.size());
    std::iota(order.begin(), order.end(), Local{0});
    std::sort(order.begin(), order.end(), [&](Local a, Local b) { return key(large, a) < key(large, b); });
    const auto first_above =
        std::partition_point(order.begin(), order.end(), [&](Local i) { return key(large, i) < 0; });
    std::vector<Global> ids;
    const auto add_large = [&](auto begin, auto end) {
      for (auto i = begin; i != end; ++i) {
        large_position_[static_cast<std::size_t>(*i)] = static_cast<Local>(ids.size());
        ids.push_back(key(large, *i));
      }
    };
    add_large(order.begin(), first_above);  // negative ids
    for (std::size_t id = 0; id < table_.size(); ++id) {
      if (table_[id] < 0) continue;
      table_[id] = static_cast<Local>(ids.size());
      ids.push_back(static_cast<Global>(id));
    }
    add_large(first_above, order.end());
    return ids;
  }
  /// Lets position() give `number` of the position from now on.
  void renumber(const std::vector<Global>& number) {
    for (std::vector<Local>* positions : {&table_, &large_position_}) {
      for (Local& at : *positions) at = at < 0 ? at : static_cast<Local>(number[static_cast<std::size_t>(at)]);
    }
  }
  /// Of an id that was added.
  Local position(Global id) {
    const auto at = static_cast<std::size_t>(id);
    return at < table_.size() ? table_[at] : large_position_[static_cast<std::size_t>(large_(id))];
  }

 private:
  static Global key(const std::vector<Global>& keys, Local i) { return keys[static_cast<std::size_t>(i)]; }

  std::size_t table_limit_;
  std::vector<Local> table_;  // -1: does not occur
  Interner<std::vector<Global>> large_;
  std::vector<Local> large_position_;
};

}  // namespace filigree::io
