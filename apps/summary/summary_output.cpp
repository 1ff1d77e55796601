#include "summary_output.hpp"

#include <algorithm>
#include <cmath>

#include "filigree/core/top_k.hpp"
#include "filigree/io/text_writer.hpp"
#include "filigree/pagerank.hpp"
#include "lines.hpp"
#include "name_table.hpp"

namespace filigree::app {
namespace {

/// The vertices of --vertices on every rank, in order, and what they are called.
struct Named {
  std::vector<std::string> names;
  std::vector<Global> vertices;
};
Named find_vertices(const Comm& comm, const std::vector<std::string>& given, const io::VertexNames& names) {
  const Written written = read_written(comm, given);
  require(given.empty() || !written.lines.empty(), written.path, ": holds no vertex");
  Named named;
  for (const Line& line : written.lines) named.names.push_back(trimmed(line.text));
  named.vertices = NameTable(comm, names).find(named.names);
  for (std::size_t i = 0; i < named.names.size(); ++i)
    require(named.vertices[i] >= 0, written.where(i), no_such_vertex(named.names[i]));
  return named;
}

/// A value of each owned vertex as lines `vertex value`, all or the best, or of some vertices.
std::string scores_table(App& program, const SummaryArguments& a, const Partition& vertices,
                         const io::VertexNames& names, const std::vector<double>& values, const std::string& head) {
  const Comm& comm = program.comm();
  std::string table = comm.is_root() ? "vertex\t" + head + "\n" : "";
  if (a.vertices.empty() && a.top == 0) {
    for (std::size_t v = 0; v < values.size(); ++v)
      table += text(names.owned(comm, static_cast<Local>(v)), '\t', number(values[v]), '\n');
    return table;
  }
  std::vector<Scored<Global>> shown;
  const Global first = vertices.begin(comm.rank());
  const auto show = [&](Global v) {
    if (vertices.owns(comm.rank(), v)) shown.push_back({v, values[static_cast<std::size_t>(v - first)]});
  };
  const std::vector<Global> asked = find_vertices(comm, a.vertices, names).vertices;
  if (a.vertices.empty())
    for (Global v = first; v < vertices.end(comm.rank()); ++v) show(v);
  else
    std::for_each(asked.begin(), asked.end(), show);
  const std::size_t most = a.top > 0 ? static_cast<std::size_t>(a.top) : asked.size();
  shown = top_k(comm, std::move(shown), most);
  std::vector<Global> wanted;
  for (const Scored<Global>& row : shown)
    if (comm.is_root()) wanted.push_back(row.id);
  const std::vector<std::string> called = names.fetch(comm, wanted);
  for (std::size_t i = 0; i < called.size(); ++i) table += text(called[i], '\t', number(shown[i].score), '\n');
  return table;
}

}  // namespace

std::string measures_table(const summary::Measures& m) {
  const auto line = [](const std::string& name, const auto& value) { return name + "\t" + text(value) + "\n"; };
  return line("supernodes", m.supernodes) + line("superedges", m.superedges) + line("max_count", m.max_count) +
         line("bits", number(m.bits)) + line("size_ratio", number(m.bits / m.graph_bits)) + line("RE_1", number(m.l1)) +
         line("RE_2", number(m.l2));
}

void record_measures(App& program, const summary::Measures& m) {
  program.result("supernodes", m.supernodes);
  program.result("superedges", m.superedges);
  program.result("max_count", m.max_count);
  program.result("bits", m.bits);
  program.result("size_ratio", m.bits / m.graph_bits);
  program.result("re_1", m.l1);
  program.result("re_2", m.l2);
}

std::string superedge_lines(const summary::Summary& summary) {
  std::string lines;
  const DistCsr<double>& superedges = summary.superedges;
  for (Local row = 0; row < superedges.num_local_rows(); ++row) {
    const auto cols = superedges.local.view().cols(row);
    const auto vals = superedges.local.view().vals(row);
    for (std::size_t k = 0; k < cols.size(); ++k) {
      const Global a = superedges.first_row() + row;
      const Global b = superedges.global_col(cols[k]);
      if (a <= b) lines += text(a, '\t', b, '\t', static_cast<Offset>(vals[k]), '\n');
    }
  }
  return lines;
}

std::string summary_text(const summary::Summary& summary, const io::VertexNames& names) {
  // Vertices by supernode, on every rank: a text this long is for people and small programs.
  const Comm& comm = summary.superedges.comm;
  const auto of = comm.all_gather(std::span<const Global>(summary.supernode.of)).values;
  const Partition supernodes = Partition::uniform(summary.num_supernodes(), comm.size());
  const Global first = supernodes.begin(comm.rank());
  const Global count = supernodes.size(comm.rank());
  std::vector<std::vector<Global>> members(static_cast<std::size_t>(count));
  for (std::size_t v = 0; v < of.size(); ++v)
    if (supernodes.owns(comm.rank(), of[v]))
      members[static_cast<std::size_t>(of[v] - first)].push_back(static_cast<Global>(v));
  std::vector<Global> wanted;
  for (const auto& some : members) wanted.insert(wanted.end(), some.begin(), some.end());
  const std::vector<std::string> called = names.fetch(comm, wanted);
  std::string lines = comm.is_root() ? "<Subnode of each supernode>\n" : "";
  std::size_t next = 0;
  for (std::size_t a = 0; a < members.size(); ++a) {
    lines += text(first + static_cast<Global>(a));
    for (std::size_t i = 0; i < members[a].size(); ++i) lines += '\t' + called[next++];
    lines += '\n';
  }
  return lines;
}

std::string rounds_svg(const summary::Result& result, const summary::Options& options) {
  constexpr double width = 640, height = 400, margin = 60;
  double most_bits = result.budget_bits;
  double most_error = 0;
  for (const auto& round : result.rounds) {
    most_bits = std::max(most_bits, round.unfilled_bits);
    most_error = std::max(most_error, round.error);
  }
  const auto x = [&](double bits) { return margin + (width - 2 * margin) * bits / most_bits; };
  const auto y = [&](double error) {
    return height - margin - (height - 2 * margin) * error / std::max(most_error, 1e-300);
  };
  std::string svg =
      text("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"", width, "\" height=\"", height,
           "\" font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n");
  const auto line = [&](double x1, double y1, double x2, double y2, const char* style) {
    svg += text("<line x1=\"", x1, "\" y1=\"", y1, "\" x2=\"", x2, "\" y2=\"", y2, "\" ", style, "/>\n");
  };
  const auto label = [&](double at_x, double at_y, const std::string& words, const char* anchor) {
    svg += text("<text x=\"", at_x, "\" y=\"", at_y, "\" text-anchor=\"", anchor, "\">", words, "</text>\n");
  };
  line(margin, height - margin, width - margin, height - margin, "stroke=\"black\"");
  line(margin, margin, margin, height - margin, "stroke=\"black\"");
  const double budget = result.budget_bits;
  line(x(budget), margin, x(budget), height - margin, "stroke=\"gray\" stroke-dasharray=\"4 4\"");
  label(x(budget), margin - 6, "budget", "middle");
  label(width / 2, height - 20, "bits before superedges are dropped (0 to " + number(most_bits) + ")", "middle");
  label(margin, margin - 24,
        text(options.error == summary::Norm::l1 ? "RE_1" : "RE_2", " within the budget, after each round (0 to ",
             number(most_error), ")"),
        "start");
  std::string points;
  for (const auto& round : result.rounds) points += text(x(round.unfilled_bits), ',', y(round.error), ' ');
  svg += "<polyline fill=\"none\" stroke=\"steelblue\" points=\"" + points + "\"/>\n";
  for (const auto& round : result.rounds) {
    svg +=
        text("<circle cx=\"", x(round.unfilled_bits), "\" cy=\"", y(round.error), "\" r=\"3\" fill=\"steelblue\"/>\n");
    label(x(round.unfilled_bits) + 5, y(round.error) - 5, text(round.round), "start");
  }
  return svg + "</svg>\n";
}

void answer_query(App& program, const SummaryArguments& a, const summary::Summary& summary,
                  const io::VertexNames& names) {
  const Comm& comm = program.comm();
  const Partition& vertices = summary.supernode.vertices;
  if (a.kind == SummaryQuery::pagerank || a.kind == SummaryQuery::degree) {
    const summary::Operator reconstruction(summary);
    if (a.kind == SummaryQuery::degree) {
      const auto degrees = program.measure("degree", [&] { return summary::degrees(reconstruction); });
      return program.print(scores_table(program, a, vertices, names, degrees, "degree"));
    }
    pagerank::Options options = a.pagerank;
    options.progress = program.progress();
    const auto result = program.measure(
        "pagerank", [&] { return pagerank::solve(reconstruction, summary::degrees(reconstruction), {}, options); });
    program.result("error_bound", result.error_bound);
    program.note(
        text("L1 error at most ", result.error_bound, " after ", result.stats.at("iterations"), " iterations"));
    return program.print(scores_table(program, a, vertices, names, result.scores, "score"));
  }
  const Named asked = find_vertices(comm, a.vertices, names);
  const bool is_bfs = a.kind == SummaryQuery::bfs;
  io::TextWriter out(comm, program.output().empty() ? "-" : program.output());
  out.write(!comm.is_root() ? "" : is_bfs ? "source\tvertex\tsteps\n" : "vertex\tneighbor\tdensity\n");
  for (std::size_t i = 0; i < asked.vertices.size(); ++i) {
    std::string lines;
    if (is_bfs) {
      const auto steps = program.time("bfs", [&] { return summary::bfs(summary, asked.vertices[i]); });
      for (std::size_t v = 0; v < steps.size(); ++v)
        if (steps[v] >= 0)
          lines += text(asked.names[i], '\t', names.owned(comm, static_cast<Local>(v)), '\t', steps[v], '\n');
    } else {
      const auto row = program.time("neighbors", [&] { return summary::neighbors(summary, asked.vertices[i]); });
      for (std::size_t k = 0; k < row.vertex.size(); ++k)
        lines += text(asked.names[i], '\t',
                      names.owned(comm, static_cast<Local>(row.vertex[k] - vertices.begin(comm.rank()))), '\t',
                      number(row.density[k]), '\n');
    }
    out.write(lines);
  }
  out.commit();
}

}  // namespace filigree::app
