#include "filigree/core/array.hpp"

#include <sys/mman.h>

#include <cstdint>

namespace filigree::detail {
namespace {

constexpr std::size_t huge_page = std::size_t{2} << 20;

constexpr std::size_t whole_pages(std::size_t bytes) { return (bytes + huge_page - 1) / huge_page * huge_page; }

}  // namespace

void* map_pages(std::size_t bytes) {
  // A fault for 2 MiB, not for 4 KiB, also at both ends.
  const std::size_t used = whole_pages(bytes);
  const std::size_t mapped = used + huge_page;
  void* const data = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (data == MAP_FAILED) throw std::bad_alloc();
  char* const first = static_cast<char*>(data);
  const std::size_t before =
      whole_pages(reinterpret_cast<std::uintptr_t>(first)) - reinterpret_cast<std::uintptr_t>(first);
  if (before > 0) munmap(first, before);
  munmap(first + before + used, huge_page - before);
  madvise(first + before, used, MADV_HUGEPAGE);
  return first + before;
}

void unmap_pages(void* block, std::size_t bytes) { munmap(block, whole_pages(bytes)); }

}  // namespace filigree::detail
