// The matrices that filigree-spgemm multiplies.
#pragma once

#include <optional>
#include <string>

#include "spgemm_arguments.hpp"

namespace filigree::app {

/// The matrix without entries that are zero. Collective.
Graph without_zeros(const Graph& matrix);

/// A, B and the mask, each as it was read or made from that.
class Factors {
 public:
  /// Reads them; some may be one file. Vertices that all call by number are as many in all: those that a file lacks
  /// have no arcs. Throws if files call their vertices differently, and if a matrix is to be multiplied by itself and
  /// cannot be. Collective.
  Factors(App& program, SpgemmArguments& arguments);
  const Graph& a() const { return made_a_ ? *made_a_ : a_.graph; }
  const Graph& b() const { return made_b_ ? *made_b_ : b_file().graph; }
  /// Null if there is none.
  const Graph* mask() const { return !has_mask_ ? nullptr : made_mask_ ? &*made_mask_ : &mask_file().graph; }
  /// Rows of C are called what rows of A are.
  io::VertexNames row_names() const;

 private:
  const io::GraphFile& b_file() const { return other_b_ ? *other_b_ : a_; }
  const io::GraphFile& mask_file() const { return other_mask_ ? *other_mask_ : a_; }

  io::GraphFile a_;
  std::optional<io::GraphFile> other_b_;
  std::optional<io::GraphFile> other_mask_;
  std::optional<Graph> made_a_;  // transposed, or without zeros
  std::optional<Graph> made_b_;
  std::optional<Graph> made_mask_;
  bool has_mask_;
  bool rows_have_names_;
};

}  // namespace filigree::app
