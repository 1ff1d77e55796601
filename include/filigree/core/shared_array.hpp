// SharedArray: one array per node, seen by all its ranks.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "filigree/core/comm.hpp"

#pragma GCC visibility push(default)
namespace filigree {

namespace detail {
/// Bytes that the ranks of a node share: an MPI window, or plain memory when a rank is alone on its node.
class SharedBytes {
 public:
  SharedBytes(const Comm& node, Offset bytes);
  SharedBytes(const SharedBytes&) = delete;
  SharedBytes& operator=(const SharedBytes&) = delete;
  ~SharedBytes();

  void* data() const { return data_; }
  void fence() const;

 private:
  Comm node_;
  MPI_Win window_ = MPI_WIN_NULL;
  Offset number_ = 0;  // of the window, the same on all ranks of the node
  std::shared_ptr<void> alone_;
  void* data_ = nullptr;
};
}  // namespace detail

/// An array of plain data, once per node. Construction, fence() and the destruction of the last copy are collective
/// over `node`, except that destruction by an exception waits for no rank: the memory is freed when the same ranks make
/// their next array, as soon as all of them have left this one. Peak memory: `size` elements per node, not per rank.
template <class T>
class SharedArray {
  static_assert(std::is_trivially_copyable_v<T>);
  static_assert(alignof(T) <= 8, "Open MPI aligns shared windows to 8 bytes");

 public:
  SharedArray() = default;
  /// Makes `size` elements, zeroed. `node` is Comm::node(), or a communicator of one rank. Throws Error on all
  /// ranks when the node's shared memory cannot hold it.
  SharedArray(const Comm& node, Offset size)
      : bytes_(std::make_shared<detail::SharedBytes>(node, size * static_cast<Offset>(sizeof(T)))),
        size_(static_cast<std::size_t>(size)) {}

  /// Any rank of the node may write; the others may read it after fence().
  std::span<T> span() { return {static_cast<T*>(bytes_ ? bytes_->data() : nullptr), size_}; }
  std::span<const T> span() const { return {static_cast<const T*>(bytes_ ? bytes_->data() : nullptr), size_}; }
  void fence() const { bytes_->fence(); }

 private:
  std::shared_ptr<detail::SharedBytes> bytes_;
  std::size_t size_ = 0;
};

}  // namespace filigree
#pragma GCC visibility pop
