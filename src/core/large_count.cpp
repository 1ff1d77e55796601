#include "core/large_count.hpp"

#include <algorithm>
#include <climits>
#include <cstring>
#include <numeric>
#include <vector>

#include "filigree/core/error.hpp"

namespace filigree::large_count {
namespace {

Offset limit_in_force = INT_MAX;

#if MPI_VERSION >= 4
bool native() { return limit_in_force == INT_MAX; }
#endif

std::byte* at(void* base, Offset elements, std::size_t size) {
  return static_cast<std::byte*>(base) + static_cast<std::size_t>(elements) * size;
}
const std::byte* at(const void* base, Offset elements, std::size_t size) {
  return static_cast<const std::byte*>(base) + static_cast<std::size_t>(elements) * size;
}

/// Calls f(first, length) for consecutive slices of [0, count) of at most limit() elements.
template <class F>
void for_slices(Offset count, F f) {
  for (Offset first = 0; first < count; first += limit_in_force) {
    f(first, static_cast<int>(std::min(limit_in_force, count - first)));
  }
}

template <class Count>
std::vector<Count> starts_of(std::span<const Offset> counts) {
  std::vector<Count> starts(counts.size());
  Offset start = 0;
  for (std::size_t r = 0; r < counts.size(); ++r) {
    starts[r] = static_cast<Count>(start);
    start += counts[r];
  }
  return starts;
}

bool fits(std::span<const Offset> counts) {
  return std::accumulate(counts.begin(), counts.end(), Offset{0}) <= limit_in_force;
}

}  // namespace

Offset limit() { return limit_in_force; }
void set_limit(Offset elements) { limit_in_force = std::clamp<Offset>(elements, 1, INT_MAX); }

void check(int code, const char* call) {
  if (code == MPI_SUCCESS) return;
  char reason[MPI_MAX_ERROR_STRING];
  int length = 0;
  MPI_Error_string(code, reason, &length);
  throw MpiError(text(call, " failed: ", std::string(reason, static_cast<std::size_t>(length))));
}

void broadcast(void* data, Offset count, MPI_Datatype type, int root, MPI_Comm comm) {
#if MPI_VERSION >= 4
  if (native()) return check(MPI_Bcast_c(data, count, type, root, comm), "MPI_Bcast_c");
#endif
  int size = 0;
  check(MPI_Type_size(type, &size), "MPI_Type_size");
  for_slices(count, [&](Offset first, int length) {
    check(MPI_Bcast(at(data, first, static_cast<std::size_t>(size)), length, type, root, comm), "MPI_Bcast");
  });
}

void all_reduce(void* data, Offset count, MPI_Datatype type, MPI_Op op, MPI_Comm comm) {
#if MPI_VERSION >= 4
  if (native()) return check(MPI_Allreduce_c(MPI_IN_PLACE, data, count, type, op, comm), "MPI_Allreduce_c");
#endif
  int size = 0;
  check(MPI_Type_size(type, &size), "MPI_Type_size");
  for_slices(count, [&](Offset first, int length) {
    check(MPI_Allreduce(MPI_IN_PLACE, at(data, first, static_cast<std::size_t>(size)), length, type, op, comm),
          "MPI_Allreduce");
  });
}

void all_gather(const void* mine, Offset count, void* all, std::span<const Offset> counts, MPI_Datatype type,
                std::size_t size, MPI_Comm comm) {
#if MPI_VERSION >= 4
  if (native()) {
    const std::vector<MPI_Count> counts_c(counts.begin(), counts.end());
    const auto starts_c = starts_of<MPI_Aint>(counts);
    return check(MPI_Allgatherv_c(mine, count, type, all, counts_c.data(), starts_c.data(), type, comm),
                 "MPI_Allgatherv_c");
  }
#endif
  if (fits(counts)) {
    const std::vector<int> counts_int(counts.begin(), counts.end());
    const auto starts_int = starts_of<int>(counts);
    return check(
        MPI_Allgatherv(mine, static_cast<int>(count), type, all, counts_int.data(), starts_int.data(), type, comm),
        "MPI_Allgatherv");
  }
  int rank = 0;
  check(MPI_Comm_rank(comm, &rank), "MPI_Comm_rank");
  const auto starts = starts_of<Offset>(counts);
  if (count > 0) {  // memcpy takes no null pointer, not even for nothing
    std::memcpy(at(all, starts[static_cast<std::size_t>(rank)], size), mine, static_cast<std::size_t>(count) * size);
  }
  for (std::size_t r = 0; r < counts.size(); ++r) {
    broadcast(at(all, starts[r], size), counts[r], type, static_cast<int>(r), comm);
  }
}

void all_to_all(const void* values, std::span<const Offset> counts, void* received,
                std::span<const Offset> received_counts, MPI_Datatype type, std::size_t size, MPI_Comm comm) {
#if MPI_VERSION >= 4
  if (native()) {
    const std::vector<MPI_Count> sent_c(counts.begin(), counts.end());
    const std::vector<MPI_Count> got_c(received_counts.begin(), received_counts.end());
    const auto sent_at = starts_of<MPI_Aint>(counts);
    const auto got_at = starts_of<MPI_Aint>(received_counts);
    return check(
        MPI_Alltoallv_c(values, sent_c.data(), sent_at.data(), type, received, got_c.data(), got_at.data(), type, comm),
        "MPI_Alltoallv_c");
  }
#endif
  std::vector<MPI_Request> requests = start_all_to_all(values, counts, received, received_counts, type, size, comm);
  wait(requests);
}

std::vector<MPI_Request> start_all_to_all(const void* values, std::span<const Offset> counts, void* received,
                                          std::span<const Offset> received_counts, MPI_Datatype type, std::size_t size,
                                          MPI_Comm comm) {
  // Whether a total passes the limit is known to one rank alone, so MPI_Alltoallv would need an agreement first.
  // Both ends of a pair know its count: pairs talk point to point, in slices, and empty pairs not at all.
  int rank = 0;
  check(MPI_Comm_rank(comm, &rank), "MPI_Comm_rank");
  const auto sent_at = starts_of<Offset>(counts);
  const auto got_at = starts_of<Offset>(received_counts);
  const int num_ranks = static_cast<int>(counts.size());
  constexpr int tag = 0;
  std::vector<MPI_Request> requests;
  for (int step = 1; step < num_ranks; ++step) {
    const auto from = static_cast<std::size_t>((rank - step + num_ranks) % num_ranks);
    for_slices(received_counts[from], [&](Offset first, int length) {
      check(MPI_Irecv(at(received, got_at[from] + first, size), length, type, static_cast<int>(from), tag, comm,
                      &requests.emplace_back()),
            "MPI_Irecv");
    });
  }
  for (int step = 1; step < num_ranks; ++step) {
    const auto to = static_cast<std::size_t>((rank + step) % num_ranks);
    for_slices(counts[to], [&](Offset first, int length) {
      check(MPI_Isend(at(values, sent_at[to] + first, size), length, type, static_cast<int>(to), tag, comm,
                      &requests.emplace_back()),
            "MPI_Isend");
    });
  }
  const auto self = static_cast<std::size_t>(rank);
  if (counts[self] > 0) {
    std::memcpy(at(received, got_at[self], size), at(values, sent_at[self], size),
                static_cast<std::size_t>(counts[self]) * size);
  }
  return requests;
}

void wait(std::vector<MPI_Request>& requests) {
  check(MPI_Waitall(static_cast<int>(requests.size()), requests.data(), MPI_STATUSES_IGNORE), "MPI_Waitall");
  requests.clear();
}

}  // namespace filigree::large_count
