#include <algorithm>
#include <cmath>
#include <map>

#include "communities/compare/matching.hpp"
#include "core/index.hpp"
#include "filigree/communities/metrics.hpp"

namespace filigree::communities {
namespace {

constexpr Global most_matched = 4000;

struct Margins {
  std::vector<Offset> a, b;
  Offset total = 0;
};

/// The labels that occur, ascending: memory depends on how many there are, not on how large they are.
template <class LabelOf>
std::vector<Global> labels_in(const Contingency& counts, LabelOf label_of) {
  std::vector<Global> labels;
  for (const Contingency::Entry& entry : counts.entries) labels.push_back(label_of(entry));
  std::sort(labels.begin(), labels.end());
  labels.erase(std::unique(labels.begin(), labels.end()), labels.end());
  return labels;
}

/// The same counts with labels 0, 1, ... for the given ones.
Contingency renumbered(const Contingency& counts, const std::vector<Global>& labels_a,
                       const std::vector<Global>& labels_b) {
  const auto place = [](const std::vector<Global>& labels, Global label) -> Global {
    return std::lower_bound(labels.begin(), labels.end(), label) - labels.begin();
  };
  Contingency result{std::ssize(labels_a), std::ssize(labels_b), counts.entries};
  for (Contingency::Entry& entry : result.entries) {
    entry.a = place(labels_a, entry.a);
    entry.b = place(labels_b, entry.b);
  }
  return result;
}

Margins margins_of(const Contingency& counts) {
  Margins margins{std::vector<Offset>(z(counts.num_a), 0), std::vector<Offset>(z(counts.num_b), 0)};
  for (const auto& [a, b, count] : counts.entries) {
    margins.a[z(a)] += count;
    margins.b[z(b)] += count;
    margins.total += count;
  }
  return margins;
}

double entropy(std::span<const Offset> sizes, double total) {
  double sum = 0;
  for (Offset size : sizes)
    if (size > 0) sum -= static_cast<double>(size) / total * std::log(static_cast<double>(size) / total);
  return sum;
}

/// What two labels of x and y among n vertices contribute to the mutual information when they share k.
double information(double k, double x, double y, double n) { return k > 0 ? k / n * std::log(n * k / (x * y)) : 0; }

/// The mean of information() when the overlap k is hypergeometric: weights by their recurrence from the mode outwards,
/// until they do not count.
double expected_information(Offset size_x, Offset size_y, Offset n) {
  const auto x = static_cast<double>(size_x);
  const auto y = static_cast<double>(size_y);
  const auto total = static_cast<double>(n);
  const double least = std::max(0.0, x + y - total);
  const double most = std::min(x, y);
  const double mode = std::clamp(std::floor((x + 1) * (y + 1) / (total + 2)), least, most);
  double weights = 1;
  double sum = information(mode, x, y, total);
  constexpr double negligible = 1e-18;
  double weight = 1;
  for (double k = mode; k < most && weight > negligible; ++k) {
    weight *= (x - k) * (y - k) / ((k + 1) * (total - x - y + k + 1));
    weights += weight;
    sum += weight * information(k + 1, x, y, total);
  }
  weight = 1;
  for (double k = mode; k > least && weight > negligible; --k) {
    weight *= k * (total - x - y + k) / ((x - k + 1) * (y - k + 1));
    weights += weight;
    sum += weight * information(k - 1, x, y, total);
  }
  return sum / weights;
}

double expected_information(const Margins& margins) {
  std::map<Offset, double> sizes_a;  // and how many labels have them
  std::map<Offset, double> sizes_b;
  for (Offset size : margins.a) ++sizes_a[size];
  for (Offset size : margins.b) ++sizes_b[size];
  sizes_a.erase(0);
  sizes_b.erase(0);
  double sum = 0;
  for (const auto& [x, num_x] : sizes_a)
    for (const auto& [y, num_y] : sizes_b) sum += num_x * num_y * expected_information(x, y, margins.total);
  return sum;
}

double adjusted_rand_index(const Contingency& counts, const Margins& margins) {
  const auto pairs = [](Offset n) { return static_cast<double>(n) * static_cast<double>(n - 1) / 2; };
  double both = 0;
  double in_a = 0;
  double in_b = 0;
  for (const auto& entry : counts.entries) both += pairs(entry.count);
  for (Offset size : margins.a) in_a += pairs(size);
  for (Offset size : margins.b) in_b += pairs(size);
  if (both == in_a && both == in_b) return 1;
  const double expected = in_a * in_b / pairs(margins.total);
  return (both - expected) / ((in_a + in_b) / 2 - expected);
}

void match(const Contingency& counts, Offset total, Agreement& result) {
  if (std::max(counts.num_a, counts.num_b) > most_matched) return;
  // Rows are the fewer ones.
  const bool is_turned = counts.num_a > counts.num_b;
  const Global num_rows = std::min(counts.num_a, counts.num_b);
  const Global num_cols = std::max(counts.num_a, counts.num_b);
  std::vector<Offset> gain(z(num_rows * num_cols), 0);
  for (const auto& [a, b, count] : counts.entries) gain[z(is_turned ? b * num_cols + a : a * num_cols + b)] = count;
  const std::vector<Global> col_of = best_matching(gain, num_rows, num_cols);
  Offset matched = 0;
  for (Global row = 0; row < num_rows; ++row) {
    const Global col = col_of[z(row)];
    const Offset count = gain[z(row * num_cols + col)];
    matched += count;
    if (count > 0) result.matching.emplace_back(is_turned ? col : row, is_turned ? row : col);
  }
  std::sort(result.matching.begin(), result.matching.end());
  result.accuracy = static_cast<double>(matched) / static_cast<double>(total);
}

}  // namespace

Contingency contingency(const Comm& comm, std::span<const Global> a, std::span<const Global> b) {
  using Entry = Contingency::Entry;
  const auto add_up = [](std::vector<Entry>& entries) {
    std::sort(entries.begin(), entries.end(),
              [](const Entry& x, const Entry& y) { return x.a != y.a ? x.a < y.a : x.b < y.b; });
    std::size_t kept = 0;
    for (const Entry& entry : entries) {
      if (kept > 0 && entries[kept - 1].a == entry.a && entries[kept - 1].b == entry.b)
        entries[kept - 1].count += entry.count;
      else
        entries[kept++] = entry;
    }
    entries.resize(kept);
  };
  std::vector<Entry> mine;
  comm.guard([&] {
    require(a.size() == b.size(), "contingency: ", a.size(), " and ", b.size(), " labels on rank ", comm.rank());
    for (std::size_t v = 0; v < a.size(); ++v)
      if (a[v] >= 0 && b[v] >= 0) mine.push_back({a[v], b[v], 1});
    add_up(mine);
  });
  Contingency result;
  result.entries = comm.all_gather(mine).values;
  add_up(result.entries);
  for (const Entry& entry : result.entries) {
    result.num_a = std::max(result.num_a, entry.a + 1);
    result.num_b = std::max(result.num_b, entry.b + 1);
  }
  return result;
}

Agreement agreement(const Contingency& input) {
  const std::vector<Global> labels_a = labels_in(input, [](const auto& entry) { return entry.a; });
  const std::vector<Global> labels_b = labels_in(input, [](const auto& entry) { return entry.b; });
  const Contingency counts = renumbered(input, labels_a, labels_b);
  const Margins margins = margins_of(counts);
  Agreement result;
  result.vertices = margins.total;
  result.labels_a = static_cast<Global>(margins.a.size()) - std::count(margins.a.begin(), margins.a.end(), 0);
  result.labels_b = static_cast<Global>(margins.b.size()) - std::count(margins.b.begin(), margins.b.end(), 0);
  if (margins.total == 0) return result;
  const auto total = static_cast<double>(margins.total);
  double shared = 0;
  for (const auto& [a, b, count] : counts.entries) {
    shared += information(static_cast<double>(count), static_cast<double>(margins.a[z(a)]),
                          static_cast<double>(margins.b[z(b)]), total);
  }
  const double mean_entropy = (entropy(margins.a, total) + entropy(margins.b, total)) / 2;
  // Equal labellings, one label or as many as vertices among them, agree whatever is expected.
  const auto num_entries = std::ssize(counts.entries);
  const bool is_same = num_entries == result.labels_a && num_entries == result.labels_b;
  if (!is_same) {
    const double expected = expected_information(margins);
    const double spread = mean_entropy - expected;
    result.nmi = mean_entropy > 0 ? std::max(0.0, shared / mean_entropy) : 0;
    // Both near 0 when no labelling of these sizes carries information.
    result.ami = std::abs(spread) > 1e-14 * std::max(1.0, mean_entropy) ? (shared - expected) / spread : 0;
    result.ari = adjusted_rand_index(counts, margins);
  }
  match(counts, margins.total, result);
  for (auto& [a, b] : result.matching) {
    a = labels_a[z(a)];
    b = labels_b[z(b)];
  }
  return result;
}

}  // namespace filigree::communities
