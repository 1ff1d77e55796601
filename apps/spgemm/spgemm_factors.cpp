#include "spgemm_factors.hpp"

#include <algorithm>
#include <limits>

#include "filigree/io/named_hash.hpp"

namespace filigree::app {
namespace {

/// Whether rows and columns are vertices that a file may call otherwise than another one does.
template <class V>
bool names_vertices(const io::MatrixFile<V>& file) {
  return file.graph.is_square() &&
         (file.report.format == io::Format::edge_list || file.names.kind() != io::VertexNames::Kind::numbers);
}

template <class V>
bool calls_them_by_number(const io::MatrixFile<V>& file) {
  return file.names.kind() == io::VertexNames::Kind::numbers;
}

io::Values values_of(App& program, const GraphInput& input, const std::string& path) {
  return io::values_of(program.comm(), path, input.options());
}

/// Reads a matrix; the record describes it if it is the first.
template <class V>
io::MatrixFile<V> load(App& program, GraphInput& input, const std::string& path) {
  const bool first = path == input.path();
  if constexpr (std::is_integral_v<V>) {
    return first ? input.load_integers(program) : input.load_integers(program, path);
  } else {
    if (values_of(program, input, path) != io::Values::integers)
      return first ? input.load(program) : input.load(program, path);
    io::IntegerFile file = first ? input.load_integers(program) : input.load_integers(program, path);
    return {io::as_reals(file.graph), std::move(file.names), std::move(file.report)};
  }
}

/// Values of a mask do not matter, except zeros, which are left out.
template <class V>
io::MatrixFile<V> load_mask(App& program, SpgemmArguments& arguments) {
  const std::string& path = arguments.mask_path;
  if (!std::is_integral_v<V> || values_of(program, arguments.input, path) != io::Values::reals)
    return load<V>(program, arguments.input, path);
  io::GraphFile file = arguments.input.load(program, path);
  if (arguments.drop_zeros && file.graph.has_values()) file.graph = without_zeros(file.graph);
  const Csr<double>& local = file.graph.local();
  Csr<V> pattern{local.num_cols, local.row_ptr, local.col, {}};
  return {DistCsr<V>(file.graph.comm(), file.graph.rows(), file.graph.cols(), std::move(pattern), file.graph.ghosts()),
          std::move(file.names), std::move(file.report)};
}

/// Adds vertices without arcs behind the others, up to so many, on the last rank.
template <class V>
void grow(io::MatrixFile<V>& file, Global num_vertices) {
  const DistCsr<V>& graph = file.graph;
  const Comm& comm = graph.comm();
  std::vector<Global> begins;
  for (int rank = 0; rank < comm.size(); ++rank) begins.push_back(graph.rows().begin(rank));
  begins.push_back(num_vertices);
  Partition vertices = Partition::from_begins(std::move(begins));
  Csr<V> local = graph.local();
  comm.guard([&] {
    if (comm.rank() + 1 < comm.size()) return;
    const Global more = num_vertices - graph.num_rows();
    require(local.num_cols + more <= std::numeric_limits<Local>::max(), num_vertices, " vertices are too many: rank ",
            comm.rank(), " of ", comm.size(), " would number ", local.num_cols + more);
    local.num_cols += static_cast<Local>(more);
    local.row_ptr.resize(local.row_ptr.size() + static_cast<std::size_t>(more), local.row_ptr.back());
  });
  file.graph = DistCsr<V>(comm, vertices, vertices, std::move(local), graph.ghosts());
  file.names = io::VertexNames(std::move(vertices));
}

/// What is not A must not call its vertices otherwise than A does: positions would be mistaken for each other. Vertices
/// that both call by number are those up to the largest of either.
template <class V>
void fit(App& program, const std::string& a_path, io::MatrixFile<V>& a, const std::string& path,
         io::MatrixFile<V>& file) {
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
template <class V>
std::optional<DistCsr<V>> made(const DistCsr<V>& read, bool is_transposed, bool drop_zeros) {
  std::optional<DistCsr<V>> graph;
  if (drop_zeros && read.has_values()) graph = without_zeros(read);
  if (is_transposed) graph = transpose(graph ? *graph : read);
  return graph;
}

}  // namespace

template <class V>
Factors<V>::Factors(App& program, SpgemmArguments& arguments)
    : a_(load<V>(program, arguments.input, arguments.input.path())),
      has_mask_(!arguments.mask_path.empty()),
      rows_have_names_(!arguments.transpose_a || a_.graph.is_square()) {
  program.explain_arcs({});  // arcs that are refused from here on are those of another file, or of C
  const std::string& a_path = arguments.input.path();
  const auto is_other = [&](const std::string& path) { return !path.empty() && path != a_path; };
  if (is_other(arguments.b_path)) other_b_ = load<V>(program, arguments.input, arguments.b_path);
  if (is_other(arguments.mask_path)) other_mask_ = load_mask<V>(program, arguments);
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

template <class V>
io::VertexNames Factors<V>::row_names() const {
  return rows_have_names_ ? a_.names : io::VertexNames(a().rows());
}

template <class V>
DistCsr<V> without_zeros(const DistCsr<V>& matrix) {
  Entries<V> entries;
  const CsrView<V> rows = matrix.local();
  for (Local row = 0; row < rows.num_rows(); ++row) {
    for (std::size_t k = 0; k < rows.vals(row).size(); ++k) {
      if (rows.vals(row)[k] == 0) continue;
      entries.row.push_back(matrix.first_row() + row);
      entries.col.push_back(matrix.global_col(rows.cols(row)[k]));
      entries.val.push_back(rows.vals(row)[k]);
    }
  }
  return DistCsr<V>::from_entries(matrix.comm(), matrix.rows(), matrix.cols(), std::move(entries), {Duplicates::error});
}

template class Factors<double>;
template class Factors<std::int64_t>;
template DistCsr<double> without_zeros(const DistCsr<double>&);
template DistCsr<std::int64_t> without_zeros(const DistCsr<std::int64_t>&);

}  // namespace filigree::app
