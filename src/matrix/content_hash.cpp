#include "filigree/matrix/content_hash.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <bit>
#include <vector>

namespace filigree {
namespace {

std::uint64_t word_of(double value) { return std::bit_cast<std::uint64_t>(value); }
/// That of the double, if there is one that is equal.
std::uint64_t word_of(std::int64_t value) {
  const auto real = static_cast<double>(value);
  const bool equal = real < 0x1p63 && static_cast<std::int64_t>(real) == value;
  return equal ? word_of(real) : static_cast<std::uint64_t>(value);
}

}  // namespace

template <class V>
std::uint64_t content_hash(const DistCsr<V>& graph) {
  const CsrView<V> local = graph.local().view();
  std::uint64_t sum = 0;
#pragma omp parallel reduction(+ : sum)
  {
    std::vector<std::uint64_t> words;
#pragma omp for schedule(static)
    for (Local row = 0; row < local.num_rows(); ++row) {
      words.clear();
      for (Local column : local.cols(row)) words.push_back(static_cast<std::uint64_t>(graph.global_col(column)));
      for (V value : local.vals(row)) words.push_back(word_of(value));
      if (!local.has_values()) words.resize(2 * words.size(), word_of(1.0));
      // Empty rows add nothing: the shape counts them.
      if (words.empty()) continue;
      sum += XXH3_64bits_withSeed(words.data(), words.size() * sizeof words[0],
                                  static_cast<XXH64_hash_t>(graph.first_row() + row));
    }
  }
  const std::uint64_t whole[] = {graph.comm().sum(sum), static_cast<std::uint64_t>(graph.num_rows()),
                                 static_cast<std::uint64_t>(graph.num_cols())};
  return XXH3_64bits(whole, sizeof whole);
}

template std::uint64_t content_hash(const DistCsr<double>&);
template std::uint64_t content_hash(const DistCsr<std::int64_t>&);

}  // namespace filigree
