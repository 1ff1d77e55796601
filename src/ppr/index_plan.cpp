#include "ppr/index_plan.hpp"

#include <cmath>

namespace filigree::ppr {
namespace {

constexpr Global slice_rows = Global{1} << 16;
constexpr Global small_sample = 256;  // rows: to see about how large an index gets
constexpr Global sample_size = 4096;  // to know it to a per cent

/// What rows turned out to be.
struct Trial {
  std::vector<std::uint32_t> bytes;
  std::vector<float> deviation;
};
Trial try_walks(RowSource& source, const WalkLaw& law, std::span<const std::int32_t> walks) {
  Trial trial;
  make_slices(source, law, walks, slice_rows, 0, [&](const Rows& rows) {
    const auto bytes = rows.visits.row_bytes();
    trial.bytes.insert(trial.bytes.end(), bytes.begin(), bytes.end());
    trial.deviation.insert(trial.deviation.end(), rows.deviation.begin(), rows.deviation.end());
  });
  return trial;
}

/// Every stride-th source of the whole graph, whoever has it.
class Sample {
 public:
  Sample(const RowSource& source, Global stride)
      : stride_(stride), first_(source.sources().begin(source.comm().rank())) {}
  bool has(Global row) const { return (first_ + row) % stride_ == 0; }
  /// The walks of the rows that it has, 0 for the others.
  template <class Walks>
  std::vector<std::int32_t> only(Global num_rows, Walks walks) const {
    std::vector<std::int32_t> chosen(z(num_rows), 0);
    for (Global row = 0; row < num_rows; ++row) chosen[z(row)] = has(row) ? walks(row) : 0;
    return chosen;
  }

 private:
  Global stride_;
  Global first_;
};

/// sum over ranks of f(row) over this rank's rows. Whole numbers: the sum has no order.
template <class F>
double sum_rows(const RowSource& source, Global num_rows, F f) {
  Offset sum = 0;
#pragma omp parallel for reduction(+ : sum) schedule(static)
  for (Global row = 0; row < num_rows; ++row) sum += static_cast<Offset>(f(row));
  return static_cast<double>(source.comm().sum(sum));
}

}  // namespace

IndexPlan plan_equal_walks(RowSource& source, const IndexOptions& options) {
  const Global n = source.sources().num_items();
  const Global rows = source.num_sources();
  const Global stride = std::max<Global>(1, n / small_sample);
  const Sample sample(source, stride);
  // Few of the walks tell enough of many: bytes grow at most as walks do.
  const std::int32_t tried = std::min(options.walks, 1000);
  const Trial trial = try_walks(source, WalkLaw(options.seed, options.teleport, true),
                                sample.only(rows, [&](Global) { return tried; }));
  const double bytes = sum_rows(source, rows, [&](Global row) { return sample.has(row) ? trial.bytes[z(row)] : 0; });
  IndexPlan plan;
  plan.walks.assign(z(rows), options.walks);
  plan.row_bytes = bytes / static_cast<double>((n + stride - 1) / stride) * options.walks / tried;
  return plan;
}

IndexPlan plan_walks_for_bytes(RowSource& source, const IndexOptions& options, Offset bytes, std::int32_t most_walks) {
  constexpr std::int32_t few = 8;
  constexpr std::int32_t many = 32;
  const Global n = source.sources().num_items();
  const Global rows = source.num_sources();
  const WalkLaw law(options.seed, options.teleport, true);
  const Sample sample(source, std::clamp<Global>(n / sample_size, 1, 16));

  // What uniform sources leave at a vertex after no, one or two levels of pushes.
  std::vector<std::uint64_t> level(z(rows), std::uint64_t{1} << 32);
  std::vector<double> residual(z(rows), 1);
  for (int k = 0; k < 2; ++k) {
    level = source.push_all(level, 1 - options.teleport);
    for (Global row = 0; row < rows; ++row) residual[z(row)] += static_cast<double>(level[z(row)]) * 0x1p-32;
  }

  const Trial pilot = try_walks(source, law, std::vector<std::int32_t>(z(rows), few));
  // How errors fall and bytes grow with the walks, on the whole.
  const Trial longer = try_walks(source, law, sample.only(rows, [](Global) { return many; }));
  const auto total = [&](const auto& values, double unit) {
    return sum_rows(source, rows, [&](Global row) { return sample.has(row) ? values[z(row)] * unit : 0; });
  };
  constexpr double fixed_point = 0x1p24;
  const double log_more = std::log(static_cast<double>(many) / few);
  const double error_fall =
      std::log((1 + total(pilot.deviation, fixed_point)) / (1 + total(longer.deviation, fixed_point))) / log_more;
  const double bytes_growth = std::log(total(longer.bytes, 1) / total(pilot.bytes, 1)) / log_more;
  const double alpha = std::clamp(error_fall, 0.1, 1.0);
  const double beta = std::clamp(bytes_growth, 0.05, 1.0);

  // Walks are scale x want. A row without error (nothing but its source is in reach) wants one.
  std::vector<double> want(z(rows));
  for (Global row = 0; row < rows; ++row) {
    want[z(row)] = std::pow(residual[z(row)] * static_cast<double>(pilot.deviation[z(row)]) / pilot.bytes[z(row)],
                            1 / (alpha + beta));
  }
  const auto walks_at = [&](Global row, double scale) {
    return static_cast<std::int32_t>(
        std::clamp(std::round(scale * want[z(row)]), 1.0, static_cast<double>(most_walks)));
  };
  // Predicted bytes of a row, by what the scale becomes to the power of beta. Without powers and whole walks: this runs
  // for every row at every try of a scale.
  std::vector<double> growth(z(rows));
  for (Global row = 0; row < rows; ++row) growth[z(row)] = std::pow(want[z(row)] / few, beta);
  const double least_growth = std::pow(1.0 / few, beta);
  const double most_growth = std::pow(static_cast<double>(most_walks) / few, beta);
  double correction = 1;
  const auto bytes_at = [&](Global row, double scale_to_beta) {
    const double grown = std::clamp(scale_to_beta * growth[z(row)], least_growth, most_growth);
    return 1 + correction * (pilot.bytes[z(row)] - 1) * (want[z(row)] == 0 ? 1 : grown);
  };
  const double target = static_cast<double>(bytes - bytes_beside_rows(n));

  IndexPlan plan;
  double low = 0;
  for (int round = 0; round < 3; ++round) {
    low = 0x1p-40;
    double high = 0x1p60;
    while (high > 1.0005 * low) {
      const double middle = std::sqrt(low * high);
      const double power = std::pow(middle, beta);
      (sum_rows(source, rows, [&](Global row) { return bytes_at(row, power); }) <= target ? low : high) = middle;
    }
    // The prediction against rows as they are.
    const Trial check = try_walks(source, law, sample.only(rows, [&](Global row) { return walks_at(row, low); }));
    const double found = total(check.bytes, 1);
    const double power = std::pow(low, beta);
    const double predicted =
        sum_rows(source, rows, [&](Global row) { return sample.has(row) ? bytes_at(row, power) : 0; });
    correction *= found / predicted;
  }
  const double least = sum_rows(source, rows, [&](Global row) { return bytes_at(row, 0); });
  require(least <= target, "index bytes: ", bytes, ", must be at least about ",
          static_cast<Offset>(least) + bytes_beside_rows(n), ": one walk from every vertex and 12 bytes beside");
  plan.walks.resize(z(rows));
  for (Global row = 0; row < rows; ++row) plan.walks[z(row)] = walks_at(row, low);
  plan.row_bytes = target / static_cast<double>(n);
  return plan;
}

}  // namespace filigree::ppr
