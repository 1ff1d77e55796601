// The command line of filigree-spgemm.
#pragma once

#include <string>
#include <vector>

#include "app.hpp"
#include "filigree/spgemm.hpp"
#include "graph_input.hpp"
#include "graph_output.hpp"

namespace filigree::app {

enum class Reduction { none, sum };

/// What it says.
struct SpgemmArguments {
  GraphInput input{{.policy = {Duplicates::sum}, .finite = false}};
  GraphOutput output;
  std::string b_path;
  std::string mask_path;
  bool transpose_a = false;
  bool transpose_b = false;
  bool drop_zeros = false;
  bool estimate = false;
  std::vector<int> at_ranks;
  Reduction reduction = Reduction::none;
  spgemm::Options options;
};

/// Parses the command line into `arguments`, which must live as long as the program.
void parse_spgemm(App& program, SpgemmArguments& arguments);

}  // namespace filigree::app
