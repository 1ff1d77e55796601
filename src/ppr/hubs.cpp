#include "ppr/hubs.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <iterator>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>

#include "filigree/core/random.hpp"
#include "ppr/kernels.hpp"
#include "ppr/row_collector.hpp"

namespace filigree::ppr {
namespace {

// Of the threshold, from one sweep to the next: where little is in reach, looking for it costs more than pushes save.
constexpr double fall_outside = 0.65;
constexpr double fall = 0.8;
constexpr Offset no_limit = std::numeric_limits<Offset>::max();
constexpr std::size_t fewest_hubs = 64;
constexpr std::size_t most_hubs = 16384;

// What things cost, in nanoseconds of some processor; only the proportions matter.
constexpr double hub_cost = 3000;  // to walk for a hub, besides
constexpr double push_cost = 3;    // an arc pushed
constexpr double entry_cost = 20;  // an element of F or of a row, made and put in its place
constexpr double use_cost = 2;     // an element of F or of a row used
constexpr double sum_cost = 0.15;  // an element of all rows, for one of many queries
constexpr double block_cost = 20;  // a block of such sums
/// Rows of hubs that are passed, and what of F belongs to them, are longer than most.
constexpr double longer = 3;

/// Of a query's error, what hubs are made for.
constexpr double share_of_hubs = 0.3;
/// What the walk of a hub may leave, weighted. Queries pass hubs about once or twice. Where that is more, they push on
/// what is kept by row, or do without hubs.
double error_of_hub(double error) { return 0.5 * share_of_hubs * error; }

/// Pushes until at most `error` is left, weighted; false if that takes more than `most_arcs` or is for a solver.
bool push_outside(Decomposition<1>& parts, const float* weight, double error, Offset most_arcs = no_limit) {
  double left = parts.weighted_residual(weight);
  double rmax = parts.largest_ratio();
  for (int rest = 0; left > error && rmax >= std::numeric_limits<double>::min(); rmax *= fall_outside) {
    parts.sweep_above(rmax);
    if (parts.num_arcs_pushed() > most_arcs || parts.is_for_solver()) return false;
    if (rest-- > 0) continue;
    left = parts.weighted_residual(weight);
    rest = left > 3 * error ? 3 : 0;
  }
  return left <= error;
}

using Choice = Hubs::Choice;

/// Partial vector and row of F of a hub, in `parts`; false if it takes more than `most_arcs`.
bool walk_hub(Decomposition<1>& parts, const Choice& choice, const float* weight, Local hub, double teleport,
              double error, Offset most_arcs = no_limit) {
  const Query seed{{hub, 1}};
  const Query* const queries[] = {&seed};
  parts.start(queries, teleport, choice.limit.data());
  parts.push_level();
  return push_outside(parts, weight, error, most_arcs);
}

/// The first of all vertices by what uniform seeds settle there.
std::vector<Local> most_passed(const ReplicatedGraph::Parts& graph, double teleport, std::size_t count) {
  const auto all = graph.tables->single.take([&] { return std::make_unique<Decomposition<1>>(graph); });
  const Query everybody;
  const Query* const queries[] = {&everybody};
  all->start(queries, teleport);
  for (double rmax = all->largest_ratio(); all->rough_norms(nullptr).residual > 0.2; rmax *= fall)
    all->sweep_above(rmax);
  std::vector<std::pair<double, Local>> mass;
  all->for_settled([&](int, Local v, double x) { mass.emplace_back(-x, v); });
  count = std::min(count, mass.size());
  std::nth_element(mass.begin(), mass.begin() + static_cast<std::ptrdiff_t>(count), mass.end());
  mass.resize(count);
  std::sort(mass.begin(), mass.end());
  std::vector<Local> vertices;
  for (const auto& [minus_mass, v] : mass) vertices.push_back(v);
  return vertices;
}

/// Sums over tries, or, before that, one of them.
struct Tried {
  Offset arcs = 0;  // pushed
  Offset pushes = 0;
  Offset scores = 0;  // vertices where something settled
  Offset hubs = 0;    // that a residual waits at
  Offset left = 0;    // residuals elsewhere
  Offset failed = 0;  // tries that were given up

  static Tried of(const Decomposition<1>& parts, const Choice& choice, bool finished) {
    Tried tried{.arcs = parts.num_arcs_pushed(), .pushes = parts.num_pushes(), .failed = finished ? 0 : 1};
    parts.for_settled([&](int, Local, double) { ++tried.scores; });
    parts.for_residual([&](int, Local v, double) { ++(choice.is_hub(v) ? tried.hubs : tried.left); });
    return tried;
  }
  std::array<Offset*, 6> all() { return {&arcs, &pushes, &scores, &hubs, &left, &failed}; }
};

/// Tries of some queries and hubs, to know what all of them would cost.
class Trials {
 public:
  /// Of every rank's queries some are tried, the same whoever asks them. Collective.
  Trials(const ReplicatedGraph::Parts& graph, const float* weight, std::span<const Query> queries, Offset num_queries,
         double teleport, double error, Offset most_bytes)
      : graph_(graph),
        weight_(weight),
        teleport_(teleport),
        error_(error),
        num_queries_(num_queries),
        most_bytes_(most_bytes) {
    num_tries_ = std::min<Offset>(10, num_queries / 32);
    const Offset first = graph.comm.exclusive_sum(std::ssize(queries));
    const Stream stream(1, 0);  // not every n-th: users have reasons for the order of their queries
    for (std::uint32_t i = 0; i < num_tries_; ++i) {
      const Offset query = Stream::below(stream.block(0, i, 0)[0], z(num_queries)) - first;
      if (query >= 0 && query < std::ssize(queries)) queries_.push_back(&queries[z(query)]);
    }
    // Without hubs.
    const Choice none(*graph.tables, {});
    settled_.resize(queries_.size());
    alone_ = try_each(std::ssize(queries_), [&](Decomposition<1>& parts, std::size_t i) {
      parts.start({&queries_[i], 1}, teleport_);
      const bool finished = push_outside(parts, weight_, error_);
      parts.for_settled([&](int, Local v, double) { settled_[i].push_back(v); });
      return Tried::of(parts, none, finished);
    });
  }

  /// Whether pushes come to an end by themselves; on symmetric graphs a solver may have to take over.
  bool finished() const { return alone_.failed == 0 && alone_.scores > 0; }
  /// Nanoseconds for all queries without hubs.
  double cost_alone() const { return push_cost * per_query(alone_.arcs) * static_cast<double>(num_queries_); }
  /// With them, and to make them; infinite if more than `limit`, or than memory allows. Collective.
  double cost(const Choice& choice, bool may_miss, double limit) const {
    const auto num_hubs = static_cast<double>(choice.vertex.size());
    const auto q = static_cast<double>(num_queries_);
    std::vector<float> outside;
    graph_.comm.guard([&] { outside = choice.weight_outside(weight_); });
    // To make them. No single one may take a quarter of what all tries could.
    const auto num_tried = static_cast<Offset>(std::max<std::size_t>(32, choice.vertex.size() / 64));
    const auto per_hub = [&](Offset count) { return static_cast<double>(count) / static_cast<double>(num_tried); };
    const auto most_of_hub = static_cast<Offset>(limit / (push_cost * num_hubs) * static_cast<double>(num_tried) / 4);
    std::vector<Local> some;
    for (Offset i = graph_.comm.rank(); i < num_tried; i += graph_.comm.size())
      some.push_back(choice.vertex[z((2 * i + 1) * std::ssize(choice.vertex) / (2 * num_tried))]);
    const Tried hubs = try_each(std::ssize(some), [&](Decomposition<1>& parts, std::size_t i) {
      const double error = error_of_hub(error_);
      const bool finished = walk_hub(parts, choice, outside.data(), some[i], teleport_, error, most_of_hub);
      return Tried::of(parts, choice, finished);
    });
    const double kept = per_hub(hubs.hubs + hubs.scores + hubs.left);
    const double make = num_hubs * (hub_cost + push_cost * per_hub(hubs.arcs) + entry_cost * kept);
    constexpr double entry_bytes = 2 * 12;  // where it is made, and where it is put
    const bool fits = num_hubs * entry_bytes * kept <= static_cast<double>(most_bytes_);
    if (hubs.failed > 0 || make > limit || !fits) return std::numeric_limits<double>::infinity();

    // To push queries up to them.
    const auto most_of_query = static_cast<Offset>(limit / (push_cost * q) * static_cast<double>(num_tries_));
    const Tried through = try_each(std::ssize(queries_), [&](Decomposition<1>& parts, std::size_t i) {
      const bool finished = push_to_hubs(parts, i, choice, outside.data(), most_of_query);
      return Tried::of(parts, choice, finished);
    });
    if (through.failed > 0) return std::numeric_limits<double>::infinity();

    // To go on from them. A query passes those hubs that it would have settled at, each as often as a vertex is pushed
    // on its way.
    Offset num_passed = 0;
    for (const auto& vertices : settled_)
      num_passed += std::ranges::count_if(vertices, [&](Local v) { return choice.is_hub(v); });
    const double passed = longer * per_query(graph_.comm.sum(num_passed));
    const double again = static_cast<double>(alone_.pushes) / static_cast<double>(alone_.scores);
    const double links = use_cost * passed * again * per_hub(hubs.hubs);
    const double rows = use_cost * passed * per_hub(hubs.scores + hubs.left);
    const double sums = may_miss ? std::min(rows, cost_of_sums(num_hubs * per_hub(hubs.scores))) : rows;
    return make + q * (push_cost * per_query(through.arcs) + links + sums);
  }

  /// Whether queries are better answered by vertex, now that hubs are there, by row. Collective.
  bool prefer_vertices(const Hubs& hubs, const Choice& choice) const {
    std::vector<float> outside;
    graph_.comm.guard([&] { outside = choice.weight_outside(weight_); });
    const Tried used = try_each(std::ssize(queries_), [&](Decomposition<1>& parts, std::size_t i) {
      push_to_hubs(parts, i, choice, outside.data(), no_limit);
      Hubs::Workspace work(hubs);
      std::vector<double> passing(hubs.num_hubs() * many);
      hubs.pass(parts, 0.01 * error_, work, passing.data());
      Tried tried;
      for (std::size_t hub = 0; hub < hubs.num_hubs(); ++hub)
        tried.scores += passing[hub * many] > 0 ? hubs.row_length(hub) : 0;
      return tried;
    });
    return use_cost * per_query(used.scores) > cost_of_sums(static_cast<double>(hubs.num_elements()));
  }

 private:
  bool push_to_hubs(Decomposition<1>& parts, std::size_t query, const Choice& choice, const float* outside,
                    Offset most_arcs) const {
    parts.start({&queries_[query], 1}, teleport_, choice.limit.data());
    return push_outside(parts, outside, (1 - share_of_hubs) * error_, most_arcs);
  }
  /// For one of many queries, when rows have num_elements in all.
  double cost_of_sums(double num_elements) const {
    return sum_cost * num_elements + block_cost * static_cast<double>(graph_.arcs().num_rows() / block_size);
  }
  template <class Try>
  Tried try_each(Offset count, Try one) const {
    std::vector<Tried> each(z(count));
    const auto body = [&](Decomposition<1>& parts, Offset i) { each[z(i)] = one(parts, z(i)); };
    graph_.comm.guard([&] { parallel_for_pooled(graph_.tables->single, graph_, count, body, [](Offset) {}); });
    Tried sum;
    const auto sums = sum.all();
    for (Tried& tried : each) {
      for (std::size_t i = 0; i < sums.size(); ++i) *sums[i] += *tried.all()[i];
    }
    for (Offset* count_of_all : sums) *count_of_all = graph_.comm.sum(*count_of_all);
    return sum;
  }
  double per_query(Offset count) const { return static_cast<double>(count) / static_cast<double>(num_tries_); }

  const ReplicatedGraph::Parts& graph_;
  const float* weight_;
  double teleport_;
  double error_;
  Offset num_queries_;
  Offset most_bytes_;
  Offset num_tries_ = 0;
  std::vector<const Query*> queries_;        // those to try on this rank
  std::vector<std::vector<Local>> settled_;  // and where they settled without hubs
  Tried alone_;
};

}  // namespace

Hubs::Choice::Choice(const QueryTables& tables, std::vector<Local> vertices) : vertex(std::move(vertices)) {
  const auto out_arcs = tables.out_arcs.span();
  limit.assign(out_arcs.begin(), out_arcs.end());
  for (Local v : vertex) limit[z(v)] = std::numeric_limits<float>::infinity();
}

std::vector<float> Hubs::Choice::weight_outside(const float* weight) const {
  std::vector<float> outside(weight, weight + limit.size());
  for (Local v : vertex) outside[z(v)] = 0;
  return outside;
}

std::shared_ptr<const Hubs> Hubs::find(const ReplicatedGraph::Parts& graph, const float* weight, bool may_miss,
                                       std::span<const Query> queries, Offset num_queries, double teleport,
                                       double error, Offset most_bytes, const Progress& progress) {
  const Trials trials(graph, weight, queries, num_queries, teleport, error, most_bytes);
  double least_cost = 0.8 * trials.cost_alone();
  // Looking for hubs alone takes a few passes over all arcs.
  if (!trials.finished() || least_cost < 8 * push_cost * static_cast<double>(graph.arcs().num_nonzeros()))
    return nullptr;
  std::vector<Local> ranking;
  graph.comm.guard(
      [&] { ranking = most_passed(graph, teleport, std::min(most_hubs, z(graph.arcs().num_rows()) / 20)); });
  std::optional<Choice> best;
  for (std::size_t count = ranking.size(); count >= fewest_hubs && count * 8 >= ranking.size(); count /= 2) {
    std::optional<Choice> choice;
    graph.comm.guard([&] {
      choice.emplace(*graph.tables, std::vector(ranking.begin(), ranking.begin() + static_cast<std::ptrdiff_t>(count)));
    });
    const double cost = trials.cost(*choice, may_miss, least_cost);
    if (cost >= least_cost) continue;
    least_cost = cost;
    best = std::move(choice);
  }
  if (!best) return nullptr;
  std::sort(best->vertex.begin(), best->vertex.end());
  std::shared_ptr<Hubs> hubs(new Hubs(graph, weight, may_miss, std::move(*best), teleport, error, progress));
  if (may_miss && hubs->all_finished_ && trials.prefer_vertices(*hubs, hubs->choice_))
    graph.comm.guard([&] { hubs->turn_to_vertices(); });
  return hubs;
}

Hubs::Hubs(const ReplicatedGraph::Parts& graph, const float* weight, bool may_miss, Choice choice, double teleport,
           double error, const Progress& progress)
    : may_miss_(may_miss), choice_(std::move(choice)), teleport_(teleport), error_(error) {
  const Comm& comm = graph.comm;
  const Local n = graph.arcs().num_rows();
  const auto num_hubs = static_cast<Local>(choice_.vertex.size());
  // The rows of this rank's share of hubs, and those of all.
  const Partition share = Partition::uniform(num_hubs, comm.size());
  const Offset first = share.begin(comm.rank());
  struct Walked {
    std::vector<Local> hub, vertex, left_vertex;
    std::vector<double> link, partial, left;
    double loop = 0, settled = 0;
    Offset arcs = 0;
  };
  std::vector<Walked> walked;
  std::atomic<bool> finished = true;
  comm.guard([&] {
    number_.assign(z(n), -1);
    for (Local hub = 0; hub < num_hubs; ++hub) number_[z(choice_.vertex[z(hub)])] = hub;
    walked.resize(z(share.size(comm.rank())));
    const std::vector<float> outside = choice_.weight_outside(weight);
    const auto body = [&](Decomposition<1>& parts, Offset i) {
      const auto hub = static_cast<Local>(first + i);
      Walked& row = walked[z(i)];
      if (!walk_hub(parts, choice_, outside.data(), choice_.vertex[z(hub)], teleport, error_of_hub(error)))
        finished = false;
      row.arcs = parts.num_arcs_pushed();
      parts.for_residual([&](int, Local v, double x) {
        if (number_[z(v)] == hub) {
          row.loop = x;
        } else if (number_[z(v)] >= 0) {
          row.hub.push_back(number_[z(v)]);
          row.link.push_back(x);
        } else {
          row.left_vertex.push_back(v);
          row.left.push_back(x);
        }
      });
      parts.for_settled([&](int, Local v, double x) {
        row.vertex.push_back(v);
        row.partial.push_back(x);
        row.settled += x;
      });
    };
    const auto tell = [&](Offset done) {
      if (progress) progress("hubs", done, std::ssize(walked));
    };
    parallel_for_pooled(graph.tables->single, graph, std::ssize(walked), body, tell);
  });
  all_finished_ = comm.min(finished ? 1 : 0) == 1;
  for (const Walked& row : walked) num_arcs_ += row.arcs;
  const auto gather = [&](auto member) {
    std::vector<typename std::remove_reference_t<decltype(member(walked[0]))>::value_type> own;
    comm.guard([&] {
      for (Walked& row : walked) {
        const auto part = std::exchange(member(row), {});
        own.insert(own.end(), part.begin(), part.end());
      }
    });
    if (comm.size() == 1) return own;
    return comm.all_gather(std::span(std::as_const(own))).values;
  };
  const auto gather_each = [&](auto of) {
    std::vector<decltype(of(walked[0]))> own;
    for (const Walked& row : walked) own.push_back(of(row));
    return comm.all_gather(std::span(std::as_const(own))).values;
  };
  const auto starts = [&](auto member) {
    auto ptr = gather_each([&](const Walked& row) { return static_cast<Offset>(member(row).size()); });
    ptr.insert(ptr.begin(), 0);
    std::partial_sum(ptr.begin(), ptr.end(), ptr.begin());
    return ptr;
  };
  link_ptr_ = starts([](const Walked& row) -> auto& { return row.hub; });
  partial_ptr_ = starts([](const Walked& row) -> auto& { return row.vertex; });
  left_ptr_ = starts([](const Walked& row) -> auto& { return row.left_vertex; });
  loop_ = gather_each([](const Walked& row) { return row.loop; });
  const auto settled = gather_each([](const Walked& row) { return row.settled; });
  link_hub_ = gather([](Walked & row) -> auto& { return row.hub; });
  link_value_ = gather([](Walked & row) -> auto& { return row.link; });
  partial_vertex_ = gather([](Walked & row) -> auto& { return row.vertex; });
  partial_value_ = gather([](Walked & row) -> auto& { return row.partial; });
  left_vertex_ = gather([](Walked & row) -> auto& { return row.left_vertex; });
  left_value_ = gather([](Walked & row) -> auto& { return row.left; });

  comm.guard([&] {
    num_links_.assign((z(num_hubs) + block_size - 1) / block_size * block_size, 1);
    for (std::size_t hub = 0; hub < z(num_hubs); ++hub)
      num_links_[hub] = static_cast<float>(std::max<Offset>(1, link_ptr_[hub + 1] - link_ptr_[hub]));
    // |q_h|_1 = |partial_h|_1 + sum F(h,h') |q_h'|_1. What is not found only makes the goals of queries smaller.
    std::vector<double> mass(z(num_hubs), 0);
    double largest_change = 1;
    for (int round = 0; round < 10000 && largest_change > 1e-6; ++round) {
      largest_change = 0;
      for (std::size_t hub = 0; hub < z(num_hubs); ++hub) {
        double sum = settled[hub];
        for (auto j = z(link_ptr_[hub]); j < z(link_ptr_[hub + 1]); ++j) sum += link_value_[j] * mass[z(link_hub_[j])];
        const double before = std::exchange(mass[hub], sum / (1 - loop_[hub]));
        largest_change = std::max(largest_change, mass[hub] - before);
      }
    }
    mass_.assign(mass.begin(), mass.end());
  });
}

void Hubs::turn_to_vertices() {
  for (std::size_t hub = 0; hub < num_hubs(); ++hub)
    missed_.push_back(
        std::accumulate(left_value_.begin() + left_ptr_[hub], left_value_.begin() + left_ptr_[hub + 1], 0.0));
  left_ptr_ = std::vector<Offset>();
  left_vertex_ = std::vector<Local>();
  left_value_ = std::vector<double>();
  std::vector<Offset> ptr(number_.size() + 2, 0);
  for (Local v : partial_vertex_) ++ptr[z(v) + 2];
  std::partial_sum(ptr.begin(), ptr.end(), ptr.begin());
  std::vector<double> value(partial_value_.size());
  partial_hub_.resize(value.size());
  for (std::size_t hub = 0; hub < num_hubs(); ++hub) {
    for (auto k = z(partial_ptr_[hub]); k < z(partial_ptr_[hub + 1]); ++k) {
      const auto at = z(ptr[z(partial_vertex_[k]) + 1]++);
      partial_hub_[at] = static_cast<std::uint16_t>(hub);
      value[at] = partial_value_[k];
    }
  }
  ptr.pop_back();
  partial_ptr_ = std::move(ptr);
  partial_value_ = std::move(value);
  partial_vertex_ = std::vector<Local>();
  kept_ = Kept::by_vertex;
}

double Hubs::share_of_pushes() { return 1 - share_of_hubs; }

std::shared_ptr<const IndexSummary> Hubs::summary(const IndexSummary* index) const {
  auto summary = std::make_shared<IndexSummary>();
  if (index != nullptr)
    *summary = *index;
  else
    *summary = {std::vector<float>(choice_.limit.size(), 0), std::vector<float>(choice_.limit.size(), 1), 0};
  for (std::size_t hub = 0; hub < choice_.vertex.size(); ++hub) {
    summary->mass[z(choice_.vertex[hub])] = mass_[hub];
    summary->deviation[z(choice_.vertex[hub])] = 0;
  }
  return summary;
}

double Hubs::solve(std::span<const std::pair<Local, double>> residuals, double goal, Workspace& work,
                   Offset& used) const {
  double* const f = work.residual.data();
  // Bytes that are written might be anything but what is kept here.
  const Offset* const link_ptr = link_ptr_.data();
  const Local* const link_hub = link_hub_.data();
  const double* const link_value = link_value_.data();
  double rmax = 0;
  double left = 0;
  for (const auto& [v, x] : residuals) {
    const Local hub = number_[z(v)];
    f[hub] = x;
    work.touched.touch(hub);
    left += x;
    rmax = std::max(rmax, x / static_cast<double>(num_links_[z(hub)]));
  }
  for (int rest = 0; left > goal && rmax >= std::numeric_limits<double>::min(); rmax *= fall) {
    work.touched.for_each([&](std::size_t first) {
      for (std::uint64_t found = at_least(f + first, num_links_.data() + first, rmax); found != 0; found &= found - 1) {
        const std::size_t hub = first + z(std::countr_zero(found));
        const double amount = std::exchange(f[hub], 0.0) / (1 - loop_[hub]);
        work.passing[hub] += amount;
        used += link_ptr[hub + 1] - link_ptr[hub];
        for (Offset j = link_ptr[hub], end = link_ptr[hub + 1]; j < end; ++j) {
          f[link_hub[j]] += amount * link_value[j];
          work.touched.touch(link_hub[j]);
        }
      }
    });
    if (rest-- > 0) continue;
    left = 0;
    work.touched.for_each([&](std::size_t first) { left += sum(f + first); });
    rest = left > 3 * goal ? 3 : 0;
  }
  work.touched.for_each([&](std::size_t first) { std::fill_n(f + first, block_size, 0.0); });
  return left;
}

template <class F>
void Hubs::Workspace::take_passing(F f) {
  touched.for_each([&](std::size_t first) {
    for (std::size_t hub = first; hub < first + block_size; ++hub) {
      if (passing[hub] > 0) f(hub, std::exchange(passing[hub], 0.0));
    }
  });
  touched.clear();
}

Offset Hubs::pass(Decomposition<1>& query, double goal, Workspace& work) const {
  Offset used = 0;
  query.miss(solve(query.take_unlimited(), goal, work, used));
  const auto row = [](const std::vector<Offset>& ptr, std::size_t hub, const auto& values) {
    return std::span(values).subspan(z(ptr[hub]), z(ptr[hub + 1] - ptr[hub]));
  };
  work.take_passing([&](std::size_t hub, double amount) {
    query.add_settled(row(partial_ptr_, hub, partial_vertex_), row(partial_ptr_, hub, partial_value_), amount);
    query.add_residual(row(left_ptr_, hub, left_vertex_), row(left_ptr_, hub, left_value_), amount);
    used += row_length(hub);
  });
  return used;
}

Offset Hubs::pass(Decomposition<1>& query, double goal, Workspace& work, double* passing) const {
  Offset used = 0;
  double missed = solve(query.take_unlimited(), goal, work, used);
  work.take_passing([&](std::size_t hub, double amount) {
    passing[hub * many] = amount;
    if (kept_ == Kept::by_vertex) missed += amount * missed_[hub];
  });
  query.miss(missed);
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
  alignas(64) double values[block_size * many];
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
