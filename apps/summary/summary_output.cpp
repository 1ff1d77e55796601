#include "summary_output.hpp"

#include <algorithm>
#include <cmath>

#include "filigree/core/top_k.hpp"
#include "filigree/io/text_writer.hpp"
#include "filigree/pagerank.hpp"
#include "lines.hpp"
#include "name_table.hpp"
#include "seeds.hpp"

namespace filigree::app {
namespace {

/// The vertices of --vertices on every rank, in order, and what they are called.
struct Named {
  std::vector<std::string> names;
  std::vector<Global> vertices;
};
Named find_vertices(App& program, const std::vector<std::string>& given, const io::VertexNames& names) {
  const NameTable table(program.comm(), names);
  const Written written = read_written(program, table, given);
  std::vector<std::string> wanted;
  for (const Line& line : written.lines) wanted.insert(wanted.end(), {line.text, trimmed(line.text)});
  const std::vector<Global> found = table.find(wanted);
  Named named;
  for (std::size_t i = 0; i < written.lines.size(); ++i) {
    const Global vertex = found[2 * i] >= 0 ? found[2 * i] : found[2 * i + 1];
    const std::string& name = wanted[2 * i + 1];
    if (vertex < 0 && !written.path.empty() && !says_something(name)) continue;
    if (vertex < 0) require(false, written.where(i), table.complaint(name), written.or_file());
    named.names.push_back(found[2 * i] >= 0 ? wanted[2 * i] : name);
    named.vertices.push_back(vertex);
  }
  require(given.empty() || !named.vertices.empty(), written.path, ": holds no vertex");
  return named;
}

/// A value of each owned vertex as rows `vertex value`, all or the best, or of some vertices.
std::string scores_table(App& program, const SummaryArguments& a, const Partition& vertices,
                         const io::VertexNames& names, const std::vector<double>& values, const std::string& head) {
  const Comm& comm = program.comm();
  Table table(program.table_form(), {"vertex", head});
  if (comm.is_root()) table.head();
  if (a.vertices.empty() && a.top == 0) {
    for (std::size_t v = 0; v < values.size(); ++v) table.row({names.owned(comm, static_cast<Local>(v)), values[v]});
    return table.take();
  }
  std::vector<Scored<Global>> shown;
  const Global first = vertices.begin(comm.rank());
  const auto show = [&](Global v) {
    if (vertices.owns(comm.rank(), v)) shown.push_back({v, values[static_cast<std::size_t>(v - first)]});
  };
  const std::vector<Global> asked = find_vertices(program, a.vertices, names).vertices;
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
  for (std::size_t i = 0; i < called.size(); ++i) table.row({called[i], shown[i].score});
  return table.take();
}

}  // namespace

std::string measures_table(const summary::Measures& m, Form form) {
  Table table(form, {"measure", "value"});
  table.head();
  table.row({"supernodes", m.supernodes});
  table.row({"superedges", m.superedges});
  table.row({"max_count", m.max_count});
  table.row({"bits", m.bits});
  table.row({"size_ratio", m.bits / m.graph_bits});
  table.row({"RE_1", m.l1});
  table.row({"RE_2", m.l2});
  return table.take();
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
    const auto cols = superedges.local().view().cols(row);
    const auto vals = superedges.local().view().vals(row);
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
  const Comm& comm = summary.superedges.comm();
  const auto of = comm.all_gather(summary.supernode.of).values;
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
    for (std::size_t i = 0; i < members[a].size(); ++i) {
      lines += '\t';
      Field(called[next++]).append_to(lines, Form::tsv);
    }
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
  const Named asked = find_vertices(program, a.vertices, names);
  const bool is_bfs = a.kind == SummaryQuery::bfs;
  io::TextWriter out(comm, program.output().empty() ? "-" : program.output());
  Table table(program.table_form(), is_bfs ? std::vector<std::string>{"source", "vertex", "steps"}
                                           : std::vector<std::string>{"vertex", "neighbor", "density"});
  if (comm.is_root()) table.head();
  for (std::size_t i = 0; i < asked.vertices.size(); ++i) {
    if (is_bfs) {
      const auto steps = program.time("bfs", [&] { return summary::bfs(summary, asked.vertices[i]); });
      for (std::size_t v = 0; v < steps.size(); ++v)
        if (steps[v] >= 0) table.row({asked.names[i], names.owned(comm, static_cast<Local>(v)), steps[v]});
    } else {
      const auto row = program.time("neighbors", [&] { return summary::neighbors(summary, asked.vertices[i]); });
      for (std::size_t k = 0; k < row.vertex.size(); ++k)
        table.row({asked.names[i], names.owned(comm, static_cast<Local>(row.vertex[k] - vertices.begin(comm.rank()))),
                   row.density[k]});
    }
    out.write(table.take());
  }
  out.commit();
}

}  // namespace filigree::app
