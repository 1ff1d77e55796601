#include "spgemm_factors.hpp"

#include "filigree/io/named_hash.hpp"

namespace filigree::app {

const io::GraphFile& load_beside(App& program, SpgemmArguments& arguments, const std::string& path,
                                 const io::GraphFile& a, std::optional<io::GraphFile>& room) {
  if (path.empty() || path == arguments.input.path()) return a;
  const io::GraphFile& file = room.emplace(arguments.input.load(program, path));
  const auto names_matter = [](const io::GraphFile& f) {
    return f.graph.is_square() &&
           (f.report.format == io::Format::edge_list || f.names.kind() != io::VertexNames::Kind::numbers);
  };
  const Comm& comm = program.comm();
  if (names_matter(a) && names_matter(file) && a.graph.num_rows() == file.graph.num_rows()) {
    require(io::names_hash(comm, a.names) == io::names_hash(comm, file.names), path, ": its vertices are not those of ",
            arguments.input.path(), "; edge lists of different vertices fit each other with --ids keep");
  }
  return file;
}

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
