// The matrices that filigree-spgemm multiplies.
#pragma once

#include <optional>
#include <string>

#include "spgemm_arguments.hpp"

namespace filigree::app {

/// The matrix without entries that are zero. Collective.
template <class V>
DistCsr<V> without_zeros(const DistCsr<V>& matrix);

/// A, B and the mask, each as it was read or made from that. V: double or, for whole numbers, int64.
template <class V>
class Factors {
 public:
  /// Reads them; some may be one file. Vertices that all call by number are as many in all: those that a file lacks
  /// have no arcs. Throws if files call their vertices differently, and if a matrix is to be multiplied by itself and
  /// cannot be. Collective.
  Factors(App& program, SpgemmArguments& arguments);
  const DistCsr<V>& a() const { return made_a_ ? *made_a_ : a_.graph; }
  const DistCsr<V>& b() const { return made_b_ ? *made_b_ : b_file().graph; }
  /// Null if there is none.
  const DistCsr<V>* mask() const { return !has_mask_ ? nullptr : made_mask_ ? &*made_mask_ : &mask_file().graph; }
  /// Rows of C are called what rows of A are.
  io::VertexNames row_names() const;

 private:
  const io::MatrixFile<V>& b_file() const { return other_b_ ? *other_b_ : a_; }
  const io::MatrixFile<V>& mask_file() const { return other_mask_ ? *other_mask_ : a_; }

  io::MatrixFile<V> a_;
  std::optional<io::MatrixFile<V>> other_b_;
  std::optional<io::MatrixFile<V>> other_mask_;
  std::optional<DistCsr<V>> made_a_;  // transposed, or without zeros
  std::optional<DistCsr<V>> made_b_;
  std::optional<DistCsr<V>> made_mask_;
  bool has_mask_;
  bool rows_have_names_;
};

}  // namespace filigree::app
