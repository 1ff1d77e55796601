// Reading edge lists: a line per edge, two vertices and perhaps a weight; and adjacency lists.
#include <algorithm>
#include <cstring>
#include <functional>
#include <limits>
#include <optional>
#include <unordered_set>

#include "core/index.hpp"
#include "io/edges/layout.hpp"
#include "io/edges/line.hpp"
#include "io/formats.hpp"
#include "io/interner.hpp"
#include "io/names_file.hpp"
#include "io/numbering.hpp"
#include "io/text_file.hpp"

namespace filigree::io {
namespace edges {
namespace {

/// A line to be quoted, and how many there are of its kind.
struct Lines {
  Offset count = 0;
  Offset at = 0;  ///< of the first
  std::string first;
  std::string fault;  ///< empty: it heads the columns for sure

  void add(Offset where, std::string_view line) {
    if (count++ > 0) return;
    at = where;
    first = quoted(without_blanks(line));
  }
};

/// What a rank found in its part of the file.
struct Part {
  Entries<double> entries;
  Global id_bits = 0;        ///< all that entries hold for vertices, or'ed
  std::vector<Global> lone;  ///< vertices of lines of their own
  bool more = false;         ///< columns that are not read
  Lines headers;             ///< lines before the first edge that may be headings
  Lines comments;
  bool comments_stand_out = false;  ///< one stands behind an edge, or text begins right behind its mark
  Offset fault_at = -1;             ///< the line that ended the reading, -1 if none did
  std::string fault;

  bool any() const { return entries.size() > 0 || !lone.empty(); }
  void add_comment(Offset at, std::string_view line) {
    comments.add(at, line);
    const std::string_view content = without_blanks(line);
    const std::size_t mark = std::min(content.find_first_not_of("#%/"), content.size());
    const bool looks_like_data = mark < content.size() && !is_blank(content[mark]);
    comments_stand_out = comments_stand_out || looks_like_data || any();
  }
};

/// What entries hold for vertices: ids themselves, or positions among the names that this rank met.
struct MetIds {
  static Global source(Global id) { return id; }
  static Global target(Global id) { return id; }
};
struct MetNames {
  Interner<Strings> sources;
  Interner<Strings> targets;  ///< of a bipartite graph
  bool bipartite = false;

  Global source(std::string_view name) { return sources(name); }
  Global target(std::string_view name) { return bipartite ? targets(name) : sources(name); }
};

/// Reads lines of [p, end) for as long as parse_numbers() does. Returns the begin of the first other line, or end.
template <bool weighted>
const char* parse_plain_lines(const char* p, const char* end, char separator, Part& part) {
  constexpr std::size_t capacity = 256;  // edges on the stack between two copies to the vectors
  Global from[capacity], to[capacity];
  double weight[weighted ? capacity : 1];
  bool unusual = false;
  Global id_bits = 0;
  while (p < end && !unusual) {
    std::size_t count = 0;
    while (p < end && count < capacity) {
      Edge<Global> edge;
      const char* const next = parse_numbers<weighted>(p, end, separator, edge);
      unusual = next == nullptr;
      if (unusual) break;
      p = next;
      part.more |= edge.more;
      id_bits |= edge.from | edge.to;
      from[count] = edge.from;
      to[count] = edge.to;
      if (weighted) weight[count] = edge.weight;
      ++count;
    }
    part.entries.row.insert(part.entries.row.end(), from, from + count);
    part.entries.col.insert(part.entries.col.end(), to, to + count);
    if (weighted) part.entries.val.insert(part.entries.val.end(), weight, weight + count);
  }
  part.id_bits |= id_bits;
  return p;
}

/// Reads one rank's lines.
template <bool weighted, class Key, class Numbers>
Part read_part(const TextFile& file, TextFile::Range range, const ReadOptions& options, const Layout& layout,
               Numbers& numbers) {
  Part part;
  Workspace workspace;
  const bool plain = std::is_same_v<Key, Global> && layout.is_plain();
  const auto parse_line = [&](std::string_view line) -> std::optional<Fault> {
    if (layout.lists) {
      Global from = 0;
      const std::size_t before = part.entries.size();
      const auto fault = parse_list<Key>(
          line, layout, options, workspace, [&](Key key) { from = numbers.source(key); },
          [&](Key key) {
            const Global to = numbers.target(key);
            part.id_bits |= from | to;
            part.entries.row.push_back(from);
            part.entries.col.push_back(to);
          });
      if (!fault && part.entries.size() == before) part.lone.push_back(from);
      return fault;
    }
    Edge<Key> edge;
    if (auto fault = parse_thoroughly(line, layout, options, workspace, edge)) return fault;
    const Global from = numbers.source(edge.from);
    if (edge.lone) {
      part.lone.push_back(from);
      return std::nullopt;
    }
    part.more |= edge.more;
    const Global to = numbers.target(edge.to);
    part.id_bits |= from | to;
    part.entries.row.push_back(from);
    part.entries.col.push_back(to);
    if (weighted) part.entries.val.push_back(edge.weight);
    return std::nullopt;
  };
  file.for_lines(range, options.progress, [&](const TextFile::Chunk& chunk) {
    const char* p = chunk.lines.data();
    const char* const end = p + chunk.lines.size();
    while (p < end) {
      if (plain && (p = parse_plain_lines<weighted>(p, end, layout.dialect.separator, part)) == end) break;
      const char* const begin = p;
      p = static_cast<const char*>(std::memchr(begin, '\n', z(end - begin))) + 1;
      const std::string_view line(begin, z(p - 1 - begin));
      if (is_empty_line(line)) continue;
      const Offset at = chunk.at + (begin - chunk.lines.data());
      if (layout.dialect.comments && is_comment(line)) {
        part.add_comment(at, line);
        continue;
      }
      std::optional<Fault> fault = at == layout.heading ? Fault{"", true} : parse_line(line);
      if (!fault) continue;
      if (!fault->maybe_heading || part.any()) {
        part.fault_at = at;
        part.fault = std::move(fault->what);
        return false;
      }
      part.headers.add(at, line);
      if (!part.headers.fault.empty()) continue;
      part.headers.at = at;
      part.headers.fault = std::move(fault->what);
    }
    if (chunk.first) reserve(part.entries, chunk);
    return true;
  });
  return part;
}

template <class Key, class Numbers>
Part read_part(const TextFile& file, TextFile::Range range, const ReadOptions& options, const Layout& layout,
               Numbers& numbers) {
  return layout.weighted ? read_part<true, Key>(file, range, options, layout, numbers)
                         : read_part<false, Key>(file, range, options, layout, numbers);
}

/// Throws for the first line of the file that is neither edge nor heading. Only now it is known which lines come before
/// the first edge. Collective.
void check_lines(const Comm& comm, const TextFile& file, const Part& part) {
  const int no_rank = comm.size();
  const int first_with_edge = comm.min(part.any() ? comm.rank() : no_rank);
  const int first_fault = comm.min(part.fault_at >= 0 ? comm.rank() : no_rank);
  comm.guard([&] {
    // Without any edge there is nothing that a heading could be before.
    const bool no_headers = comm.rank() > first_with_edge || (first_with_edge == no_rank && first_fault == no_rank);
    if (no_headers && !part.headers.fault.empty()) file.fail(part.headers.at, part.headers.fault);
    if (part.fault_at >= 0) file.fail(part.fault_at, part.fault);
  });
}

/// The first line of all ranks' lines, and how many there are. Collective.
Lines together(const Comm& comm, const Lines& mine) {
  const int first = comm.min(mine.count > 0 ? comm.rank() : comm.size() - 1);
  return {comm.sum(mine.count), 0, comm.broadcast(mine.first, first), ""};
}

/// Whether the first line may be a count of vertices and edges: its vertices are numbers, the second of the lines
/// below, the first of the vertices in these. `total`: edges of all ranks. Collective.
bool begins_with_counts(const Comm& comm, const Entries<double>& entries) {
  const bool any = entries.size() > 0;
  const int first = comm.min(any ? comm.rank() : comm.size() - 1);
  const Global num_vertices = comm.broadcast(any ? entries.row.front() : Global{-1}, first);
  const Global num_edges = comm.broadcast(any ? entries.col.front() : Global{-1}, first);
  const Offset total = comm.sum(static_cast<Offset>(entries.size()));
  if (num_edges != total - 1 || total < 3) return false;
  Global least = std::numeric_limits<Global>::max();
  Global most = -1;
  for (std::size_t k = comm.rank() == first ? 1 : 0; k < entries.size(); ++k) {
    least = std::min({least, entries.row[k], entries.col[k]});
    most = std::max({most, entries.row[k], entries.col[k]});
  }
  least = comm.min(least);
  most = comm.max(most);
  return num_vertices == most + 1 || (num_vertices == most && least == 1);
}

/// Tells what was in the file and is not in the graph, and what may have been meant otherwise. Collective.
void report_rest(const Comm& comm, const Part& part, const Layout& layout, ReadReport& report) {
  const Lines headers = together(comm, part.headers);
  const Lines comments = together(comm, part.comments);
  report.header_lines = headers.count;
  report.comment_lines = comments.count;
  const auto lines = [](Offset count) { return text(count, count == 1 ? " line" : " lines"); };
  if (headers.count > 0) {
    report.remarks.push_back(text("skipped ", headers.count, headers.count == 1 ? " header line" : " header lines",
                                  " before the first edge: ", headers.first, headers.count > 1 ? ", ..." : ""));
  }
  // On a later rank every comment stands behind an edge.
  const int first_with_edge = comm.min(part.any() ? comm.rank() : comm.size());
  const bool stand_out = part.comments_stand_out || (part.comments.count > 0 && comm.rank() > first_with_edge);
  if (comm.max(static_cast<int>(stand_out)) != 0) {
    report.remarks.push_back(text("skipped ", lines(comments.count), " as comments, the first: ", comments.first,
                                  " (--comments none reads them as data)"));
  }
  if (comm.max(static_cast<int>(part.more)) != 0 && !layout.columns_known) {
    report.remarks.push_back(text(layout.weighted
                                      ? "columns behind the third are not read"
                                      : "columns behind the second are not read; --weights reads the third as weights",
                                  layout.maybe_lists ? ", --format adjacency reads lists of neighbours" : ""));
  }
  if (!layout.dialect.names && !layout.lists && begins_with_counts(comm, part.entries)) {
    report.remarks.push_back(
        "the first line equals the numbers of vertices and edges below it; remove it if it is no edge");
  }
}

/// Where the first line begins whose vertices `wanted(from, to)` accepts, for a rank's part of the file; the largest
/// number if there is none. Takes names as texts or ids as numbers, as the layout says.
template <class Wanted>
Offset find_line(const TextFile& file, TextFile::Range range, const ReadOptions& options, const Layout& layout,
                 Wanted wanted) {
  Offset found = std::numeric_limits<Offset>::max();
  Workspace workspace;
  const auto holds = [&](std::string_view line, auto key) {
    using Key = decltype(key);
    bool any = false;
    if (layout.lists) {
      std::conditional_t<std::is_same_v<Key, Global>, Global, std::string> from{};  // a name in quotes is a view
      parse_list<Key>(
          line, layout, options, workspace, [&](Key vertex) { any = wanted(vertex, vertex), from = vertex; },
          [&](Key vertex) { any = any || wanted(Key(from), vertex); });
      return any;
    }
    Edge<Key> edge;
    return !parse_thoroughly(line, layout, options, workspace, edge) &&
           wanted(edge.from, edge.lone ? edge.from : edge.to);
  };
  file.for_each_line(range, [&](std::string_view line, Offset at) {
    if (is_empty_line(line) || at == layout.heading || (layout.dialect.comments && is_comment(line))) return true;
    if (layout.dialect.names ? holds(line, std::string_view()) : holds(line, Global{})) found = at;
    return found != at;
  });
  return found;
}

/// Throws for the first line with an id that parse_numbers() takes and that is too large to be kept. Collective.
void check_kept(const Comm& comm, const TextFile& file, const ReadOptions& options, const Layout& layout,
                const Part& part) {
  const auto is_large = [](Global id) { return id >= end_of_kept_ids; };
  comm.guard([&] {
    constexpr Global below_end = Global{1} << 59;
    static_assert(below_end < end_of_kept_ids);
    if (part.id_bits < below_end) return;  // as nearly always, which saves a pass over all entries
    if (std::ranges::none_of(part.entries.row, is_large) && std::ranges::none_of(part.entries.col, is_large)) return;
    ReadOptions any = options;
    any.ids = filigree::io::Ids::compact;
    const Offset at = find_line(file, file.share(comm), any, layout, [&](const auto& from, const auto& to) {
      if constexpr (std::is_same_v<std::decay_t<decltype(from)>, Global>) return is_large(from) || is_large(to);
      return false;
    });
    file.fail(at, "a vertex id is not in [0, 10^18), as vertex numbers are that --ids keep keeps");
  });
}

/// Throws for the first line with one of these vertices, those that this rank met and the list lacks. Collective.
template <class Keys, class Key>
[[noreturn]] void fail_at_missing(const Comm& comm, const TextFile& file, const ReadOptions& options,
                                  const Layout& layout, const Keys& missing, Key) {
  std::unordered_set<Key> wanted;
  for (std::size_t i = 0; i < missing.size(); ++i) wanted.insert(missing[i]);
  const auto lacks = [&](const auto& key) {
    if constexpr (std::is_same_v<std::decay_t<decltype(key)>, Key>) return wanted.contains(key);
    return false;
  };
  const Offset at = comm.guard([&] {
    if (wanted.empty()) return std::numeric_limits<Offset>::max();
    return find_line(file, file.share(comm), options, layout,
                     [&](const auto& from, const auto& to) { return lacks(from) || lacks(to); });
  });
  const Offset first = comm.min(at);
  comm.guard([&] {
    if (at == first) file.fail(at, text("a vertex that ", options.vertices, " does not have"));
  });
  throw Error("unreachable");
}

/// The graph of what all ranks read, with vertices numbered as options say. Collective.
GraphFile number(const Comm& comm, const TextFile& file, const ReadOptions& options, const Layout& layout, Part part,
                 const MetNames& names) {
  const std::string& path = file.path();
  UnnumberedEntries edges{std::move(part.entries), std::move(part.lone), layout.bipartite};
  if (options.vertices.empty()) {
    return layout.dialect.names
               ? number_names(comm, path, std::move(edges), names.sources.keys(), names.targets.keys(), options)
               : number_ids(comm, path, std::move(edges), options);
  }
  if (layout.dialect.names) {
    const VertexList<Strings> list = read_vertex_list(comm, options.vertices);
    Strings missing;
    auto result = number_names(comm, path, std::move(edges), names.sources.keys(), list, options, missing);
    if (!result) fail_at_missing(comm, file, options, layout, missing, std::string_view());
    return *std::move(result);
  }
  const VertexList<std::vector<Global>> list = read_vertex_ids(comm, options.vertices);
  std::vector<Global> missing;
  auto result = number_ids(comm, path, std::move(edges), list, options, missing);
  if (!result) fail_at_missing(comm, file, options, layout, missing, Global{});
  return *std::move(result);
}

void check_options(const std::string& path, const ReadOptions& options, const Layout& layout) {
  require(options.vertices.empty() || options.ids != filigree::io::Ids::keep, path,
          ": ids are kept as vertex numbers or numbered by a list of vertices, not both");
  require(!layout.bipartite || (options.vertices.empty() && options.ids != filigree::io::Ids::keep), path,
          ": a bipartite graph numbers its vertices by itself: neither --ids keep nor --vertices");
  require(!layout.lists || !layout.weighted, path, ": adjacency lists have no weights");
  require(!layout.lists || options.columns.source.empty(), path, ": adjacency lists have no columns to be chosen");
}

}  // namespace
}  // namespace edges

GraphFile read_edge_list(const Comm& comm, const std::string& path, const ReadOptions& options) {
  using namespace edges;
  const TextFile file(comm, path, options.trust);
  ReadReport report;
  const Layout layout = layout_of(comm, file, options, report.remarks);
  check_options(path, options, layout);
  MetIds ids;
  MetNames names;
  names.bipartite = layout.bipartite;
  Part part = comm.guard([&] {
    const TextFile::Range range = file.share(comm);
    return layout.dialect.names ? read_part<std::string_view>(file, range, options, layout, names)
                                : read_part<Global>(file, range, options, layout, ids);
  });
  check_lines(comm, file, part);
  if (options.ids == io::Ids::keep) check_kept(comm, file, options, layout, part);
  report_rest(comm, part, layout, report);
  GraphFile result = number(comm, file, options, layout, std::move(part), names);
  result.report.header_lines = report.header_lines;
  result.report.comment_lines = report.comment_lines;
  result.report.remarks = std::move(report.remarks);
  return result;
}

std::string find_edge(const Comm& comm, const std::string& path, const ReadOptions& options, const std::string& from,
                      const std::string& to) {
  using namespace edges;
  const TextFile file(comm, path, options.trust);
  std::vector<std::string> remarks;
  const Layout layout = layout_of(comm, file, options, remarks);
  const std::string before_target = layout.bipartite ? std::string(second_side) : "";
  const Offset at = comm.min(comm.guard([&] {
    return find_line(file, file.share(comm), options, layout, [&](const auto& source, const auto& target) {
      return text(source) == from && text(before_target, target) == to;
    });
  }));
  std::string place;
  comm.guard([&] {
    if (comm.is_root() && at != std::numeric_limits<Offset>::max()) place = text(path, ":", file.line_of(at));
  });
  return comm.broadcast(place);
}

}  // namespace filigree::io
