// Products over ranks whose pattern repeats. The rows of B that a rank references, and the numbers of their columns,
// are found once; then only their values travel.
#include <algorithm>
#include <optional>
#include <utility>

#include "matrix/local_columns.hpp"
#include "spgemm/distributed/requests.hpp"
#include "spgemm/plan/plan_rows.hpp"
#include "spgemm/rows/checks.hpp"

namespace filigree::spgemm {

struct DistPlanParts {
  Partition a_rows, a_cols, b_rows, b_cols;
  PlanRows rows;                    ///< fingerprints are of this rank's rows of A and B
  std::vector<Global> ghosts = {};  ///< of C
  // What several ranks need to bring rows of B side by side, own ones and those of the halo:
  std::optional<Halo> halo = {};
  std::vector<Local> own = {};
  std::vector<Offset> row_ptr = {};
  Array<Local> col = {};  ///< numbered as those of C, others by the number of columns of C; if they are needed
};

namespace {

template <class V>
std::uint64_t pattern_hash(const DistCsr<V>& matrix) {
  return fingerprint(matrix.local().num_cols, matrix.local().row_ptr, matrix.local().col) * 31 +
         fingerprint(0, matrix.ghosts(), {});
}

/// Columns of C without those ghosts that a mask has left no nonzero of. first: number of the first owned one
void drop_unreferenced_ghosts(DistPlanParts& parts, Local first, Local num_owned) {
  const Local before = parts.rows.c.num_cols;
  const auto [number, count] = used_columns(std::span<const Local>(parts.rows.c.col), before, first, first + num_owned);
  std::vector<Global> ghosts;
  for (Local column = 0; column < before; ++column) {
    if (number[z(column)] < 0) continue;
    if (column < first) ghosts.push_back(parts.ghosts[z(column)]);
    if (column >= first + num_owned) ghosts.push_back(parts.ghosts[z(column - num_owned)]);
  }
  for (Local& column : parts.rows.c.col) column = number[z(column)];
  for (Local& column : parts.col) column = number[z(column)] < 0 ? count : number[z(column)];
  parts.rows.c.num_cols = count;
  parts.ghosts = std::move(ghosts);
}

}  // namespace

DistPlan::DistPlan(std::shared_ptr<const DistPlanParts> parts) : parts_(std::move(parts)) {}
Offset DistPlan::num_bytes() const {
  const auto bytes = [](const auto& values) { return std::ssize(values) * static_cast<Offset>(sizeof values[0]); };
  return parts_->rows.num_bytes() + bytes(parts_->ghosts) + bytes(parts_->own) + bytes(parts_->row_ptr) +
         bytes(parts_->col);
}

template <class V>
DistPlan plan(const DistCsr<V>& a, const DistCsr<V>& b, const Options& options,
              const std::type_identity_t<DistMask<V>>& mask) {
  check_arguments("plan", a, b, mask, options);
  const Comm& comm = a.comm();
  const int me = comm.rank();
  DistPlanParts parts{.a_rows = a.rows(), .a_cols = a.cols(), .b_rows = b.rows(), .b_cols = b.cols(), .rows = {}};
  if (comm.size() == 1) {
    parts.rows =
        plan_rows(pattern_of(a.local().view()), pattern_of(b.local().view()), options, pattern_of(local_mask(mask)));
    parts.rows.a_fingerprint = pattern_hash(a);
    parts.rows.b_fingerprint = pattern_hash(b);
    return PlanAccess::make(std::make_shared<const DistPlanParts>(std::move(parts)));
  }

  ReferencedRows of_b;
  ReferencedRows of_mask;
  Array<Local> a_col;
  Local num_referenced = 0;
  comm.guard([&] {
    const UsedColumns used = used_columns(std::span<const Local>(a.local().col), a.local().num_cols);
    for (Local column = 0; column < a.local().num_cols; ++column) {
      if (used.number[z(column)] >= 0) of_b.add(b, a.global_col(column));
    }
    for (const Local column : a.local().col) a_col.push_back(used.number[z(column)]);
    num_referenced = used.count;
    for (Global row = a.rows().begin(me); mask.matrix != nullptr && row < a.rows().end(me); ++row)
      of_mask.add(*mask.matrix, row);
  });
  parts.halo.emplace(b.comm(), b.rows(), of_b.remote);
  FetchedRows<V> b_rows = parts.halo->fetch_rows(b, of_b.own, false);
  FetchedRows<V> mask_rows;
  if (mask.matrix != nullptr)
    mask_rows =
        Halo(mask.matrix->comm(), mask.matrix->rows(), of_mask.remote).fetch_rows(*mask.matrix, of_mask.own, false);

  comm.guard([&] {
    // B' and the mask number columns alike, and as C.
    b_rows.col.insert(b_rows.col.end(), mask_rows.col.begin(), mask_rows.col.end());
    const Global first = b.cols().begin(me);
    LocalColumns columns = local_columns(b_rows.col, b.num_cols(), first, b.cols().end(me));
    b_rows.col = Array<Global>();
    const Offset num_cols = std::ssize(columns.ghosts) + b.cols().size(me);
    check_local(comm, num_cols, "columns");
    const auto num_owned = static_cast<Local>(b.cols().size(me));
    const auto below = std::lower_bound(columns.ghosts.begin(), columns.ghosts.end(), first) - columns.ghosts.begin();

    const std::span<const Local> col(columns.col);
    const auto b_nonzeros = z(b_rows.row_ptr.back());
    const CsrView<float> a_view{num_referenced, a.local().row_ptr, a_col, {}};
    const CsrView<float> b_view{static_cast<Local>(num_cols), b_rows.row_ptr, col.first(b_nonzeros), {}};
    const CsrView<float> mask_view{static_cast<Local>(num_cols), mask_rows.row_ptr, col.subspan(b_nonzeros), {}};
    parts.rows = plan_rows(a_view, b_view, options,
                           mask.matrix != nullptr ? Mask<float>(mask_view, mask.complement) : Mask<float>());
    parts.ghosts = std::move(columns.ghosts);
    parts.own = std::move(of_b.own);
    parts.row_ptr = std::move(b_rows.row_ptr);
    if (parts.rows.needs_columns) {
      columns.col.resize(b_nonzeros);
      parts.col = std::move(columns.col);
    }
    if (mask.matrix != nullptr) drop_unreferenced_ghosts(parts, static_cast<Local>(below), num_owned);
    parts.rows.a_fingerprint = pattern_hash(a);
    parts.rows.b_fingerprint = pattern_hash(b);
  });
  return PlanAccess::make(std::make_shared<const DistPlanParts>(std::move(parts)));
}

template <class V>
Result<V> multiply(const DistPlan& plan, const DistCsr<V>& a, const DistCsr<V>& b,
                   std::type_identity_t<std::optional<DistCsr<V>>> again) {
  const DistPlanParts& parts = PlanAccess::parts(plan);
  const Comm& comm = a.comm();
  comm.guard([&] {
    require(a.rows() == parts.a_rows && a.cols() == parts.a_cols, "multiply: a is not distributed as the plan's a");
    require(b.rows() == parts.b_rows && b.cols() == parts.b_cols, "multiply: b is not distributed as the plan's b");
    require(pattern_hash(a) == parts.rows.a_fingerprint,
            "multiply: the nonzeros of a are not where they were when the plan was made");
    require((&a == &b ? parts.rows.a_fingerprint : pattern_hash(b)) == parts.rows.b_fingerprint,
            "multiply: the nonzeros of b are not where they were when the plan was made");
  });
  Timings timings;
  Csr<V> c;
  FetchedRows<V> fetched;
  PlanValues<V> values{a.local().val, b.local().val, b.local().col};
  if (parts.halo) {
    const Phase phase(timings, "exchange");
    if (b.has_values()) fetched = parts.halo->fetch_values(b, parts.own, parts.row_ptr);
    values.b = fetched.val;
    values.b_col = parts.col;
  }
  {
    const Phase phase(timings, "multiply");
    comm.guard([&] {
      if (again) c = std::move(*again).release().local;
      multiply_planned(parts.rows, values, c);
    });
  }
  Offset counts[] = {parts.rows.num_products, parts.rows.c.num_nonzeros(), fetched.bytes_received, fetched.messages};
  comm.sum(std::span<Offset>(counts));
  Stats stats{{"products", counts[0]}, {"nonzeros", counts[1]}, {"bytes_received", counts[2]}, {"messages", counts[3]}};
  return {DistCsr<V>(comm, a.rows(), b.cols(), std::move(c), parts.ghosts), std::move(timings), std::move(stats)};
}

#define FILIGREE_DISTRIBUTED_PLANS_OF(V)                                                            \
  template DistPlan plan(const DistCsr<V>&, const DistCsr<V>&, const Options&, const DistMask<V>&); \
  template Result<V> multiply(const DistPlan&, const DistCsr<V>&, const DistCsr<V>&, std::optional<DistCsr<V>>);
FILIGREE_FOR_VALUES(FILIGREE_DISTRIBUTED_PLANS_OF)

}  // namespace filigree::spgemm
