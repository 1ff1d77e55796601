// WalkLaw: the random numbers of the walk index - which walk goes how far, and what decides its steps.
#pragma once

#include <numeric>

#include "core/index.hpp"
#include "filigree/core/random.hpp"
#include "filigree/ppr.hpp"

namespace filigree::ppr {

/// Every number is a pure function of (seed, source, walks of the source, walk, step). A walk needs a length, a word
/// for its first step, one for its second, and so on. Lengths and the first two steps of a source's walks are not
/// independent of each other but spread evenly: point k of m in
///
///   (length, step 0, step 1) = ({k / m + U0}, {k g1 / m + U1}, {k g2 / m + U2}),    U uniform, g1 and g2 prime to m,
///
/// a randomly shifted rank-1 lattice. Every single walk keeps its law, so estimates stay unbiased; their errors shrink.
/// The two halves of the walks have lattices with shifts of their own: they are independent, which makes their
/// difference an honest measure of the error. All further steps are independent.
class WalkLaw {
 public:
  static constexpr std::uint32_t lattice_steps = 2;

  /// `pilot`: walks that have nothing to do with those of the index.
  WalkLaw(std::uint64_t seed, double teleport, bool pilot = false)
      : stream_(seed, pilot ? pilot_purpose : purpose), mean_visits_(1 / teleport) {
    // A table of products rounds the same everywhere; logarithms would not.
    for (double p = 1 - teleport; p * 0x1p64 >= 1; p *= 1 - teleport)
      survival_.push_back(static_cast<std::uint64_t>(p * 0x1p64));
    survival_.push_back(0);
    std::uint32_t length = 0;
    for (std::size_t top = guide_.size(); top-- > 0;) {
      const std::uint64_t largest = (std::uint64_t{top} << guide_shift) | ((std::uint64_t{1} << guide_shift) - 1);
      while (largest < survival_[length]) ++length;
      guide_[top] = length;
    }
  }

  const Stream& stream() const { return stream_; }
  std::uint32_t longest() const { return static_cast<std::uint32_t>(survival_.size()) - 1; }
  /// Of a walk.
  double mean_visits() const { return mean_visits_; }
  /// Of all walks of a source: lengths are spread evenly in each half of them, so that their sum is near its mean.
  std::int64_t most_visits(std::int32_t num_walks) const {
    return static_cast<std::int64_t>(num_walks * mean_visits_) + 2 * std::int64_t{longest()};
  }

  /// Steps of a walk: it goes on past its k-th vertex while its 64 bits stay below (1-c)^k 2^64.
  std::uint32_t length(std::uint64_t fate) const {
    std::uint32_t steps = guide_[fate >> guide_shift];
    while (fate < survival_[steps]) ++steps;
    return steps;
  }

  /// The lattice of m points, before it is shifted.
  struct Lattice {
    explicit Lattice(std::uint32_t m) : num_points(m), fate_step(~std::uint64_t{0} / m) {
      // Powers of the plastic number's inverse are far from all fractions with small denominators, together too.
      const auto cell = static_cast<std::uint32_t>(fate_step >> 32);
      word_step[0] = cell * generator(m, 0.7548776662466927);
      word_step[1] = cell * generator(m, 0.5698402909980532);
    }
    std::uint32_t num_points;
    std::uint64_t fate_step;
    std::uint32_t word_step[lattice_steps];
  };
  /// A point of the lattice of one half of a source's walks.
  struct Point {
    /// The first one.
    explicit Point(const Stream::Block& shift)
        : fate(std::uint64_t{shift[0]} << 32 | shift[1]), word{shift[2], shift[3]} {}
    void advance(const Lattice& lattice) {
      fate += lattice.fate_step;
      for (std::uint32_t step = 0; step < lattice_steps; ++step) word[step] += lattice.word_step[step];
    }
    std::uint64_t fate;
    std::uint32_t word[lattice_steps];
  };
  /// The first half of a source's walks.
  static constexpr std::uint32_t first_half(std::uint32_t num_walks) { return (num_walks + 1) / 2; }
  /// The shifts of `count` sources from `first` on: of each half its lattice's.
  void shifts(Global first, std::size_t count, std::vector<Stream::Block>& shifts) const {
    shifts.clear();
    for (Global source = first; source < first + static_cast<Global>(count); ++source) {
      for (const std::uint32_t half : {0U, 1U}) shifts.push_back(coordinates(source, ~half, 0));
    }
    stream_.fill(shifts);
  }
  /// Calls f(walk, point) for the walks of one half. lattice: any, kept from call to call.
  template <class F>
  static void for_half(std::uint32_t num_walks, bool second_half, const Stream::Block& shift, Lattice& lattice, F f) {
    const std::uint32_t end = second_half ? num_walks : first_half(num_walks);
    std::uint32_t walk = second_half ? first_half(num_walks) : 0;
    if (walk == end) return;
    if (lattice.num_points != end - walk) lattice = Lattice(end - walk);
    for (Point point(shift); walk < end; ++walk, point.advance(lattice)) f(walk, point);
  }

  /// The block that holds the words of step lattice_steps + 4 i and the three after it, once Stream::fill has been
  /// there.
  static Stream::Block coordinates(Global source, std::uint32_t walk, std::uint32_t i) {
    const auto bits = static_cast<std::uint64_t>(source);
    return {static_cast<std::uint32_t>(bits), static_cast<std::uint32_t>(bits >> 32), walk, i};
  }

 private:
  // "pprw" and "pprp": streams of other algorithms with one seed differ.
  static constexpr std::uint64_t purpose = 0x70707277;
  static constexpr std::uint64_t pilot_purpose = 0x70707270;
  static constexpr int guide_shift = 56;

  /// About ratio x m, and prime to m.
  static std::uint32_t generator(std::uint32_t m, double ratio) {
    auto g = std::max(1U, static_cast<std::uint32_t>(ratio * m));
    while (std::gcd(g, m) != 1) ++g;
    return g;
  }

  Stream stream_;
  double mean_visits_;
  std::vector<std::uint64_t> survival_;
  std::array<std::uint32_t, 256> guide_;  // the least length by the fate's top byte
};

}  // namespace filigree::ppr
