// filigree-bench-spgemm: the product of sparse matrices, ours beside those of Eigen, SuiteSparse:GraphBLAS, PETSc,
// CombBLAS and SciPy, taking turns in one run.
//
//   filigree-bench-spgemm --threads 1 wiki-Vote.txt.gz cage10.mtx.gz rmat14 poisson3d:40
//   filigree-bench-spgemm --threads 1 --peers graphblas,scipy --rows unsorted --records runs.jsonl rmat16
//   mpirun -n 2 filigree-bench-spgemm --threads 1 cage10.mtx.gz                             beside PETSc only
//
// C = A A, or A A' when A is not square. A matrix is a file, or undirected:FILE of edges to be taken both ways, or made
// here:
//
//   rmat14        2^14 vertices, 16 edges each drawn by R-MAT (0.57, 0.19, 0.19, 0.05), renumbered at random
//   poisson3d:40  7-point stencil on a grid of 40 x 40 x 40, with the diagonal; stencil27:24 with all 27 points
//   uniform18x8   2^18 rows and columns, 8 nonzeros a row on average, anywhere
//   heavyrow      A: 2^18 rows of one nonzero each, but row 0 is full; B = uniform18x8
//
// Those without values get random ones in (0, 1). First each library multiplies once and its product is compared with
// ours; then they take turns, up to --rounds each but, after two, none begins another once it has had --seconds in all.
// Times are the fastest, allocation of C included and its release not; GFLOP/s = 2 x products / time. malloc keeps the
// pages that it has, for everybody, because else page faults are what is measured (and we multiply into the C of the
// turn before); --fresh changes neither. --peers none times ours alone.
//
// Rows of C are sorted (columns "/s") or in any order ("/u"). eigen-raw is what Eigen does before it sorts: quick, but
// internal, not for users to call. Last columns: our product beside the best sorted peer, and our unsorted one beside
// the best of all peers; "planned" beside our first one (x again): the pattern is that of an earlier product, the plan
// made before and not timed, C kept and only its values made. mem/C: what the memory of all ranks grew by during our
// first product, over the size of C (8 bytes a row and 12 a nonzero).
#include "filigree/spgemm.hpp"

#include <malloc.h>
#include <omp.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <numeric>

#include "app.hpp"
#include "core/index.hpp"
#include "filigree/core/random.hpp"
#include "filigree/generate.hpp"
#include "filigree/io/read.hpp"
#include "peers/spgemm.hpp"

namespace {

using namespace filigree;
using bench::Peer;
using bench::Rows;

struct Arguments {
  std::vector<std::string> matrices;
  std::vector<std::string> peers;
  bool sorted = true;
  bool unsorted = true;
  int rounds = 10;
  double seconds = 2;
  bool fresh = false;
  bool unchecked = false;
  std::string records;
};

// ---- Matrices

struct Factors {
  std::string name;
  DistCsr<double> a, b;
};

/// The number behind `prefix` in a name, or -1.
int number_behind(const std::string& prefix, std::string_view name) {
  if (!name.starts_with(prefix)) return -1;
  name.remove_prefix(prefix.size());
  int number = -1;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  return error == std::errc() && end == name.data() + name.size() ? number : -1;
}

/// Every point of an n x n x n grid with those of the 3 x 3 x 3 around it at most `reach` steps along the axes away.
DistCsr<double> stencil(const Comm& comm, Global n, Global reach) {
  const Partition rows = Partition::uniform(n * n * n, comm.size());
  std::vector<Offset> row_ptr{0};
  std::vector<Global> col;
  const auto inside = [n](Global x) { return x >= 0 && x < n; };
  for (Global v = rows.begin(comm.rank()); v < rows.end(comm.rank()); ++v) {
    for (Global i = -1; i <= 1; ++i) {
      for (Global j = -1; j <= 1; ++j) {
        for (Global k = -1; k <= 1; ++k) {
          if (std::abs(i) + std::abs(j) + std::abs(k) > reach) continue;
          if (inside(v / (n * n) + i) && inside(v / n % n + j) && inside(v % n + k))
            col.push_back(v + (i * n + j) * n + k);
        }
      }
    }
    row_ptr.push_back(std::ssize(col));
  }
  return DistCsr<double>::from_csr(comm, n * n * n, row_ptr, col, {});
}

DistCsr<double> heavy_row(const Comm& comm, Global n) {
  const Partition rows = Partition::uniform(n, comm.size());
  const Stream stream(1, 1);
  std::vector<Offset> row_ptr{0};
  std::vector<Global> col;
  for (Global i = rows.begin(comm.rank()); i < rows.end(comm.rank()); ++i) {
    if (i == 0) {
      col.resize(z(n));
      std::iota(col.begin(), col.end(), Global{0});
    } else {
      col.push_back(Stream::below(stream.block(i, 0, 0)[0], static_cast<std::uint64_t>(n)));
    }
    row_ptr.push_back(std::ssize(col));
  }
  return DistCsr<double>::from_csr(comm, n, row_ptr, col, {});
}

/// Those it lacks: a function of the position alone.
void draw_values(DistCsr<double>& matrix) {
  if (matrix.has_values()) return;
  const Stream stream(1, 2);
  Csr<double>& local = matrix.local;
  for (Local i = 0; i < local.num_rows(); ++i) {
    for (std::uint32_t k = 0; k < local.view().cols(i).size(); ++k) {
      const auto words = stream.block(matrix.first_row() + i, k, 0);
      local.val.push_back(Stream::unit(words[0], words[1]));
    }
  }
}

Factors factors(app::App& program, const std::string& name) {
  const Comm& comm = program.comm();
  const Global n = Global{1} << 18;
  const auto uniform = [&] { return generate::uniform(comm, n, n, 8 * n, program.seed()); };
  const auto square = [&](DistCsr<double> a) {
    draw_values(a);
    return Factors{name, a, a};
  };
  if (const int scale = number_behind("rmat", name); scale >= 0)
    return square(generate::rmat(comm, scale, 16, program.seed()));
  if (const int width = number_behind("poisson3d:", name); width >= 0) return square(stencil(comm, width, 1));
  if (const int width = number_behind("stencil27:", name); width >= 0) return square(stencil(comm, width, 3));
  if (name == "uniform18x8") return square(uniform());
  if (name == "heavyrow") {
    require(comm.size() == 1, "heavyrow is for one rank");
    Factors heavy{name, heavy_row(comm, n), uniform()};
    draw_values(heavy.a);
    draw_values(heavy.b);
    return heavy;
  }
  const std::string undirected = "undirected:";
  const bool both_ways = name.starts_with(undirected);
  const std::string path = both_ways ? name.substr(undirected.size()) : name;
  const std::string file = std::filesystem::path(path).filename().string();
  Factors read = square(io::read(comm, path, {.undirected = both_ways}).graph);
  read.name = file.substr(0, file.find('.'));
  if (!read.a.is_square()) read.b = transpose(read.a);
  return read;
}

/// Multiplications of C = A B, of all ranks.
Offset num_products(const Factors& f) {
  std::vector<double> owned;
  for (Local i = 0; i < f.b.local.num_rows(); ++i) owned.push_back(static_cast<double>(f.b.local.view().degree(i)));
  const auto degrees = f.a.with_ghosts(std::span<const double>(owned));
  Offset mine = 0;
  for (const Local k : f.a.local.col) mine += static_cast<Offset>(degrees[z(k)]);
  return f.a.comm.sum(mine);
}

// ---- Libraries

/// Ours within one rank.
class LocalFiligree : public Peer {
 public:
  LocalFiligree(Rows rows, bool fresh) : fresh_(fresh) { options_.sorted = rows == Rows::sorted; }
  void prepare(const DistCsr<double>& a, const DistCsr<double>& b) override {
    a_ = a.local;
    b_ = b.local;
    c_ = {};
  }
  void multiply() override { spgemm::multiply(a_.view(), b_.view(), c_, options_); }
  Offset num_nonzeros() override { return c_.num_nonzeros(); }
  Csr<double> result() override { return c_; }
  /// C is mapped by itself, not by malloc, so keeping its pages is keeping it.
  void release() override {
    if (fresh_) c_ = {};
  }

 private:
  bool fresh_;
  spgemm::Options options_;
  Csr<double> a_, b_, c_;
};

/// Ours within one rank where the pattern is that of the product before: the plan is made beforehand.
class PlannedFiligree : public Peer {
 public:
  void prepare(const DistCsr<double>& a, const DistCsr<double>& b) override {
    a_ = a.local;
    b_ = b.local;
    c_ = {};
    plan_ = spgemm::plan(a_.view(), b_.view());
  }
  void multiply() override { spgemm::multiply(*plan_, a_.view(), b_.view(), c_); }
  Offset num_nonzeros() override { return c_.num_nonzeros(); }
  Csr<double> result() override { return c_; }
  /// Keeps C, of which only the values are made again.
  void release() override {}

 private:
  std::optional<spgemm::Plan> plan_;
  Csr<double> a_, b_, c_;
};

/// Ours over several ranks.
class DistributedFiligree : public Peer {
 public:
  void prepare(const DistCsr<double>& a, const DistCsr<double>& b) override {
    a_ = a;
    b_ = b;
  }
  void multiply() override { c_ = spgemm::multiply(*a_, *b_).c; }
  Offset num_nonzeros() override { return c_->num_nonzeros(); }
  Csr<double> result() override {
    Csr<double> c = c_->local;
    for (Local& column : c.col) column = static_cast<Local>(c_->global_col(column));
    c.num_cols = static_cast<Local>(c_->num_cols());
    return c;
  }
  void release() override { c_.reset(); }

 private:
  std::optional<DistCsr<double>> a_, b_, c_;
};

/// A library with the rows it makes, and how it fares on a matrix.
struct Contender {
  std::string library;
  Rows rows;
  std::unique_ptr<Peer> peer;
  double fastest = 0;
  double spent = 0;
  int turns = 0;
  Offset peak_bytes = 0;

  bool is_ours() const { return library == "filigree"; }
  bool is_peer() const { return !is_ours() && library != "planned"; }
  std::string name() const { return library + (rows == Rows::sorted ? "/s" : "/u"); }
};

std::vector<Contender> contenders(app::App& program, const Arguments& a) {
  std::vector<Contender> all;
  [[maybe_unused]] const int threads = omp_get_max_threads();  // GraphBLAS asks
  const bool alone = program.comm().size() == 1;
  const auto add = [&](const std::string& library, auto make) {
    const bool named = std::find(a.peers.begin(), a.peers.end(), library) != a.peers.end();
    if (!named && !a.peers.empty() && library != "filigree" && library != "planned") return;
    for (const Rows rows : {Rows::sorted, Rows::unsorted}) {
      if (!(rows == Rows::sorted ? a.sorted : a.unsorted)) continue;
      try {
        if (auto peer = make(rows)) all.push_back({library, rows, std::move(peer)});
      } catch (const Error& error) {
        if (named) throw;
        program.note(text("without ", library, ": ", error.what()));
      }
    }
  };
  // For those that know one kind of rows only.
  const auto sorted_only = [](auto make) {
    return [make](Rows rows) { return rows == Rows::sorted ? make() : nullptr; };
  };
  if (!alone) add("filigree", sorted_only([] { return std::make_unique<DistributedFiligree>(); }));
  if (alone) {
    add("filigree", [&](Rows rows) { return std::make_unique<LocalFiligree>(rows, a.fresh); });
    add("planned", sorted_only([] { return std::make_unique<PlannedFiligree>(); }));
    add("eigen", sorted_only([] { return bench::make_eigen(Rows::sorted); }));
    add("eigen-raw", [](Rows rows) { return rows == Rows::unsorted ? bench::make_eigen(rows) : nullptr; });
    add("scipy", [&](Rows rows) { return bench::make_scipy(rows, a.fresh); });
#ifdef FILIGREE_HAVE_GRAPHBLAS
    add("graphblas", [&](Rows rows) { return bench::make_graphblas(rows, threads); });
#endif
#ifdef FILIGREE_HAVE_COMBBLAS
    add("combblas", sorted_only(bench::make_combblas));
#endif
  }
#ifdef FILIGREE_HAVE_PETSC
  add("petsc", sorted_only(bench::make_petsc));
#endif
  return all;
}

// ---- The same product?

bool is_sorted(const Csr<double>& c) {
  for (Local i = 0; i < c.num_rows(); ++i) {
    const auto cols = c.view().cols(i);
    if (std::adjacent_find(cols.begin(), cols.end(), std::greater_equal<>()) != cols.end()) return false;
  }
  return true;
}

void sort_rows(Csr<double>& c) {
  std::vector<std::pair<Local, double>> row;
  for (Local i = 0; i < c.num_rows(); ++i) {
    const auto begin = z(c.row_ptr[z(i)]);
    row.clear();
    for (std::size_t k = 0; k < c.view().cols(i).size(); ++k) row.emplace_back(c.col[begin + k], c.val[begin + k]);
    std::sort(row.begin(), row.end());
    for (std::size_t k = 0; k < row.size(); ++k) std::tie(c.col[begin + k], c.val[begin + k]) = row[k];
  }
}

/// |x - y|; 0 if both are NaN or the same infinity, infinite if only one is.
double distance(double x, double y) {
  if (x == y || (std::isnan(x) && std::isnan(y))) return 0;
  return std::isfinite(x - y) ? std::abs(x - y) : std::numeric_limits<double>::infinity();
}

/// The largest difference of an element of c from that of `truth`, relative to the largest finite one of its row in
/// `truth`. Some libraries leave out elements that cancel to zero, so what is not there is zero.
double difference(const Csr<double>& truth, const Csr<double>& c) {
  if (c.num_rows() != truth.num_rows() || c.num_cols != truth.num_cols) return std::numeric_limits<double>::infinity();
  double largest = 0;
  for (Local i = 0; i < truth.num_rows(); ++i) {
    double scale = 0;
    for (const double x : truth.view().vals(i)) scale = std::isfinite(x) ? std::max(scale, std::abs(x)) : scale;
    double here = 0;
    auto s = z(truth.row_ptr[z(i)]);
    auto t = z(c.row_ptr[z(i)]);
    const auto s_end = z(truth.row_ptr[z(i) + 1]);
    const auto t_end = z(c.row_ptr[z(i) + 1]);
    while (s < s_end || t < t_end) {
      if (t == t_end || (s < s_end && truth.col[s] < c.col[t]))
        here = std::max(here, distance(truth.val[s++], 0));
      else if (s == s_end || c.col[t] < truth.col[s])
        here = std::max(here, distance(0, c.val[t++]));
      else
        here = std::max(here, distance(truth.val[s++], c.val[t++]));
    }
    if (here > 0) largest = std::max(largest, here / scale);
  }
  return largest;
}

/// Each multiplies once, which also warms it up. Returns the nonzeros of C.
Offset check(app::App& program, const std::string& matrix, std::vector<Contender>& all, bool unchecked) {
  Csr<double> truth;
  Offset num_nonzeros = -1;
  for (Contender& one : all) {
    if (one.is_ours()) {  // which comes first: what is trimmed here, peers get back before their turns
      malloc_trim(0);
      app::reset_peak_memory();
    }
    const Offset before = app::peak_memory_bytes();
    one.peer->multiply();
    one.peak_bytes = program.comm().sum(app::peak_memory_bytes() - before);
    const Offset count = one.peer->num_nonzeros();
    if (num_nonzeros < 0) num_nonzeros = count;
    if (count != num_nonzeros)
      program.note(text(matrix, ": ", one.name(), " stores ", count, " elements of the product, ", all.front().name(),
                        " ", num_nonzeros));
    if (!unchecked) {
      Csr<double> c = one.peer->result();
      const bool as_said = one.rows == Rows::unsorted || is_sorted(c);
      sort_rows(c);
      if (&one == &all.front()) truth = c;
      const double worst = as_said ? difference(truth, c) : std::numeric_limits<double>::infinity();
      if (!(program.comm().max(worst) <= 1e-10)) {
        throw Error(text(matrix, ": ", one.name(), " is not sorted, or differs from ", all.front().name(), " by ",
                         worst, " of the largest in its row"));
      }
    }
    one.peer->release();
  }
  return num_nonzeros;
}

// ---- Turns and tables

std::string column(const std::string& value, std::size_t width) {
  return std::string(value.size() < width ? width - value.size() : 1, ' ') + value;
}
std::string digits(double value) {
  std::array<char, 32> out{};
  std::snprintf(out.data(), out.size(), value < 10 ? "%.3f" : "%.1f", value);
  return out.data();
}
constexpr std::size_t narrow = 13;

void take_turns(const Comm& comm, std::vector<Contender>& all, const Arguments& a) {
  for (Contender& one : all) {
    one.fastest = std::numeric_limits<double>::infinity();
    one.spent = 0;
    one.turns = 0;
  }
  for (int round = 0; round < a.rounds; ++round) {
    for (Contender& one : all) {
      if (one.turns >= 2 && one.spent >= a.seconds) continue;
      comm.barrier();
      const double seconds = comm.max(one.peer->timed_multiply());
      one.peer->release();
      one.fastest = std::min(one.fastest, seconds);
      one.spent += seconds;
      ++one.turns;
    }
  }
}

/// How many times as fast as the best peer ours is; none without one of both. Unsorted rows are beside all peers.
std::optional<double> ratio(const std::vector<Contender>& all, Rows rows) {
  double ours = 0;
  double best = 0;
  for (const Contender& one : all) {
    const double speed = 1 / one.fastest;
    if (one.is_ours() && one.rows == rows) ours = speed;
    if (one.is_peer() && (rows == Rows::unsorted || one.rows == rows)) best = std::max(best, speed);
  }
  if (ours == 0 || best == 0) return std::nullopt;
  return ours / best;
}

/// How many times as fast as our first product the one with a plan is.
std::optional<double> again(const std::vector<Contender>& all) {
  const auto seconds = [&](std::string_view name) {
    const auto at = std::ranges::find(all, name, &Contender::name);
    return at != all.end() ? at->fastest : 0.0;
  };
  const double first = seconds("filigree/s");
  const double planned = seconds("planned/s");
  if (first == 0 || planned == 0) return std::nullopt;
  return first / planned;
}

/// What is told of a matrix.
app::Json figures(const Factors& f, Offset products, Offset num_nonzeros, const std::vector<Contender>& all) {
  app::Json record = app::provenance("filigree-bench-spgemm");
  record["ranks"] = f.a.comm.size();
  record["threads"] = omp_get_max_threads();
  record["matrix"] = f.name;
  record["rows"] = f.a.num_rows();
  record["nnz"] = f.a.num_nonzeros();
  record["products"] = products;
  record["product_nnz"] = num_nonzeros;
  record["compression"] = static_cast<double>(products) / static_cast<double>(num_nonzeros);
  for (const Contender& one : all) {
    record["gflops"][one.name()] = 2e-9 * static_cast<double>(products) / one.fastest;
    record["turns"][one.name()] = one.turns;
    if (!one.is_ours()) continue;
    record["peak_bytes"][one.name()] = one.peak_bytes;
    if (const auto value = ratio(all, one.rows)) record["times_best"][one.name()] = *value;
  }
  if (const auto value = again(all)) record["again"] = *value;
  return record;
}

/// The same as lines for people, with geometric means below.
class Table {
 public:
  explicit Table(const std::vector<Contender>& all) {
    text_ = "matrix" + column("rows", 20 - 6);
    for (const char* name : {"nnz(A)", "products", "nnz(C)", "compression"}) text_ += column(name, narrow);
    for (const Contender& one : all) text_ += column(one.name(), narrow);
    text_ += column("x best/s", narrow) + column("x best/u", narrow) + column("x again", narrow) +
             column("mem/C", narrow) + "\n";
  }
  void add(const app::Json& record, const std::vector<Contender>& all) {
    const std::string name = record["matrix"];
    text_ += name + column(record["rows"].dump(), 20 - std::min<std::size_t>(name.size(), 19));
    for (const char* count : {"nnz", "products", "product_nnz"}) text_ += column(record[count].dump(), narrow);
    text_ += column(digits(record["compression"]), narrow);
    double peak_bytes = 0;
    for (const Contender& one : all) {
      add_figure(one.name(), record["gflops"][one.name()]);
      if (one.is_ours()) peak_bytes = std::max(peak_bytes, record["peak_bytes"][one.name()].get<double>());
    }
    for (const std::string ours : {"filigree/s", "filigree/u"})
      add_figure("x " + ours, record.value(app::Json::json_pointer("/times_best") / ours, 0.0));
    add_figure("x again", record.value("again", 0.0));
    const double product_bytes = 8 * record["rows"].get<double>() + 12 * record["product_nnz"].get<double>();
    text_ += column(digits(peak_bytes / product_bytes), narrow) + "\n";
  }
  std::string with_means(const std::vector<Contender>& all) const {
    std::string means = "geometric mean" + std::string(6 + 4 * narrow, ' ');
    for (const Contender& one : all) means += column(mean(one.name()), narrow);
    for (const char* ours : {"x filigree/s", "x filigree/u", "x again"}) means += column(mean(ours), narrow);
    return text_ + means + "\n";
  }

 private:
  /// 0 = there is none.
  void add_figure(const std::string& name, double value) {
    text_ += column(value > 0 ? digits(value) : "-", narrow);
    if (value > 0) logs_[name].push_back(std::log(value));
  }
  std::string mean(const std::string& name) const {
    const auto logs = logs_.find(name);
    if (logs == logs_.end()) return "-";
    const auto& of = logs->second;
    return digits(std::exp(std::accumulate(of.begin(), of.end(), 0.0) / static_cast<double>(of.size())));
  }

  std::string text_;
  std::map<std::string, std::vector<double>> logs_;
};

void bench_all(app::App& program, const Arguments& a) {
  const Comm& comm = program.comm();
  if (!a.fresh) {
    mallopt(M_MMAP_MAX, 0);
    mallopt(M_TRIM_THRESHOLD, -1);
  }
  std::vector<Contender> all = contenders(program, a);
  require(!all.empty(), "several ranks make sorted rows only");
  std::ofstream records;
  comm.guard([&] {
    if (!comm.is_root() || a.records.empty()) return;
    records.open(a.records, std::ios::app);
    if (!records) throw IoError(text(a.records, ": cannot be written"));
  });
  Table table(all);
  for (const std::string& name : a.matrices) {
    const Factors f = factors(program, name);
    for (Contender& one : all) one.peer->prepare(f.a, f.b);
    const Offset num_nonzeros = check(program, f.name, all, a.unchecked);
    take_turns(comm, all, a);
    const app::Json record = figures(f, num_products(f), num_nonzeros, all);
    table.add(record, all);
    std::string brief = f.name + ":";
    for (const Contender& one : all) brief += " " + one.name() + " " + digits(record["gflops"][one.name()]);
    program.note(brief);
    if (records.is_open()) records << record.dump() << std::endl;
  }
  program.print(comm.is_root() ? table.with_means(all) : "");
}

}  // namespace

int main(int argc, char** argv) {
  return app::run(
      argc, argv,
      {"filigree-bench-spgemm", "Times products of sparse matrices, ours beside those of other libraries.",
       "  filigree-bench-spgemm --threads 1 wiki-Vote.txt.gz rmat14 poisson3d:40\n"},
      [](app::App& program) {
        Arguments a;
        enum class Choice { both, sorted, unsorted } rows = Choice::both;
        program.cli
            .add_option("MATRIX", a.matrices,
                        "a file, undirected:FILE, rmatS, poisson3d:N, stencil27:N, uniform18x8, heavyrow")
            ->required();
        program.cli.add_option("--peers", a.peers, "beside ours; default: all that are there")
            ->delimiter(',')
            ->check(CLI::IsMember({"eigen", "eigen-raw", "scipy", "graphblas", "combblas", "petsc", "none"}));
        app::add_choice<Choice>(program.cli, "--rows", rows,
                                {{"both", Choice::both}, {"sorted", Choice::sorted}, {"unsorted", Choice::unsorted}},
                                "of C: sorted by column, or in any order");
        program.cli.add_option("--rounds", a.rounds, "turns of each")->check(CLI::PositiveNumber);
        program.cli
            .add_option("--seconds", a.seconds, "a library that has had as many, and two turns, begins no other")
            ->check(CLI::NonNegativeNumber);
        program.cli.add_flag("--fresh", a.fresh, "let malloc return pages to the system");
        program.cli.add_flag("--no-check", a.unchecked, "do not compare the products");
        program.cli.add_option("--records", a.records, "append a line of JSON a matrix")->type_name("FILE");
        program.parse();
        a.sorted = rows != Choice::unsorted;
        a.unsorted = rows != Choice::sorted;
        bench_all(program, a);
      });
}
