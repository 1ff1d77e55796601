// filigree-generate: graphs from a formula and a seed.
#include "app.hpp"
#include "filigree/generate.hpp"
#include "filigree/io/text_writer.hpp"
#include "filigree/io/write.hpp"
#include "filigree/matrix/content_hash.hpp"
#include "generate_blocks.hpp"
#include "graph_output.hpp"

namespace {

using namespace filigree;

const app::About about{
    "filigree-generate",
    "Writes a generated graph, or a collection of matrices. The same options give the same file on any number of "
    "ranks. The format follows the\n"
    "extension of --output: .h5, .mtx, .graph (METIS), .txt (edge list) and the others of filigree-convert.",
    "  filigree-generate rmat --scale 16 --output r16.h5\n"
    "  mpirun -n 4 filigree-generate uniform --vertices 100000 --degree 8 --undirected --output u.mtx\n"
    "  filigree-generate grid3d 100 100 100 --output grid.graph\n"
    "  filigree-generate hsbm --depth 4 --leaf-size 200 --a-last 36 --labels truth.txt --output g.h5\n"
    "  filigree-generate blocks --case groups --output blocks.h5               # or a folder, for .npy files\n"};

struct Arguments {
  int scale = 16;
  Offset edges_per_vertex = 16;
  bool keep_order = false;
  generate::RmatOptions rmat;
  Global vertices = 0;
  Global columns = 0;
  Offset degree = 16;
  std::optional<Offset> edges;
  generate::UniformOptions uniform;
  std::vector<Global> extents;
  generate::HsbmOptions hsbm;
  std::string labels;
  app::GraphOutput output;
};

/// Makes the graph of the subcommand that was chosen.
using Make = std::function<CountedMatrix<double>(const Comm&)>;

template <class Options>
void add_edge_options(app::Command cli, Options& options) {
  cli.flag("--undirected", options.undirected, "add the reverse of every edge");
  cli.flag(
      "--drop-loops", [&options] { options.loops = Loops::drop; }, "leave out edges from a vertex to itself");
}

void add_rmat(app::App& program, Arguments& a, Make& make) {
  app::Command cli = program.cli.command("rmat", "recursive-matrix graph of 2^SCALE vertices, as Graph500's");
  a.output.add_to(cli);
  cli.option("--scale", a.scale, "2^SCALE vertices");
  cli.option("--edges-per-vertex", a.edges_per_vertex, "edges drawn; those drawn twice count once");
  cli.option("--edges", a.rmat.edges, "edges drawn in all, instead of --edges-per-vertex");
  cli.option("-a", a.rmat.a, "probability of the upper left quarter");
  cli.option("-b", a.rmat.b, "probability of the upper right quarter");
  cli.option("-c", a.rmat.c, "probability of the lower left quarter; the lower right gets the rest");
  cli.option("--noise", a.rmat.noise, "largest random shift of the probabilities of a level");
  cli.flag("--keep-order", a.keep_order, "do not renumber vertices at random: hubs get the small ids");
  add_edge_options(cli, a.rmat);
  cli.check([&] {
    a.rmat.scramble = !a.keep_order;
    make = [&](const Comm& comm) {
      return generate::rmat_counted(comm, a.scale, a.edges_per_vertex, program.seed(), a.rmat);
    };
  });
}

void add_uniform(app::App& program, Arguments& a, Make& make) {
  app::Command cli = program.cli.command("uniform", "edges at uniformly random positions");
  a.output.add_to(cli);
  cli.option("--vertices,--rows", a.vertices, "vertices, or rows").required();
  cli.option("--columns", a.columns, "columns; 0 = as many as rows, a graph");
  cli.option("--degree", a.degree, "edges drawn per row; those drawn twice count once");
  cli.option("--edges", a.edges, "edges drawn in all, instead of --degree");
  add_edge_options(cli, a.uniform);
  cli.check([&] {
    make = [&](const Comm& comm) {
      const Global columns = a.columns == 0 ? a.vertices : a.columns;
      Offset edges = a.edges.value_or(0);
      if (!a.edges && __builtin_mul_overflow(a.vertices, a.degree, &edges)) {
        throw InvalidArgument(
            text("--vertices ", a.vertices, " times --degree ", a.degree, " is more edges than can be counted"));
      }
      return generate::uniform_counted(comm, a.vertices, columns, edges, program.seed(), a.uniform);
    };
  });
}

/// "vertex TAB 0/1/0", the way from the root to its leaf, for every vertex. Collective.
void write_labels(const Comm& comm, const Arguments& a, const generate::Hsbm& made) {
  std::string lines;
  for (Global v = made.leaves.vertices.begin(comm.rank()); const Global leaf : made.leaves.of) {
    std::string path;
    Global rest = leaf;
    for (int k = 0; k < a.hsbm.depth; ++k, rest /= a.hsbm.branching)
      path = text(rest % a.hsbm.branching, k > 0 ? "/" : "", path);
    lines += text(v++, '\t', a.hsbm.depth > 0 ? path : "0", '\n');
  }
  io::TextWriter file(comm, a.labels);
  file.write(lines);
  file.commit();
}

void add_hsbm(app::App& program, Arguments& a, Make& make) {
  app::Command cli = program.cli.command("hsbm", "communities in a tree: the hierarchical stochastic block model");
  a.output.add_to(cli);
  auto& o = a.hsbm;
  cli.option("--branching", o.branching, "children of a node of the tree");
  cli.option("--depth", o.depth, "levels below the root; BRANCHING^DEPTH leaves");
  cli.option("--leaf-size", o.leaf_size, "vertices of a leaf");
  cli.option("--beta", o.beta, "ratio of edge probabilities between levels: p_(k-1) = BETA p_k");
  cli.option("--a-last", o.a_last, "edges within a leaf have probability A ln N / N; 36 if nothing else is given");
  cli.option("--p-last", o.p_last, "the probability of an edge within a leaf");
  cli.option("--degree", o.degree, "expected mean degree");
  cli.option("--a", o.a, "A of every depth, the root's first, between commas; DEPTH + 1 numbers")
      .delimiter(',')
      .default_text("");
  cli.flag("--shuffle", o.shuffle, "number the vertices at random, not leaf by leaf");
  cli.option("--labels", a.labels, "write the leaf of each vertex here: lines `vertex 0/1/0`, its way from the root")
      .file(app::FileRole::output);
  cli.check([&] {
    make = [&](const Comm& comm) {
      auto made = generate::hsbm(comm, program.seed(), a.hsbm);
      if (!a.labels.empty() && comm.size() == program.comm().size()) write_labels(comm, a, made);
      return CountedMatrix<double>{std::move(made.graph), {}};
    };
  });
}

using MakeGrid = Graph(const Comm&, const std::vector<Global>& extents);

void add_grid(app::App& program, Arguments& a, Make& make, const std::string& name, const std::string& help,
              int dimensions, MakeGrid* make_grid) {
  app::Command cli = program.cli.command(name, help);
  a.output.add_to(cli);
  cli.option("extents", a.extents, dimensions == 2 ? "HEIGHT WIDTH" : "DEPTH HEIGHT WIDTH")
      .required()
      .expected(dimensions)
      .default_text("");
  cli.check([&make, &a, make_grid] {
    make = [&a, make_grid](const Comm& comm) { return CountedMatrix<double>{make_grid(comm, a.extents), {}}; };
  });
}

}  // namespace

int main(int argc, char** argv) {
  return app::run(argc, argv, about, [](app::App& program) {
    Arguments arguments;
    Make make;
    add_rmat(program, arguments, make);
    add_uniform(program, arguments, make);
    add_hsbm(program, arguments, make);
    const std::string joined = "vertices joined with their neighbours in a grid";
    add_grid(program, arguments, make, "grid2d", joined, 2,
             [](const Comm& comm, const auto& n) { return generate::grid2d(comm, n[0], n[1]); });
    add_grid(program, arguments, make, "grid3d", joined, 3,
             [](const Comm& comm, const auto& n) { return generate::grid3d(comm, n[0], n[1], n[2]); });
    add_grid(program, arguments, make, "stencil27", "27-point stencil on a grid, HPCG's matrix: 26 and -1", 3,
             [](const Comm& comm, const auto& n) { return generate::stencil27(comm, n[0], n[1], n[2]); });
    program.writes_graph();
    app::BlocksCommand blocks(program);
    program.cli.check([&] {
      if (program.output().empty()) app::usage_error("--output is required");
      if (!blocks.given()) arguments.output.check(program.output());
    });
    program.parse();
    if (blocks.given()) return blocks.run();

    const CountedMatrix<double> made = program.measure("generate", [&] { return make(program.comm()); });
    const Graph& graph = made.matrix;
    const EntryCounts& counts = made.counts;
    program.describe_input(graph);
    program.worked_on({{graph.num_nonzeros(), "edge", "edges"}});
    program.result("duplicates", counts.duplicates);
    program.result("loops", counts.loops);
    program.note(text(graph.num_rows(), " x ", graph.num_cols(), ", ", graph.num_nonzeros(), " edges; ",
                      counts.duplicates, " drawn twice, ", counts.loops, " loops"));
    if (program.verify()) {
      program.verified(content_hash(graph) == content_hash(make(Comm::self()).matrix), "one rank makes the same graph");
    }
    program.time("write", [&] {
      io::write(graph, io::VertexNames(graph.rows()), program.output(), arguments.output.format(program.output()));
    });
  });
}
