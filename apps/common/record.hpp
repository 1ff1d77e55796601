// The parts of a run's record (--json; its schema is bench/record.schema.json).
#pragma once

#include <string>

#include "filigree/core/timing.hpp"
#include "filigree/io/integers.hpp"
#include "filigree/matrix/dist_csr.hpp"
#include "json.hpp"
#include "options.hpp"

namespace filigree::app {

/// "Open MPI 4.1.4", which this program was built for.
std::string mpi_name();
/// {"app", "version", "git", "date", "host", "cpu", "mpi"} of this process.
Json provenance(const std::string& app);
/// {"path", "rows", "cols", "nnz", "hash"} of a graph that was made; path is null. Collective.
Json input_record(const Graph& graph);
/// The same of a graph that was read, and {"duplicates", "loops", "header_lines", "remarks"}. Collective.
template <class V>
Json input_record(const std::string& path, const io::MatrixFile<V>& file);
/// The same of dense matrices with `cols` columns together, all of whose elements count.
Json input_record(const std::string& path, Offset rows, Offset cols, std::uint64_t hash);
/// The options of the command line with the values they had. A result file names no paths and nothing that only changes
/// how a run is done, so that equal results are equal files.
enum class OptionsFor { record, result_file };
Json options_record(const CommandLine& cli, OptionsFor use);
/// The group of the options that all programs share.
inline const std::string shared_group = "Options of every program";
/// {"NAME": {"min", "mean", "max"}} in seconds over ranks, for the phases of rank 0. Collective.
Json phases_record(const Comm& comm, const Timings& phases);
/// The same as lines for people, "total" last.
std::string timings_table(const Json& phases);

}  // namespace filigree::app
