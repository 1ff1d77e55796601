// What is in a graph.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "filigree/core/timing.hpp"
#include "filigree/io/read.hpp"
#include "graph_input.hpp"
#include "json.hpp"

namespace filigree::app {

/// The same on all ranks and, except timings and stats, on any number of them.
struct GraphInfo {
  std::vector<std::pair<std::string, std::string>> lines;  ///< for people: what, and how much
  Json figures = Json::object();                           ///< the same for the record
  Timings timings;                                         ///< degrees, symmetry, components
  Stats stats;                                             ///< of components::weak()
};

/// Sizes, degrees, symmetry, components of a graph, and what reading it by `input` met; of a matrix that is not square
/// what makes sense for it. Collective. A directed graph is transposed.
GraphInfo graph_info(const io::GraphFile& file, const GraphInput& input);

}  // namespace filigree::app
