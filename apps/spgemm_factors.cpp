#include "spgemm_factors.hpp"

#include <algorithm>
#include <limits>

#include "filigree/io/named_hash.hpp"

namespace filigree::app {
namespace {

/// Whether rows and columns are vertices that a file may call otherwise than another one does.
bool names_vertices(const io::GraphFile& file) {
  return file.graph.is_square() &&
         (file.report.format == io::Format::edge_list || file.names.kind() != io::VertexNames::Kind::numbers);
}

bool calls_them_by_number(const io::GraphFile& file) { return file.names.kind() == io::VertexNames::Kind::numbers; }

/// Adds vertices without arcs behind the others, up to so many, on the last rank.
void grow(io::GraphFile& file, Global num_vertices) {
  const Graph& graph = file.graph;
  const Comm& comm = graph.comm;
  std::vector<Global> begins;
  for (int rank = 0; rank < comm.size(); ++rank) begins.push_back(graph.rows.begin(rank));
  begins.push_back(num_vertices);
  Partition vertices = Partition::from_begins(std::move(begins));
  Csr<double> local = graph.local;
  comm.guard([&] {
    if (comm.rank() + 1 < comm.size()) return;
    const Global more = num_vertices - graph.num_rows();
    require(local.num_cols + more <= std::numeric_limits<Local>::max(), num_vertices, " vertices are too many: rank ",
            comm.rank(), " of ", comm.size(), " would number ", local.num_cols + more);
    local.num_cols += static_cast<Local>(more);
    local.row_ptr.resize(local.row_ptr.size() + static_cast<std::size_t>(more), local.row_ptr.back());
  });
  file.graph = Graph(comm, vertices, vertices, std::move(local), graph.ghosts);
  file.names = io::VertexNames(std::move(vertices));
}

/// What is not A must not call its vertices otherwise than A does: positions would be mistaken for each other. Vertices
/// that both call by number are those up to the largest of either.
void fit(App& program, const std::string& a_path, io::GraphFile& a, const std::string& path, io::GraphFile& file) {
  if (!names_vertices(a) || !names_vertices(file)) return;
  if (calls_them_by_number(a) && calls_them_by_number(file)) {
    const Global most = std::max(a.graph.num_rows(), file.graph.num_rows());
    for (const auto& [smaller_path, smaller] : {std::pair(a_path, &a), std::pair(path, &file)}) {
      const Global more = most - smaller->graph.num_rows();
      if (more == 0) continue;
      grow(*smaller, most);
      program.note(text(smaller_path, ": ", more, more == 1 ? " vertex" : " vertices",
                        " more, without arcs: there are ", most, " in ", smaller == &a ? path : a_path));
    }
    return;
  }
  const Comm& comm = program.comm();
  require(
      a.graph.num_rows() == file.graph.num_rows() && io::names_hash(comm, a.names) == io::names_hash(comm, file.names),
      path, ": its vertices are not those of ", a_path,
      "; edge lists of different vertices fit each other with --ids keep");
}

/// What the product takes instead of a matrix as it was read; nothing if it takes that. Collective.
std::optional<Graph> made(const Graph& read, bool is_transposed, bool drop_zeros) {
  std::optional<Graph> graph;
  if (drop_zeros && read.has_values()) graph = without_zeros(read);
  if (is_transposed) graph = transpose(graph ? *graph : read);
  return graph;
}

}  // namespace

Factors::Factors(App& program, SpgemmArguments& arguments)
    : a_(arguments.input.load(program)),
      has_mask_(!arguments.mask_path.empty()),
      rows_have_names_(!arguments.transpose_a || a_.graph.is_square()) {
  const std::string& a_path = arguments.input.path();
  const auto load_other = [&](const std::string& path, std::optional<io::GraphFile>& other) {
    if (!path.empty() && path != a_path) other = arguments.input.load(program, path);
  };
  load_other(arguments.b_path, other_b_);
  load_other(arguments.mask_path, other_mask_);
  // A takes the size of the largest, and gives it to those that came before.
  if (other_b_) fit(program, a_path, a_, arguments.b_path, *other_b_);
  if (other_mask_) fit(program, a_path, a_, arguments.mask_path, *other_mask_);
  if (other_b_) fit(program, a_path, a_, arguments.b_path, *other_b_);
  require(other_b_ || a_.graph.is_square() || arguments.transpose_a != arguments.transpose_b, a_path, " is ",
          a_.graph.num_rows(), " x ", a_.graph.num_cols(),
          ", so it has a product with its transpose only: give either --transpose-a or --transpose-b, or another "
          "matrix by --b");
  made_a_ = made(a_.graph, arguments.transpose_a, arguments.drop_zeros);
  made_b_ = made(b_file().graph, arguments.transpose_b, arguments.drop_zeros);
  if (has_mask_) made_mask_ = made(mask_file().graph, false, arguments.drop_zeros);
  program.result("b_hash", b_file().report.hash);
  if (has_mask_) program.result("mask_hash", mask_file().report.hash);
}

io::VertexNames Factors::row_names() const { return rows_have_names_ ? a_.names : io::VertexNames(a().rows); }

Graph without_zeros(const Graph& matrix) {
  Entries<double> entries;
  const CsrView<double> rows = matrix.local;
  for (Local row = 0; row < rows.num_rows(); ++row) {
    for (std::size_t k = 0; k < rows.vals(row).size(); ++k) {
      if (rows.vals(row)[k] == 0) continue;
      entries.row.push_back(matrix.first_row() + row);
      entries.col.push_back(matrix.global_col(rows.cols(row)[k]));
      entries.val.push_back(rows.vals(row)[k]);
    }
  }
  return Graph::from_entries(matrix.comm, matrix.rows, matrix.cols, std::move(entries), {Duplicates::error});
}

}  // namespace filigree::app
