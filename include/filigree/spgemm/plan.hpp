// Products whose pattern repeats: the symbolic phase once (a plan), the numeric phase for every new values.
#pragma once

#include <memory>
#include <optional>

#include "filigree/spgemm/multiply.hpp"

#pragma GCC visibility push(default)
namespace filigree::spgemm {

struct PlanRows;
struct DistPlanParts;

/// The pattern of C = A B, and where each product goes, for values of any type. Copies share it.
class Plan {
 public:
  Offset num_products() const;
  Offset num_nonzeros() const;  ///< of C
  Offset num_bytes() const;     ///< 4 nnz(C) + 8 rows(C) + 16 rows(A) + 16 nnz(A), and 2 a product at most

 private:
  friend struct PlanAccess;
  explicit Plan(std::shared_ptr<const PlanRows> rows);
  std::shared_ptr<const PlanRows> rows_;
};

/// Plans the product of two matrices, whose values do not matter. Arguments as those of multiply(). Cost: two or three
/// products. Memory beyond the plan: what multiply() of floats takes, and 4 nnz(C) + 8 rows(A) bytes.
template <class V>
FILIGREE_EXPORT Plan plan(const CsrView<V>& a, const std::type_identity_t<CsrView<V>>& b, const Options& options = {},
                          const std::type_identity_t<Mask<V>>& mask = {});
template <class V>
Plan plan(const Csr<V>& a, const std::type_identity_t<CsrView<V>>& b, const Options& options = {},
          const std::type_identity_t<Mask<V>>& mask = {}) {
  return plan(a.view(), b, options, mask);
}

/// Multiplies as planned, with the values that A and B have now: the bits of multiply(), on any threads. c: not a or b;
/// only its values are written if it has the plan's pattern (by the lengths of all rows and a sample of columns), else
/// it is overwritten. Throws InvalidArgument when hashes say that a or b has another pattern, and leaves c as it was.
/// Cost: an addition and 2 bytes of the plan a product. Memory per thread: sizeof(V) (columns + 2^17) bytes.
template <class V>
FILIGREE_EXPORT Work multiply(const Plan& plan, std::type_identity_t<CsrView<V>> a, std::type_identity_t<CsrView<V>> b,
                              Csr<V>& c);

/// A Plan over ranks: for each rank its rows, and the exchange of the values of B that they reference. Copies share
/// all; the last one to be destroyed is collective, as with a Halo.
class DistPlan {
 public:
  Offset num_bytes() const;  ///< of this rank: a Plan, 4 to 8 a row of B referenced, 4 a nonzero of it if by column

 private:
  friend struct PlanAccess;
  explicit DistPlan(std::shared_ptr<const DistPlanParts> parts);
  std::shared_ptr<const DistPlanParts> parts_;
};

/// Plans in one round, whatever fetch_bytes: moves what multiply() moves without values. Collective over a.comm().
template <class V>
FILIGREE_EXPORT DistPlan plan(const DistCsr<V>& a, const DistCsr<V>& b, const Options& options = {},
                              const std::type_identity_t<DistMask<V>>& mask = {});

/// The same over ranks. again: an earlier product with this plan, only the values of which are written. bytes_received:
/// sizeof(V) for every value of B that a rank references and another owns. Throws on all ranks. Collective over
/// a.comm(). Memory per rank beyond the plan and C: sizeof(V) a value received and a value sent.
template <class V>
FILIGREE_EXPORT Result<V> multiply(const DistPlan& plan, const DistCsr<V>& a, const DistCsr<V>& b,
                                   std::type_identity_t<std::optional<DistCsr<V>>> again = {});

}  // namespace filigree::spgemm
#pragma GCC visibility pop
