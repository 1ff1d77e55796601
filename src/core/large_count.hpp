// MPI collectives with 64-bit counts on any MPI: native ones where MPI 4 has them, else slices of at most limit()
// elements.
#pragma once

#include <mpi.h>

#include <span>
#include <vector>

#include "filigree/core/types.hpp"

namespace filigree::large_count {

/// Most elements that one call into MPI 3 may carry: 2^31 - 1. With MPI 4 native calls have no limit, unless
/// set_limit() lowered it: then the slices are used there too.
Offset limit();
/// For tests: lowers the limit of this process (or restores it with 2^31 - 1). Every rank must set the same.
void set_limit(Offset elements);

/// Throws MpiError with MPI's own text unless `code` is MPI_SUCCESS.
void check(int code, const char* call);

void broadcast(void* data, Offset count, MPI_Datatype type, int root, MPI_Comm comm);
void all_reduce(void* data, Offset count, MPI_Datatype type, MPI_Op op, MPI_Comm comm);
/// counts[r] elements come from rank r; they land one after the other. `size` is an element's size in bytes.
void all_gather(const void* mine, Offset count, void* all, std::span<const Offset> counts, MPI_Datatype type,
                std::size_t size, MPI_Comm comm);
void all_to_all(const void* values, std::span<const Offset> counts, void* received,
                std::span<const Offset> received_counts, MPI_Datatype type, std::size_t size, MPI_Comm comm);

/// The same, only started: everything is in its place after wait(requests). Ranks start in the same order what they
/// start, before any of it is done or after.
std::vector<MPI_Request> start_all_to_all(const void* values, std::span<const Offset> counts, void* received,
                                          std::span<const Offset> received_counts, MPI_Datatype type, std::size_t size,
                                          MPI_Comm comm);
/// Leaves none.
void wait(std::vector<MPI_Request>& requests);

}  // namespace filigree::large_count
