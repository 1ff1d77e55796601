#include "filigree/core/comm.hpp"

#include <array>
#include <cstring>
#include <limits>
#include <new>

#include "core/collective_check.hpp"
#include "core/large_count.hpp"
#include "filigree/core/invalid_arc.hpp"
#include "filigree/core/runtime.hpp"

namespace filigree {

using large_count::check;

namespace {

bool collective_check = false;
constexpr std::array<const char*, 10> call_names{"barrier",    "broadcast",       "reduction",     "all_gather",
                                                 "all_to_all", "exchange_counts", "exclusive_sum", "split",
                                                 "exchange",   "ordered_sums"};

}  // namespace

void set_collective_check(bool on) { collective_check = on; }

void Comm::expect_same_call(Call call, std::size_t element_size) const {
  if (!collective_check || size() == 1) return;
  const auto code = static_cast<Offset>(element_size) * std::ssize(call_names) + static_cast<Offset>(call);
  std::array<Offset, 2> extremes{code, -code};
  check(MPI_Allreduce(MPI_IN_PLACE, extremes.data(), 2, MPI_INT64_T, MPI_MAX, handle()), "MPI_Allreduce");
  const auto describe = [](Offset of) {
    return text(call_names[static_cast<std::size_t>(of % std::ssize(call_names))], " of elements of ",
                of / std::ssize(call_names), " bytes");
  };
  if (extremes[0] == -extremes[1]) return;
  throw MpiError(text("ranks of one communicator call different collective operations: ", describe(-extremes[1]),
                      " and ", describe(extremes[0])));
}

struct Comm::Handle {
  MPI_Comm comm = MPI_COMM_NULL;
  int rank = 0;
  int size = 1;

  explicit Handle(MPI_Comm owned) : comm(owned) {
    check(MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
    check(MPI_Comm_rank(comm, &rank), "MPI_Comm_rank");
    check(MPI_Comm_size(comm, &size), "MPI_Comm_size");
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() {
    // MPI_Comm_free is collective: a rank that unwinds alone must not wait in it for the others, if there are some.
    int finalized = 0;
    MPI_Finalized(&finalized);
    if (finalized == 0 && (size == 1 || std::uncaught_exceptions() == 0)) MPI_Comm_free(&comm);
  }
};

namespace {

/// Frees a derived type when it goes; built-in types are only referred to.
class Datatype {
 public:
  explicit Datatype(MPI_Datatype builtin) : type_(builtin) {}
  explicit Datatype(std::size_t bytes) : owned_(true) {
    check(MPI_Type_contiguous(static_cast<int>(bytes), MPI_BYTE, &type_), "MPI_Type_contiguous");
    check(MPI_Type_commit(&type_), "MPI_Type_commit");
  }
  Datatype(const Datatype&) = delete;
  Datatype& operator=(const Datatype&) = delete;
  ~Datatype() {
    if (owned_) MPI_Type_free(&type_);
  }
  operator MPI_Datatype() const { return type_; }

 private:
  MPI_Datatype type_ = MPI_DATATYPE_NULL;
  bool owned_ = false;
};

template <class Element>
Datatype datatype(Element element) {
  using Kind = typename Element::Kind;
  switch (element.kind) {
    case Kind::int32: return Datatype(MPI_INT32_T);
    case Kind::int64: return Datatype(MPI_INT64_T);
    case Kind::uint64: return Datatype(MPI_UINT64_T);
    case Kind::float32: return Datatype(MPI_FLOAT);
    case Kind::float64: return Datatype(MPI_DOUBLE);
    case Kind::bytes: break;
  }
  if (element.size == 1) return Datatype(MPI_BYTE);
  return Datatype(element.size);
}

void copy_bytes(const void* from, Offset count, std::size_t size, void* to) {
  if (count > 0) std::memmove(to, from, static_cast<std::size_t>(count) * size);
}

}  // namespace

Comm::Comm(MPI_Comm parent) {
  int initialized = 0;
  MPI_Initialized(&initialized);
  if (initialized == 0)
    throw MpiError(
        "MPI is not initialized: make a filigree::Runtime in main, or call MPI_Init_thread, before any Comm");
  MPI_Comm duplicate = MPI_COMM_NULL;
  check(MPI_Comm_dup(parent, &duplicate), "MPI_Comm_dup");
  handle_ = std::make_shared<const Handle>(duplicate);
  int provided = 0;
  MPI_Query_thread(&provided);
  guard([&] {
    if (provided >= MPI_THREAD_FUNNELED || num_threads() == 1) return;
    throw MpiError(text("MPI was initialized for a single thread, and filigree would use ", num_threads(),
                        ": call MPI_Init_thread with MPI_THREAD_FUNNELED instead of MPI_Init, or "
                        "filigree::set_num_threads(1) before any Comm"));
  });
}

// A rank alone makes no MPI calls except for new communicators: its threads may then work on their own, whatever MPI's
// level of threads.

Comm Comm::node() const {
  expect_same_call(Call::split);
  if (size() == 1) return *this;
  MPI_Comm neighbours = MPI_COMM_NULL;
  check(MPI_Comm_split_type(handle(), MPI_COMM_TYPE_SHARED, rank(), MPI_INFO_NULL, &neighbours), "MPI_Comm_split_type");
  return Comm(std::make_shared<const Handle>(neighbours));
}

Comm Comm::split(int color) const {
  expect_same_call(Call::split);
  if (size() == 1) return *this;
  MPI_Comm group = MPI_COMM_NULL;
  check(MPI_Comm_split(handle(), color, rank(), &group), "MPI_Comm_split");
  return Comm(std::make_shared<const Handle>(group));
}

int Comm::rank() const { return handle_->rank; }
int Comm::size() const { return handle_->size; }
MPI_Comm Comm::handle() const { return handle_->comm; }

void Comm::barrier() const {
  expect_same_call(Call::barrier);
  if (size() == 1) return;
  check(MPI_Barrier(handle()), "MPI_Barrier");
}

std::string Comm::broadcast(const std::string& value, int root) const {
  std::string copy = value;
  copy.resize(static_cast<std::size_t>(broadcast(static_cast<Offset>(copy.size()), root)));
  broadcast(std::span<char>(copy), root);
  return copy;
}

Offset Comm::exclusive_sum(Offset value) const {
  expect_same_call(Call::exclusive_sum);
  if (size() == 1) return 0;
  Offset before = 0;
  check(MPI_Exscan(&value, &before, 1, MPI_INT64_T, MPI_SUM, handle()), "MPI_Exscan");
  return is_root() ? 0 : before;
}

std::vector<Offset> Comm::exchange_counts(std::span<const Offset> counts) const {
  expect_same_call(Call::exchange_counts);
  std::vector<Offset> received(counts.begin(), counts.end());
  if (size() == 1) return received;
  check(MPI_Alltoall(counts.data(), 1, MPI_INT64_T, received.data(), 1, MPI_INT64_T, handle()), "MPI_Alltoall");
  return received;
}

void Comm::broadcast_bytes(void* data, Element type, Offset count, int root) const {
  expect_same_call(Call::broadcast, type.size);
  if (size() == 1 && root == 0) return;  // MPI refuses any other root
  large_count::broadcast(data, count, datatype(type), root, handle());
}

void Comm::reduce_bytes(void* data, Element type, Offset count, Reduction op) const {
  expect_same_call(Call::reduction, type.size);
  if (size() == 1) return;
  const MPI_Op mpi_op = op == Reduction::sum ? MPI_SUM : op == Reduction::min ? MPI_MIN : MPI_MAX;
  if (type.kind != Element::Kind::uint64 || op == Reduction::sum) {
    return large_count::all_reduce(data, count, datatype(type), mpi_op, handle());
  }
  // MPICH 4.0 compares unsigned numbers as if they were signed. With the top bit flipped that is the right order.
  const auto flip = [&] {
    for (Offset i = 0; i < count; ++i) {
      auto* at = static_cast<std::byte*>(data) + static_cast<std::size_t>(i) * sizeof(std::uint64_t);
      std::uint64_t value = 0;
      std::memcpy(&value, at, sizeof value);
      value ^= std::uint64_t{1} << 63;
      std::memcpy(at, &value, sizeof value);
    }
  };
  flip();
  large_count::all_reduce(data, count, MPI_INT64_T, mpi_op, handle());
  flip();
}

void Comm::all_gather_bytes(const void* mine, Element type, Offset count, void* all,
                            std::span<const Offset> counts) const {
  expect_same_call(Call::all_gather, type.size);
  if (size() == 1) return copy_bytes(mine, count, type.size, all);
  large_count::all_gather(mine, count, all, counts, datatype(type), type.size, handle());
}

void Comm::all_to_all_bytes(const void* values, std::span<const Offset> counts, void* received,
                            std::span<const Offset> received_counts, Element type) const {
  expect_same_call(Call::all_to_all, type.size);
  if (size() == 1) return copy_bytes(values, counts[0], type.size, received);
  large_count::all_to_all(values, counts, received, received_counts, datatype(type), type.size, handle());
}

namespace {

enum class Kind : int { error, invalid_argument, invalid_arc, io_error, mpi_error };

struct Failure {
  Kind kind = Kind::error;
  std::string message;
  std::string before = {};  ///< of an InvalidArc, like what follows
  std::string after = {};
  Global from = -1;
  Global to = -1;
};

Failure describe(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const InvalidArc& e) {
    return {Kind::invalid_arc, e.what(), e.before, e.after, e.from, e.to};
  } catch (const InvalidArgument& e) {
    return {Kind::invalid_argument, e.what()};
  } catch (const IoError& e) {
    return {Kind::io_error, e.what()};
  } catch (const MpiError& e) {
    return {Kind::mpi_error, e.what()};
  } catch (const std::bad_alloc&) {
    return {Kind::error, "out of memory"};
  } catch (const std::exception& e) {
    return {Kind::error, e.what()};
  } catch (...) {
    return {Kind::error, "unknown failure"};
  }
}

}  // namespace

void Comm::rethrow_together(std::exception_ptr failure) const {
  const int none = std::numeric_limits<int>::max();
  const int first = min(failure ? rank() : none);
  if (first == none) return;
  Failure shared;
  if (rank() == first) {
    shared = describe(failure);
    if (shared.message == "out of memory") shared.message += text(" on rank ", first, " of ", size());
  }
  shared.kind = static_cast<Kind>(broadcast(static_cast<int>(shared.kind), first));
  shared.message = broadcast(shared.message, first);
  switch (shared.kind) {
    case Kind::invalid_argument: throw InvalidArgument(shared.message);
    case Kind::invalid_arc: {
      const std::string before = broadcast(shared.before, first);
      const std::string after = broadcast(shared.after, first);
      const Global from = broadcast(shared.from, first);
      const Global to = broadcast(shared.to, first);
      if (to < 0) throw InvalidArc(before, from, after);
      throw InvalidArc(before, from, to, after);
    }
    case Kind::io_error: throw IoError(shared.message);
    case Kind::mpi_error: throw MpiError(shared.message);
    case Kind::error: break;
  }
  throw Error(shared.message);
}

}  // namespace filigree
