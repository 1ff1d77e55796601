#include "ppr/push/partitioned_push.hpp"

#include <algorithm>
#include <bit>
#include <numeric>

namespace filigree::ppr {

PartitionedPush::PartitionedPush(const Graph& graph, double teleport)
    : graph_(graph),
      arcs_(graph.local().view()),
      c_(teleport),
      out_weights_(check_graph(graph)),
      to_ghosts_(graph.ghosts().size()),
      outbox_(graph.comm()) {
  const Comm& comm = graph.comm();
  std::vector<Offset> ghosts_of(z(comm.size()), 0);
  Offset own_arcs = 0;
  comm.guard([&] {
    for (Local row = 0; row < arcs_.num_rows(); ++row) {
      const Offset degree = std::max<Offset>(1, arcs_.degree(row));
      out_arcs_.push_back(static_cast<float>(degree));
      own_arcs += degree;
    }
    out_arcs_.resize((out_arcs_.size() + block_size - 1) / block_size * block_size, 1);
    for (const Global ghost : graph.ghosts()) {
      const int owner = graph.rows().owner(ghost);
      ghost_owner_.push_back(owner);
      ghost_row_.push_back(static_cast<Local>(ghost - graph.rows().begin(owner)));
      ++ghosts_of[z(owner)];
    }
  });
  all_out_arcs_ = comm.sum(own_arcs);
  const std::vector<Offset> wanted = comm.exchange_counts(ghosts_of);
  // Blocks and their table; and the most terms that leave and arrive in a level, which are packed once more on the way.
  const Offset rows = std::ssize(out_arcs_);
  query_bytes_ =
      comm.max(16 * rows + rows / 8 + 2 * Offset{sizeof(Term)} * std::ssize(graph.ghosts()) +
               Offset{sizeof(Term)} * std::accumulate(wanted.begin(), wanted.end(), Offset{0}) + Offset{sizeof(Part)});
}

void PartitionedPush::prepare(std::size_t num_queries) {
  for (std::size_t q = 0; q < num_queries_; ++q) {
    parts_[q].values.clear();
    parts_[q].estimate_mass = parts_[q].residual_mass = 0;
  }
  while (parts_.size() < num_queries) parts_.push_back({SparseBlocks<2, block_size>(arcs_.num_rows())});
  num_queries_ = num_queries;
}

void PartitionedPush::start(std::size_t num_queries, std::span<const Term> residuals) {
  prepare(num_queries);
  receive(residuals);
  for (const Term& term : residuals) parts_[z(term.query)].residual_mass += term.value;
}

void PartitionedPush::start_everywhere() {
  prepare(1);
  const double each = 1 / static_cast<double>(graph_.num_rows());
  for (Local row = 0; row < arcs_.num_rows(); ++row) parts_[0].values.at(row, residual) = each;
  parts_[0].residual_mass = each * arcs_.num_rows();
}

void PartitionedPush::receive(std::span<const Term> terms) {
  for (const Term& term : terms) parts_[z(term.query)].values.at(term.vertex, residual) += term.value;
}

/// Spreads `amount`, taken from the residual of a row.
void PartitionedPush::push(Part& part, Local row, double amount) {
  const double weight = out_weights_[z(row)];
  const auto cols = arcs_.cols(row);
  const auto weights = arcs_.vals(row);
  ++num_pushes_;
  num_arcs_pushed_ += std::ssize(cols);
  part.values.at(row, estimate) += c_ * amount;
  part.estimate_mass += c_ * amount;
  part.residual_mass -= weight == 0 ? amount : c_ * amount;
  if (weight == 0) return;
  const double rate = (1 - c_) * amount / weight;
  const Local below = graph_.owned_begin();
  const Local num_owned = graph_.num_owned_cols();
  for (std::size_t k = 0; k < cols.size(); ++k) {
    const double share = weights.empty() ? rate : rate * weights[k];
    const Local to = cols[k] - below;
    if (to >= 0 && to < num_owned) {
      part.values.at(to, residual) += share;
    } else if (share > 0) {
      ++num_arcs_crossed_;
      const Local ghost = to < 0 ? cols[k] : cols[k] - num_owned;
      double& sum = to_ghosts_[z(ghost)];
      if (sum == 0) reached_.push_back(ghost);
      sum += share;
    }
  }
}

/// Pushes what is >= rmax x max(1, out-arcs), block by block; what that leaves in blocks gone through waits.
void PartitionedPush::push_above(Part& part, double rmax) {
  part.values.for_each_block([&](Offset first, double* values) {
    std::uint64_t found = at_least(values, out_arcs_.data() + first, rmax);
    for (; found != 0; found &= found - 1) {
      const int i = std::countr_zero(found);
      push(part, static_cast<Local>(first + i), std::exchange(values[i], 0.0));
    }
  });
}

/// Pushes every residual once, all at the same time.
void PartitionedPush::push_all(Part& part) {
  std::vector<std::pair<Local, double>> level;
  part.values.for_each([&](Offset row, double amount) { level.emplace_back(static_cast<Local>(row), amount); },
                       residual);
  for (const auto& [row, amount] : level) part.values.at(row, residual) = 0;
  for (const auto& [row, amount] : level) push(part, row, amount);
}

/// What the query at hand carried to other ranks goes into the outbox.
void PartitionedPush::send_ghosts(std::size_t query) {
  std::ranges::sort(reached_);
  for (const Local ghost : reached_) {
    outbox_.put(ghost_owner_[z(ghost)],
                {static_cast<std::int32_t>(query), ghost_row_[z(ghost)], std::exchange(to_ghosts_[z(ghost)], 0.0)});
  }
  reached_.clear();
}

/// Norms of some queries over all ranks. For those to be seen `closely` residuals are summed anew, and what the index
/// makes of them is known; it stays 0 for the others.
std::vector<Norms> PartitionedPush::norms(std::span<const std::size_t> queries, const std::vector<char>& closely,
                                          const IndexSummary* index) {
  std::vector<double> sums;
  for (const std::size_t q : queries) {
    Part& part = parts_[q];
    double indexed = 0;
    double expected_error = 0;
    if (closely[q] != 0) {
      part.residual_mass = 0;
      part.values.for_each_block([&](Offset first, const double* values) {
        part.residual_mass += sum(values);
        if (index == nullptr) return;
        indexed += weighted_sum(values, index->mass.data() + first);
        expected_error += weighted_sum(values, index->deviation.data() + first);
      });
    }
    sums.insert(sums.end(), {part.estimate_mass, part.residual_mass, indexed, expected_error});
  }
  graph_.comm().sum(std::span<double>(sums));
  if (graph_.comm().size() > 1) norm_bytes_ += std::ssize(sums) * Offset{sizeof(double)};
  std::vector<Norms> norms(queries.size());
  for (std::size_t i = 0; i < norms.size(); ++i) {
    const double* const of_query = sums.data() + 4 * i;
    norms[i] = {.estimate = of_query[0],
                .residual = of_query[1],
                .indexed = of_query[2],
                .expected_error = index == nullptr ? of_query[1] : of_query[3]};
  }
  return norms;
}

/// Largest rmax at which push_above() would push anything of a query, on any rank.
std::vector<double> PartitionedPush::largest_ratios() {
  std::vector<double> largest(num_queries_, 0);
  for (std::size_t q = 0; q < num_queries_; ++q) {
    parts_[q].values.for_each(
        [&](Offset row, double amount) {
          largest[q] = std::max(largest[q], amount / static_cast<double>(out_arcs_[z(row)]));
        },
        residual);
  }
  graph_.comm().max(std::span<double>(largest));
  if (graph_.comm().size() > 1) norm_bytes_ += std::ssize(largest) * Offset{sizeof(double)};
  return largest;
}

std::vector<Norms> PartitionedPush::push_levels(int levels, const IndexSummary* index) {
  for (int level = 0; level < levels; ++level) {
    num_levels_ += static_cast<Offset>(num_queries_);
    graph_.comm().guard([&] {
      for (std::size_t q = 0; q < num_queries_; ++q) {
        push_all(parts_[q]);
        send_ghosts(q);
      }
    });
    const auto arrived = outbox_.exchange(true);
    graph_.comm().guard([&] { receive(arrived.values); });
  }
  std::vector<std::size_t> all(num_queries_);
  std::iota(all.begin(), all.end(), std::size_t{0});
  return norms(all, std::vector<char>(num_queries_, 1), index);
}

std::vector<Norms> PartitionedPush::push_to_target(const DanglingPolicy& policy, double target,
                                                   const IndexSummary* index) {
  // Far from the target a level is two sweeps: a query's rows are in cache for the second, and less is sent.
  // When no residual per arc is above it, the target is met.
  const double least_ratio = target * c_ / (16 * static_cast<double>(all_out_arcs_));

  std::vector<std::size_t> active(num_queries_);
  std::iota(active.begin(), active.end(), std::size_t{0});
  std::vector<char> closely(num_queries_, 1);
  std::vector<Norms> seen = norms(active, closely, index);  // when it was looked at closely
  std::vector<Norms> last = seen;
  std::erase_if(active, [&](std::size_t q) { return !is_off_target(policy, seen[q], target); });
  std::vector<ThresholdSchedule> thresholds;
  for (const double largest : largest_ratios()) thresholds.emplace_back(largest, least_ratio);
  std::vector<char> at_floor(num_queries_, 0);
  while (!active.empty()) {
    num_levels_ += std::ssize(active);
    graph_.comm().guard([&] {
      for (const std::size_t q : active) {
        at_floor[q] = thresholds[q].is_lowest() ? 1 : 0;
        for (int sweep = 0; sweep < (closely[q] != 0 ? 1 : tuning::far_sweeps); ++sweep) {
          push_above(parts_[q], thresholds[q].threshold());
          thresholds[q].advance();
        }
        send_ghosts(q);
      }
    });
    const auto arrived = outbox_.exchange(true);
    graph_.comm().guard([&] { receive(arrived.values); });

    const std::vector<Norms> now = norms(active, closely, index);
    std::size_t left = 0;
    for (std::size_t i = 0; i < active.size(); ++i) {
      const std::size_t q = active[i];
      const bool stalled =
          at_floor[q] != 0 && now[i].residual == last[q].residual && now[i].estimate == last[q].estimate;
      if (closely[q] != 0) seen[q] = now[i];
      if (closely[q] != 0 && (stalled || !is_off_target(policy, now[i], target))) continue;
      last[q] = now[i];
      // A close look costs a pass over all that was touched: only when the error, at the last look's share of the
      // residual, comes near the target.
      Norms next = now[i];
      next.indexed = seen[q].indexed;
      next.expected_error = seen[q].expected_error * (next.residual / seen[q].residual);
      closely[q] = stalled || !is_off_target(policy, next, 2 * target) ? 1 : 0;
      active[left++] = q;
    }
    active.resize(left);
  }
  return seen;
}

}  // namespace filigree::ppr
