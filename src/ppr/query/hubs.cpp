#include "ppr/query/hubs.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "ppr/push/kernels.hpp"
#include "ppr/query/row_collector.hpp"

namespace filigree::ppr {
namespace {

/// The rows of all groups of all ranks, in order. Collective.
SparseRows gather(const Comm& comm, std::span<HubRows> pushed, SparseRows HubRows::*member) {
  SparseRows own;
  std::vector<Offset> lengths;
  comm.guard([&] {
    std::size_t size = 0;
    for (const HubRows& group : pushed) size += (group.*member).at.size();
    own.at.reserve(size);
    own.value.reserve(size);
    for (HubRows& group : pushed) {
      const SparseRows rows = std::exchange(group.*member, {});
      own.at.insert(own.at.end(), rows.at.begin(), rows.at.end());
      own.value.insert(own.value.end(), rows.value.begin(), rows.value.end());
      for (std::size_t row = 0; row + 1 < rows.ptr.size(); ++row) lengths.push_back(rows.length(row));
    }
  });
  const auto everyones = [&](auto& values) {
    if (comm.size() > 1) values = comm.all_gather(std::span(std::as_const(values))).values;
  };
  everyones(lengths);
  everyones(own.at);
  everyones(own.value);
  own.ptr.resize(lengths.size() + 1);
  std::inclusive_scan(lengths.begin(), lengths.end(), own.ptr.begin() + 1);
  return own;
}

/// The residual that pushes from a hub may leave. Queries pass hubs about once or twice; those that pass more do
/// without.
double error_of_hub(double error) { return 0.5 * share_of_hubs * error; }

}  // namespace

HubChoice::HubChoice(const QueryTables& tables, std::vector<Local> vertices) : vertex(std::move(vertices)) {
  std::ranges::sort(vertex);
  const auto out_arcs = tables.out_arcs.span();
  limit.assign(out_arcs.begin(), out_arcs.end());
  outside.assign(limit.size(), 1);
  for (Local v : vertex) {
    limit[z(v)] = std::numeric_limits<float>::infinity();
    outside[z(v)] = 0;
  }
}

HubRows push_from_hubs(BatchPush& pushes, const HubChoice& choice, std::span<const Local> group, double teleport,
                       double error, Offset most_arcs) {
  HubRows rows;
  pushes.start(teleport, choice.limit.data(), choice.outside.data());
  std::array<double, batch_width> goals{};
  for (std::size_t l = 0; l < group.size(); ++l) {
    pushes.add_pushed(group[l], l);
    goals[l] = error_of_hub(error);
  }
  rows.finished = pushes.run(goals, most_arcs);
  rows.num_arcs = pushes.num_arcs_pushed();
  // Rows leave out what is too small to matter.
  const double most_missed = 0.1 * error_of_hub(error);
  const Lanes::Large pushed = Lanes::large(pushes.lanes().pushed(), most_missed / teleport);
  const Lanes::Large residual = Lanes::large(pushes.lanes().residual(), most_missed);
  for (std::size_t l = 0; l < group.size(); ++l) {
    for (const auto& [slot, x] : pushed.of_lane[l]) rows.partial.add(pushes.vertices()[z(slot)], teleport * x);
    rows.partial.end_row();
    double loop = 0;
    double missed = teleport * pushed.missed[l] + residual.missed[l];
    for (const auto& [slot, x] : residual.of_lane[l]) {
      const Local v = pushes.vertices()[z(slot)];
      if (v == group[l])
        loop = x;
      else if (choice.is_hub(v))
        rows.links.add(v, x);
      else
        missed += x;
    }
    rows.links.end_row();
    rows.sums.push_back({teleport * pushed.total[l], loop, missed});
  }
  return rows;
}

Hubs::Hubs(const QueryTables& tables, HubChoice choice, double teleport, double error, const Progress& progress)
    : choice_(std::move(choice)) {
  const Comm& comm = tables.graph.comm;
  const auto num_hubs = static_cast<Local>(choice_.vertex.size());
  const Partition share = Partition::uniform(choice_.num_groups(), comm.size());
  std::vector<HubRows> pushed;
  comm.guard([&] {
    pushed.resize(z(share.size(comm.rank())));
    const auto body = [&](BatchPush& pushes, Offset i) {
      pushed[z(i)] = push_from_hubs(pushes, choice_, choice_.group(share.begin(comm.rank()) + i), teleport, error);
    };
    const auto tell = [&](Offset done) {
      if (progress) progress("hubs", done, std::ssize(pushed));
    };
    parallel_for(
        std::ssize(pushed), [&] { return BatchPush(tables); }, body, tell);
  });
  for (const HubRows& group : pushed) {
    num_arcs_ += group.num_arcs;
    sums_.insert(sums_.end(), group.sums.begin(), group.sums.end());
  }
  sums_ = comm.all_gather(std::span<const HubSums>(sums_)).values;
  links_ = gather(comm, pushed, &HubRows::links);
  const SparseRows partial = gather(comm, pushed, &HubRows::partial);

  comm.guard([&] {
    number_.assign(z(tables.graph.arcs().num_rows()), -1);
    for (Local hub = 0; hub < num_hubs; ++hub) number_[z(choice_.vertex[z(hub)])] = hub;
    for (Local& at : links_.at) at = number_[z(at)];
    set_partial(partial);
    // |q_h|_1 = |partial_h|_1 + sum F(h,h') |q_h'|_1. What is not found only makes the goals of queries smaller.
    std::vector<double> mass(z(num_hubs), 0);
    double largest_change = 1;
    for (int round = 0; round < 10000 && largest_change > 1e-6; ++round) {
      largest_change = 0;
      for (std::size_t hub = 0; hub < z(num_hubs); ++hub) {
        double sum = sums_[hub].estimate;
        for (auto j = z(links_.ptr[hub]); j < z(links_.ptr[hub + 1]); ++j)
          sum += links_.value[j] * mass[z(links_.at[j])];
        const double before = std::exchange(mass[hub], sum / (1 - sums_[hub].loop));
        largest_change = std::max(largest_change, mass[hub] - before);
      }
    }
    mass_.assign(choice_.limit.size(), 0);
    for (std::size_t hub = 0; hub < z(num_hubs); ++hub) mass_[z(choice_.vertex[hub])] = static_cast<float>(mass[hub]);
  });
}

void Hubs::set_partial(const SparseRows& of_hubs) {
  std::vector<Offset>& ptr = partial_ptr_;
  ptr.assign(number_.size() + 2, 0);
  for (Local v : of_hubs.at) ++ptr[z(v) + 2];
  std::partial_sum(ptr.begin(), ptr.end(), ptr.begin());
  partial_value_.resize(of_hubs.value.size());
  partial_hub_.resize(of_hubs.value.size());
  for (std::size_t hub = 0; hub < num_hubs(); ++hub) {
    for (auto k = z(of_hubs.ptr[hub]); k < z(of_hubs.ptr[hub + 1]); ++k) {
      const auto at = z(ptr[z(of_hubs.at[k]) + 1]++);
      partial_hub_[at] = static_cast<std::uint16_t>(hub);
      partial_value_[at] = of_hubs.value[k];
    }
  }
  ptr.pop_back();
}

void Hubs::prepare(Lanes& lanes) const {
  lanes.reset();
  for (std::size_t hub = lanes.num_slots(); hub < num_hubs(); ++hub)
    lanes.add_slot(static_cast<float>(std::max<Offset>(1, links_.length(hub))), 1);
}

void Hubs::put(const BatchPush& queries, Lanes& lanes) const {
  const std::span<const double> residual = queries.lanes().residual();
  for (std::size_t slot = 0; slot < queries.vertices().size(); ++slot) {
    const Local hub = number_[z(queries.vertices()[slot])];
    for (std::size_t l = 0; hub >= 0 && l < batch_width; ++l) lanes.add(z(hub), l, residual[slot * batch_width + l]);
  }
}

Offset Hubs::pass(const std::array<double, batch_width>& goals, Lanes& lanes,
                  std::array<double, batch_width>& missed) const {
  Offset used = 0;
  const auto push = [&](std::size_t hub) {
    const Offset count = links_.length(hub);
    const Offset first = links_.ptr[hub];
    lanes.push(hub, 1 / (1 - sums_[hub].loop), links_.at.data() + first, links_.value.data() + first, count);
    used += count;
    return true;
  };
  lanes.run(goals, tuning::threshold_fall, push, [](std::size_t) {});
  missed = lanes.left();
  const std::span<double> passing = lanes.pushed();
  for (std::size_t hub = 0; hub < num_hubs(); ++hub) {
    const double factor = 1 / (1 - sums_[hub].loop);
    for (std::size_t l = 0; l < batch_width; ++l) {
      passing[hub * batch_width + l] *= factor;
      missed[l] += passing[hub * batch_width + l] * sums_[hub].missed;
    }
  }
  return used;
}

void Hubs::add(std::span<const double> passing, double least, std::size_t most, std::span<Row* const> rows) const {
  const std::size_t n = partial_ptr_.size() - 1;
  std::vector<Row> own(rows.size());
  std::vector<std::size_t> next(rows.size(), 0);
  std::vector<RowCollector> collectors;
  for (std::size_t l = 0; l < rows.size(); ++l) {
    if (rows[l] != nullptr) std::swap(own[l], *rows[l]);
    own[l].add(std::numeric_limits<Global>::max(), 0);
    collectors.emplace_back(rows[l] != nullptr ? *rows[l] : own[l], least, most);
  }
  alignas(64) double values[block_size * batch_width];
  for (std::size_t first = 0; first < n; first += block_size) {
    const std::size_t end = std::min(n, first + block_size);
    std::ranges::fill(values, 0.0);
    std::uint32_t lanes = 0;  // that have something in this block
    if (partial_ptr_[first] < partial_ptr_[end]) {
      lanes = combine(partial_ptr_.data() + first, static_cast<Local>(end - first), partial_hub_.data(),
                      partial_value_.data(), passing.data(), values);
    }
    for (std::size_t l = 0; l < rows.size(); ++l) {
      double* const of_lane = values + l * block_size;
      for (; z(own[l].vertex[next[l]]) < end; ++next[l]) {
        of_lane[z(own[l].vertex[next[l]]) - first] += own[l].value[next[l]];
        lanes |= 1U << l;
      }
      if (rows[l] != nullptr && (lanes >> l & 1) != 0) collectors[l].add(static_cast<Global>(first), of_lane);
    }
  }
  for (std::size_t l = 0; l < rows.size(); ++l) {
    if (rows[l] != nullptr) collectors[l].finish();
  }
}

}  // namespace filigree::ppr
