#include "app.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <climits>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <exception>
#include <thread>
#include <utility>

#include "files.hpp"
#include "filigree/core/error.hpp"
#include "filigree/io/text_writer.hpp"
#include "filigree/io/unfinished.hpp"
#include "filigree/io/write.hpp"
#include "filigree/version.hpp"
#include "launcher.hpp"
#include "quantities.hpp"
#include "record.hpp"

namespace filigree::app {
namespace {

/// The file that an interrupted run leaves for the next; "" if there is none. A signal handler reads it.
std::array<char, PATH_MAX> partial_file{};

/// Ctrl-C, a killed job, a closed terminal: remove what is half written, then die of it as usual. A file that grows
/// past what `ulimit -f` grants is a failure to write, as on a full disk.
void clean_up_on_signals() {
  const auto handler = [](int signal) {
    if (gettid() != getpid()) {  // beside the thread that opens files, which could make them anew
      tgkill(getpid(), getpid(), signal);
      return;
    }
    io::remove_unfinished_files();
    remove_session_folder();
    if (partial_file[0] != 0 && access(partial_file.data(), F_OK) == 0) {
      constexpr std::string_view how = "\ninterrupted; run the same command again to go on\n";
      [[maybe_unused]] const auto written = write(STDERR_FILENO, how.data(), how.size());
    }
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  };
  for (int signal : {SIGINT, SIGTERM}) std::signal(signal, handler);
  if (std::signal(SIGHUP, handler) == SIG_IGN) std::signal(SIGHUP, SIG_IGN);  // nohup
  std::signal(SIGXFSZ, SIG_IGN);
}

}  // namespace

App::App(About about, int argc, char** argv)
    : cli(about.name, about.summary, "Examples:\n" + about.examples, about.name + " " + FILIGREE_VERSION),
      about_(std::move(about)),
      argc_(argc),
      argv_(argv) {}

void App::add_shared_options(Command to) {
  const std::string& group = shared_group;
  to.option("-o,--output", output_, "write results here instead of to standard output").file(output_role_).group(group);
  to.option("--threads", threads_, "threads per rank; 0 = OMP_NUM_THREADS, else the cores that this rank may use")
      .group(group)
      .within("[0, inf)");
  to.option("--seed", seed_, "seed of all random numbers").group(group);
  to.option("--repeat", repeat_, "number of runs; times are those of the fastest").group(group).within("[1, inf)");
  to.option("--warmup", warmup_, "runs before these, not timed").group(group).within("[0, inf)");
  to.flag("--verify", verify_, "check the result, slowly; exit code 1 if it is wrong").group(group);
  to.option("--json", json_, "write a record of this run: input, options, times, counted work")
      .file(FileRole::output)
      .group(group);
  to.flag("--timings", timings_, "print the seconds of every phase at the end").group(group);
  to.flag("--quiet", quiet_, "print errors only").group(group);
  to.choice("--progress", show_,
            {{"auto", Show::automatic}, {"bar", Show::bar}, {"lines", Show::lines}, {"off", Show::off}},
            "form of progress reports; auto: a bar on a terminal, else lines")
      .group(group);
}

void App::add_table(Command to, std::vector<Form> beyond) {
  std::vector<Form> forms(text_forms.begin(), text_forms.end());
  forms.insert(forms.end(), beyond.begin(), beyond.end());
  std::vector<std::string> names{"auto"};
  for (const Form form : forms) names.push_back(name_of(form));
  to.option("--output-format", output_format_, "how the table is written; auto: by the extension of --output, else tsv")
      .one_of(names);
  tables_.emplace_back(to, std::move(forms));
}

Form App::table_form() const {
  for (const auto& [command, forms] : tables_) {
    if (command.given()) return form_of(output_, output_format_, forms);
  }
  return Form::tsv;
}

void App::parse() {
  for (const Command& command : cli.leaves()) add_shared_options(command);
  cli.parse(argc_, argv_);
  table_form();

  clean_up_on_signals();
  isolate_single_process();
  runtime_.emplace(argc_, argv_);
  clean_up_on_signals();  // again: MPI may have taken them
  const std::string fault = fault_of_launcher(comm().size());
  if (!fault.empty()) throw Leave{1, fault};
  prepare_files();

  set_threads(*runtime_, threads_);
  if (comm().is_root() && !quiet_) {
    using Style = ProgressDisplay::Style;
    if (show_ == Show::automatic) show_ = isatty(STDERR_FILENO) != 0 ? Show::bar : Show::lines;
    display_.set_style(show_ == Show::bar ? Style::bar : show_ == Show::lines ? Style::lines : Style::off);
  }
  note(runtime_->layout());
  for (const std::string& warning : runtime_->warnings()) note("warning: " + warning);
  const std::string binding = fault_of_binding(*runtime_);
  if (!binding.empty()) note("warning: " + binding);
}

void App::prepare_files() {
  const std::vector<OptionValue> options = cli.values();
  const std::string conflict =
      comm().broadcast(comm().guard([&] { return comm().is_root() ? conflict_of_files(options) : ""; }));
  if (!conflict.empty()) usage_error(conflict);
  comm().guard([&] {
    if (!comm().is_root()) return;
    for (const std::string& line : prepare_outputs(options)) note(line);
  });
}

void App::note(const std::string& line) {
  if (!comm().is_root() || quiet_) return;
  display_.clear();
  std::fprintf(stderr, "%s\n", printable(line).c_str());
}

void App::reverse_explained_arcs() {
  if (!explain_arc_) return;
  explain_arc_ = [explain = std::move(explain_arc_)](InvalidArc fault) {
    if (fault.to >= 0) std::swap(fault.from, fault.to);
    return explain(fault);
  };
}

Progress App::progress() {
  return [this](std::string_view phase, Offset done, Offset total) { display_.report(phase, done, total); };
}

void App::result(const std::string& name, const Json& value) {
  results_[name] = value.is_without_number() ? Json(number(value.number())) : value;
}

void App::describe_input(const Graph& graph) { input_ = input_record(graph); }
void App::describe_input(const std::string& path, const io::GraphFile& file) { input_ = input_record(path, file); }
void App::describe_input(const std::string& path, const io::IntegerFile& file) { input_ = input_record(path, file); }

void App::describe_input(const std::string& path, Offset rows, Offset cols, std::uint64_t hash) {
  input_ = input_record(path, rows, cols, hash);
}

void App::verified(bool holds, const std::string& what) {
  verified_ = holds && verified_.value_or(true);
  if (holds) return note("verified: " + what);
  fail("verification failed: " + what);
}

void App::fail(const std::string& what) {
  finish();
  throw Error(what);
}

void App::print(std::string_view mine) { print_to(output_.empty() ? "-" : output_, mine); }
void App::print_on_screen(std::string_view mine) { print_to("-", mine); }

void App::print_to(const std::string& path, std::string_view mine) {
  display_.clear();
  io::TextWriter out(comm(), path);
  out.write(mine);
  out.commit();
}

void App::sign(io::Hdf5Writer& file, const std::string& kind) const {
  file.attribute("/", "kind", kind);
  file.attribute("/", "version", std::string(FILIGREE_VERSION));
  file.attribute("/", "options", options_record(cli, OptionsFor::result_file).dump());
  if (std::in_range<std::int64_t>(seed_))
    file.attribute("/", "seed", static_cast<std::int64_t>(seed_));
  else
    file.attribute("/", "seed", std::to_string(seed_));  // no integer of these files holds it
  file.attribute("/", "input_hash", input_.at("hash").string());
}

void App::sign(io::Hdf5Writer& file, const std::string& kind, const io::VertexNames& names) const {
  sign(file, kind);
  io::write_names(comm(), file, names);
}

void App::goes_on_from(const std::string& partial) const {
  if (comm().is_root() && partial.size() < partial_file.size()) std::ranges::copy(partial, partial_file.begin());
}

std::string App::last_line(double total_seconds, Offset peak_bytes) const {
  std::string line;
  for (const auto& [count, one, many] : amounts_) {
    const auto number = static_cast<double>(count);
    line += (line.empty() ? "" : ", ") + (one == "byte" ? short_bytes(number) : short_count(number, one, many));
  }
  if (work_seconds_) line += (line.empty() ? "" : " in ") + short_seconds(*work_seconds_);
  if (work_seconds_.value_or(0) > 0 && !amounts_.empty()) {
    const Amount& first = amounts_.front();
    line += text(" (", short_number(static_cast<double>(first.count) / *work_seconds_), " ", first.many, "/s)");
  }
  line += (line.empty() ? "" : "; ") + short_seconds(total_seconds) + " in all";
  if (peak_bytes > 0) line += ", peak memory " + short_bytes(static_cast<double>(peak_bytes));
  return line + (comm().size() > 1 ? " on a rank" : "");
}

void App::finish() {
  partial_file[0] = 0;
  phases_["total"] = since_start_.seconds();
  const Json phases = phases_record(comm(), phases_);
  const Offset peak_bytes = comm().max(peak_bytes_.value_or(peak_memory_bytes()));
  if (timings_) note(timings_table(phases));
  note(last_line(phases.at("total").at("max").number(), peak_bytes));
  if (json_.empty()) return;
  Json record = provenance(about_.name);
  record["ranks"] = comm().size();
  record["threads"] = runtime_->threads();
  record["input"] = input_;
  record["options"] = options_record(cli, OptionsFor::record);
  record["seed"] = seed_;
  record["phases"] = phases;
  record["stats"] = stats_;
  record["result"] = results_;
  record["peak_rss_bytes"] = peak_bytes;
  record["verified"] = verified_ ? Json(*verified_) : Json();
  io::TextWriter out(comm(), json_);
  out.write(comm().is_root() ? record.dump(2) + "\n" : "");
  out.commit();
}

int App::leave(const Leave& reason) {
  const bool is_job = runtime_ && comm().size() > 1;  // else ranks are only what a launcher calls its processes
  const bool is_first = (is_job ? comm().rank() : launcher_rank()) == 0;
  if (!is_first && (is_job || (reason.exit_code == 0 && launcher_size() > 1))) return reason.exit_code;
  // A launcher ends the whole job at the first process that fails: that has to be the first one, with the message. Who
  // is not ended by then has no such launcher, or one whose first process is late.
  if (!is_first && reason.exit_code != 0) std::this_thread::sleep_for(std::chrono::seconds(3));
  if (reason.exit_code == 0)
    std::fputs(reason.message.c_str(), stdout);
  else if (reason.exit_code == 1)
    std::fprintf(stderr, "error: %s\n", reason.message.c_str());
  else
    std::fprintf(stderr, "usage error: %s\n%s --help tells more\n", reason.message.c_str(), about_.name.c_str());
  return reason.exit_code;
}

int run(int argc, char** argv, const About& about, const std::function<void(App&)>& body) {
  struct AfterMpi {
    ~AfterMpi() { remove_session_folder(); }
  } const after_mpi;
  App program(about, argc, argv);
  std::exception_ptr failure;
  try {
    try {
      body(program);
    } catch (const InvalidArc& fault) {  // on all ranks
      if (!program.explain_arc_) throw;
      throw InvalidArgument(program.explain_arc_(fault));
    }
    program.finish();
    return 0;
  } catch (const Leave& reason) {
    return program.leave(reason);
  } catch (...) {
    failure = std::current_exception();
  }
  if (!program.runtime_) std::rethrow_exception(failure);
  return program.runtime_->run([&]() -> int { std::rethrow_exception(failure); });
}

}  // namespace filigree::app
