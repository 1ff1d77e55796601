// Interner: keys as a file repeats them -> their positions among the distinct ones.
#pragma once

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <limits>
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
    if (2 * (num_hashed_ + 1) > slots_.size()) grow();
    const std::uint64_t hash = hash_of(key);
    for (std::size_t at = hash & (slots_.size() - 1);; at = (at + 1) & (slots_.size() - 1)) {
      Slot& slot = slots_[at];
      if (slot.position < 0) {
        slot = {tag_of(hash), append(key)};
        ++num_hashed_;
        return slot.position;
      }
      if (slot.tag == tag_of(hash) && keys_[static_cast<std::size_t>(slot.position)] == key) return slot.position;
    }
  }

  /// Appends a key that is known to be new and will never be looked up here.
  template <class Key>
  Local append(Key key) {
    if (keys_.size() >= static_cast<std::size_t>(std::numeric_limits<Local>::max())) {
      throw Error("more than 2^31 - 1 distinct vertices in one rank's part of the file: use more ranks");
    }
    keys_.push_back(key);
    return static_cast<Local>(keys_.size() - 1);
  }

 private:
  struct Slot {
    std::uint32_t tag = 0;
    Local position = -1;
  };

  static std::uint64_t hash_of(Global key) { return XXH3_64bits(&key, sizeof key); }
  static std::uint64_t hash_of(std::string_view key) { return XXH3_64bits(key.data(), key.size()); }
  static std::uint32_t tag_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> 32); }

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
  std::size_t num_hashed_ = 0;
  std::vector<Slot> slots_;
};

/// The same for vertex ids. Small ids, the usual case, are looked up in a plain table instead.
class IdInterner {
 public:
  /// Ids below `table_size` go through the table, which grows to at most 4 bytes for each of them.
  explicit IdInterner(Offset table_size) : table_limit_(static_cast<std::size_t>(table_size)) {}

  const std::vector<Global>& keys() const { return large_.keys(); }

  Local operator()(Global id) {
    const auto at = static_cast<std::size_t>(id);
    if (at >= table_.size()) {
      if (at >= table_limit_) return large_(id);
      table_.resize(std::min(table_limit_, std::max(at + 1, 2 * table_.size())), -1);
    }
    if (table_[at] < 0) table_[at] = large_.append(id);
    return table_[at];
  }

 private:
  std::size_t table_limit_;
  std::vector<Local> table_;
  Interner<std::vector<Global>> large_;
};

}  // namespace filigree::io
