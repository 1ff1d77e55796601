// Exchange: an all_to_all that is under way while its ranks work.
#pragma once

#include <vector>

#include "filigree/core/comm.hpp"

#pragma GCC visibility push(default)
namespace filigree {

/// Sends elements between all ranks, as Comm::all_to_all() does when the receiver knows its counts: started by the
/// constructor, arrived after wait(). Both ranges of elements must live, and stay as they are, until then. Several may
/// be under way, and other operations of the communicator may come between, in the same order on all ranks. How much
/// moves before wait() is up to MPI.
///
///   Exchange exchange(comm, values, counts, arrived, arrived_counts);
///   work();
///   exchange.wait();
class Exchange {
 public:
  /// Nothing under way.
  Exchange() = default;
  /// Collective.
  template <Elements R, Elements S>
  requires std::ranges::borrowed_range<R> && std::ranges::borrowed_range<S>  // not a container that is gone by wait()
  Exchange(const Comm& comm, R&& values, std::span<const Offset> counts, S&& received,
           std::span<const Offset> received_counts)
      : Exchange(comm, std::ranges::data(values), counts, std::ranges::data(received), received_counts,
                 sizeof(ElementOf<R>)) {
    using T = ElementOf<R>;
    static_assert(std::is_same_v<T, ElementOf<S>>, "elements arrive as they are sent");
    static_assert(std::is_trivially_copyable_v<T> && !std::is_pointer_v<T>, "only plain data travels between ranks");
  }
  Exchange(Exchange&& other) noexcept : requests_(std::move(other.requests_)) { other.requests_.clear(); }
  Exchange& operator=(Exchange&& other) noexcept {
    std::swap(requests_, other.requests_);
    return *this;
  }
  /// Waits, because memory that MPI still writes to must not be freed; so all ranks must have started it.
  ~Exchange();

  /// Returns when this rank has sent and received all of it. Not collective, but no rank is done before those that send
  /// to it have started.
  void wait();

 private:
  Exchange(const Comm& comm, const void* values, std::span<const Offset> counts, void* received,
           std::span<const Offset> received_counts, std::size_t size);

  std::vector<MPI_Request> requests_;
};

}  // namespace filigree
#pragma GCC visibility pop
