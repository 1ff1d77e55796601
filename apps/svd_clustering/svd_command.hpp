// filigree-svd-clustering svd: one truncated SVD of all blocks.
#pragma once

#include <optional>

#include "blocks_input.hpp"
#include "filigree/svd_clustering.hpp"

namespace filigree::app {

class SvdCommand {
 public:
  explicit SvdCommand(App& program);
  bool given() const { return command_.given(); }
  /// Reads, computes, prints the singular values and writes the basis. Collective.
  void run();

 private:
  enum class Distribute { blocks, rows };
  /// What either way of distributing finds.
  struct Found {
    Offset rank = 0;  ///< least that reaches the tolerance, if there is one
    double norm = 0;
    std::vector<double> singular_values;
    std::vector<double> certified_error;  ///< of the first k columns
  };
  template <class Decompose>
  auto find(Offset rows, Decompose decompose);
  /// Fails where a tolerance is not reached.
  void report(const Found& found);
  void verify(const Found& found, double error);
  void write(const Found& found, Offset local_columns, Offset rows,
             const std::function<void(Offset, std::span<double>)>& fill);
  void run_on_blocks();
  void run_on_rows();

  App& program_;
  Command command_;
  BlocksInput input_;
  Offset rank_ = 32;
  Offset oversampling_ = 5;
  std::optional<double> tolerance_;
  svd_clustering::Kernel kernel_ = svd_clustering::Kernel::gram;
  Distribute distribute_ = Distribute::blocks;
};

}  // namespace filigree::app
