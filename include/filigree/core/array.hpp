// Array: a vector for large results, whose elements are not written before their values are known.
#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#pragma GCC visibility push(default)
namespace filigree {

namespace detail {
/// Memory from the kernel, which begins and ends with huge pages of 2 MiB. Throws std::bad_alloc.
void* map_pages(std::size_t bytes);
void unmap_pages(void* block, std::size_t bytes);
}  // namespace detail

/// A std::vector for plain types, with two differences. resize() does not write new elements, where a vector sets them
/// to zero, one pass over memory that the caller writes anyway. Within capacity() they hold what was last written
/// there, also beyond size(); a resize() or reserve() beyond capacity() moves the first size() elements to another
/// block, whose rest is unset. And blocks of 4 MiB or more come from the kernel, where pages that are not touched take
/// no memory: capacity for an upper bound costs nothing.
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
  ~Array() { free(begin_, capacity_); }

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
  /// Elements that the block at data() can hold.
  std::size_t capacity() const { return capacity_; }

  void clear() { size_ = 0; }
  void reserve(std::size_t size) {
    if (size <= capacity_) return;
    if (empty()) *this = {};  // nothing to copy: its block goes before the next one comes
    T* const block = allocate(size);
    std::copy_n(begin_, size_, block);
    free(begin_, capacity_);
    begin_ = block;
    capacity_ = size;
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
    std::swap(begin_, other.begin_);
    std::swap(capacity_, other.capacity_);
    std::swap(size_, other.size_);
  }

  friend bool operator==(const Array& a, const Array& b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

 private:
  static constexpr std::size_t large = std::size_t{4} << 20;

  static T* allocate(std::size_t n) {
    if (n > std::numeric_limits<std::ptrdiff_t>::max() / sizeof(T)) throw std::bad_alloc();
    if (n * sizeof(T) < large) return std::allocator<T>().allocate(n);
    return static_cast<T*>(detail::map_pages(n * sizeof(T)));
  }
  static void free(T* block, std::size_t n) {
    if (block == nullptr) return;
    if (n * sizeof(T) < large) return std::allocator<T>().deallocate(block, n);
    detail::unmap_pages(block, n * sizeof(T));
  }

  T* begin_ = nullptr;
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;
};

}  // namespace filigree
#pragma GCC visibility pop
