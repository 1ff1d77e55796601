#include "spgemm_arguments.hpp"

#include <limits>

namespace filigree::app {
void parse_spgemm(App& program, SpgemmArguments& to) {
  using spgemm::Semiring;
  Command cli = program.cli;
  program.writes_graph();
  to.input.add_to(cli, "--a,A");
  to.output.add_to(cli);
  cli.option("--b,B", to.b_path, "the second factor, read as A is; A if not given").type_name("FILE");
  cli.flag("--transpose-a", to.transpose_a, "multiply by the transpose of what --a holds");
  cli.flag("--transpose-b", to.transpose_b, "the same of --b");
  cli.option("--mask", to.mask_path, "keep entries of C only where this matrix has some, whatever their values")
      .type_name("FILE");
  cli.flag("--complement", to.complement, "keep entries of C only where the mask has none");
  cli.choice("--semiring", to.options.semiring,
             {{"plus_times", Semiring::plus_times},
              {"min_plus", Semiring::min_plus},
              {"max_times", Semiring::max_times},
              {"or_and", Semiring::or_and},
              {"plus_pair", Semiring::plus_pair}},
             "what adds and what multiplies; plus_pair counts products");
  cli.choice(
      "--variant", to.variant,
      {{"auto", std::nullopt}, {"v1", spgemm::Variant::v1}, {"v2", spgemm::Variant::v2}, {"v3", spgemm::Variant::v3}},
      "how products are merged: auto, or as in the thesis on SMASH, with its statistics in --json");
  cli.choice("--reduce", to.reduction, {{"none", Reduction::none}, {"sum", Reduction::sum}},
             "print the sum of all values of C");
  cli.choice("--values", to.values, {{"auto", ProductValues::automatic}, {"real", ProductValues::real}},
             "auto: integer MatrixMarket files as 64-bit integers; real: all values as doubles");
  cli.flag("--drop-zeros", to.drop_zeros, "leave out zeros that A, B and the mask store, and zeros of C");
  cli.option("--fetch-bytes", to.options.fetch_bytes, "most bytes of remote rows of B on a rank at a time")
      .within("[1, inf)");
  cli.option("--memory-budget", to.options.memory_budget_bytes,
             "most bytes of C on a rank, such as 1.5GiB; 0 = no limit. More is refused or, if neither --output nor "
             "--verify wants all of C, made in batches of rows")
      .size_in_bytes();
  cli.flag("--estimate", to.estimate, "print what the product would take instead of making it");
  cli.option("--at-ranks", to.at_ranks, "with --estimate: also what 1-D, 2-D and 3-D layouts would move on P ranks")
      .type_name("P")
      .default_text("")
      .within("[1, 1048576]");
  cli.check([&] {
    if (to.complement && to.mask_path.empty()) usage_error("--complement needs --mask");
    to.output.check(program.output());
    if (!to.at_ranks.empty() && !to.estimate) usage_error("--at-ranks needs --estimate");
    if (!to.estimate) return;
    if (!to.mask_path.empty()) usage_error("--estimate knows no mask");
    if (!program.output().empty()) usage_error("--estimate makes no product that --output could take");
    if (to.options.memory_budget_bytes != 0)
      usage_error("--estimate makes no product that --memory-budget could limit");
    if (to.variant) usage_error("--estimate makes no product by any --variant");
    if (program.verify()) usage_error("--estimate makes no product that --verify could check");
    if (to.reduction != Reduction::none) usage_error("--estimate makes no product that --reduce could sum up");
  });
  program.parse();
  to.options.progress = program.progress();
}

}  // namespace filigree::app
