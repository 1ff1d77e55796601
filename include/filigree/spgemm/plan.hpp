// Products whose pattern repeats: the symbolic phase once (a plan), the numeric phase for every new values.
#pragma once

#include <memory>
#include <optional>

#include "filigree/spgemm/multiply.hpp"

namespace filigree::spgemm {

struct PlanRows;
struct DistPlanParts;

/// The pattern of C = A B, and where each product goes. For values of any type. Const, so safe from several threads;
/// copies share all.
class Plan {
 public:
  Offset num_products() const;
  Offset num_nonzeros() const;  ///< of C
  Offset num_bytes() const;     ///< 4 nnz(C) + 8 rows(C) + 20 rows(A) + 16 nnz(A), and 2 a product at most

 private:
  friend struct PlanAccess;
  explicit Plan(std::shared_ptr<const PlanRows> rows);
  std::shared_ptr<const PlanRows> rows_;
};

/// Plans the product of two matrices, whose values do not matter. Arguments as those of multiply(). Cost: two or three
/// products. Memory beyond the plan: 4 nnz(C) + 8 rows(A), per thread 2 columns(B) + 4 rows(B) bytes + 3 MiB.
template <class V>
Plan plan(const CsrView<V>& a, const std::type_identity_t<CsrView<V>>& b, const Options& options = {},
          const std::type_identity_t<Mask<V>>& mask = {});
template <class V>
Plan plan(const Csr<V>& a, const std::type_identity_t<CsrView<V>>& b, const Options& options = {},
          const std::type_identity_t<Mask<V>>& mask = {}) {
  return plan(a.view(), b, options, mask);
}

/// Multiplies as planned, with the values that A and B have now: the bits of multiply(), on any threads.
///
/// plan    of these patterns
/// a, b    with the patterns of the plan, which hashes compare; with values or without
/// c       only its values are written if it has the plan's pattern (recognized by the lengths of all rows and a
///         sample of columns), else it is overwritten. Not a or b
/// returns products, nonzeros
///
/// Throws InvalidArgument when a or b do not fit the plan, and leaves c as it was. Cost: per product an addition and
/// reads of 2 bytes of the plan and a value of B. Memory per thread: at most 4 sizeof(V) a nonzero of the longest row,
/// and sizeof(V) a column.
///
///   const spgemm::Plan plan = spgemm::plan(a, a);
///   for (...) { change(a.val); spgemm::multiply(plan, a, a, c); }
template <class V>
Stats multiply(const Plan& plan, std::type_identity_t<CsrView<V>> a, std::type_identity_t<CsrView<V>> b, Csr<V>& c);

/// A Plan over ranks: for each rank its rows, and the exchange of the values of B that they reference. Copies share
/// all; the last one to be destroyed is collective, as with a Halo.
class DistPlan {
 public:
  /// On this rank: a Plan, 4 to 8 a row of B that is referenced, 4 a nonzero of these rows if products are added by
  /// column.
  Offset num_bytes() const;

 private:
  friend struct PlanAccess;
  explicit DistPlan(std::shared_ptr<const DistPlanParts> parts);
  std::shared_ptr<const DistPlanParts> parts_;
};

/// Plans the product of two distributed matrices, in one round: fetch_bytes does not matter. Collective over a.comm().
/// Moves what multiply() moves without values.
template <class V>
DistPlan plan(const DistCsr<V>& a, const DistCsr<V>& b, const Options& options = {},
              const std::type_identity_t<DistMask<V>>& mask = {});

/// Multiplies as planned, with the values that A and B have now: the bits of multiply(), on any number of ranks.
///
/// plan    of these patterns
/// a, b    of the patterns and distributions of the plan's, which hashes compare
/// again   an earlier product with this plan: only its values are written
/// returns products, nonzeros, bytes_received (sizeof(V) for every value of B that a rank references and another
///         owns; nothing if B has no values), messages
///
/// Throws InvalidArgument on all ranks when a or b do not fit the plan. Collective over a.comm(). Memory per rank
/// beyond the plan and C: sizeof(V) a value received and a value sent.
///
///   c = spgemm::multiply(plan, a, b, std::move(c)).c;
template <class V>
Result<V> multiply(const DistPlan& plan, const DistCsr<V>& a, const DistCsr<V>& b,
                   std::type_identity_t<std::optional<DistCsr<V>>> again = {});

}  // namespace filigree::spgemm
