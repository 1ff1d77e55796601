// The command line of filigree-ppr.
#pragma once

#include <string>
#include <vector>

#include "app.hpp"
#include "filigree/ppr.hpp"
#include "graph_input.hpp"
#include "ppr_answers.hpp"

namespace filigree::app {

/// What the command line says.
struct PprArguments {
  GraphInput input;
  bool reverse = false;
  std::string index_path;
  std::vector<std::string> sources;
  bool skip_unknown = false;
  std::string candidates_path;
  Rows rows = Rows::sparse;
  bool check_exact = false;
  ppr::IndexOptions index;
  ppr::QueryOptions query;
  bool until_settled = false;
  ppr::QueryOptions exact;
  double tolerance = 1e-12;

  bool is_stream() const { return sources == std::vector<std::string>{"-"}; }
};

enum class PprCommand { index, query, exact };

/// Parses the command line into `arguments`, which must live as long as the program, and says which command it is.
PprCommand parse_ppr(App& program, PprArguments& arguments);

}  // namespace filigree::app
