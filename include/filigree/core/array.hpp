// Array: a vector for large results, which nobody writes twice.
#pragma once

#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace filigree {

/// As std::vector, for plain types, with three differences. resize() leaves new elements as they are (a vector sets
/// them to zero, one pass over memory that the caller writes anyway). Large blocks come from the kernel, where pages
/// that nobody touches cost nothing: room for the most there could be is free, and only what is used becomes memory.
/// And there can be room before the first element, for results that grow on both sides (make_room(), take()).
template <class T>
class Array {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

 public:
  using value_type = T;
  using size_type = std::size_t;
  using difference_type = std::ptrdiff_t;
  using reference = T&;
  using const_reference = const T&;
  using iterator = T*;
  using const_iterator = const T*;

  Array() = default;
  explicit Array(std::size_t size) { resize(size); }
  Array(std::size_t size, T value) { resize(size, value); }
  Array(std::initializer_list<T> values) : Array(values.begin(), values.end()) {}
  template <std::forward_iterator Iterator>
  Array(Iterator first, Iterator last) {
    resize(static_cast<std::size_t>(std::distance(first, last)));
    std::copy(first, last, begin());
  }
  Array(const Array& other) : Array(other.begin(), other.end()) {}
  Array(Array&& other) noexcept { swap(other); }
  Array& operator=(const Array& other) {
    if (this != &other) assign(other.begin(), other.end());
    return *this;
  }
  Array& operator=(Array&& other) noexcept {
    Array(std::move(other)).swap(*this);
    return *this;
  }
  ~Array() { free(block_, room_); }

  T* data() { return begin_; }
  const T* data() const { return begin_; }
  T* begin() { return begin_; }
  const T* begin() const { return begin_; }
  T* end() { return begin_ + size_; }
  const T* end() const { return begin_ + size_; }
  T& operator[](std::size_t i) { return begin_[i]; }
  const T& operator[](std::size_t i) const { return begin_[i]; }
  T& front() { return *begin_; }
  const T& front() const { return *begin_; }
  T& back() { return begin_[size_ - 1]; }
  const T& back() const { return begin_[size_ - 1]; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  /// Elements there is room for from data() on.
  std::size_t capacity() const { return room_ - static_cast<std::size_t>(begin_ - block_); }

  void clear() { size_ = 0; }
  void reserve(std::size_t size) {
    if (size <= capacity()) return;
    T* const block = allocate(size);
    std::copy_n(begin_, size_, block);
    free(block_, room_);
    block_ = begin_ = block;
    room_ = size;
    before_ = 0;
  }
  void resize(std::size_t size) {
    if (size > capacity()) reserve(std::max(size, 2 * size_));
    if (size > size_) std::uninitialized_default_construct_n(begin_ + size_, size - size_);
    size_ = size;
  }
  void resize(std::size_t size, T value) {
    const std::size_t before = size_;
    resize(size);
    if (size > before) std::fill_n(begin_ + before, size - before, value);
  }
  void push_back(T value) {
    resize(size_ + 1);
    back() = value;
  }
  void pop_back() { --size_; }
  /// [first, last) is not part of this array.
  template <std::forward_iterator Iterator>
  T* insert(const T* at, Iterator first, Iterator last) {
    const auto before = static_cast<std::size_t>(at - begin_);
    const std::size_t old_size = size_;
    resize(old_size + static_cast<std::size_t>(std::distance(first, last)));
    std::move_backward(begin_ + before, begin_ + old_size, end());
    std::copy(first, last, begin_ + before);
    return begin_ + before;
  }
  T* insert(const T* at, std::initializer_list<T> values) { return insert(at, values.begin(), values.end()); }
  void assign(std::size_t size, T value) {
    clear();
    resize(size, value);
  }
  template <std::forward_iterator Iterator>
  void assign(Iterator first, Iterator last) {
    clear();
    resize(static_cast<std::size_t>(std::distance(first, last)));
    std::copy(first, last, begin());
  }
  void swap(Array& other) noexcept {
    std::swap(block_, other.block_);
    std::swap(room_, other.room_);
    std::swap(before_, other.before_);
    std::swap(begin_, other.begin_);
    std::swap(size_, other.size_);
  }

  /// Forgets its elements. Then as many can be written before data() and from data() on, of which take() makes
  /// elements. The same memory as the last time, if it is large enough, and the same place, if there is room on both
  /// sides of it. The kernel gets back what was written then and cannot be written now, or all if the place is another.
  void make_room(std::size_t before, std::size_t after) {
    clear();
    if (before <= before_ && after <= room_ - before_) {
      give_back(0, before_ - before);
      give_back(before_ + after, room_);
    } else {
      if (before + after <= room_)
        give_back(0, room_);
      else
        before = reserve_again(before, after);
      before_ = before;
    }
    begin_ = block_ + before_;
  }
  /// What was written before data() and from there on are its elements.
  void take(std::size_t before, std::size_t after) {
    begin_ -= before;
    size_ = before + after;
  }

  friend bool operator==(const Array& a, const Array& b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

 private:
  static constexpr std::size_t large = std::size_t{4} << 20;
  static constexpr std::size_t huge_page = std::size_t{2} << 20;
  static constexpr std::size_t whole_pages(std::size_t bytes) {
    return (bytes + huge_page - 1) / huge_page * huge_page;
  }

  /// Other memory, without elements, with an eighth more if there is so much, as the next result may be a little
  /// larger. Returns the room before the first.
  std::size_t reserve_again(std::size_t before, std::size_t after) {
    *this = {};
    try {
      reserve(before + before / 8 + after + after / 8);
      return before + before / 8;
    } catch (const std::bad_alloc&) {
      reserve(before + after);
      return before;
    }
  }

  /// Pages of a large block that lie within elements [begin, end) of it.
  void give_back(std::size_t begin, std::size_t end) {
    if (room_ * sizeof(T) < large) return;
    const std::size_t first = whole_pages(begin * sizeof(T));
    const std::size_t last = end == room_ ? whole_pages(end * sizeof(T)) : end * sizeof(T) / huge_page * huge_page;
    if (first < last) madvise(reinterpret_cast<char*>(block_) + first, last - first, MADV_DONTNEED);
  }

  static T* allocate(std::size_t n) {
    if (n > std::numeric_limits<std::ptrdiff_t>::max() / sizeof(T)) throw std::bad_alloc();
    if (n * sizeof(T) < large) return std::allocator<T>().allocate(n);
    // A fault for 2 MiB, not for 4 KiB, also at both ends.
    const std::size_t bytes = whole_pages(n * sizeof(T));
    const std::size_t mapped = bytes + huge_page;
    void* const data =
        mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (data == MAP_FAILED) throw std::bad_alloc();
    char* const first = static_cast<char*>(data);
    const std::size_t before =
        whole_pages(reinterpret_cast<std::uintptr_t>(first)) - reinterpret_cast<std::uintptr_t>(first);
    if (before > 0) munmap(first, before);
    munmap(first + before + bytes, huge_page - before);
    madvise(first + before, bytes, MADV_HUGEPAGE);
    return reinterpret_cast<T*>(first + before);
  }
  static void free(T* block, std::size_t n) {
    if (block == nullptr) return;
    if (n * sizeof(T) < large) return std::allocator<T>().deallocate(block, n);
    munmap(block, whole_pages(n * sizeof(T)));
  }

  T* block_ = nullptr;
  std::size_t room_ = 0;    // elements of the block
  std::size_t before_ = 0;  // of these, where make_room() began
  T* begin_ = nullptr;      // of elements, within the block
  std::size_t size_ = 0;
};

}  // namespace filigree
