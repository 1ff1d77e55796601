// Pack: numbers and arrays as bytes, for messages and checkpoints.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/index.hpp"
#include "filigree/core/error.hpp"

namespace filigree {

using Bytes = std::vector<std::byte>;

/// Numbers and arrays of plain types, one after another, as bytes.
class Pack {
 public:
  template <class T>
  void put(std::span<const T> values) {
    static_assert(std::is_trivially_copyable_v<T> && !std::is_pointer_v<T>);
    const auto count = static_cast<std::int64_t>(values.size());
    append(std::as_bytes(std::span<const std::int64_t>(&count, 1)));
    append(std::as_bytes(values));
  }
  template <class T>
  void put(const std::vector<T>& values) {
    put(std::span<const T>(values));
  }
  template <class T>
  requires std::is_arithmetic_v<T>
  void put(T value) { put(std::span<const T>(&value, 1)); }
  std::span<const std::byte> bytes() const { return bytes_; }

 private:
  void append(std::span<const std::byte> bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
  Bytes bytes_;
};

/// The same read back, by the same types in the same order. Throws IoError where the bytes do not fit.
class Unpack {
 public:
  explicit Unpack(Bytes bytes) : bytes_(std::move(bytes)) {}
  /// The vector has capacity for `more` elements behind.
  template <class T>
  std::vector<T> take(std::size_t more = 0) {
    std::int64_t count = 0;
    read(&count, sizeof count);
    if (count < 0 || z(count) > (bytes_.size() - at_) / sizeof(T))
      throw IoError(text("packed: ", count, " values at byte ", at_, " of ", bytes_.size()));
    std::vector<T> values;
    values.reserve(z(count) + more);
    values.resize(z(count));
    read(values.data(), values.size() * sizeof(T));
    return values;
  }
  template <class T>
  T take_one() {
    const std::vector<T> values = take<T>();
    if (values.size() != 1) throw IoError(text("packed: ", values.size(), " values, must be 1"));
    return values[0];
  }
  bool empty() const { return at_ == bytes_.size(); }

 private:
  void read(void* to, std::size_t count) {
    if (count > bytes_.size() - at_) throw IoError(text("slice: ends after ", bytes_.size(), " bytes"));
    if (count > 0) std::memcpy(to, bytes_.data() + at_, count);
    at_ += count;
  }
  Bytes bytes_;
  std::size_t at_ = 0;
};

}  // namespace filigree
