// Queries answered as they come.
#pragma once

#include <functional>

#include "app.hpp"
#include "filigree/io/names.hpp"
#include "filigree/ppr.hpp"

namespace filigree::app {

/// Answers this rank's queries. Collective.
using Answer = std::function<ppr::Result(std::span<const ppr::Query>)>;

/// Reads queries from standard input until it ends. Each line is answered when it is there, together with what else is,
/// up to 1,024 lines, and its answer printed at once, or added to the file of --output, which is there in the end.
/// Rank 0 reads and prints; the ranks share the lines of a batch evenly. In tables blank lines and comments have no
/// row, and what is no query is told on stderr by its line; jsonl has exactly one line for every line, in order. If
/// there was a line that is no query, this throws Error on all ranks when all is done, unless `skip_unknown`.
/// Collective.
///
/// Into the record: `queries`, `mistakes` and, as query_seconds_{min,mean,max}, the seconds from a batch read to its
/// answers printed, divided by its queries.
void answer_stream(App& program, const io::VertexNames& names, const Answer& answer, bool skip_unknown);

}  // namespace filigree::app
