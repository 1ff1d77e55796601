// Array: a vector for large results, which nobody writes twice.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <limits>
#include <memory>
#include <new>
#include <vector>

namespace filigree {

/// Leaves new elements as they are (std::vector sets them to zero, one pass over memory that the caller writes anyway),
/// and takes large blocks from the kernel, where pages that nobody touches cost nothing: room for the most there could
/// be is free, and only what is used becomes memory.
template <class T>
struct ArrayAllocator {
  using value_type = T;

  ArrayAllocator() = default;
  template <class U>
  ArrayAllocator(const ArrayAllocator<U>&) {}

  T* allocate(std::size_t n) {
    if (n > std::numeric_limits<std::ptrdiff_t>::max() / sizeof(T)) throw std::bad_alloc();
    if (n * sizeof(T) < large) return std::allocator<T>().allocate(n);
    void* const data =
        mmap(nullptr, n * sizeof(T), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (data == MAP_FAILED) throw std::bad_alloc();
    madvise(data, n * sizeof(T), MADV_HUGEPAGE);  // a fault for 2 MiB, not for 4 KiB
    return static_cast<T*>(data);
  }
  void deallocate(T* data, std::size_t n) {
    if (n * sizeof(T) < large) return std::allocator<T>().deallocate(data, n);
    munmap(data, n * sizeof(T));
  }

  /// What resize() calls for what is new: no value.
  template <class U>
  void construct(U* at) {
    ::new (static_cast<void*>(at)) U;
  }
  friend bool operator==(const ArrayAllocator&, const ArrayAllocator&) { return true; }

 private:
  static constexpr std::size_t large = std::size_t{4} << 20;
};

/// A std::vector whose resize() does not set what is new.
template <class T>
using Array = std::vector<T, ArrayAllocator<T>>;

}  // namespace filigree
