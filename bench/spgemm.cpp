// filigree-bench-spgemm: the product of sparse matrices, ours beside those of Eigen, SuiteSparse:GraphBLAS, PETSc,
// CombBLAS and SciPy, taking turns in one run.
//
//   filigree-bench-spgemm --threads 1 wiki-Vote.txt.gz cage10.mtx.gz rmat14 poisson3d:40
//   filigree-bench-spgemm --threads 1 --peers graphblas,scipy --rows unsorted --records runs.jsonl rmat16
//   filigree-bench-spgemm --threads 1 --accumulators rmat14                          our accumulators
//   filigree-bench-spgemm --threads 1 --triangles wiki-Vote.txt.gz                   under a mask, beside GraphBLAS
//   filigree-bench-spgemm --cores rmat14                                             ours by all cores, and by each
//   mpirun -n 2 filigree-bench-spgemm --threads 1 cage10.mtx.gz                      beside PETSc only
//
// C = A A, or A A' when A is not square; spgemm_matrices.hpp names the matrices. First each library multiplies once and
// its product is compared with ours; then they take turns, up to --rounds each but, after two, none begins another once
// it has had --seconds in all. Times are the fastest, allocation of C included and its release not; GFLOP/s = 2 x
// products / time. malloc keeps the pages that it has, for every library, because else page faults are what is measured
// (and we multiply into the C of the turn before); --fresh changes neither. --peers none times our product alone, and
// "planned" is a peer by name. What takes turns at a product of gigabytes should be few, --fresh and, since a second C
// has no room, --no-check: numbers of nonzeros are compared all the same.
//
// Rows of C are sorted (columns "/s") or in any order ("/u"). eigen-raw is what Eigen does before it sorts: quick, but
// internal, not for users to call. Last columns: our product beside the best sorted peer, and our unsorted one beside
// the best of all peers; "planned" beside our first one (x again): the pattern is that of an earlier product, the plan
// made before and not timed, C kept and only its values made. mem/C: what the memory of all ranks grew by during our
// first product, over the size of C (8 bytes a row and 12 a nonzero).
//
// --records: a line of JSON a matrix, with "triad_bytes_per_second" (all ranks at once) and "bytes" of A, B and C (8 a
// row, 12 a nonzero), of which bench/plot.py --roofline makes a picture.
//
// --accumulators: "automatic" is the product that callers get, the others merge all the rows that they are made for by
// one accumulator (src/spgemm/rows/row_method.hpp). "x best" is automatic beside the best of them: one that were 20 %
// faster would show as 0.83.
//
// --cores: one thread on every core in turn, then all threads. "x best" is all together beside the mean of the
// cores, which may differ: that of a virtual machine may be shared with others. A product that does not count goes
// before each, for cores may have caches of their own, in which others leave nothing.
//
// --triangles: A is taken for undirected edges without loops, and C = A A over plus_pair under the mask A: how many
// neighbours the ends of an edge share, six times the triangles in all. Milliseconds, not GFLOP/s: a mask saves
// products.
#include "filigree/spgemm.hpp"

#include <malloc.h>
#include <omp.h>
#include <sched.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <numeric>

#include "app.hpp"
#include "core/index.hpp"
#include "peers/spgemm.hpp"
#include "record.hpp"
#include "spgemm/rows/row_blocks.hpp"
#include "spgemm_matrices.hpp"
#include "triad.hpp"

namespace {

using namespace filigree;
using bench::Factors;
using bench::Peer;
using bench::Rows;
using bench::Task;

/// What takes turns at what.
enum class Contest {
  libraries,     ///< at C = A B
  accumulators,  ///< of ours, at C = A B
  triangles,     ///< libraries that know masks, at C<A> = A A
  cores,         ///< all of ours together and each alone, at C = A B
};

const std::map<Contest, std::string> contest_names{{Contest::libraries, "libraries"},
                                                   {Contest::accumulators, "accumulators"},
                                                   {Contest::triangles, "triangles"},
                                                   {Contest::cores, "cores"}};

struct Arguments {
  Contest contest = Contest::libraries;
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

// ---- Libraries

/// Ours within one rank, of the factors where they are. All of these make C in the same memory.
class LocalFiligree : public Peer {
 public:
  LocalFiligree(std::shared_ptr<Csr<double>> c, Task task, spgemm::RowMethod method, bool fresh)
      : is_masked_(task == Task::triangles), fresh_(fresh), method_(method), c_(std::move(c)) {}
  void prepare(const DistCsr<double>& a, const DistCsr<double>& b) override {
    a_ = a.local().view();
    b_ = b.local().view();
    *c_ = {};
  }
  void multiply() override {
    if (is_masked_)
      spgemm::multiply_by(method_, a_, b_, *c_, {.semiring = spgemm::Semiring::plus_pair}, a_);
    else
      spgemm::multiply_by(method_, a_, b_, *c_);
  }
  Offset num_nonzeros() override { return c_->num_nonzeros(); }
  Csr<double> result() override { return *c_; }
  /// C is mapped by itself, not by malloc, so keeping its pages is keeping it.
  void release() override {
    if (fresh_) *c_ = {};
  }

 private:
  bool is_masked_;
  bool fresh_;
  spgemm::RowMethod method_;
  CsrView<double> a_, b_;
  std::shared_ptr<Csr<double>> c_;
};

/// The same by one thread, for the time of a product bound to a core.
class OneCoreFiligree : public LocalFiligree {
 public:
  OneCoreFiligree(std::shared_ptr<Csr<double>> c, spgemm::RowMethod method, bool fresh, int core)
      : LocalFiligree(std::move(c), Task::product, method, fresh) {
    CPU_ZERO(&core_);
    CPU_SET(core, &core_);
  }
  void multiply() override {
    const Bound bound(core_);
    LocalFiligree::multiply();
  }

 private:
  /// While it lives, this thread is bound and alone.
  class Bound {
   public:
    explicit Bound(const cpu_set_t& core) : threads_(omp_get_max_threads()) {
      require(sched_getaffinity(0, sizeof before_, &before_) == 0 && sched_setaffinity(0, sizeof core, &core) == 0,
              "--cores: threads cannot be bound to cores here");
      omp_set_num_threads(1);
    }
    Bound(const Bound&) = delete;
    Bound& operator=(const Bound&) = delete;
    ~Bound() {
      omp_set_num_threads(threads_);
      sched_setaffinity(0, sizeof before_, &before_);
    }

   private:
    int threads_;
    cpu_set_t before_;
  };

  cpu_set_t core_;
};

/// Ours within one rank where the pattern is that of the product before: the plan is made beforehand.
class PlannedFiligree : public Peer {
 public:
  void prepare(const DistCsr<double>& a, const DistCsr<double>& b) override {
    a_ = a.local();
    b_ = b.local();
    c_ = {};
    plan_ = spgemm::plan(a_, b_);
  }
  void multiply() override { spgemm::multiply(*plan_, a_, b_, c_); }
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
    Csr<double> c = c_->local();
    for (Local& column : c.col) column = static_cast<Local>(c_->global_col(column));
    c.num_cols = static_cast<Local>(c_->num_cols());
    return c;
  }
  void release() override { c_.reset(); }

 private:
  std::optional<DistCsr<double>> a_, b_, c_;
};

enum class Side { ours, planned, theirs };

/// A library (or a way of ours) with the rows it makes, and how it fares on a matrix.
struct Contender {
  Side side;
  std::string library;
  Rows rows;
  std::unique_ptr<Peer> peer;
  double fastest = 0;
  double spent = 0;
  int turns = 0;
  Offset peak_bytes = 0;

  std::string name() const { return library + (rows == Rows::sorted ? "/s" : "/u"); }
};

std::vector<Contender> contenders(app::App& program, const Arguments& a) {
  std::vector<Contender> all;
  [[maybe_unused]] const int threads = omp_get_max_threads();  // GraphBLAS asks
  const bool alone = program.comm().size() == 1;
  const auto add = [&](Side side, const std::string& library, auto make) {
    const bool named = std::find(a.peers.begin(), a.peers.end(), library) != a.peers.end();
    if (side != Side::ours && !named && !a.peers.empty()) return;
    for (const Rows rows : {Rows::sorted, Rows::unsorted}) {
      if (!(rows == Rows::sorted ? a.sorted : a.unsorted)) continue;
      try {
        if (auto peer = make(rows)) all.push_back({side, library, rows, std::move(peer)});
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
  const Task task = a.contest == Contest::triangles ? Task::triangles : Task::product;
  const auto c = std::make_shared<Csr<double>>();
  const auto local = [&](spgemm::Accumulator accumulator) {
    return [=, &a](Rows rows) {
      return std::make_unique<LocalFiligree>(
          c, task, spgemm::RowMethod{.accumulator = accumulator, .sorted = rows == Rows::sorted}, a.fresh);
    };
  };
  using enum spgemm::Accumulator;
  if (a.contest == Contest::accumulators) {
    add(Side::ours, "automatic", local(automatic));
    add(Side::theirs, "sort", local(sort));
    add(Side::theirs, "list", local(list));
    add(Side::theirs, "hash", local(hash));
    add(Side::theirs, "scatter", local(scatter));
    add(Side::theirs, "tile", local(tile));
    add(Side::theirs, "repeat", local(repeat));
    return all;
  }
  if (alone) add(Side::ours, "filigree", local(automatic));
  if (a.contest == Contest::cores) {
    cpu_set_t cores;
    require(sched_getaffinity(0, sizeof cores, &cores) == 0, "--cores: it is not known which there are");
    for (int core = 0; core < CPU_SETSIZE; ++core) {
      if (!CPU_ISSET(core, &cores)) continue;
      add(Side::theirs, text("core", core), [=, &a](Rows rows) {
        return std::make_unique<OneCoreFiligree>(c, spgemm::RowMethod{.sorted = rows == Rows::sorted}, a.fresh, core);
      });
    }
    return all;
  }
#ifdef FILIGREE_HAVE_GRAPHBLAS
  const auto graphblas = [=](Rows rows) { return bench::make_graphblas(task, rows, threads); };
  if (alone) add(Side::theirs, "graphblas", graphblas);
#endif
  if (a.contest == Contest::triangles) return all;
  if (!alone) add(Side::ours, "filigree", sorted_only([] { return std::make_unique<DistributedFiligree>(); }));
  if (alone) {
    add(Side::planned, "planned", sorted_only([] { return std::make_unique<PlannedFiligree>(); }));
    add(Side::theirs, "eigen", sorted_only([] { return bench::make_eigen(Rows::sorted); }));
    add(Side::theirs, "eigen-raw",
        [](Rows rows) { return rows == Rows::unsorted ? bench::make_eigen(rows) : nullptr; });
    add(Side::theirs, "scipy", [&](Rows rows) { return bench::make_scipy(rows, a.fresh); });
#ifdef FILIGREE_HAVE_COMBBLAS
    add(Side::theirs, "combblas", sorted_only(bench::make_combblas));
#endif
  }
#ifdef FILIGREE_HAVE_PETSC
  add(Side::theirs, "petsc", sorted_only(bench::make_petsc));
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

struct Checked {
  Offset num_nonzeros = -1;         ///< of C
  std::optional<Offset> triangles;  ///< if that is what was counted and compared
};

/// Each takes the factors and multiplies once, which also warms it up.
Checked check(app::App& program, const Factors& f, std::vector<Contender>& all, const Arguments& a) {
  Csr<double> truth;
  Checked checked;
  for (Contender& one : all) {
    one.peer->prepare(f.a, f.b);
    if (one.side == Side::ours) {  // which comes first: what is trimmed here, peers get back before their turns
      malloc_trim(0);
      app::reset_peak_memory();
    }
    const Offset before = app::peak_memory_bytes();
    one.peer->multiply();
    one.peak_bytes = program.comm().sum(app::peak_memory_bytes() - before);
    const Offset count = one.peer->num_nonzeros();
    if (checked.num_nonzeros < 0) checked.num_nonzeros = count;
    if (count != checked.num_nonzeros)
      program.note(text(f.name, ": ", one.name(), " stores ", count, " elements of the product, ", all.front().name(),
                        " ", checked.num_nonzeros));
    if (!a.unchecked) {
      Csr<double> c = one.peer->result();
      const bool as_said = one.rows == Rows::unsorted || is_sorted(c);
      sort_rows(c);
      if (&one == &all.front()) truth = c;
      const double worst = as_said ? difference(truth, c) : std::numeric_limits<double>::infinity();
      if (!(program.comm().max(worst) <= 1e-10)) {
        throw Error(text(f.name, ": ", one.name(), " is not sorted, or differs from ", all.front().name(), " by ",
                         worst, " of the largest in its row"));
      }
    }
    one.peer->release();
  }
  if (a.contest == Contest::triangles && !a.unchecked)
    checked.triangles = static_cast<Offset>(std::accumulate(truth.val.begin(), truth.val.end(), 0.0)) / 6;
  return checked;
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
      if (a.contest == Contest::cores) {
        one.peer->multiply();
        one.peer->release();
      }
      comm.barrier();
      const double seconds = comm.max(one.peer->timed_multiply());
      one.peer->release();
      one.fastest = std::min(one.fastest, seconds);
      one.spent += seconds;
      ++one.turns;
    }
  }
}

/// How many times as fast as the best peer (of cores: as their mean) ours is; none without one of both. Unsorted rows
/// are beside all peers.
std::optional<double> ratio(Contest contest, const std::vector<Contender>& all, Rows rows) {
  double ours = 0;
  std::vector<double> theirs;
  for (const Contender& one : all) {
    const double speed = 1 / one.fastest;
    if (one.side == Side::ours && one.rows == rows) ours = speed;
    const bool comparable = one.rows == rows || (rows == Rows::unsorted && contest != Contest::cores);
    if (one.side == Side::theirs && comparable) theirs.push_back(speed);
  }
  if (ours == 0 || theirs.empty()) return std::nullopt;
  if (contest == Contest::cores)
    return ours * static_cast<double>(theirs.size()) / std::accumulate(theirs.begin(), theirs.end(), 0.0);
  return ours / *std::ranges::max_element(theirs);
}

/// How many times as fast as our first product the one with a plan is.
std::optional<double> again(const std::vector<Contender>& all) {
  const auto first = std::ranges::find(all, "filigree/s", &Contender::name);
  const auto planned = std::ranges::find(all, "planned/s", &Contender::name);
  if (first == all.end() || planned == all.end()) return std::nullopt;
  return first->fastest / planned->fastest;
}

/// What the memory of all ranks gives.
double triad_bytes_per_second(const Comm& comm) {
  bench::Triad triad;
  double fastest = std::numeric_limits<double>::infinity();
  for (int round = 0; round < 5; ++round) {
    comm.barrier();
    const Stopwatch watch;
    triad();
    fastest = std::min(fastest, comm.max(watch.seconds()));
  }
  return comm.size() * bench::Triad::bytes / fastest;
}

/// What is told of a matrix.
app::Json figures(Contest contest, const Factors& f, const Checked& checked, const std::vector<Contender>& all) {
  const Offset products = bench::num_products(f);
  app::Json record = app::provenance("filigree-bench-spgemm");
  record["ranks"] = f.a.comm().size();
  record["threads"] = omp_get_max_threads();
  record["matrix"] = f.name;
  record["rows"] = f.a.num_rows();
  record["nnz"] = f.a.num_nonzeros();
  record["products"] = products;
  record["bytes"] =
      8 * (2 * f.a.num_rows() + f.b.num_rows()) + 12 * (f.a.num_nonzeros() + f.b.num_nonzeros() + checked.num_nonzeros);
  record["product_nnz"] = checked.num_nonzeros;
  record["compression"] = static_cast<double>(products) / static_cast<double>(checked.num_nonzeros);
  if (checked.triangles) record["triangles"] = *checked.triangles;
  for (const Contender& one : all) {
    record["gflops"][one.name()] = 2e-9 * static_cast<double>(products) / one.fastest;
    record["ms"][one.name()] = 1e3 * one.fastest;
    record["turns"][one.name()] = one.turns;
    if (one.side != Side::ours) continue;
    record["peak_bytes"][one.name()] = one.peak_bytes;
    if (const auto value = ratio(contest, all, one.rows)) record["times_best"][one.name()] = *value;
  }
  if (const auto value = again(all)) record["again"] = *value;
  return record;
}

/// The same as lines for people, with geometric means below.
class Table {
 public:
  /// `unit` of a product's speed: "gflops" or "ms", as in a record.
  Table(const std::vector<Contender>& all, const char* unit) : unit_(unit) {
    text_ = "matrix" + column("rows", 20 - 6);
    for (const char* name : {"nnz(A)", "products", "nnz(C)", "compression"}) text_ += column(name, narrow);
    for (const Contender& one : all) text_ += column(one.name(), narrow);
    text_ += column("x best/s", narrow) + column("x best/u", narrow) + column("x again", narrow) +
             column("mem/C", narrow) + "\n";
  }
  void add(const app::Json& record, const std::vector<Contender>& all) {
    const std::string name = record.at("matrix").string();
    text_ += name + column(record.at("rows").dump(), 20 - std::min<std::size_t>(name.size(), 19));
    for (const char* count : {"nnz", "products", "product_nnz"}) text_ += column(record.at(count).dump(), narrow);
    text_ += column(digits(record.at("compression").number()), narrow);
    double peak_bytes = 0;
    for (const Contender& one : all) {
      add_figure(one.name(), record.at(unit_).at(one.name()).number());
      if (one.side == Side::ours) peak_bytes = std::max(peak_bytes, record.at("peak_bytes").at(one.name()).number());
    }
    for (const Rows rows : {Rows::sorted, Rows::unsorted}) {
      const auto ours = std::ranges::find_if(
          all, [rows](const Contender& one) { return one.side == Side::ours && one.rows == rows; });
      const std::string column_name = rows == Rows::sorted ? "x best/s" : "x best/u";
      add_figure(column_name, ours != all.end() ? record.at("times_best").at(ours->name()).number() : 0.0);
    }
    add_figure("x again", record.at("again").number());
    const double product_bytes = 8 * record.at("rows").number() + 12 * record.at("product_nnz").number();
    text_ += column(digits(peak_bytes / product_bytes), narrow) + "\n";
  }
  std::string with_means(const std::vector<Contender>& all) const {
    std::string means = "geometric mean" + std::string(6 + 4 * narrow, ' ');
    for (const Contender& one : all) means += column(mean(one.name()), narrow);
    for (const char* ours : {"x best/s", "x best/u", "x again"}) means += column(mean(ours), narrow);
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

  const char* unit_;
  std::string text_;
  std::map<std::string, std::vector<double>> logs_;
};

void bench_all(app::App& program, const Arguments& a) {
  const Comm& comm = program.comm();
  double triad = 0;
  if (!a.records.empty()) {
    triad = triad_bytes_per_second(comm);
    program.note(text("triad ", digits(1e-9 * triad), " GB/s"));
  }
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
  const char* unit = a.contest == Contest::triangles ? "ms" : "gflops";
  Table table(all, unit);
  for (const std::string& name : a.matrices) {
    Factors f = bench::factors(comm, name, program.seed());
    if (a.contest == Contest::triangles) f = bench::undirected_pattern(f);
    const Checked checked = check(program, f, all, a);
    take_turns(comm, all, a);
    app::Json record = figures(a.contest, f, checked, all);
    record["contest"] = contest_names.at(a.contest);
    if (triad > 0) record["triad_bytes_per_second"] = triad;
    table.add(record, all);
    std::string brief = text(f.name, ": ", unit);
    for (const Contender& one : all) brief += " " + one.name() + " " + digits(record.at(unit).at(one.name()).number());
    if (checked.triangles) brief += text(", ", *checked.triangles, " triangles");
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
        app::Command cli = program.cli;
        cli.option("MATRIX", a.matrices,
                   "a file, undirected:FILE, rmatS, poisson3d:N, stencil27:N, uniform18x8, heavyrow")
            .required();
        app::Option peers = cli.option("--peers", a.peers, "beside ours; default: all that are there");
        peers.delimiter(',').one_of(
            {"planned", "eigen", "eigen-raw", "scipy", "graphblas", "combblas", "petsc", "none"});
        bool accumulators = false;
        bool triangles = false;
        app::Option ways = cli.flag("--accumulators", accumulators, "our accumulators one by one, beside ours");
        app::Option masked = cli.flag("--triangles", triangles, "C<A> = A A over plus_pair");
        bool cores = false;
        app::Option each = cli.flag("--cores", cores, "ours by all cores, beside each of them alone");
        ways.excludes(peers).excludes(masked).excludes(each);
        masked.excludes(peers).excludes(each);
        each.excludes(peers);
        cli.choice("--rows", rows, {{"both", Choice::both}, {"sorted", Choice::sorted}, {"unsorted", Choice::unsorted}},
                   "of C: sorted by column, or in any order");
        cli.option("--rounds", a.rounds, "turns of each").within("[1, inf)");
        cli.option("--seconds", a.seconds, "a library that has had as many, and two turns, begins no other")
            .within("[0, inf)");
        cli.flag("--fresh", a.fresh, "let malloc return pages to the system");
        cli.flag("--no-check", a.unchecked, "do not compare the products");
        cli.option("--records", a.records, "append a line of JSON a matrix").type_name("FILE");
        program.parse();
        if (accumulators) a.contest = Contest::accumulators;
        if (triangles) a.contest = Contest::triangles;
        if (cores) a.contest = Contest::cores;
        require(a.contest == Contest::libraries || program.comm().size() == 1,
                "--accumulators, --triangles and --cores are for one rank");
        a.sorted = rows != Choice::unsorted;
        a.unsorted = rows != Choice::sorted;
        bench_all(program, a);
      });
}
