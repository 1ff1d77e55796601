#include "filigree/io/read.hpp"

#include <array>
#include <charconv>
#include <map>

#include "filigree/core/invalid_arc.hpp"
#include "filigree/matrix/content_hash.hpp"
#include "io/claims.hpp"
#include "io/formats.hpp"
#include "io/names_file.hpp"
#include "io/packed.hpp"
#include "io/spool.hpp"

namespace filigree::io {

void refuse_packed_binary(Format format, const std::string& path) {
  if (!info_of(format).text && packing_of(path) != Packing::none)
    throw IoError(text(path, ": only text formats can be compressed"));
}

std::string hash_text(std::uint64_t hash) {
  std::array<char, 16> digits{};
  const char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), hash, 16).ptr;
  const std::string_view shown(digits.data(), static_cast<std::size_t>(end - digits.data()));
  return std::string(digits.size() - shown.size(), '0') + std::string(shown);
}

template <class V>
MatrixFile<V> assemble(const Comm& comm, const std::string& path, Global num_rows, Global num_cols, Entries<V> entries,
                       const ReadOptions& options) {
  try {
    require(!options.undirected || num_rows == num_cols, num_rows, " x ", num_cols,
            ": only a square matrix can be made undirected");
    check_claim(comm, num_rows, num_cols, comm.sum(static_cast<Offset>(entries.size())), options);
    comm.guard([&] {
      if (options.undirected) symmetrize(entries);
    });
    ReadReport report;
    // Sums of entries without values count them.
    const bool counts =
        options.policy.duplicates == Duplicates::sum && comm.max(static_cast<int>(!entries.val.empty())) == 0;
    if (counts) comm.guard([&] { entries.val.assign(entries.size(), V{1}); });
    auto [graph, met] = DistCsr<V>::from_entries_counted(comm, num_rows, num_cols, std::move(entries), options.policy);
    report.entries = met;
    if (counts && met.duplicates == 0) graph.set_values({});
    VertexNames names(graph.rows());
    return {std::move(graph), std::move(names), std::move(report)};
  } catch (const InvalidArc& fault) {  // on all ranks
    throw InvalidArc(path + ": " + fault.before, fault.from, fault.to, fault.after);
  } catch (const InvalidArgument& fault) {
    throw InvalidArgument(text(path, ": ", fault.what()));
  }
}

template GraphFile assemble(const Comm&, const std::string&, Global, Global, Entries<double>, const ReadOptions&);
template IntegerFile assemble(const Comm&, const std::string&, Global, Global, Entries<std::int64_t>,
                              const ReadOptions&);

namespace {

/// "path: row 1, column 2" where rows and columns count from 1, "path: vertices 1 and 2" where vertices do.
std::string place_by_number(const std::string& path, Format format, Global from, Global to) {
  if (format == Format::matrix_market)
    return to < 0 ? text(path, ": row ", from + 1) : text(path, ": row ", from + 1, ", column ", to + 1);
  if (format == Format::metis || format == Format::dimacs || format == Format::dimacs_col)
    return to < 0 ? text(path, ": vertex ", from + 1) : text(path, ": vertices ", from + 1, " and ", to + 1);
  return "";
}

}  // namespace

std::string place_of(const Comm& comm, const std::string& path, const ReadOptions& options, Format format,
                     const VertexNames& names, Global from, Global to) {
  if (format != Format::edge_list && format != Format::adjacency) {
    const bool has_own_ids = format == Format::dimacs && names.kind() == VertexNames::Kind::ids;
    return has_own_ids ? "" : place_by_number(path, format, from, to);
  }
  if (to < 0 || is_stream(comm, path)) return "";
  const std::vector<std::string> called = names.fetch(comm, std::vector<Global>{from, to});
  ReadOptions as_read = options;
  as_read.format = format;
  as_read.weights |= format == Format::edge_list && has_weights_by_extension(path);
  const std::string place = find_edge(comm, path, as_read, called[0], called[1]);
  return place.empty() && options.undirected ? find_edge(comm, path, as_read, called[1], called[0]) : place;
}

namespace {

/// Throws for options of edge lists with a file of another format.
void refuse_edge_options(const std::string& path, const FormatInfo& format, const ReadOptions& options) {
  const Columns& columns = options.columns;
  const bool chosen = !columns.source.empty() || !columns.target.empty() || !columns.weight.empty();
  const char* const option = chosen                      ? "columns are chosen (--source, --target, --weight)"
                             : !options.vertices.empty() ? "vertices are listed (--vertices)"
                             : options.isolated_lines    ? "vertices stand in lines of their own (--isolated-lines)"
                             : options.bipartite         ? "vertices are of two sides (--bipartite)"
                             : options.comments == Comments::none ? "comments are data (--comments)"
                                                                  : nullptr;
  require(option == nullptr, path, ": ", option == nullptr ? "" : option, " in edge lists only; this is ",
          format.title);
}

/// What pipes carried, from the first question about it until it is read: a pipe gives its bytes once.
std::map<std::string, Spool>& spools() {
  static std::map<std::string, Spool> kept;
  return kept;
}

const Spool& spool_of(const Comm& comm, const std::string& stream) {
  return spools().try_emplace(stream, comm, stream).first->second;
}

/// Runs f(path of a spool); what it throws is said of the stream.
template <class F>
auto about_stream(const std::string& stream, const Spool& spool, F f) {
  const auto renamed = [&](const std::string& message) {
    const std::size_t at = message.find(spool.path());
    return at == std::string::npos ? message : std::string(message).replace(at, spool.path().size(), stream);
  };
  try {
    return f(spool.path());
  } catch (const IoError& fault) {  // on all ranks
    throw IoError(renamed(fault.what()));
  } catch (const InvalidArc& fault) {
    throw InvalidArc(renamed(fault.before), fault.from, fault.to, fault.after);
  } catch (const InvalidArgument& fault) {
    throw InvalidArgument(renamed(fault.what()));
  }
}

/// What a pipe carries, read like a file by f(path), and forgotten. Collective.
template <class F>
auto read_stream(const Comm& comm, const std::string& stream, F f) {
  spool_of(comm, stream);
  const auto taken = spools().extract(stream);
  return about_stream(stream, taken.mapped(), f);
}

/// What a reader returns, with the names beside the file, if the format holds none, and its hash. Collective.
template <class V, class F>
MatrixFile<V> completed(const Comm& comm, const std::string& path, const ReadOptions& options, const FoundFormat& found,
                        F reader) {
  if (found.format != Format::edge_list && found.format != Format::adjacency)
    refuse_edge_options(path, info_of(found.format), options);
  MatrixFile<V> file = [&] {
    try {
      return reader();
    } catch (const InvalidArc& fault) {  // on all ranks
      const std::string place = place_by_number("", found.format, fault.from, fault.to);
      if (place.empty()) throw;
      throw InvalidArgument(fault.before + std::to_string(fault.from) + " -> " + std::to_string(fault.to) + " (" +
                            place.substr(2) + ")" + fault.after);
    } catch (const InvalidArgument& fault) {  // on all ranks
      if (std::string_view(fault.what()).find(path) != std::string_view::npos) throw;
      throw InvalidArgument(path + ": " + fault.what());
    }
  }();
  if (!options.group.empty() && found.format != Format::hdf5)
    file.report.remarks.push_back("has no groups: --group is for HDF5");
  file.report.remarks.insert(file.report.remarks.begin(), found.remarks.begin(), found.remarks.end());
  if (!info_of(found.format).holds_names && file.names.kind() == VertexNames::Kind::numbers) {
    if (std::optional<VertexNames> names = read_names_beside(comm, path, file.graph.rows())) {
      file.names = *std::move(names);
      file.report.names_path = names_path(path);
      file.report.remarks.push_back("vertices are called as " + names_path(path) + " says");
    }
  }
  file.report.format = found.format;
  if (file.report.hash.empty()) file.report.hash = hash_text(content_hash(file.graph));
  return file;
}

}  // namespace

GraphFile read(const Comm& comm, const std::string& path, const ReadOptions& options) {
  if (is_stream(comm, path))
    return read_stream(comm, path, [&](const std::string& spool) { return read(comm, spool, options); });
  const FoundFormat found = format_to_read(comm, path, options.format);
  refuse_packed_binary(found.format, path);
  ReadOptions with_extension = options;
  with_extension.format = found.format;
  with_extension.weights |= found.format == Format::edge_list && has_weights_by_extension(path);
  return completed<double>(comm, path, options, found,
                           [&] { return entry_of(found.format).read(comm, path, with_extension); });
}

Values values_of(const Comm& comm, const std::string& path, const ReadOptions& options) {
  if (is_stream(comm, path))
    return about_stream(path, spool_of(comm, path),
                        [&](const std::string& spool) { return values_of(comm, spool, options); });
  const Format format = format_to_read(comm, path, options.format).format;
  if (format == Format::matrix_market) return matrix_market_values(comm, path);
  const bool weights = options.weights || !options.columns.weight.empty() || has_weights_by_extension(path);
  return format == Format::edge_list && !weights ? Values::none : Values::reals;
}

IntegerFile read_integers(const Comm& comm, const std::string& path, const ReadOptions& options) {
  if (is_stream(comm, path))
    return read_stream(comm, path, [&](const std::string& spool) { return read_integers(comm, spool, options); });
  if (values_of(comm, path, options) == Values::integers) {
    return completed<std::int64_t>(comm, path, options, format_to_read(comm, path, options.format),
                                   [&] { return read_matrix_market_integers(comm, path, options); });
  }
  GraphFile file = read(comm, path, options);
  try {
    return {as_integers(file.graph), std::move(file.names), std::move(file.report)};
  } catch (const InvalidArgument& fault) {  // on all ranks
    throw InvalidArgument(path + ": " + fault.what());
  }
}

}  // namespace filigree::io
