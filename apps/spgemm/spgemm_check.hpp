// --verify of filigree-spgemm: is a matrix the product of two others?
#pragma once

#include "app.hpp"
#include "filigree/spgemm.hpp"

namespace filigree::app {

/// Two claims about C, by program.verified(): entries of sampled rows, made again one product at a time, have the same
/// places and bits; and, if it is a plain product without mask, C x = A (B x) for random vectors x, as far as rounding
/// to doubles lets it be known (Freivalds' check). The seed chooses rows and vectors. Collective. Work: the products of
/// about 200 rows, sorted on rank 0, and two passes over A, B and C.
template <class V>
void check_product(App& program, const DistCsr<V>& a, const DistCsr<V>& b, const DistCsr<V>* mask,
                   const spgemm::Options& options, const DistCsr<V>& c);

}  // namespace filigree::app
