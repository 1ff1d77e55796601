// ZeroedArray: large arrays that kernels reach into at random.
#pragma once

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <type_traits>

#include "core/index.hpp"

namespace filigree {

/// `size` zeros, aligned to cache lines. Arrays of megabytes ask for huge pages: every random access to a small page
/// that is not in the TLB costs as much as a miss in the cache. Never grows. Throws std::bad_alloc.
template <class T>
class ZeroedArray {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  ZeroedArray() = default;
  explicit ZeroedArray(Offset size) : size_(z(size)) {
    constexpr std::size_t line = 64;
    constexpr std::size_t huge = std::size_t{2} << 20;
    const std::size_t bytes = size_ * sizeof(T);
    const std::size_t alignment = bytes >= 2 * huge ? huge : line;
    const std::size_t rounded = (bytes + alignment - 1) / alignment * alignment;
    data_.reset(static_cast<T*>(std::aligned_alloc(alignment, rounded == 0 ? alignment : rounded)));
    if (!data_) throw std::bad_alloc();
    if (alignment == huge) madvise(data_.get(), rounded, MADV_HUGEPAGE);
    std::memset(static_cast<void*>(data_.get()), 0, bytes);
  }

  T& operator[](std::size_t i) { return data_.get()[i]; }
  const T& operator[](std::size_t i) const { return data_.get()[i]; }
  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  std::size_t size() const { return size_; }

 private:
  struct Free {
    void operator()(T* data) const { std::free(data); }
  };
  std::unique_ptr<T, Free> data_;
  std::size_t size_ = 0;
};

}  // namespace filigree
