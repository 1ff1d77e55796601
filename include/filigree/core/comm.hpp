// Comm: a group of ranks and the collective operations the library is written in.
#pragma once

#include <mpi.h>

#include <exception>
#include <memory>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "filigree/core/error.hpp"
#include "filigree/core/types.hpp"

#pragma GCC visibility push(default)
namespace filigree {

namespace detail {
/// A value that travels as one although it has elements, such as std::array and std::string.
template <class T>
constexpr bool is_one_value = std::is_same_v<T, std::string> ||
                              (std::is_trivially_copyable_v<T> && !std::ranges::view<T>);
}  // namespace detail

/// A container or a view of plain elements that lie one behind the other: vector, Array, std::span.
template <class R>
concept Elements =
    std::ranges::contiguous_range<R> && std::ranges::sized_range<R> && !detail::is_one_value<std::remove_cvref_t<R>>;
/// What else travels: a plain value.
template <class T>
concept OneValue = !Elements<T>;
/// The type of an element.
template <Elements R>
using ElementOf = std::ranges::range_value_t<R>;

/// What all_to_all delivers: the elements sent by rank 0, then those by rank 1, and so on.
template <class T>
struct Received {
  std::vector<T> values;
  std::vector<Offset> counts;  ///< elements from each rank, length size()
};

/// A communicator of the library's own: duplicated once from the caller's, so its messages meet no others; copies share
/// it, and the last one to be destroyed frees it (collective). All counts are 64-bit (src/core/large_count.cpp makes
/// that true on any MPI). Every operation below is collective over the communicator unless it says otherwise.
///
/// Threads: over several ranks, operations come from the thread that initialized MPI (MPI_THREAD_FUNNELED), or from one
/// thread at a time where MPI offers MPI_THREAD_SERIALIZED. A communicator of one rank calls MPI only to be made, split
/// and freed: any number of threads may use it at once.
class Comm {
 public:
  /// Duplicates `parent`. Throws MpiError where MPI is not initialized, or, on all ranks, where it was for a single
  /// thread and a rank uses more (num_threads()). Collective over `parent`.
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
  template <Elements R>
  void broadcast(R&& values, int root = 0) const {
    broadcast_bytes(std::ranges::data(values), type_of<ElementOf<R>>(), count_of(values), root);
  }
  template <OneValue T>
  T broadcast(T value, int root = 0) const {
    broadcast(std::span<T>(&value, 1), root);
    return value;
  }
  std::string broadcast(const std::string& value, int root = 0) const;

  /// Element-wise sum, minimum or maximum over ranks, in place, equal bits on every rank. Integers and floating point.
  template <Elements R>
  void sum(R&& values) const {
    reduce(values, Reduction::sum);
  }
  template <OneValue T>
  T sum(T value) const {
    return reduce_one(value, Reduction::sum);
  }
  template <Elements R>
  void min(R&& values) const {
    reduce(values, Reduction::min);
  }
  template <OneValue T>
  T min(T value) const {
    return reduce_one(value, Reduction::min);
  }
  template <Elements R>
  void max(R&& values) const {
    reduce(values, Reduction::max);
  }
  template <OneValue T>
  T max(T value) const {
    return reduce_one(value, Reduction::max);
  }

  /// Sum of `value` over the ranks below this one; 0 on rank 0.
  Offset exclusive_sum(Offset value) const;

  /// One value per rank, by rank.
  template <OneValue T>
  std::vector<T> all_gather(const T& value) const {
    std::vector<T> all(static_cast<std::size_t>(size()));
    all_gather_bytes(&value, type_of<T>(), 1, all.data(), std::vector<Offset>(all.size(), 1));
    return all;
  }
  /// Every rank's elements on every rank, in rank order.
  template <Elements R>
  Received<ElementOf<R>> all_gather(const R& values) const {
    Received<ElementOf<R>> all;
    all.counts = all_gather(count_of(values));
    Offset total = 0;
    for (Offset count : all.counts) total += count;
    all.values.resize(static_cast<std::size_t>(total));
    all_gather_bytes(std::ranges::data(values), type_of<ElementOf<R>>(), count_of(values), all.values.data(),
                     all.counts);
    return all;
  }

  /// Sends the first counts[0] elements to rank 0, the next counts[1] to rank 1, ... Sum of counts = values.size().
  template <Elements R>
  Received<ElementOf<R>> all_to_all(const R& values, std::span<const Offset> counts) const {
    Received<ElementOf<R>> received;
    received.counts = exchange_counts(counts);
    Offset total = 0;
    for (Offset count : received.counts) total += count;
    received.values.resize(static_cast<std::size_t>(total));
    all_to_all(values, counts, received.values, received.counts);
    return received;
  }
  /// The same when the receiver knows its counts already: one exchange less, and no allocation.
  template <Elements R, Elements S>
  void all_to_all(const R& values, std::span<const Offset> counts, S&& received,
                  std::span<const Offset> received_counts) const {
    static_assert(std::is_same_v<ElementOf<R>, ElementOf<S>>, "elements arrive as they are sent");
    all_to_all_bytes(std::ranges::data(values), counts, std::ranges::data(received), received_counts,
                     type_of<ElementOf<R>>());
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
  template <class R>
  static Offset count_of(const R& values) {
    return static_cast<Offset>(std::ranges::size(values));
  }
  template <class R>
  void reduce(R& values, Reduction op) const {
    constexpr Element type = type_of<ElementOf<R>>();
    static_assert(type.kind != Element::Kind::bytes, "reductions take 4- and 8-byte numbers");
    reduce_bytes(std::ranges::data(values), type, count_of(values), op);
  }
  template <class T>
  T reduce_one(T value, Reduction op) const {
    std::span<T> values(&value, 1);
    reduce(values, op);
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
