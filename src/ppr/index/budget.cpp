#include "ppr/index/budget.hpp"

#include <cmath>
#include <limits>

#include "core/ordered_sum.hpp"
#include "ppr/tuning.hpp"

namespace filigree::ppr {
namespace {

constexpr Global small_sample = 256;  // rows: to see about how large an index gets
constexpr Global sample_size = 4096;  // to know it to a per cent
constexpr double visit_bytes = 3;     // at most, on the mean
// A row is saturated when its walks visit so many vertices for each byte that few walks made of it: more of them hardly
// find new vertices.
constexpr double most_visits_per_pilot_byte = 4096;
// Walks of a vertex ~ (residual that is expected there)^walks_by_residual: least errors of VERD after one and two
// levels on wiki-Vote, email-Enron and cnr-2000, with docs/ppr.md's commands; 1.15 to 1.3 differ by 7 %.
constexpr double walks_by_residual = 1.3;
// Bytes of a row ~ walks^bytes_by_walks there, 0.57 to 0.71.
constexpr double bytes_by_walks = 0.65;

/// The bytes of rows of so many walks, which are made a slice at a time. row_bytes: mean of them, about.
std::vector<std::uint32_t> try_walks(RowSource& source, const WalkLaw& law, std::span<const std::int32_t> walks,
                                     double row_bytes) {
  std::vector<std::uint32_t> bytes;
  source.comm().guard([&] { bytes.reserve(walks.size()); });
  make_slices(source, law, walks, slice_rows_for(row_bytes), 0, [&](const Rows& rows) {
    const auto of_slice = rows.visits.row_bytes();
    bytes.insert(bytes.end(), of_slice.begin(), of_slice.end());
  });
  return bytes;
}

/// A value for every row of this rank. Collective.
template <class T>
std::vector<T> for_rows(const RowSource& source, T value) {
  return source.comm().guard([&] { return std::vector<T>(z(source.num_sources()), value); });
}

/// Every stride-th source of the whole graph, on whichever rank.
class Sample {
 public:
  Sample(const RowSource& source, Global stride)
      : source_(source), stride_(stride), first_(source.sources().begin(source.comm().rank())) {}
  bool has(Global row) const { return (first_ + row) % stride_ == 0; }
  /// The walks of the rows that it has, 0 for the others. Collective.
  template <class Walks>
  std::vector<std::int32_t> only(Walks walks) const {
    auto chosen = for_rows(source_, std::int32_t{0});
    for (Global row = 0; row < std::ssize(chosen); ++row) chosen[z(row)] = has(row) ? walks(row) : 0;
    return chosen;
  }

 private:
  const RowSource& source_;
  Global stride_;
  Global first_;
};

/// sum over all rows of f(row), equal on any ranks and threads.
template <class F>
double sum_rows(const RowSource& source, F f) {
  return ordered_sum(source.comm(), source.sources(), [&](Global row) { return static_cast<double>(f(row)); });
}

/// Throws if building takes more than a rank may. row_bytes: mean of a row; most_walks: from any source;
/// most_row_bytes: of any row, as far as it is known.
void check_memory(const RowSource& source, const IndexOptions& options, const WalkLaw& law, double row_bytes,
                  std::int32_t most_walks, double most_row_bytes = std::numeric_limits<double>::infinity()) {
  if (options.memory_bytes == 0) return;
  const auto rows = static_cast<double>(source.comm().max(source.num_sources()));
  const auto n = static_cast<double>(source.sources().num_items());
  // An entry has two bytes or more; prediction may be off by as much.
  const double most_entries = std::min({n, static_cast<double>(law.most_visits(most_walks)), most_row_bytes});
  // The index, what queries look up in it, slices on their way to it, and what makes them.
  double needed =
      rows * (row_bytes + 12.125) + 16 * n + 4 * std::max(tuning::slice_bytes, tuning::fewest_slice_rows * row_bytes) +
      static_cast<double>(source.comm().max(source.working_bytes(law, most_walks, static_cast<Offset>(most_entries))));
  if (options.index_bytes > 0) needed += 64 * rows + 16 * n;
  if (needed <= static_cast<double>(options.memory_bytes)) return;
  throw Error(text("memory: building the index takes about ", static_cast<Offset>(needed / 0x1p20) + 1,
                   " MiB on a rank, and ", options.memory_bytes >> 20,
                   " MiB are allowed; use more ranks, fewer walks or a smaller index"));
}

}  // namespace

Global slice_rows_for(double row_bytes) {
  constexpr double beside_rows = 12;
  return static_cast<Global>(
      std::clamp(tuning::slice_bytes / (row_bytes + beside_rows), tuning::fewest_slice_rows, 0x1p20));
}

IndexPlan plan_equal_walks(RowSource& source, const IndexOptions& options) {
  const Global n = source.sources().num_items();
  const Global stride = std::max<Global>(1, n / small_sample);
  const Sample sample(source, stride);
  const WalkLaw law(options.seed, options.teleport, true);
  check_memory(source, options, law, 1, options.walks);
  // Few of the walks tell enough of many: bytes grow at most as walks do.
  const std::int32_t tried = std::min(options.walks, 1000);
  const auto bytes_of = try_walks(source, law, sample.only([&](Global) { return tried; }),
                                  visit_bytes * tried * law.mean_visits() / static_cast<double>(stride));
  const auto sum = [&](auto f) {
    return sum_rows(source, [&](Global row) { return sample.has(row) ? f(Offset{bytes_of[z(row)]}) : 0; });
  };
  const auto size = static_cast<double>((n + stride - 1) / stride);
  const double mean = sum([](Offset bytes) { return bytes; }) / size;
  const double square = sum([](Offset bytes) { return bytes * bytes; }) / size;
  IndexPlan plan;
  plan.walks = for_rows(source, std::int32_t{options.walks});
  plan.row_bytes = mean * options.walks / tried;
  // Four standard deviations of the mean of a sample, and something for small graphs.
  plan.most_row_bytes =
      (1.02 * mean + 4 * std::sqrt(std::max(0.0, square - mean * mean) / size)) * options.walks / tried;
  check_memory(source, options, law, plan.most_row_bytes, options.walks);
  return plan;
}

IndexPlan plan_walks_for_bytes(RowSource& source, const IndexOptions& options, Offset target_bytes,
                               std::int32_t most_walks) {
  constexpr std::int32_t few = 8;
  const Global n = source.sources().num_items();
  const Global rows = source.num_sources();
  const WalkLaw law(options.seed, options.teleport, true);
  const auto stride = std::clamp<Global>(n / sample_size, 1, 16);
  const Sample sample(source, stride);
  IndexPlan plan;
  plan.row_bytes = std::max(1.0, static_cast<double>(target_bytes - bytes_beside_rows(n)) / static_cast<double>(n));
  plan.most_row_bytes = static_cast<double>(options.index_bytes) / static_cast<double>(n);
  check_memory(source, options, law, plan.most_row_bytes, few);

  // What uniform sources leave at a vertex after no, one or two levels of pushes.
  auto level = for_rows(source, std::uint64_t{1} << 32);
  auto residual = for_rows(source, 1.0);
  for (int k = 0; k < 2; ++k) {
    level = source.push_all(level, 1 - options.teleport);
    for (Global row = 0; row < rows; ++row) residual[z(row)] += static_cast<double>(level[z(row)]) * 0x1p-32;
  }

  const std::vector<std::uint32_t> pilot_bytes =
      try_walks(source, law, for_rows(source, few), visit_bytes * few * law.mean_visits());
  // Walks are scale x want.
  auto want = for_rows(source, 0.0);
  for (Global row = 0; row < rows; ++row) want[z(row)] = std::pow(residual[z(row)], walks_by_residual);
  // Where a row is saturated.
  const auto saturated_walks = [&](Global row) {
    const double walks = most_visits_per_pilot_byte * options.teleport * pilot_bytes[z(row)];
    return std::clamp<double>(std::round(walks), std::min(4 * few, most_walks), most_walks);
  };
  const auto walks_at = [&](Global row, double scale) {
    return static_cast<std::int32_t>(std::clamp(std::round(scale * want[z(row)]), 1.0, saturated_walks(row)));
  };
  // Predicted bytes of a row, by what the scale becomes to the power of bytes_by_walks. Without powers and whole walks:
  // this runs for every row at every try of a scale.
  auto growth = for_rows(source, 0.0);
  auto most_growth = for_rows(source, 0.0F);
  for (Global row = 0; row < rows; ++row) {
    growth[z(row)] = std::pow(want[z(row)] / few, bytes_by_walks);
    most_growth[z(row)] = static_cast<float>(std::pow(saturated_walks(row) / few, bytes_by_walks));
  }
  const double least_growth = std::pow(1.0 / few, bytes_by_walks);
  double correction = 1;
  const auto bytes_at = [&](Global row, double scale_power) {
    const double grown = std::clamp<double>(scale_power * growth[z(row)], least_growth, most_growth[z(row)]);
    return 1 + correction * (pilot_bytes[z(row)] - 1) * grown;
  };
  const double target = static_cast<double>(target_bytes - bytes_beside_rows(n));

  double low = 0;
  for (int round = 0; round < 3; ++round) {
    low = 0x1p-40;
    double high = 0x1p60;
    while (high > 1.0005 * low) {
      const double middle = std::sqrt(low * high);
      const double power = std::pow(middle, bytes_by_walks);
      (sum_rows(source, [&](Global row) { return bytes_at(row, power); }) <= target ? low : high) = middle;
    }
    const double power = std::pow(low, bytes_by_walks);
    std::int32_t largest_walks = 1;
    double largest_bytes = 0;
    for (Global row = 0; row < rows; ++row) {
      largest_walks = std::max(largest_walks, walks_at(row, low));
      largest_bytes = std::max(largest_bytes, bytes_at(row, power));
    }
    check_memory(source, options, law, plan.most_row_bytes, source.comm().max(largest_walks),
                 source.comm().max(largest_bytes));
    // The prediction against rows as they are.
    const auto chosen = sample.only([&](Global row) { return walks_at(row, low); });
    const auto bytes = try_walks(source, law, chosen, plan.row_bytes / static_cast<double>(stride));
    const auto sum = [&](auto f) { return sum_rows(source, [&](Global row) { return sample.has(row) ? f(row) : 0; }); };
    const double found = sum([&](Global row) { return static_cast<double>(bytes[z(row)]); });
    correction *= found / sum([&](Global row) { return bytes_at(row, power); });
  }
  const double least = sum_rows(source, [&](Global row) { return bytes_at(row, 0); });
  // What the target must be, and what is as much above it as the budget is above this target.
  const double least_target_bytes = least + static_cast<double>(bytes_beside_rows(n));
  const double above = static_cast<double>(options.index_bytes) / std::max(1.0, static_cast<double>(target_bytes));
  require(least <= target, "index bytes: ", options.index_bytes, ", must be at least about ",
          static_cast<Offset>(std::min(0x1p62, least_target_bytes * above)) + 1,
          ": one walk from every vertex and 12 bytes beside");
  plan.walks = for_rows(source, std::int32_t{1});
  for (Global row = 0; row < rows; ++row) plan.walks[z(row)] = walks_at(row, low);
  return plan;
}

}  // namespace filigree::ppr
