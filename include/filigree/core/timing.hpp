// Timings: what a call spent where. Stats: what it counted. Progress: what it tells while it works.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "filigree/core/types.hpp"

#pragma GCC visibility push(default)
namespace filigree {

class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// Seconds of this rank by phase, in order of first use.
using Timings = std::map<std::string, double, std::less<>>;
/// Counted work of all ranks by name: bytes sent, walk steps, iterations. Equal on every run with equal input.
using Stats = std::map<std::string, Offset, std::less<>>;

/// Adds the time of its scope to a phase.
class Phase {
 public:
  Phase(Timings& timings, std::string_view name) : seconds_(timings[std::string(name)]) {}
  Phase(const Phase&) = delete;
  Phase& operator=(const Phase&) = delete;
  ~Phase() { seconds_ += watch_.seconds(); }

 private:
  double& seconds_;
  Stopwatch watch_;
};

/// Called by long calls, on every rank, from the thread that made the call: `done` of `total` units of `phase` are
/// done. It may throw, on any rank and in any call of the library, to stop the work: all ranks then throw the message
/// of the lowest rank where it threw. It must not communicate.
using Progress = std::function<void(std::string_view phase, Offset done, Offset total)>;

}  // namespace filigree
#pragma GCC visibility pop
