#include "record.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iomanip>
#include <set>
#include <sstream>

#include "filigree/matrix/content_hash.hpp"
#include "filigree/version.hpp"

namespace filigree::app {
namespace {

/// What follows "key...:" in a file of such lines, or "".
std::string value_in(const char* path, const std::string& key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const auto colon = line.find(':');
    if (!line.starts_with(key) || colon == std::string::npos) continue;
    const auto value = line.find_first_not_of(" \t", colon + 1);
    return value == std::string::npos ? "" : line.substr(value);
  }
  return "";
}

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::array<char, 32> iso{};
  std::strftime(iso.data(), iso.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return iso.data();
}

}  // namespace

std::string mpi_name() {
#if defined(OMPI_MAJOR_VERSION)
  return text("Open MPI ", OMPI_MAJOR_VERSION, ".", OMPI_MINOR_VERSION, ".", OMPI_RELEASE_VERSION);
#elif defined(MPICH_VERSION)
  return text("MPICH ", MPICH_VERSION);
#else
  return "unknown";
#endif
}

Json provenance(const std::string& app) {
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  std::string cpu = value_in("/proc/cpuinfo", "model name");
  if (cpu.empty()) cpu = "unknown";
  return Json::object({{"app", app},
                       {"version", FILIGREE_VERSION},
                       {"git", FILIGREE_GIT},
                       {"date", utc_now()},
                       {"host", host.data()},
                       {"cpu", cpu},
                       {"mpi", mpi_name()}});
}

namespace {

std::string hash_text(std::uint64_t hash) {
  std::array<char, 17> digits{};
  std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(hash));
  return digits.data();
}

template <class V>
Json input_record(const Json& path, const DistCsr<V>& graph, const std::string& hash) {
  return Json::object({{"path", path},
                       {"rows", graph.num_rows()},
                       {"cols", graph.num_cols()},
                       {"nnz", graph.num_nonzeros()},
                       {"hash", hash}});
}

}  // namespace

Json input_record(const Graph& graph) { return input_record(Json(), graph, hash_text(content_hash(graph))); }

template <class V>
Json input_record(const std::string& path, const io::MatrixFile<V>& file) {
  Json record = input_record(Json(path), file.graph, file.report.hash);
  record["duplicates"] = file.report.entries.duplicates;
  record["loops"] = file.report.entries.loops;
  record["header_lines"] = file.report.header_lines;
  record["remarks"] = file.report.remarks;
  return record;
}

template Json input_record(const std::string&, const io::GraphFile&);
template Json input_record(const std::string&, const io::IntegerFile&);

Json input_record(const std::string& path, Offset rows, Offset cols, std::uint64_t hash) {
  return Json::object(
      {{"path", path}, {"rows", rows}, {"cols", cols}, {"nnz", rows * cols}, {"hash", hash_text(hash)}});
}

Json options_record(const CommandLine& cli, OptionsFor use) {
  Json options = Json::object();
  if (!cli.chosen().empty()) options["subcommand"] = cli.chosen();
  for (const OptionValue& option : cli.values()) {
    // What the record says elsewhere - of damping, as the teleport - and what changes only how a run looks.
    static const std::set<std::string> elsewhere{"help", "version", "json",     "threads",
                                                 "seed", "quiet",   "progress", "damping"};
    if (elsewhere.contains(option.name)) continue;
    if (use == OptionsFor::result_file && (option.group == shared_group || option.type_name == "FILE")) continue;
    Json& value = options[option.name];
    if (option.is_flag) {
      value = !option.given.empty();
    } else if (option.given.size() > 1) {
      for (const std::string& one : option.given) value.push_back(typed(one));
    } else {
      value = typed(option.given.empty() ? option.default_text : option.given.front());
    }
  }
  return options;
}

Json phases_record(const Comm& comm, const Timings& phases) {
  Json record = Json::object();
  std::string names;
  for (const auto& [name, seconds] : phases) names += name + "\n";
  names = comm.broadcast(names);
  for (std::size_t begin = 0; begin < names.size();) {
    const std::size_t end = names.find('\n', begin);
    const std::string name = names.substr(begin, end - begin);
    begin = end + 1;
    const auto mine = phases.find(name);
    const double seconds = mine == phases.end() ? 0 : mine->second;
    const double least = comm.min(seconds);
    const double mean = comm.sum(seconds) / comm.size();
    record[name] = Json::object({{"min", least}, {"mean", mean}, {"max", comm.max(seconds)}});
  }
  return record;
}

std::string timings_table(const Json& phases) {
  std::size_t width = 0;
  for (const auto& [name, seconds] : phases.members()) width = std::max(width, name.size());
  const auto line = [&](const std::string& name, auto... columns) {
    std::ostringstream out;
    out << std::left << std::setw(static_cast<int>(width)) << name << std::right << std::fixed << std::setprecision(4);
    ((out << std::setw(12) << columns), ...);
    return out.str() + '\n';
  };
  const auto of = [&](const std::string& name) {
    const Json& seconds = phases.at(name);
    return line(name, seconds.at("min").number(), seconds.at("mean").number(), seconds.at("max").number());
  };
  std::string table = line("seconds", "min", "mean", "max");
  for (const auto& [name, seconds] : phases.members()) table += name == "total" ? "" : of(name);
  return table + of("total").substr(0, table.find('\n'));
}

void reset_peak_memory() { std::ofstream("/proc/self/clear_refs") << 5; }

Offset peak_memory_bytes() {
  const std::string kilobytes = value_in("/proc/self/status", "VmHWM");
  return kilobytes.empty() ? 0 : static_cast<Offset>(std::stoll(kilobytes)) * 1024;
}

}  // namespace filigree::app
