// The speed of memory, which nothing that streams through it can pass.
#pragma once

#include <vector>

namespace filigree::bench {

/// a = b + 3 c, 480 MB, by all threads: 24 bytes an element as McCalpin's STREAM counts them.
class Triad {
 public:
  static constexpr double bytes = 24.0 * 20'000'000;
  void operator()() {
#pragma omp parallel for
    for (std::size_t i = 0; i < a_.size(); ++i) a_[i] = b_[i] + 3.0 * c_[i];
  }

 private:
  std::vector<double> a_ = std::vector<double>(20'000'000, 0.0);
  std::vector<double> b_ = std::vector<double>(20'000'000, 1.0);
  std::vector<double> c_ = std::vector<double>(20'000'000, 2.0);
};

}  // namespace filigree::bench
