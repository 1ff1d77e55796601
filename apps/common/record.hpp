// The parts of a run's record (--json; its schema is bench/record.schema.json).
#pragma once

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "filigree/core/timing.hpp"
#include "filigree/io/read.hpp"
#include "filigree/matrix/dist_csr.hpp"

namespace filigree::app {

using Json = nlohmann::ordered_json;

/// {"app", "version", "git", "date", "host", "cpu", "mpi"} of this process.
Json provenance(const std::string& app);
/// {"path", "rows", "cols", "nnz", "hash"} of a graph that was made; path is null. Collective.
Json input_record(const Graph& graph);
/// The same of a graph that was read, and {"duplicates", "loops", "header_lines", "remarks"}. Collective.
Json input_record(const std::string& path, const io::GraphFile& file);
/// The options of the command line with the values they had. A result file names no paths and nothing that only changes
/// how a run is done, so that equal results are equal files.
enum class OptionsFor { record, result_file };
Json options_record(const CLI::App& cli, OptionsFor use);
/// The group of the options that all programs share.
inline const std::string shared_group = "Options of every program";
/// {"NAME": {"min", "mean", "max"}} in seconds over ranks, for the phases of rank 0. Collective.
Json phases_record(const Comm& comm, const Timings& phases);

/// Makes the peak of this process's memory count from now on (Linux; elsewhere it counts from the start).
void reset_peak_memory();
/// The peak resident memory of this process since then; 0 where the system does not tell.
Offset peak_memory_bytes();

}  // namespace filigree::app
