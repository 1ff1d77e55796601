// filigree-spgemm: the product of two sparse matrices.
#include <cmath>
#include <type_traits>

#include "app.hpp"
#include "filigree/io/integers.hpp"
#include "filigree/spgemm.hpp"
#include "spgemm_arguments.hpp"
#include "spgemm_factors.hpp"
#include "spgemm_overflow.hpp"

namespace {

using namespace filigree;

const app::About about{
    "filigree-spgemm",
    "C = A B for sparse matrices, over any of five semirings, where a mask lets it be. C goes to --output, in the\n"
    "format of its extension; without --output nothing is kept of it but what --reduce prints. Integer MatrixMarket\n"
    "files are multiplied as 64-bit integers, and C is written as such.",
    "  filigree-spgemm --a A.mtx --b B.mtx --output C.mtx\n"
    "  mpirun -n 4 filigree-spgemm --a A.mtx --transpose-b --output C.h5             # A times its transpose\n"
    "  filigree-spgemm --a G.mtx --mask G.mtx --semiring plus_pair --reduce sum      # 6 for every triangle\n"
    "  filigree-spgemm --a A.mtx --estimate --at-ranks 16 64 256\n"};

template <class V>
void print_estimate(app::App& program, const DistCsr<V>& a, const DistCsr<V>& b,
                    const app::SpgemmArguments& arguments) {
  const auto estimate = program.measure("estimate", [&] { return spgemm::estimate(a, b, arguments.options); });
  const Offset most_bytes = estimate.most_nonzeros * static_cast<Offset>(sizeof(Local) + sizeof(V)) +
                            (a.num_rows() + program.comm().size()) * static_cast<Offset>(sizeof(Offset));
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

/// --verify
template <class V>
void verify(app::App& program, const app::Factors<V>& factors, const app::SpgemmArguments& arguments,
            const spgemm::DistMask<V>& mask, const DistCsr<V>& c) {
  const auto found = spgemm::verify(factors.a(), factors.b(), c, arguments.options, mask, program.seed());
  program.verified(found.sampled_rows_hold,
                   text(found.sampled_rows, " sampled rows are, bit for bit, what adding product by product gives"));
  if (found.num_vectors == 0) return;
  if (found.unknown_rows > 0)
    program.note(text(found.unknown_rows, " row sums overflow: these rows cannot be checked by vectors"));
  program.verified(found.wrong_sums == 0,
                   text("C x = A (B x) for ", found.num_vectors, " random vectors x, to rounding"));
}

/// What sums of values are taken in: integers exactly, reals so long that ten digits do not depend on the number of
/// ranks.
__extension__ using Wide = __int128;
template <class V>
using Sum = std::conditional_t<std::is_integral_v<V>, Wide, long double>;

/// What the record and --reduce tell of C.
template <class V>
struct Figures {
  Offset nonzeros = 0;
  Sum<V> sum = 0;  ///< of values

  void add(std::span<const V> values, bool drop_zeros) {
    for (const V value : values) {
      nonzeros += drop_zeros && value == 0 ? 0 : 1;
      sum += value;
    }
  }
  Figures of_all(const Comm& comm) const {
    Figures all{comm.sum(nonzeros), 0};
    for (const Sum<V> part : comm.all_gather(sum)) all.sum += part;
    return all;
  }
};

/// Whole numbers, such as counts, with all digits.
std::string figure(long double sum) {
  const auto value = static_cast<double>(sum);
  const bool is_whole = std::trunc(value) == value && std::abs(value) < 0x1p53;
  return is_whole ? text(static_cast<Offset>(value)) : app::number(value);
}
std::string figure(Wide sum) {
  std::string digits;
  for (Wide rest = sum; rest != 0 || digits.empty(); rest /= 10)
    digits.insert(digits.begin(), static_cast<char>('0' + (rest % 10 < 0 ? -(rest % 10) : rest % 10)));
  return (sum < 0 ? "-" : "") + digits;
}

template <class V>
void report(app::App& program, const app::SpgemmArguments& arguments, const app::Factors<V>& factors,
            const Figures<V>& mine, const Stats& stats) {
  const Figures<V> figures = mine.of_all(program.comm());
  const Global num_rows = factors.a().num_rows();
  const Global num_cols = factors.b().num_cols();
  program.result("rows", num_rows);
  program.result("cols", num_cols);
  program.result("nonzeros", figures.nonzeros);
  program.worked_on({{stats.at("products"), "product", "products"}, {figures.nonzeros, "nonzero", "nonzeros"}});
  program.note(
      text(num_rows, " x ", num_cols, ", ", figures.nonzeros, " nonzeros from ", stats.at("products"), " products"));
  if (arguments.reduction == app::Reduction::none) return;
  program.result("sum", static_cast<double>(figures.sum));
  program.print_on_screen(program.comm().is_root() ? figure(figures.sum) + "\n" : "");
}

template <class V>
void multiply(app::App& program, app::SpgemmArguments& arguments) {
  const app::Factors<V> factors(program, arguments);
  const DistCsr<V>& a = factors.a();
  const DistCsr<V>& b = factors.b();
  if (arguments.estimate) return print_estimate(program, a, b, arguments);
  const spgemm::DistMask<V> mask{factors.mask(), arguments.complement};
  const spgemm::Options& options = arguments.options;
  if constexpr (std::is_integral_v<V>) program.time("check", [&] { app::check_overflow(a, b, mask, options); });

  Figures<V> figures;
  if (options.memory_budget_bytes > 0 && program.output().empty() && !program.verify()) {
    // Only its figures are wanted: C needs not be in memory at once.
    const spgemm::Work work = program.measure("spgemm", [&] {
      figures = {};
      const auto look_at = [&](const spgemm::RowBatch<V>& batch) { figures.add(batch.rows.val, arguments.drop_zeros); };
      const spgemm::Sink<V> sink = look_at;
      return arguments.variant ? spgemm::multiply_as_in_thesis(*arguments.variant, a, b, sink, options, mask)
                               : spgemm::multiply(a, b, sink, options, mask);
    });
    return report(program, arguments, factors, figures, work.stats);
  }
  auto product = program.measure("spgemm", [&] {
    return arguments.variant ? spgemm::multiply_as_in_thesis(*arguments.variant, a, b, options, mask)
                             : spgemm::multiply(a, b, options, mask);
  });
  if (program.verify()) verify(program, factors, arguments, mask, product.c);
  if (arguments.drop_zeros) product.c = app::without_zeros(product.c);
  figures.add(product.c.local().val, arguments.drop_zeros);
  report(program, arguments, factors, figures, product.stats);
  if (program.output().empty()) return;
  program.time("write", [&] {
    io::write(product.c, factors.row_names(), program.output(), arguments.output.format(program.output()));
  });
}

/// Whether A and B hold whole numbers or no values, and one of them the former. Collective.
bool of_integers(app::App& program, const app::SpgemmArguments& arguments) {
  if (arguments.values == app::ProductValues::real) return false;
  const std::string& a = arguments.input.path();
  const std::string& b = arguments.b_path.empty() ? a : arguments.b_path;
  const auto values = [&](const std::string& path) {
    return io::values_of(program.comm(), path, arguments.input.options());
  };
  const auto [of_a, of_b] = std::pair(values(a), values(b));
  const bool any = of_a == io::Values::integers || of_b == io::Values::integers;
  const bool reals = of_a == io::Values::reals || of_b == io::Values::reals;
  if (any && reals) program.note(text((of_a == io::Values::reals ? b : a), ": its integers are multiplied as reals"));
  return any && !reals;
}

}  // namespace

int main(int argc, char** argv) {
  return app::run(argc, argv, about, [](app::App& program) {
    app::SpgemmArguments arguments;
    app::parse_spgemm(program, arguments);
    if (of_integers(program, arguments))
      multiply<std::int64_t>(program, arguments);
    else
      multiply<double>(program, arguments);
  });
}
