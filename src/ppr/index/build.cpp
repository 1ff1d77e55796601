#include "ppr/index/build.hpp"

#include <limits>

#include "ppr/graph/replicated_graph.hpp"
#include "ppr/index/budget.hpp"
#include "ppr/index/index_summary.hpp"
#include "ppr/index/partitioned_walks.hpp"
#include "ppr/index/replicated_walks.hpp"

namespace filigree::ppr {
double Index::scale(Local row) const {
  const double num_walks = walks[z(row)];
  if (estimator == Estimator::visits) return teleport / num_walks;
  if (estimator == Estimator::end_points) return 1 / num_walks;
  Offset all = 0;
  visits.for_each(row, [&](Local, std::int32_t count) { all += count; });
  return 1 / static_cast<double>(all);
}

std::int32_t check_options(const IndexOptions& options) {
  check_teleport(options.teleport);
  // A count stays below 2^31 even if every walk is the longest there is and turns on one spot.
  const Offset longest = WalkLaw(options.seed, options.teleport).longest();
  const auto most_walks = static_cast<std::int32_t>((Offset{1} << 31) / (longest + 2) - 1);
  require(options.walks >= 1 && options.walks <= most_walks, "walks: ", options.walks, ", must lie in [1, ", most_walks,
          "]");
  require(options.index_bytes >= 0, "index bytes: ", options.index_bytes, ", must be at least 0 (0 = by `walks`)");
  require(options.memory_bytes >= 0, "memory: ", options.memory_bytes, " bytes, must be at least 0 (0 = no limit)");
  return most_walks;
}

std::unique_ptr<RowSource> make_row_source(const ReplicatedGraph& graph, const IndexOptions& options) {
  check_options(options);
  return replicated_walks(graph, options);
}

std::unique_ptr<RowSource> make_row_source(const Graph& graph, const IndexOptions& options) {
  check_options(options);
  if (choose_placement(graph, options.placement, options.memory_bytes) == Placement::partitioned)
    return partitioned_walks(graph, options);
  return replicated_walks(ReplicatedGraph(graph), options);
}

namespace {

/// Takes the slices that an earlier run of this build has left. Returns the row from which make_slices() goes on.
/// Collective.
template <class Take>
Global restore(const RowSource& source, SliceStore& store, const Index& planned, Offset target_bytes, Global slice_rows,
               Take take) {
  const Comm& comm = source.comm();
  const Global num_rows = source.num_sources();
  Offset count = comm.guard([&] { return store.open(planned, target_bytes, slice_rows); });
  Offset most = count;
  if (source.is_collective()) {
    // Ranks go on together: a rank that has no rows left has all slices.
    const Offset common = comm.min(count * slice_rows >= num_rows ? std::numeric_limits<Offset>::max() : count);
    count = std::min(count, common);
    most = comm.max(count);
  }
  comm.guard([&] {
    for (Offset slice = 0; slice < count; ++slice) take(store.read(slice));
    store.truncate(count);
  });
  return most * slice_rows;
}

}  // namespace

Index build_index(RowSource& source, const IndexOptions& options, SliceStore* store) {
  const std::int32_t most_walks = check_options(options);
  const Comm& comm = source.comm();
  const Global n = source.sources().num_items();
  const Global num_rows = source.num_sources();

  Index index;
  index.sources = source.sources();
  index.estimator = options.estimator;
  index.teleport = options.teleport;
  index.seed = options.seed;
  index.graph_hash = source.graph_hash();
  const WalkLaw law(options.seed, options.teleport);

  // The target is a little below the budget. Should the index still come out larger, the next target is lower: so it
  // was in an earlier run that goes on here, on every rank or on some.
  const auto budget = static_cast<double>(options.index_bytes);
  auto target_bytes = static_cast<Offset>(0.985 * budget);
  if (store != nullptr) {
    const Offset earlier = comm.guard([&] { return store->earlier_target_bytes(index); });
    target_bytes = comm.min(earlier > 0 ? earlier : target_bytes);
  }
  while (true) {
    IndexPlan plan;
    {
      const Phase phase(index.timings, "plan");
      plan = options.index_bytes > 0 ? plan_walks_for_bytes(source, options, target_bytes, most_walks)
                                     : plan_equal_walks(source, options);
    }
    index.walks = std::move(plan.walks);
    index.visits = VisitRows();
    index.deviation.clear();
    Offset num_visits = 0;
    const Global slice_rows = slice_rows_for(plan.row_bytes);
    const auto take = [&](const Rows& rows) {
      index.visits.append(rows.visits);
      index.deviation.insert(index.deviation.end(), rows.deviation.begin(), rows.deviation.end());
      num_visits += rows.num_visits;
      if (options.progress) options.progress("walk", index.visits.num_rows(), num_rows);
    };

    comm.guard([&] {
      // Room for all, of which only what is used becomes memory: growing would copy what is there.
      index.visits.reserve(num_rows, static_cast<Offset>(plan.most_row_bytes * static_cast<double>(num_rows)));
      index.deviation.reserve(z(num_rows));
    });
    Global begin = 0;
    if (store != nullptr) {
      const Phase phase(index.timings, "restore");
      begin = restore(source, *store, index, target_bytes, slice_rows, take);
      index.stats["rows_restored"] = comm.sum(Offset{index.visits.num_rows()});
    }
    const Offset sent_before = source.bytes_sent();
    {
      const Phase phase(index.timings, "walk");
      make_slices(source, law, index.walks, slice_rows, begin, [&](const Rows& rows) {
        if (rows.visits.num_rows() == 0) return;
        take(rows);
        if (store != nullptr) {
          const Phase keep(index.timings, "checkpoint");
          store->keep(rows);
        }
      });
    }

    Offset num_walks = 0;
    for (const std::int32_t walks : index.walks) num_walks += walks;
    index.stats["walks"] = comm.sum(num_walks);
    index.stats["visits"] = comm.sum(num_visits);
    index.stats["entries"] = comm.sum(index.visits.num_entries());
    index.stats["bytes_sent"] = comm.sum(source.bytes_sent() - sent_before);
    const Offset bytes = comm.sum(std::ssize(index.visits.bytes())) + bytes_beside_rows(n);
    index.stats["bytes"] = bytes;
    if (options.index_bytes == 0 || bytes <= options.index_bytes) break;
    target_bytes = static_cast<Offset>(0.99 * static_cast<double>(target_bytes) * budget / static_cast<double>(bytes));
  }
  index.summary = summarize(comm, index);
  return index;
}

Index build_index(const ReplicatedGraph& graph, const IndexOptions& options) {
  return build_index(*make_row_source(graph, options), options, nullptr);
}

Index build_index(const Graph& graph, const IndexOptions& options) {
  return build_index(*make_row_source(graph, options), options, nullptr);
}

}  // namespace filigree::ppr
