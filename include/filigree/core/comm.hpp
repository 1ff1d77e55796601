// Comm: a group of ranks and the collective operations the library is written in.
#pragma once

#include <mpi.h>

#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "filigree/core/error.hpp"
#include "filigree/core/types.hpp"

#pragma GCC visibility push(default)
namespace filigree {

/// What all_to_all delivers: the elements sent by rank 0, then those by rank 1, and so on.
template <class T>
struct Received {
  std::vector<T> values;
  std::vector<Offset> counts;  ///< elements from each rank, length size()
};

/// A communicator of the library's own: duplicated once from the caller's, so its messages meet no others; copies share
/// it, and the last one to go frees it (collective). All counts are 64-bit (src/core/large_count.cpp makes that true
/// on any MPI). Every operation below is collective over the communicator unless it says otherwise. Call from one
/// thread at a time (MPI_THREAD_FUNNELED).
class Comm {
 public:
  /// Duplicates `parent`. Collective over `parent`. MPI must be initialized.
  explicit Comm(MPI_Comm parent);
  /// A duplicate of MPI_COMM_WORLD.
  static Comm world() { return Comm(MPI_COMM_WORLD); }
  /// This rank alone.
  static Comm self() { return Comm(MPI_COMM_SELF); }
  /// The ranks of this communicator that share memory with the calling rank (its node).
  Comm node() const;
  /// The ranks that passed the same `color`, in order of rank.
  Comm split(int color) const;

  int rank() const;  ///< 0 <= rank < size. Not collective.
  int size() const;  ///< Not collective.
  bool is_root() const { return rank() == 0; }
  /// The MPI handle, for libraries that communicate themselves (parallel HDF5). Not collective.
  MPI_Comm handle() const;

  void barrier() const;

  /// Every rank's `values` become those of `root`; lengths must agree.
  template <class T>
  void broadcast(std::span<T> values, int root = 0) const {
    broadcast_bytes(values.data(), type_of<T>(), static_cast<Offset>(values.size()), root);
  }
  template <class T>
  T broadcast(T value, int root = 0) const {
    broadcast(std::span<T>(&value, 1), root);
    return value;
  }
  std::string broadcast(const std::string& value, int root = 0) const;

  /// Element-wise sum, minimum or maximum over ranks, in place, equal bits on every rank. Integers and floating point.
  template <class T>
  void sum(std::span<T> values) const {
    reduce(values, Reduction::sum);
  }
  template <class T>
  T sum(T value) const {
    return reduce_one(value, Reduction::sum);
  }
  template <class T>
  void min(std::span<T> values) const {
    reduce(values, Reduction::min);
  }
  template <class T>
  T min(T value) const {
    return reduce_one(value, Reduction::min);
  }
  template <class T>
  void max(std::span<T> values) const {
    reduce(values, Reduction::max);
  }
  template <class T>
  T max(T value) const {
    return reduce_one(value, Reduction::max);
  }

  /// Sum of `value` over the ranks below this one; 0 on rank 0.
  Offset exclusive_sum(Offset value) const;

  /// One value per rank, by rank.
  template <class T>
  std::vector<T> all_gather(const T& value) const {
    std::vector<T> all(static_cast<std::size_t>(size()));
    all_gather_bytes(&value, type_of<T>(), 1, all.data(), std::vector<Offset>(all.size(), 1));
    return all;
  }
  /// Every rank's span on every rank, in rank order.
  template <class T>
  Received<std::remove_const_t<T>> all_gather(std::span<T> values) const {
    Received<std::remove_const_t<T>> all;
    all.counts = all_gather(static_cast<Offset>(values.size()));
    Offset total = 0;
    for (Offset count : all.counts) total += count;
    all.values.resize(static_cast<std::size_t>(total));
    all_gather_bytes(values.data(), type_of<std::remove_const_t<T>>(), static_cast<Offset>(values.size()),
                     all.values.data(), all.counts);
    return all;
  }

  /// Sends the first counts[0] elements to rank 0, the next counts[1] to rank 1, ... Sum of counts = values.size().
  template <class T>
  Received<T> all_to_all(std::span<const T> values, std::span<const Offset> counts) const {
    Received<T> received;
    received.counts = exchange_counts(counts);
    Offset total = 0;
    for (Offset count : received.counts) total += count;
    received.values.resize(static_cast<std::size_t>(total));
    all_to_all(values, counts, std::span<T>(received.values), received.counts);
    return received;
  }
  /// The same when the receiver knows its counts already: one exchange less, and no allocation.
  template <class T>
  void all_to_all(std::span<const T> values, std::span<const Offset> counts, std::span<T> received,
                  std::span<const Offset> received_counts) const {
    all_to_all_bytes(values.data(), counts, received.data(), received_counts, type_of<T>());
  }
  /// counts[r] as sent by this rank to r -> as received by this rank from r.
  std::vector<Offset> exchange_counts(std::span<const Offset> counts) const;

  /// Runs f on every rank and returns its result. f may fail on some ranks only (a bad line, a missing file, no
  /// memory); then every rank throws the message of the lowest failing rank, with its type among the library's errors.
  /// f must not contain collective operations.
  template <class F>
  auto guard(F&& f) const -> std::invoke_result_t<F> {
    using Result = std::invoke_result_t<F>;
    std::exception_ptr failure;
    if constexpr (std::is_void_v<Result>) {
      try {
        f();
      } catch (...) {
        failure = std::current_exception();
      }
      rethrow_together(failure);
    } else {
      std::optional<Result> result;
      try {
        result.emplace(f());
      } catch (...) {
        failure = std::current_exception();
      }
      rethrow_together(failure);
      return std::move(*result);
    }
  }

 private:
  friend class Exchange;
  friend class OrderedSums;
  struct Handle;
  enum class Reduction { sum, min, max };
  enum class Call : int {
    barrier,
    broadcast,
    reduction,
    all_gather,
    all_to_all,
    exchange_counts,
    exclusive_sum,
    split,
    exchange,
    ordered_sums
  };
  /// An MPI type by its element size and, for reductions, its arithmetic kind.
  struct Element {
    enum class Kind { bytes, int32, int64, uint64, float32, float64 } kind;
    std::size_t size;
  };

  explicit Comm(std::shared_ptr<const Handle> handle) : handle_(std::move(handle)) {}

  template <class T>
  static constexpr Element type_of() {
    static_assert(std::is_trivially_copyable_v<T> && !std::is_pointer_v<T>, "only plain data travels between ranks");
    using Kind = Element::Kind;
    if constexpr (std::is_integral_v<T> && std::is_signed_v<T> && sizeof(T) == 4)
      return {Kind::int32, 4};
    else if constexpr (std::is_integral_v<T> && std::is_signed_v<T> && sizeof(T) == 8)
      return {Kind::int64, 8};
    else if constexpr (std::is_integral_v<T> && sizeof(T) == 8)
      return {Kind::uint64, 8};
    else if constexpr (std::is_same_v<T, float>)
      return {Kind::float32, 4};
    else if constexpr (std::is_same_v<T, double>)
      return {Kind::float64, 8};
    else
      return {Kind::bytes, sizeof(T)};
  }
  template <class T>
  void reduce(std::span<T> values, Reduction op) const {
    static_assert(type_of<T>().kind != Element::Kind::bytes, "reductions take 4- and 8-byte numbers");
    reduce_bytes(values.data(), type_of<T>(), static_cast<Offset>(values.size()), op);
  }
  template <class T>
  T reduce_one(T value, Reduction op) const {
    reduce(std::span<T>(&value, 1), op);
    return value;
  }

  void broadcast_bytes(void* data, Element type, Offset count, int root) const;
  void reduce_bytes(void* data, Element type, Offset count, Reduction op) const;
  void all_gather_bytes(const void* mine, Element type, Offset count, void* all, std::span<const Offset> counts) const;
  void all_to_all_bytes(const void* values, std::span<const Offset> counts, void* received,
                        std::span<const Offset> received_counts, Element type) const;
  void rethrow_together(std::exception_ptr failure) const;
  /// In tests, throws on all ranks if they do not all call the same operation on elements of the same size.
  void expect_same_call(Call call, std::size_t element_size = 0) const;

  std::shared_ptr<const Handle> handle_;
};

}  // namespace filigree
#pragma GCC visibility pop
