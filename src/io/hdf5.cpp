#include "filigree/io/hdf5.hpp"

#include <fcntl.h>
#include <hdf5.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <exception>
#include <limits>
#include <type_traits>
#include <utility>

#include "io/hdf5_slice.hpp"
#include "io/natural_order.hpp"
#include "io/pending_file.hpp"

namespace filigree::io {
namespace {

Offset slice_bytes = Offset{1} << 30;

/// HDF5 prints its errors unless told otherwise. The caller's setting comes back at the end of the scope, but not after
/// a failure: damaged metadata makes HDF5 lose memory, and it would complain of that when the program ends.
class Quiet {
 public:
  Quiet() {
    H5Eget_auto2(H5E_DEFAULT, &print_, &data_);
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  }
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;
  ~Quiet() {
    if (std::uncaught_exceptions() == exceptions_at_start_) H5Eset_auto2(H5E_DEFAULT, print_, data_);
  }

 private:
  int exceptions_at_start_ = std::uncaught_exceptions();
  H5E_auto2_t print_ = nullptr;
  void* data_ = nullptr;
};

/// An HDF5 handle that is closed at the end of its scope.
class Id {
 public:
  using Close = herr_t (*)(hid_t);
  Id(hid_t id, Close how) : id_(id), close_(how) {}
  Id(Id&& other) noexcept : id_(std::exchange(other.id_, H5I_INVALID_HID)), close_(other.close_) {}
  Id& operator=(Id&&) = delete;
  ~Id() { close(); }

  bool valid() const { return id_ >= 0; }
  operator hid_t() const { return id_; }
  herr_t close() { return id_ >= 0 ? close_(std::exchange(id_, H5I_INVALID_HID)) : 0; }
  /// Gives the handle up without closing it.
  void leak() { id_ = H5I_INVALID_HID; }

 private:
  hid_t id_;
  Close close_;
};

/// What HDF5 says about its last failure: the innermost entry of its error stack.
std::string reason() {
  std::string innermost;
  H5Ewalk2(
      H5E_DEFAULT, H5E_WALK_UPWARD,
      [](unsigned position, const H5E_error2_t* error, void* found) -> herr_t {
        if (position == 0 && error->desc != nullptr) *static_cast<std::string*>(found) = error->desc;
        return 0;
      },
      &innermost);
  return innermost.empty() ? "HDF5 gives no reason" : innermost;
}

/// How elements of type T look in memory, and in the file on any machine.
struct Type {
  hid_t memory;
  hid_t file;
};
template <class T>
Type type_of() {
  if constexpr (std::is_same_v<T, std::uint8_t>)
    return {H5T_NATIVE_UINT8, H5T_STD_U8LE};
  else if constexpr (std::is_same_v<T, std::int32_t>)
    return {H5T_NATIVE_INT32, H5T_STD_I32LE};
  else if constexpr (std::is_same_v<T, std::int64_t>)
    return {H5T_NATIVE_INT64, H5T_STD_I64LE};
  else if constexpr (std::is_same_v<T, std::uint32_t>)
    return {H5T_NATIVE_UINT32, H5T_STD_U32LE};
  else if constexpr (std::is_same_v<T, std::uint64_t>)
    return {H5T_NATIVE_UINT64, H5T_STD_U64LE};
  else if constexpr (std::is_same_v<T, float>)
    return {H5T_NATIVE_FLOAT, H5T_IEEE_F32LE};
  else
    return {H5T_NATIVE_DOUBLE, H5T_IEEE_F64LE};
}

std::string name_of(hid_t type) {
  const char* const kind = H5Tget_class(type) == H5T_FLOAT     ? "float"
                           : H5Tget_class(type) == H5T_STRING  ? "text"
                           : H5Tget_class(type) != H5T_INTEGER ? "other"
                           : H5Tget_sign(type) == H5T_SGN_NONE ? "uint"
                                                               : "int";
  return text(kind, 8 * H5Tget_size(type));
}

/// Access through MPI, for all ranks of `comm` together.
Id file_access(const Comm& comm) {
  Id access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  // One fixed version of the format, so that the bytes do not depend on the version of the library.
  if (!access.valid() || H5Pset_fapl_mpio(access, comm.handle(), MPI_INFO_NULL) < 0 ||
      H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18) < 0) {
    throw IoError(text("HDF5 cannot work through MPI: ", reason()));
  }
  return access;
}

/// Creation properties of a file, a group or a dataset, without time stamps.
Id timeless(hid_t kind) {
  Id properties(H5Pcreate(kind), H5Pclose);
  H5Pset_obj_track_times(properties, false);
  return properties;
}

/// Whether `object` ("/a/b/c") is there, negative if the file is damaged; HDF5 answers only when all groups above it
/// exist.
htri_t exists(hid_t file, const std::string& object) {
  for (std::size_t end = object.find('/', 1); object != "/"; end = object.find('/', end + 1)) {
    const htri_t there = H5Lexists(file, object.substr(0, end).c_str(), H5P_DEFAULT);
    if (there <= 0) return there;
    if (end == std::string::npos) break;
  }
  return 1;
}

#if H5_VERSION_GE(1, 12, 0)
using ObjectInfo = H5O_info2_t;
constexpr auto visit_objects = H5Ovisit3;
#else
using ObjectInfo = H5O_info_t;
constexpr auto visit_objects = H5Ovisit2;
#endif

/// Where a piece of a dataset begins, or how long it is, by dimension.
using Extent = std::vector<hsize_t>;

/// Writes a piece of a dataset. Not collective: Open MPI 4.1's own MPI-IO loses errors of collective writes (on a full
/// disk they succeed), and a rank's share is one run of bytes, which collective writing could not speed up. Returns
/// what HDF5 says of a failure, else an empty text.
std::string write_piece(hid_t dataset, hid_t type, const Extent& start, const Extent& size, const void* values) {
  const Id independent(H5Pcreate(H5P_DATASET_XFER), H5Pclose);
  H5Pset_dxpl_mpio(independent, H5FD_MPIO_INDEPENDENT);
  const Id in_file(H5Dget_space(dataset), H5Sclose);
  const Id in_memory(H5Screate_simple(static_cast<int>(size.size()), size.data(), nullptr), H5Sclose);
  H5Sselect_hyperslab(in_file, H5S_SELECT_SET, start.data(), nullptr, size.data(), nullptr);
  return H5Dwrite(dataset, type, in_memory, in_file, independent, values) < 0 ? reason() : std::string();
}

/// Elements [first, first + count) of a dataset, this rank's share, in slices.
std::string write_in_slices(hid_t dataset, hid_t type, Offset first, Offset count, const void* values) {
  const Offset element_bytes = static_cast<Offset>(H5Tget_size(type));
  const Offset slice = std::max<Offset>(1, slice_bytes / element_bytes);
  std::string failure;
  for (Offset done = 0; done < count && failure.empty(); done += slice) {
    const auto length = static_cast<hsize_t>(std::min(slice, count - done));
    const void* const from = static_cast<const std::byte*>(values) + done * element_bytes;
    failure = write_piece(dataset, type, {static_cast<hsize_t>(first + done)}, {length}, from);
  }
  return failure;
}

/// Rows [first, first + num_rows) of a dataset: as many at a time as the buffer holds, or one, in slices.
std::string write_rows_in_slices(hid_t dataset, Offset first, Offset num_rows, Offset num_cols,
                                 const std::function<void(Offset, std::span<double>)>& fill) {
  constexpr Offset buffer_bytes = Offset{64} << 20;
  constexpr Offset element_bytes = sizeof(double);
  const Offset slice = std::max<Offset>(1, slice_bytes / element_bytes);
  const Offset room = std::min(slice, buffer_bytes / element_bytes);
  const Offset rows_at_once = std::max<Offset>(1, room / std::max<Offset>(1, num_cols));
  std::vector<double> rows;
  std::string failure;
  for (Offset done = 0; done < num_rows; done += rows_at_once) {
    const Offset count = std::min(rows_at_once, num_rows - done);
    rows.assign(static_cast<std::size_t>(count * num_cols), 0);
    for (Offset i = 0; i < count; ++i) fill(done + i, {rows.data() + i * num_cols, static_cast<std::size_t>(num_cols)});
    // Rows longer than a slice come one at a time, so a piece of one lies in one run.
    for (Offset col = 0; col < num_cols && failure.empty(); col += slice) {
      const Extent start{static_cast<hsize_t>(first + done), static_cast<hsize_t>(col)};
      const Extent size{static_cast<hsize_t>(count), static_cast<hsize_t>(std::min(slice, num_cols - col))};
      failure = write_piece(dataset, H5T_NATIVE_DOUBLE, start, size, rows.data() + col);
    }
  }
  return failure;
}

}  // namespace

Offset hdf5_slice_bytes() { return slice_bytes; }
void set_hdf5_slice_bytes(Offset bytes) { slice_bytes = bytes; }

// -- Writing ---------------------------------------------------------------------------------------------------------

struct Hdf5Writer::File {
  Comm comm;
  PendingFile pending;
  Id id;
  int exceptions_at_start = std::uncaught_exceptions();

  File(const Comm& communicator, const std::string& path)
      : comm(communicator), pending(communicator, path), id(create(comm, pending)) {}

  static Id create(const Comm& comm, const PendingFile& pending) {
    const Id access = file_access(comm);
    const Id creation = timeless(H5P_FILE_CREATE);
    Id created(H5Fcreate(pending.temporary_path().c_str(), H5F_ACC_TRUNC, creation, access), H5Fclose);
    comm.guard([&] {
      if (!created.valid()) throw IoError(text(pending.path(), ": cannot be written: ", reason()));
    });
    return created;
  }

  ~File() {
    // Closing is collective: a rank that unwinds alone must not wait in it for the others. HDF5 closes what is leaked
    // here in MPI_Finalize, if the program gets that far.
    if (std::uncaught_exceptions() > exceptions_at_start) id.leak();
  }

  /// All ranks throw when one passes a failure.
  void agree(const std::string& object, const std::string& failure) {
    comm.guard([&] {
      if (!failure.empty()) throw IoError(text(pending.path(), ": ", object, " cannot be written: ", failure));
    });
  }

  /// Makes `group` and, one by one, the groups above it: H5Pset_create_intermediate_group would stamp them with times.
  void make_groups(const std::string& group) const {
    for (std::size_t end = group.find('/', 1); !group.empty() && group != "/"; end = group.find('/', end + 1)) {
      const std::string above = group.substr(0, end);
      if (exists(id, above) == 0) {
        const Id made(H5Gcreate2(id, above.c_str(), H5P_DEFAULT, timeless(H5P_GROUP_CREATE), H5P_DEFAULT), H5Gclose);
      }
      if (end == std::string::npos) break;
    }
  }

  /// A new dataset of one or two dimensions.
  Id make_dataset(const std::string& dataset, hid_t type, const std::vector<Offset>& shape) {
    make_groups(dataset.substr(0, dataset.rfind('/')));
    const Extent lengths(shape.begin(), shape.end());
    const Id space(H5Screate_simple(static_cast<int>(lengths.size()), lengths.data(), nullptr), H5Sclose);
    const Id creation = timeless(H5P_DATASET_CREATE);
    // Room at once, in the order of the calls, and no zeros written that the data would overwrite.
    H5Pset_layout(creation, H5D_CONTIGUOUS);
    H5Pset_alloc_time(creation, H5D_ALLOC_TIME_EARLY);
    H5Pset_fill_time(creation, H5D_FILL_TIME_NEVER);
    Id made(H5Dcreate2(id, dataset.c_str(), type, space, H5P_DEFAULT, creation, H5P_DEFAULT), H5Dclose);
    agree(dataset, made.valid() ? "" : reason());
    return made;
  }

  void write(const std::string& dataset, Type type, const void* mine, Offset count) {
    const Quiet quiet;
    const Offset first = comm.exclusive_sum(count);
    const Id made = make_dataset(dataset, type.file, {comm.sum(count)});
    agree(dataset, write_in_slices(made, type.memory, first, count, mine));
  }

  void write_rows(const std::string& dataset, Offset num_rows, Offset num_cols,
                  const std::function<void(Offset, std::span<double>)>& fill) {
    const Quiet quiet;
    const Offset first = comm.exclusive_sum(num_rows);
    const Id made = make_dataset(dataset, type_of<double>().file, {comm.sum(num_rows), num_cols});
    agree(dataset, comm.guard([&] { return write_rows_in_slices(made, first, num_rows, num_cols, fill); }));
  }

  /// One value, or a list of `length` values.
  void attribute(const std::string& object, const std::string& name, Type type, const void* value,
                 std::optional<hsize_t> length = {}) {
    const Quiet quiet;
    make_groups(object);
    const Id space(length ? H5Screate_simple(1, &*length, nullptr) : H5Screate(H5S_SCALAR), H5Sclose);
    Id made(
        H5Acreate_by_name(id, object.c_str(), name.c_str(), type.file, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
        H5Aclose);
    const bool written = made.valid() && H5Awrite(made, type.memory, value) >= 0;
    agree(text(object, ", attribute ", name), written ? "" : reason());
  }

  void commit() {
    const Quiet quiet;
    const bool closed = id.close() >= 0;
    agree("the file", closed ? "" : reason());
    pending.commit();
  }
};

Hdf5Writer::Hdf5Writer(const Comm& comm, const std::string& path) {
  const Quiet quiet;
  file_ = std::make_unique<File>(comm, path);
}
Hdf5Writer::~Hdf5Writer() {
  const Quiet quiet;
  file_.reset();
}

template <class T>
void Hdf5Writer::write(const std::string& dataset, std::span<const T> mine) {
  file_->write(dataset, type_of<T>(), mine.data(), static_cast<Offset>(mine.size()));
}

void Hdf5Writer::write_rows(const std::string& dataset, Offset num_rows, Offset num_cols,
                            const std::function<void(Offset, std::span<double>)>& fill) {
  file_->write_rows(dataset, num_rows, num_cols, fill);
}

void Hdf5Writer::attribute(const std::string& object, const std::string& name, const std::string& value) {
  const Id type(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_size(type, std::max<std::size_t>(1, value.size()));
  H5Tset_strpad(type, H5T_STR_NULLPAD);
  H5Tset_cset(type, H5T_CSET_UTF8);
  file_->attribute(object, name, {type, type}, value.c_str());
}
void Hdf5Writer::attribute(const std::string& object, const std::string& name, std::int64_t value) {
  file_->attribute(object, name, type_of<std::int64_t>(), &value);
}
void Hdf5Writer::attribute(const std::string& object, const std::string& name, double value) {
  file_->attribute(object, name, type_of<double>(), &value);
}
void Hdf5Writer::attribute(const std::string& object, const std::string& name,
                           const std::vector<std::int64_t>& values) {
  file_->attribute(object, name, type_of<std::int64_t>(), values.data(), values.size());
}

void Hdf5Writer::commit() { file_->commit(); }

// -- Reading ---------------------------------------------------------------------------------------------------------

/// Every rank opens the file by itself and reads its own elements: nothing here has to be collective but the answer to
/// failures. (Collective reads through Open MPI 4.1's own MPI-IO deliver wrong elements where ranks read the same
/// ones.)
struct Hdf5Reader::File {
  Comm comm;
  std::string path;
  Id id;

  File(const Comm& communicator, const std::string& name) : comm(communicator), path(name), id(open_file(comm, path)) {}

  static Id open_file(const Comm& comm, const std::string& path) {
    comm.guard([&] {
      const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
      if (file < 0) throw IoError(text(path, ": cannot be opened: ", std::strerror(errno)));
      char signature[8] = {};
      const ssize_t length = ::read(file, signature, sizeof signature);
      const int why = errno;
      close(file);
      if (length < 0) throw IoError(text(path, ": cannot be read: ", std::strerror(why)));
      if (std::string_view(signature, sizeof signature) != "\x89HDF\r\n\x1a\n")
        throw IoError(text(path, ": is not an HDF5 file"));
    });
    return comm.guard([&] {
      const Id access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
      H5Pset_file_locking(access, false, true);  // many file systems of clusters have no locks
      Id opened(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access), H5Fclose);
      if (!opened.valid()) throw IoError(text(path, ": cannot be opened as HDF5: ", reason()));
      return opened;
    });
  }

  [[noreturn]] void fail(const std::string& object, const std::string& what) const {
    throw IoError(text(path, ": ", object, ": ", what));
  }

  /// Not collective.
  bool has(const std::string& object) const {
    const htri_t there = exists(id, object);
    if (there < 0) fail(object, reason());
    return there > 0;
  }

  /// A one-dimensional dataset and its length. Not collective.
  std::pair<Id, Offset> open_dataset(const std::string& name) const {
    if (!has(name)) fail(name, "no such dataset in this file");
    Id dataset(H5Dopen2(id, name.c_str(), H5P_DEFAULT), H5Dclose);
    if (!dataset.valid()) fail(name, reason());
    const Id space(H5Dget_space(dataset), H5Sclose);
    hsize_t length = 0;
    if (H5Sget_simple_extent_ndims(space) != 1) fail(name, "must have one dimension");
    if (H5Sget_simple_extent_dims(space, &length, nullptr) != 1) fail(name, reason());
    return {std::move(dataset), static_cast<Offset>(length)};
  }

  /// Not collective.
  template <class T>
  std::vector<T> read(const std::string& name, Offset first, Offset count) const {
    const auto [dataset, length] = open_dataset(name);
    const hid_t type = type_of<T>().memory;
    const Id stored(H5Dget_type(dataset), H5Tclose);
    if (name_of(stored) != name_of(type)) fail(name, text("holds ", name_of(stored), ", expected ", name_of(type)));
    if (first < 0 || count < 0 || first > length - count) {
      fail(name, text("has ", length, " elements; asked for ", count, " from ", first));
    }
    std::vector<T> values(static_cast<std::size_t>(count));
    if (count == 0) return values;
    const hsize_t start = static_cast<hsize_t>(first);
    const hsize_t size = static_cast<hsize_t>(count);
    const Id in_memory(H5Screate_simple(1, &size, nullptr), H5Sclose);
    const Id in_file(H5Dget_space(dataset), H5Sclose);
    H5Sselect_hyperslab(in_file, H5S_SELECT_SET, &start, nullptr, &size, nullptr);
    if (H5Dread(dataset, type, in_memory, in_file, H5P_DEFAULT, values.data()) < 0) fail(name, reason());
    return values;
  }

  // None of these up to open_attribute() is collective.
  std::vector<std::string> datasets() const {
    std::vector<std::string> names;
    const auto visit = [](hid_t, const char* name, const ObjectInfo* info, void* found) -> herr_t {
      if (info->type == H5O_TYPE_DATASET) static_cast<std::vector<std::string>*>(found)->push_back(text("/", name));
      return 0;
    };
    if (visit_objects(id, H5_INDEX_NAME, H5_ITER_INC, visit, &names, H5O_INFO_BASIC) < 0) fail("/", reason());
    std::ranges::sort(names, natural_less);
    return names;
  }

  Id open_any(const std::string& name) const {
    if (!has(name)) fail(name, "no such dataset in this file");
    Id dataset(H5Dopen2(id, name.c_str(), H5P_DEFAULT), H5Dclose);
    if (!dataset.valid()) fail(name, reason());
    return dataset;
  }
  std::vector<Offset> shape(const std::string& name) const {
    const Id dataset = open_any(name);
    const Id space(H5Dget_space(dataset), H5Sclose);
    const int dimensions = H5Sget_simple_extent_ndims(space);
    if (dimensions < 0) fail(name, reason());
    Extent lengths(static_cast<std::size_t>(dimensions));
    if (dimensions > 0 && H5Sget_simple_extent_dims(space, lengths.data(), nullptr) < 0) fail(name, reason());
    return {lengths.begin(), lengths.end()};
  }
  bool holds_numbers(const std::string& name) const {
    const Id dataset = open_any(name);
    const Id stored(H5Dget_type(dataset), H5Tclose);
    return H5Tget_class(stored) == H5T_INTEGER || H5Tget_class(stored) == H5T_FLOAT;
  }

  std::vector<double> read_matrix(const std::string& name, Offset row, Offset num_rows, Offset col,
                                  Offset num_cols) const {
    const std::vector<Offset> lengths = shape(name);
    if (lengths.size() != 2) fail(name, text("has ", lengths.size(), " dimensions, expected 2"));
    if (!holds_numbers(name)) fail(name, "does not hold numbers");
    if (row < 0 || num_rows < 0 || row > lengths[0] - num_rows || col < 0 || num_cols < 0 ||
        col > lengths[1] - num_cols)
      fail(name, text("is ", lengths[0], " x ", lengths[1], "; wanted ", num_rows, " x ", num_cols, " from (", row,
                      ", ", col, ")"));
    if (num_rows > 0 && num_cols > (Offset{1} << 40) / num_rows)
      fail(name, text("wanted ", num_rows, " x ", num_cols, ", more than 2^40 elements"));
    std::vector<double> values(static_cast<std::size_t>(num_rows * num_cols));
    if (values.empty()) return values;
    const Id dataset = open_any(name);
    const hsize_t start[] = {static_cast<hsize_t>(row), static_cast<hsize_t>(col)};
    const hsize_t size[] = {static_cast<hsize_t>(num_rows), static_cast<hsize_t>(num_cols)};
    const Id in_memory(H5Screate_simple(2, size, nullptr), H5Sclose);
    const Id in_file(H5Dget_space(dataset), H5Sclose);
    H5Sselect_hyperslab(in_file, H5S_SELECT_SET, start, nullptr, size, nullptr);
    if (H5Dread(dataset, H5T_NATIVE_DOUBLE, in_memory, in_file, H5P_DEFAULT, values.data()) < 0) fail(name, reason());
    for (const char* const missing : {"_FillValue", "missing_value"}) {
      if (!has_attribute(name, missing)) continue;
      if (const std::optional<double> fill = number_of(name, missing))
        std::ranges::replace(values, *fill, std::numeric_limits<double>::quiet_NaN());
    }
    const double factor = packing_of(name, "scale_factor", 1);
    const double offset = packing_of(name, "add_offset", 0);
    if (factor != 1 || offset != 0) {
      for (double& x : values) x = x * factor + offset;
    }
    return values;
  }

  bool has_attribute(const std::string& object, const char* attribute) const {
    return H5Aexists_by_name(id, object.c_str(), attribute, H5P_DEFAULT) > 0;
  }
  /// The one number that an attribute holds; nothing if it is something else.
  std::optional<double> number_of(const std::string& object, const char* name) const {
    const Id attribute(H5Aopen_by_name(id, object.c_str(), name, H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
    const Id type(H5Aget_type(attribute), H5Tclose);
    const Id space(H5Aget_space(attribute), H5Sclose);
    const bool number = H5Tget_class(type) == H5T_INTEGER || H5Tget_class(type) == H5T_FLOAT;
    double value = 0;
    if (!number || H5Sget_simple_extent_npoints(space) != 1 || H5Aread(attribute, H5T_NATIVE_DOUBLE, &value) < 0)
      return std::nullopt;
    return value;
  }
  /// A number by which NetCDF packs a variable. Its absence means `otherwise`.
  double packing_of(const std::string& dataset, const char* name, double otherwise) const {
    if (!has_attribute(dataset, name)) return otherwise;
    const std::optional<double> value = number_of(dataset, name);
    if (!value || !std::isfinite(*value)) fail(text(dataset, ", attribute ", name), "must be one finite number");
    return *value;
  }

  /// An attribute that must be of `kind`, or an invalid handle when there is none. Not collective.
  Id open_attribute(const std::string& object, const std::string& name, H5T_class_t kind, const char* expected,
                    bool list = false) const {
    const htri_t there = has(object) ? H5Aexists_by_name(id, object.c_str(), name.c_str(), H5P_DEFAULT) : 0;
    if (there < 0) fail(text(object, ", attribute ", name), reason());
    if (there == 0) return Id(H5I_INVALID_HID, H5Aclose);
    Id attribute(H5Aopen_by_name(id, object.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
    if (!attribute.valid()) fail(text(object, ", attribute ", name), reason());
    const Id stored(H5Aget_type(attribute), H5Tclose);
    const Id space(H5Aget_space(attribute), H5Sclose);
    const bool one = H5Sget_simple_extent_npoints(space) == 1;
    if (H5Tget_class(stored) != kind || (!one && !list)) {
      fail(text(object, ", attribute ", name), text("must be ", expected));
    }
    return attribute;
  }

  template <class T>
  std::optional<T> attribute(const std::string& object, const std::string& name) const {
    const bool integer = std::is_same_v<T, std::int64_t>;
    const Id found =
        open_attribute(object, name, integer ? H5T_INTEGER : H5T_FLOAT, integer ? "an integer" : "a real number");
    if (!found.valid()) return std::nullopt;
    T value{};
    if (H5Aread(found, type_of<T>().memory, &value) < 0) fail(text(object, ", attribute ", name), reason());
    return value;
  }
};

template <>
std::optional<std::string> Hdf5Reader::File::attribute(const std::string& object, const std::string& name) const {
  const Id found = open_attribute(object, name, H5T_STRING, "a text");
  if (!found.valid()) return std::nullopt;
  const Id stored(H5Aget_type(found), H5Tclose);
  if (H5Tis_variable_str(stored) > 0) fail(text(object, ", attribute ", name), "must be a text of fixed length");
  std::string value(H5Tget_size(stored), '\0');
  if (H5Aread(found, stored, value.data()) < 0) fail(text(object, ", attribute ", name), reason());
  return value.substr(0, value.find('\0'));
}

template <>
std::optional<std::vector<std::int64_t>> Hdf5Reader::File::attribute(const std::string& object,
                                                                     const std::string& name) const {
  const Id found = open_attribute(object, name, H5T_INTEGER, "integers", true);
  if (!found.valid()) return std::nullopt;
  const Id space(H5Aget_space(found), H5Sclose);
  std::vector<std::int64_t> values(static_cast<std::size_t>(H5Sget_simple_extent_npoints(space)));
  if (!values.empty() && H5Aread(found, H5T_NATIVE_INT64, values.data()) < 0)
    fail(text(object, ", attribute ", name), reason());
  return values;
}

Hdf5Reader::Hdf5Reader(const Comm& comm, const std::string& path) {
  const Quiet quiet;
  file_ = std::make_unique<File>(comm, path);
}
Hdf5Reader::~Hdf5Reader() {
  const Quiet quiet;
  file_.reset();
}

const std::string& Hdf5Reader::path() const { return file_->path; }

bool Hdf5Reader::has(const std::string& object) const {
  const Quiet quiet;
  return file_->comm.guard([&] { return file_->has(object); });
}

Offset Hdf5Reader::length(const std::string& dataset) const {
  const Quiet quiet;
  return file_->comm.guard([&] { return file_->open_dataset(dataset).second; });
}

std::vector<std::string> Hdf5Reader::datasets() const {
  const Quiet quiet;
  return file_->comm.guard([&] { return file_->datasets(); });
}

std::vector<Offset> Hdf5Reader::shape(const std::string& dataset) const {
  const Quiet quiet;
  return file_->comm.guard([&] { return file_->shape(dataset); });
}

bool Hdf5Reader::holds_numbers(const std::string& dataset) const {
  const Quiet quiet;
  return file_->comm.guard([&] { return file_->holds_numbers(dataset); });
}

std::vector<double> Hdf5Reader::read_matrix(const std::string& dataset, Offset row, Offset num_rows, Offset col,
                                            Offset num_cols) const {
  const Quiet quiet;
  return file_->comm.guard([&] { return file_->read_matrix(dataset, row, num_rows, col, num_cols); });
}

template <class T>
std::vector<T> Hdf5Reader::read(const std::string& dataset, Offset first, Offset count) const {
  const Quiet quiet;
  return file_->comm.guard([&] { return file_->read<T>(dataset, first, count); });
}

template <class T>
std::optional<T> Hdf5Reader::attribute(const std::string& object, const std::string& name) const {
  const Quiet quiet;
  return file_->comm.guard([&] { return file_->attribute<T>(object, name); });
}

// -- The element types of the header ---------------------------------------------------------------------------------

#define FILIGREE_HDF5_ELEMENT(T)                                           \
  template void Hdf5Writer::write(const std::string&, std::span<const T>); \
  template std::vector<T> Hdf5Reader::read(const std::string&, Offset, Offset) const;
FILIGREE_HDF5_ELEMENT(std::uint8_t)
FILIGREE_HDF5_ELEMENT(std::int32_t)
FILIGREE_HDF5_ELEMENT(std::int64_t)
FILIGREE_HDF5_ELEMENT(std::uint32_t)
FILIGREE_HDF5_ELEMENT(std::uint64_t)
FILIGREE_HDF5_ELEMENT(float)
FILIGREE_HDF5_ELEMENT(double)
#undef FILIGREE_HDF5_ELEMENT
template std::optional<std::string> Hdf5Reader::attribute(const std::string&, const std::string&) const;
template std::optional<std::int64_t> Hdf5Reader::attribute(const std::string&, const std::string&) const;
template std::optional<double> Hdf5Reader::attribute(const std::string&, const std::string&) const;
template std::optional<std::vector<std::int64_t>> Hdf5Reader::attribute(const std::string&, const std::string&) const;

}  // namespace filigree::io
