// The command line of filigree-spgemm.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app.hpp"
#include "filigree/spgemm.hpp"
#include "graph_input.hpp"
#include "graph_output.hpp"

namespace filigree::app {

enum class Reduction { none, sum };
/// What A, B and C hold: integers where the files say so, or reals.
enum class ProductValues { automatic, real };

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
  ProductValues values = ProductValues::automatic;
  bool complement = false;
  std::optional<spgemm::Variant> variant;  ///< none: the automatic product
  spgemm::Options options;
};

/// Parses the command line into `arguments`, which must live as long as the program.
void parse_spgemm(App& program, SpgemmArguments& arguments);

}  // namespace filigree::app
