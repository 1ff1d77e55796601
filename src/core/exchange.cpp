#include "filigree/core/exchange.hpp"

#include <cstring>

#include "core/large_count.hpp"

namespace filigree {
namespace {

std::vector<Offset> in_bytes(std::span<const Offset> counts, std::size_t size) {
  std::vector<Offset> bytes;
  for (const Offset count : counts) bytes.push_back(count * static_cast<Offset>(size));
  return bytes;
}

}  // namespace

Exchange::Exchange(const Comm& comm, const void* values, std::span<const Offset> counts, void* received,
                   std::span<const Offset> received_counts, std::size_t size) {
  comm.expect_same_call(Comm::Call::exchange, size);
  if (comm.size() == 1) {  // without MPI, as all of Comm on one rank
    if (counts[0] > 0) std::memcpy(received, values, static_cast<std::size_t>(counts[0]) * size);
    return;
  }
  requests_ = large_count::start_all_to_all(values, in_bytes(counts, size), received, in_bytes(received_counts, size),
                                            MPI_BYTE, 1, comm.handle());
}

Exchange::~Exchange() {
  if (!requests_.empty()) MPI_Waitall(static_cast<int>(requests_.size()), requests_.data(), MPI_STATUSES_IGNORE);
}

void Exchange::wait() {
  if (!requests_.empty()) large_count::wait(requests_);
}

}  // namespace filigree
