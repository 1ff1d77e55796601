// The matrices that filigree-spgemm multiplies.
#pragma once

#include <optional>
#include <string>

#include "spgemm_arguments.hpp"

namespace filigree::app {

/// The files of A, B and the mask, which may be one. Vertices that all call by number are as many in all: those that a
/// file lacks have no arcs. Throws if files call their vertices differently. Collective.
class Inputs {
 public:
  Inputs(App& program, SpgemmArguments& arguments);
  const io::GraphFile& a() const { return a_; }
  const io::GraphFile& b() const { return other_b_ ? *other_b_ : a_; }
  const io::GraphFile& mask() const { return other_mask_ ? *other_mask_ : a_; }

 private:
  io::GraphFile a_;
  std::optional<io::GraphFile> other_b_;
  std::optional<io::GraphFile> other_mask_;
};

/// The matrix without entries that are zero. Collective.
Graph without_zeros(const Graph& matrix);

/// A matrix as the product takes it: as it was read, or made from that.
class Factor {
 public:
  Factor(const Graph& read, bool is_transposed, bool drop_zeros) : read_(read) {
    if (drop_zeros && read.has_values()) made_ = without_zeros(read);
    if (is_transposed) made_ = transpose(graph());
  }
  const Graph& graph() const { return made_ ? *made_ : read_; }

 private:
  const Graph& read_;
  std::optional<Graph> made_;
};

}  // namespace filigree::app
