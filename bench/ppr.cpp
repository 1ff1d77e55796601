// filigree-bench-ppr: how long a personalized PageRank query takes at a given accuracy, and what a batch saves.
//
//   filigree-bench-ppr --graph cnr-2000.txt --drop-loops --error 1e-8 --teleport 0.2
//   filigree-bench-ppr --graph cnr-2000.txt --drop-loops --error 1.4e-2 --walks 20 --batch 1024
//
// The error is the mean L1 distance over the sources from answers that are a hundred times as good (1e-13 at best), so
// that it is right to 1 %; the target error that the library is asked for is the largest that meets it. Sources: one of
// every out-degree bucket [2^(i-1), 2^i) in turn. Every query is timed on its own, with all its scores returned,
// fastest of five, or of those that begin within a second; igraph's PRPACK beside it where it was found.
#include "filigree/ppr.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "app.hpp"
#include "filigree/core/random.hpp"
#include "graph_input.hpp"
#ifdef FILIGREE_HAVE_IGRAPH
#include <igraph.h>
#endif

namespace {

using namespace filigree;

struct Arguments {
  app::GraphInput input;
  double error = 1e-8;
  double teleport = 0.2;
  int walks = 0;
  int num_sources = 20;
  int batch = 0;
  int top = 0;
  bool peers = false;
};

std::vector<ppr::Query> stratified_sources(const Graph& graph, int count) {
  std::vector<std::vector<Global>> buckets(40);
  const CsrView<double> arcs = graph.local().view();
  for (Local v = 0; v < arcs.num_rows(); ++v) {
    if (arcs.degree(v) > 0) buckets[std::bit_width(static_cast<std::uint64_t>(arcs.degree(v)))].push_back(v);
  }
  std::erase_if(buckets, [](const auto& bucket) { return bucket.empty(); });
  const Stream stream(1, 0);
  std::vector<ppr::Query> queries;
  for (std::uint32_t k = 0; static_cast<int>(queries.size()) < count; ++k) {
    const std::vector<Global>& bucket = buckets[k % buckets.size()];
    queries.push_back({{bucket[Stream::below(stream.block(0, k, 0)[0], bucket.size())], 1}});
  }
  return queries;
}

/// Of `repeats` runs, or as many as begin within a second.
template <class F>
double fastest_ms(int repeats, F&& work) {
  const Stopwatch since;
  double fastest = 1e300;
  for (int i = 0; i < repeats && since.seconds() < 1; ++i) {
    const Stopwatch watch;
    work();
    fastest = std::min(fastest, 1e3 * watch.seconds());
  }
  return fastest;
}

/// Each query by a call of its own.
ppr::Result one_by_one(ppr::Engine& engine, std::span<const ppr::Query> queries, const ppr::QueryOptions& options,
                       const Progress& progress) {
  ppr::Result all;
  for (std::size_t i = 0; i < queries.size(); ++i) {
    const auto one = ppr::query(engine, queries.subspan(i, 1), options);
    all.vertex.insert(all.vertex.end(), one.vertex.begin(), one.vertex.end());
    all.score.insert(all.score.end(), one.score.begin(), one.score.end());
    all.row_ptr.push_back(std::ssize(all.vertex));
    all.error_bound.push_back(one.error_bound[0]);
    all.error_estimate.push_back(one.error_estimate[0]);
    for (const auto& [name, count] : one.stats) all.stats[name] += count;
    progress(text("target ", options.target_error), static_cast<Offset>(i + 1), std::ssize(queries));
  }
  return all;
}

struct Calibrated {
  double target = 0;
  ppr::Result answers;
};

/// Of the first queries, whose true answers are there.
double mean_error(ppr::Result answers, const ppr::Result& truth) {
  answers.row_ptr.resize(truth.row_ptr.size());
  return ppr::compare(Comm::self(), answers, truth).mean_error;
}

/// Answers whose mean error is at most `error`, and either no more than 5 % below it or to the largest target for which
/// that holds, to 5 %.
template <class Answer>
Calibrated calibrate(double error, const ppr::Result& truth, Answer answer) {
  Calibrated good;
  double bad = 2;  // no target is as large
  double target = error;
  while (bad > 1.05 * good.target) {
    ppr::Result answers = answer(target);
    const double reached = mean_error(answers, truth);
    if (reached <= error)
      good = {target, std::move(answers)};
    else
      bad = target;
    if (reached <= error && 1.05 * reached >= error) break;
    target *= 0.98 * error / reached;
    if (target <= good.target || target >= bad) target = good.target == 0 ? bad / 2 : std::sqrt(good.target * bad);
  }
  return good;
}

#ifdef FILIGREE_HAVE_IGRAPH
/// Median milliseconds of PRPACK.
double prpack_ms(const Graph& graph, std::span<const ppr::Query> queries, double teleport) {
  const CsrView<double> arcs = graph.local().view();
  igraph_vector_int_t edges;
  igraph_vector_int_init(&edges, 2 * arcs.num_nonzeros());
  igraph_integer_t at = 0;
  for (Local v = 0; v < arcs.num_rows(); ++v) {
    for (Local w : arcs.cols(v)) {
      VECTOR(edges)[at++] = v;
      VECTOR(edges)[at++] = w;
    }
  }
  igraph_t peer;
  igraph_create(&peer, &edges, arcs.num_rows(), true);
  igraph_vector_int_destroy(&edges);
  std::vector<double> times;
  for (const ppr::Query& query : queries) {
    igraph_vector_t reset, scores;
    igraph_vector_init(&reset, arcs.num_rows());
    igraph_vector_init(&scores, 0);
    VECTOR(reset)[query.front().vertex] = 1;
    times.push_back(fastest_ms(2, [&] {
      igraph_personalized_pagerank(&peer, IGRAPH_PAGERANK_ALGO_PRPACK, &scores, nullptr, igraph_vss_all(), true,
                                   1 - teleport, &reset, nullptr, nullptr);
    }));
    igraph_vector_destroy(&reset);
    igraph_vector_destroy(&scores);
  }
  igraph_destroy(&peer);
  std::nth_element(times.begin(), times.begin() + std::ssize(times) / 2, times.end());
  return times[times.size() / 2];
}
#endif

void bench(app::App& program, Arguments& a) {
  if (program.comm().size() > 1) throw InvalidArgument("this benchmark runs on one rank");
  const Graph graph = a.input.load(program).graph;
  const ppr::ReplicatedGraph replicated = program.time("replicate", [&] { return ppr::ReplicatedGraph(graph); });
  const auto queries = stratified_sources(graph, a.num_sources);
  const double truth_error = std::max(1e-13, a.error / 100);
  const auto true_answers = [&](std::span<const ppr::Query> of) {
    return program.time("truth", [&] {
      return ppr::exact(replicated, of, truth_error, {.teleport = a.teleport, .progress = program.progress()});
    });
  };
  const auto truth = true_answers(queries);
  std::optional<ppr::Index> index;
  if (a.walks > 0) {
    app::reset_peak_memory();
    index = program.time("index", [&] {
      return ppr::build_index(
          replicated,
          {.walks = a.walks, .teleport = a.teleport, .seed = program.seed(), .progress = program.progress()});
    });
    const auto bytes = static_cast<double>(index->stats.at("bytes"));
    const double rate = 1e-6 * static_cast<double>(index->stats.at("visits")) / index->timings.at("walk");
    const double bytes_per_entry = bytes / static_cast<double>(index->visits.num_entries());
    program.result("index_bytes", bytes);
    program.result("index_bytes_per_entry", bytes_per_entry);
    program.result("million_visits_per_second", rate);
    program.note(text("index: ", 1e-6 * bytes, " MB, ", index->visits.num_entries(), " entries of ", bytes_per_entry,
                      " bytes, ", rate, " million visits a second, peak memory ", app::peak_memory_bytes() / 1000000,
                      " MB"));
  }
  const auto used = index ? std::make_shared<const ppr::Index>(std::move(*index)) : nullptr;
  ppr::Engine engine(replicated, used);
  ppr::QueryOptions options{.teleport = a.teleport};
  const auto alone = [&](std::span<const ppr::Query> of, double target) {
    options.target_error = target;
    return one_by_one(engine, of, options, program.progress());
  };
  app::reset_peak_memory();
  const auto [target, answers] =
      program.time("calibrate", [&] { return calibrate(a.error, truth, [&](double t) { return alone(queries, t); }); });
  const ppr::Comparison found = ppr::compare(program.comm(), answers, truth);
  options.target_error = target;
  double single_ms = 0;
  for (std::size_t i = 0; i < queries.size(); ++i) {
    single_ms += fastest_ms(5, [&] { ppr::query(engine, std::span(queries).subspan(i, 1), options); });
  }
  single_ms /= static_cast<double>(queries.size());
  const Offset peak_bytes = app::peak_memory_bytes();
  const auto per_query = [&, &stats = answers.stats](const char* name) {
    return static_cast<double>(stats.at(name)) / static_cast<double>(queries.size());
  };
  std::string line =
      text("error ", found.mean_error, " (right to ", truth_error, "; target ", target, ", estimate covers ",
           100 * found.share_covered, " % of ", queries.size(), "): ", single_ms, " ms a query; ",
           per_query("arcs_pushed"), " arcs pushed, ", per_query("arcs_solved"), " solved, ",
           per_query("index_entries"), " index entries, ", std::ssize(answers.vertex) / std::ssize(queries),
           " scores, peak memory ", peak_bytes / 1000000, " MB with true answers");
  program.result("mean_error", found.mean_error);
  program.result("query_ms", single_ms);
  program.result("peak_bytes", peak_bytes);
  for (const char* name : {"arcs_pushed", "arcs_solved", "index_entries"}) program.result(name, per_query(name));
#ifdef FILIGREE_HAVE_IGRAPH
  if (a.peers) {
    const double ms = prpack_ms(graph, queries, a.teleport);
    line += text("; igraph PRPACK ", ms, " ms (median), ", ms / single_ms, " x");
    program.result("prpack_ms", ms);
  }
#endif
  program.note(line);

  if (a.batch > 0) {
    const auto batch = stratified_sources(graph, a.batch);
    const auto few = std::span(batch).first(std::min<std::size_t>(batch.size(), 64));
    const auto few_truth = true_answers(few);
    // Singles and the whole batch at equal error over the same 64 queries.
    const auto together_at = [&](double t) {
      options.target_error = t;
      return ppr::query(engine, batch, options);
    };
    const double single_error = mean_error(alone(few, target), few_truth);
    double batch_target = target;
    double batch_error = mean_error(together_at(batch_target), few_truth);
    for (int i = 0; i < 4 && std::abs(batch_error / single_error - 1) > 0.1; ++i) {
      batch_target *= single_error / batch_error;
      batch_error = mean_error(together_at(batch_target), few_truth);
    }
    ppr::QueryOptions each = options;
    each.top = a.top;
    double apart = 1e300;
    double together = 1e300;
    double again = 1e300;
    Stats work;
    for (int round = 0; round < 3; ++round) {
      each.target_error = target;
      apart = std::min(apart, fastest_ms(1, [&] {
                         for (std::size_t i = 0; i < batch.size(); ++i)
                           ppr::query(engine, std::span(batch).subspan(i, 1), each);
                       }));
      each.target_error = batch_target;
      ppr::Engine fresh(replicated, used);  // that keeps nothing of earlier batches, but has its tables
      ppr::query(fresh, std::span(batch).first(1), each);
      together = std::min(together, fastest_ms(1, [&] { work = ppr::query(fresh, batch, each).stats; }));
      again = std::min(again, fastest_ms(1, [&] { ppr::query(fresh, batch, each); }));
    }
    const auto n = static_cast<double>(batch.size());
    program.note(text("batch of ", batch.size(), ": ", apart / n, " ms a query alone (error ", single_error, "), ",
                      together / n, " ms together (error ", batch_error, "), ", apart / together, " x; ", again / n,
                      " ms in a second batch, ", apart / again, " x; ", work.at("arcs_pushed") / std::ssize(batch),
                      " arcs a query pushed and ", work.at("hub_entries") / std::ssize(batch),
                      " elements of hubs used, ", work.at("hub_arcs"), " arcs pushed to make hubs"));
    program.result("batch_ms", together / n);
    program.result("second_batch_ms", again / n);
    program.result("batch_ratio", apart / together);
  }
}

}  // namespace

int main(int argc, char** argv) {
  return app::run(argc, argv,
                  {"filigree-bench-ppr", "Times personalized PageRank queries at a given accuracy.",
                   "  filigree-bench-ppr --graph cnr-2000.txt --drop-loops --error 1e-8\n"},
                  [](app::App& program) {
                    Arguments a;
                    a.input.add_to(program.cli);
                    program.cli.option("--error", a.error, "mean L1 error to reach");
                    program.cli.option("--teleport", a.teleport, "probability that a walk stops");
                    program.cli.option("--walks", a.walks, "walks per vertex of the index; 0 = none");
                    program.cli.option("--num-sources", a.num_sources, "queries");
                    program.cli.option("--batch", a.batch, "compare as many queries alone and together");
                    program.cli.option("--top", a.top, "scores returned in that comparison; 0 = all");
                    program.cli.flag("--peers", a.peers, "time igraph's PRPACK beside");
                    program.parse();
                    bench(program, a);
                  });
}
