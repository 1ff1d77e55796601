// App: what every program of filigree does the same way - options, exit codes, what it says while it works, its record.
//
//   int main(int argc, char** argv) {
//     return app::run(argc, argv, {"filigree-thing", "Does a thing.", "examples"}, [](app::App& program) {
//       program.cli.option("--bits", bits, "of the thing");           all kinds of them: options.hpp
//       program.parse();                                             leaves here for --help; else starts MPI
//       const auto result = program.measure("thing", [&] { return thing(...); });
//       program.print(...);
//     });
//   }
#pragma once

#include <functional>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "filigree/core/invalid_arc.hpp"
#include "filigree/core/runtime.hpp"
#include "filigree/core/timing.hpp"
#include "filigree/io/hdf5.hpp"
#include "filigree/io/integers.hpp"
#include "filigree/io/names.hpp"
#include "filigree/matrix/dist_csr.hpp"
#include "json.hpp"
#include "memory.hpp"
#include "options.hpp"
#include "progress.hpp"
#include "table.hpp"

namespace filigree::app {

struct About {
  std::string name;
  std::string summary;
  std::string examples;
};

/// So many things of a kind.
struct Amount {
  Offset count;
  std::string one, many;
};

class App {
 public:
  App(About about, int argc, char** argv);

  /// The command line. Options shared by all programs are added by parse(): to every subcommand, if there are some.
  CommandLine cli;

  /// Lets the output be given by position too.
  void add_output_argument(const std::string& name) {
    cli.option(name, output_, "where results go").file(output_role_);
  }
  /// The output is a graph, perhaps with a file of names beside it. To be called first.
  void writes_graph() { output_role_ = FileRole::graph_output; }
  /// Reads the command line - help and mistakes leave here, by Leave, and need no MPI - then starts MPI, sets the
  /// threads and says where it runs. An output that is an input or another output is a mistake, too; one that could not
  /// be written is an IoError, better before hours of work than after them. What talks to other ranks or looks at files
  /// comes after this.
  void parse();

  /// Once parse() has returned.
  const Comm& comm() const { return runtime_->comm(); }
  std::uint64_t seed() const { return seed_; }
  bool verify() const { return verify_; }
  /// Where results go; empty = standard output.
  const std::string& output() const { return output_; }
  bool output_is_hdf5() const { return form_of_extension(output_) == Form::hdf5; }

  /// Says that a command prints a table, which it can write as text and in the forms `beyond` that: adds
  /// --output-format, and parse() refuses an --output of no such form.
  void add_table(Command to, std::vector<Form> beyond = {});
  /// The form of the table of the command that was given. Throws Leave as form_of().
  Form table_form() const;
  /// Whether a report may be laid out for people: nothing asks for rows to be read by programs.
  bool output_is_for_people() const { return is_for_people(output_, output_format_); }

  /// A line on stderr from rank 0, unless --quiet.
  void note(const std::string& line);
  /// How messages show an arc that an algorithm or a format does not take; without it by vertex numbers. explain(fault)
  /// gives the whole message. Collective.
  void explain_arcs(std::function<std::string(const InvalidArc&)> explain) { explain_arc_ = std::move(explain); }
  /// From now on algorithms meet the arcs of what was explained the other way round.
  void reverse_explained_arcs();
  /// Shows progress on stderr, from rank 0, unless --quiet.
  Progress progress();

  /// Times a part of the program that runs once.
  template <class F>
  auto time(const std::string& phase, F&& part) {
    const Phase timer(phases_, phase);
    return part();
  }
  /// Runs the work that this program is about --warmup + --repeat times and returns the last result. The record gets
  /// the seconds of the fastest repetition, its own timings (as "phase.part") and stats, and the peak memory of the
  /// runs.
  template <class F>
  auto measure(const std::string& phase, F&& work) {
    if constexpr (std::is_void_v<std::invoke_result_t<F>>) {
      measure(phase, [&] { return work(), std::monostate(); });
    } else {
      return measure_result(phase, work);
    }
  }

  /// Quantities of the last line, beside seconds and memory; the first also as a rate.
  void worked_on(std::vector<Amount> amounts) { amounts_ = std::move(amounts); }
  /// From now on the same command goes on from where this run ended, if it left `partial`: Ctrl-C says so.
  void goes_on_from(const std::string& partial) const;

  /// Prints results, those of rank 0 first, to --output (which gets its name once it is complete) or standard output.
  /// Collective.
  void print(std::string_view mine);
  /// The same on standard output, even if --output takes something else. Collective.
  void print_on_screen(std::string_view mine);

  /// What a result file says of its making - kind, version, options, seed, hash of the input - and the vertices' names.
  /// Collective.
  void sign(io::Hdf5Writer& file, const std::string& kind, const io::VertexNames& names) const;
  /// The same of what has no vertices.
  void sign(io::Hdf5Writer& file, const std::string& kind) const;

  /// What the record says of the input, made here or read from a file. Collective.
  void describe_input(const Graph& graph);
  void describe_input(const std::string& path, const io::GraphFile& file);
  void describe_input(const std::string& path, const io::IntegerFile& file);
  /// The same of dense matrices with `cols` columns together.
  void describe_input(const std::string& path, Offset rows, Offset cols, std::uint64_t hash);
  /// A headline figure for the record, a text if it is NaN or infinite: JSON has no such numbers.
  void result(const std::string& name, const Json& value);
  /// The outcome of --verify; `what` names the claim. If it does not hold the program writes its record and throws.
  /// Collective.
  void verified(bool holds, const std::string& what);
  /// The end of a run that did its work but not all of it: writes the record and throws Error. Collective.
  [[noreturn]] void fail(const std::string& what);

 private:
  friend int run(int, char**, const About&, const std::function<void(App&)>&);
  void add_shared_options(Command to);
  /// Ends the program; the exit code.
  int leave(const Leave& reason);
  /// Refuses what cannot be written; removes what killed jobs left of it. Collective.
  void prepare_files();
  void print_to(const std::string& path, std::string_view mine);
  /// Says how long it took and writes the record of --json. Collective.
  void finish();
  /// "34.8 M walks, 290 MB in 21.4 s (1.6 M walks/s); 22 s in all, peak memory 1.1 GB".
  std::string last_line(double total_seconds, Offset peak_bytes) const;
  template <class F>
  auto measure_result(const std::string& phase, F& work) {
    reset_peak_memory();
    std::optional<std::invoke_result_t<F&>> result;
    double fastest = std::numeric_limits<double>::infinity();
    for (int run = 0; run < warmup_ + repeat_; ++run) {
      result.reset();
      comm().barrier();
      const Stopwatch watch;
      result.emplace(work());
      const double mine = watch.seconds();
      const double slowest = comm().max(mine);
      if (run < warmup_ || slowest >= fastest) continue;
      fastest = slowest;
      work_seconds_ = slowest;
      phases_[phase] = mine;
      if constexpr (requires { result->timings; }) {
        for (const auto& [part, seconds] : result->timings) phases_[phase + "." + part] = seconds;
      }
    }
    if constexpr (requires { result->stats; }) stats_ = result->stats;
    peak_bytes_ = peak_memory_bytes();
    display_.clear();
    return std::move(*result);
  }

  std::optional<Runtime> runtime_;  // parse() makes it
  About about_;
  int argc_;
  char** argv_;

  int threads_ = 0;
  std::uint64_t seed_ = 1;
  int repeat_ = 1;
  int warmup_ = 0;
  bool verify_ = false;
  bool quiet_ = false;
  bool timings_ = false;
  enum class Show { automatic, bar, lines, off } show_ = Show::automatic;
  ProgressDisplay display_;
  std::string json_;
  std::string output_;
  std::function<std::string(const InvalidArc&)> explain_arc_;
  FileRole output_role_ = FileRole::output;
  std::string output_format_ = "auto";
  std::vector<std::pair<Command, std::vector<Form>>> tables_;  // the commands that print one, in which forms

  Stopwatch since_start_;
  Timings phases_;
  std::optional<double> work_seconds_;  // of the fastest repetition on the slowest rank
  std::vector<Amount> amounts_;
  Stats stats_;
  Json input_;
  Json results_ = Json::object();
  std::optional<Offset> peak_bytes_;
  std::optional<bool> verified_;
};

/// A whole program: exit code 0 when `body` returns, 1 when it throws (one message, from rank 0), 2 for usage errors.
/// Whatever ends it, signals included, no half-written file keeps its name.
int run(int argc, char** argv, const About& about, const std::function<void(App&)>& body);

}  // namespace filigree::app
