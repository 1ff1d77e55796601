// Where pushes stop: the thresholds of sweeps, and what says that an answer is good enough.
#pragma once

#include <algorithm>
#include <limits>

#include "ppr/push/dangling.hpp"
#include "ppr/tuning.hpp"

namespace filigree::ppr {

/// L1 norms of the parts of one query.
struct Norms {
  double estimate = 0;
  double residual = 0;        ///< |f|_1
  double unsolved = 0;        ///< what a solver left of f: part of the error, but nothing that can be pushed or walked
  double indexed = 0;         ///< sum_v f(v) |q^_v|_1
  double expected_error = 0;  ///< sum_v f(v) deviation_v, without an index |f|_1; and what is unsolved
};

/// Whether the expected error of the answer is above `target`, and anything is left to lower it.
inline bool is_off_target(const DanglingPolicy& policy, const Norms& norms, double target) {
  const double norm = norms.estimate + norms.indexed;
  return norms.residual + norms.unsolved > 0 && (norm == 0 || policy.error(norms.expected_error, norm) > target);
}

/// The thresholds of sweeps: a sweep pushes residuals of at least threshold() times their out-arcs.
class ThresholdSchedule {
 public:
  /// From `first` down to `lowest`, below which nothing is worth a push.
  explicit ThresholdSchedule(double first, double lowest = std::numeric_limits<double>::min(),
                             double fall = tuning::threshold_fall)
      : threshold_(first), lowest_(lowest), fall_(fall) {}

  double threshold() const { return threshold_; }
  bool is_lowest() const { return threshold_ <= lowest_; }
  void advance() { threshold_ = std::max(threshold_ * fall_, lowest_); }

 private:
  double threshold_, lowest_, fall_;
};

}  // namespace filigree::ppr
