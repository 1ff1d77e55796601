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
/// Rank 0 reads and prints; the ranks share the queries of a batch evenly. What is no query is told on stderr by its
/// line and left out; if there was any, this throws Error on all ranks when all is done. Collective.
///
/// Into the record: `queries`, `mistakes` and, as query_seconds_{min,mean,max}, the seconds from a batch read to its
/// answers printed, divided by its queries.
void answer_stream(App& program, const io::VertexNames& names, const Answer& answer);

}  // namespace filigree::app
