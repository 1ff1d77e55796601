// filigree-spgemm: the product of two sparse matrices.
#include <cmath>
#include <optional>

#include "app.hpp"
#include "filigree/io/write.hpp"
#include "filigree/spgemm.hpp"
#include "spgemm_arguments.hpp"
#include "spgemm_check.hpp"
#include "spgemm_factors.hpp"

namespace {

using namespace filigree;

const app::About about{
    "filigree-spgemm",
    "C = A B for sparse matrices, over any of five semirings, where a mask lets it be. C goes to --output, in the\n"
    "format of its extension; without --output nothing is kept of it but what --reduce prints.",
    "  filigree-spgemm --a A.mtx --b B.mtx --output C.mtx\n"
    "  mpirun -n 4 filigree-spgemm --a A.mtx --transpose-b --output C.h5             # A times its transpose\n"
    "  filigree-spgemm --a G.mtx --mask G.mtx --semiring plus_pair --reduce sum      # 6 for every triangle\n"
    "  filigree-spgemm --a A.mtx --estimate --at-ranks 16 64 256\n"};

void print_estimate(app::App& program, const Graph& a, const Graph& b, const app::SpgemmArguments& arguments) {
  const auto estimate = program.measure("estimate", [&] { return spgemm::estimate(a, b, arguments.options); });
  const Offset most_bytes = estimate.most_nonzeros * static_cast<Offset>(sizeof(Local) + sizeof(double)) +
                            a.num_rows() * static_cast<Offset>(sizeof(Offset));
  std::string table = text("products\t", estimate.products, "\nmost_nonzeros\t", estimate.most_nonzeros,
                           "\nmost_bytes\t", most_bytes, "\nbytes_received\t", estimate.bytes_received, '\n');
  program.result("products", estimate.products);
  program.result("most_nonzeros", estimate.most_nonzeros);
  program.result("most_bytes", most_bytes);
  program.result("bytes_received", estimate.bytes_received);
  if (!arguments.at_ranks.empty()) table += "ranks\tbytes_1d\tbytes_2d\tbytes_3d\tlayers_3d\n";
  for (const int ranks : arguments.at_ranks) {
    const auto moved = program.time("predict", [&] { return spgemm::predict(a, b, ranks); });
    table += text(ranks, '\t', moved.bytes_1d, '\t', moved.bytes_2d, '\t', moved.bytes_3d, '\t', moved.layers, '\n');
    program.result(text("bytes_1d_at_", ranks), moved.bytes_1d);
    program.result(text("bytes_2d_at_", ranks), moved.bytes_2d);
    program.result(text("bytes_3d_at_", ranks), moved.bytes_3d);
  }
  program.print(program.comm().is_root() ? table : "");
}

/// In long double, so that ten digits do not depend on the number of ranks.
double sum_of_values(const Graph& c) {
  long double mine = 0;
  for (const double value : c.local.val) mine += value;
  long double sum = 0;
  for (const long double part : c.comm.all_gather(mine)) sum += part;
  return static_cast<double>(sum);
}

/// Whole numbers, such as counts, with all digits.
std::string figure(double value) {
  const bool is_whole = std::trunc(value) == value && std::abs(value) < 0x1p53;
  return is_whole ? text(static_cast<Offset>(value)) : app::number(value);
}

}  // namespace

int main(int argc, char** argv) {
  return app::run(argc, argv, about, [](app::App& program) {
    app::SpgemmArguments arguments;
    app::parse_spgemm(program, arguments);

    const io::GraphFile a_file = arguments.input.load(program);
    std::optional<io::GraphFile> other_b;
    std::optional<io::GraphFile> other_mask;
    const io::GraphFile& b_file = app::load_beside(program, arguments, arguments.b_path, a_file, other_b);
    const io::GraphFile& mask_file = app::load_beside(program, arguments, arguments.mask_path, a_file, other_mask);
    require(&b_file != &a_file || a_file.graph.is_square() || arguments.transpose_a != arguments.transpose_b,
            arguments.input.path(), " is ", a_file.graph.num_rows(), " x ", a_file.graph.num_cols(),
            ", so it has a product with its transpose only: give either --transpose-a or --transpose-b, or another "
            "matrix by --b");
    const app::Factor a_factor(a_file.graph, arguments.transpose_a, arguments.drop_zeros);
    const app::Factor b_factor(b_file.graph, arguments.transpose_b, arguments.drop_zeros);
    std::optional<app::Factor> mask_factor;
    if (!arguments.mask_path.empty()) mask_factor.emplace(mask_file.graph, false, arguments.drop_zeros);
    const Graph& a = a_factor.graph();
    const Graph& b = b_factor.graph();
    const Graph* const mask = mask_factor ? &mask_factor->graph() : nullptr;
    program.result("b_hash", b_file.report.hash);
    if (mask != nullptr) program.result("mask_hash", mask_file.report.hash);
    if (arguments.estimate) return print_estimate(program, a, b, arguments);

    auto product = program.measure("spgemm", [&] { return spgemm::multiply(a, b, arguments.options, mask); });
    if (program.verify()) app::check_product(program, a, b, mask, arguments.options, product.c);
    if (arguments.drop_zeros) product.c = app::without_zeros(product.c);
    const Graph& c = product.c;
    const Offset num_nonzeros = c.num_nonzeros();
    program.result("rows", c.num_rows());
    program.result("cols", c.num_cols());
    program.result("nonzeros", num_nonzeros);
    program.note(text(c.num_rows(), " x ", c.num_cols(), ", ", num_nonzeros, " nonzeros from ",
                      product.stats.at("products"), " products"));
    if (arguments.reduction == app::Reduction::sum) {
      const double sum = sum_of_values(c);
      program.result("sum", sum);
      program.print_on_screen(program.comm().is_root() ? figure(sum) + "\n" : "");
    }
    if (program.output().empty()) return;
    // Rows of C are called what rows of A are.
    const bool has_names = !arguments.transpose_a || a.is_square();
    program.time("write", [&] { io::write(c, has_names ? a_file.names : io::VertexNames(c.rows), program.output()); });
  });
}
