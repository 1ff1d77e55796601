#include <unistd.h>

#include <limits>

#include "ppr/index_builder.hpp"
#include "ppr/index_plan.hpp"
#include "ppr/partitioned_walks.hpp"
#include "ppr/parts.hpp"
#include "ppr/replicated_walks.hpp"

namespace filigree::ppr {
namespace {

constexpr double slice_bytes = 0x1p20;  // of rows, about

/// Throws unless a rank may take so much.
void check_memory(const RowSource& source, const IndexOptions& options, double row_bytes) {
  if (options.memory_bytes == 0) return;
  const auto rows = static_cast<double>(source.comm().max(source.num_sources()));
  const auto n = static_cast<double>(source.sources().num_items());
  double needed = rows * (1.1 * row_bytes + 12.125) + 2 * slice_bytes + static_cast<double>(source.working_bytes());
  if (options.index_bytes > 0) needed += 64 * rows + 16 * n;
  if (needed <= static_cast<double>(options.memory_bytes)) return;
  throw Error(text("memory: building the index takes about ", static_cast<Offset>(needed / 0x1p20) + 1,
                   " MiB on a rank, and ", options.memory_bytes >> 20,
                   " MiB are allowed; use more ranks, fewer walks or a smaller index"));
}

/// Whether the whole graph fits into a node's memory beside what the build takes.
bool fits_replicated(const Graph& graph, const IndexOptions& options) {
  if (graph.num_rows() > std::numeric_limits<Local>::max()) return false;
  const Offset per_arc = graph.has_values() ? 28 : 4;
  const Offset needed = 12 * graph.num_rows() + per_arc * graph.num_nonzeros();
  const Comm node = graph.comm.node();
  const Offset physical = Offset{sysconf(_SC_PHYS_PAGES)} * Offset{sysconf(_SC_PAGE_SIZE)};
  const Offset allowed = options.memory_bytes > 0 ? options.memory_bytes * node.size() : physical / 2;
  return graph.comm.min(static_cast<int>(needed <= allowed)) != 0;
}

}  // namespace

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
  return std::make_unique<ReplicatedWalks>(graph, options);
}

std::unique_ptr<RowSource> make_row_source(const Graph& graph, const IndexOptions& options) {
  check_options(options);
  const bool replicated = options.placement == Placement::replicated ||
                          (options.placement == Placement::automatic && fits_replicated(graph, options));
  if (replicated) return std::make_unique<ReplicatedWalks>(ReplicatedGraph(graph), options);
  return std::make_unique<PartitionedWalks>(graph, options);
}

Index build_index(RowSource& source, const IndexOptions& options, SliceStore* store) {
  const std::int32_t most_walks = check_options(options);
  const Comm& comm = source.comm();
  const Global n = source.sources().num_items();
  const Global num_rows = source.num_sources();
  if (options.index_bytes > 0)
    check_memory(source, options, static_cast<double>(options.index_bytes) / static_cast<double>(n));

  Index index;
  index.sources = source.sources();
  index.estimator = options.estimator;
  index.teleport = options.teleport;
  index.seed = options.seed;
  index.graph_hash = source.graph_hash();
  const WalkLaw law(options.seed, options.teleport);

  Offset bytes = 0;
  // The plan aims a little below the budget. Should the index still come out larger, the next aim is lower.
  for (double aim = 0.985 * static_cast<double>(options.index_bytes);;
       aim *= 0.99 * static_cast<double>(options.index_bytes) / static_cast<double>(bytes)) {
    IndexPlan plan;
    {
      const Phase phase(index.timings, "plan");
      plan = options.index_bytes > 0 ? plan_walks_for_bytes(source, options, static_cast<Offset>(aim), most_walks)
                                     : plan_equal_walks(source, options);
      if (options.index_bytes == 0) check_memory(source, options, plan.row_bytes);
    }
    index.walks = std::move(plan.walks);
    index.visits = VisitRows();
    index.deviation.clear();
    Offset num_visits = 0;
    const auto slice_rows = static_cast<Global>(std::clamp(slice_bytes / plan.row_bytes, 64.0, 0x1p20));
    const auto take = [&](const Rows& rows) {
      index.visits.append(rows.visits);
      index.deviation.insert(index.deviation.end(), rows.deviation.begin(), rows.deviation.end());
      num_visits += rows.num_visits;
      if (options.progress) options.progress("walk", index.visits.num_rows(), num_rows);
    };

    Global begin = 0;
    comm.guard([&] {
      // Room for all, of which only what is used becomes memory: growing would copy what is there.
      index.visits.reserve(num_rows, static_cast<Offset>(1.1 * plan.row_bytes * static_cast<double>(num_rows)));
      index.deviation.reserve(z(num_rows));
    });
    if (store != nullptr) {
      const Phase phase(index.timings, "restore");
      std::vector<Rows> slices = comm.guard([&] { return store->restore(index, slice_rows); });
      if (source.is_collective()) {
        // Ranks go on together: a rank that has no rows left has all slices.
        const bool done = std::ssize(slices) * slice_rows >= num_rows;
        const auto count = comm.min(done ? std::numeric_limits<Offset>::max() : std::ssize(slices));
        if (std::ssize(slices) > count) slices.resize(z(count));
        comm.guard([&] { store->truncate(slices.size()); });
        begin = comm.max(std::ssize(slices)) * slice_rows;
      } else {
        begin = std::ssize(slices) * slice_rows;
      }
      comm.guard([&] {
        for (Rows& rows : slices) {
          take(rows);
          rows = Rows();  // nothing stands there twice for long
        }
      });
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
    bytes = comm.sum(std::ssize(index.visits.bytes())) + bytes_beside_rows(n);
    index.stats["bytes"] = bytes;
    if (options.index_bytes == 0 || bytes <= options.index_bytes) break;
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
