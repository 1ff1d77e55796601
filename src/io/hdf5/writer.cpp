#include <hdf5.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "filigree/io/hdf5.hpp"
#include "io/hdf5/checksums.hpp"
#include "io/hdf5/handles.hpp"
#include "io/hdf5/slice.hpp"
#include "io/pending_file.hpp"

namespace filigree::io {
namespace {

using namespace hdf5;

Offset slice_bytes = Offset{1} << 30;

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
  const Offset capacity = std::min(slice, buffer_bytes / element_bytes);
  const Offset rows_at_once = std::max<Offset>(1, capacity / std::max<Offset>(1, num_cols));
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

struct Hdf5Writer::File {
  /// A dataset whose elements are all one.
  struct Ones {
    std::string dataset;
    Offset length;
  };
  Comm comm;
  PendingFile pending;
  Id id;
  std::vector<ByteRange> elements;  // of its datasets
  std::vector<Ones> ones;           // yet to be made
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
    comm.guard([&] {
      Offset bytes = static_cast<Offset>(H5Tget_size(type));
      for (const Offset length : shape) bytes *= length;
      if (comm.is_root()) pending.reserve(bytes);
    });
    const Id space(H5Screate_simple(static_cast<int>(lengths.size()), lengths.data(), nullptr), H5Sclose);
    const Id creation = timeless(H5P_DATASET_CREATE);
    // Room at once, in the order of the calls, and no zeros written that the data would overwrite.
    H5Pset_layout(creation, H5D_CONTIGUOUS);
    H5Pset_alloc_time(creation, H5D_ALLOC_TIME_EARLY);
    H5Pset_fill_time(creation, H5D_FILL_TIME_NEVER);
    Id made(H5Dcreate2(id, dataset.c_str(), type, space, H5P_DEFAULT, creation, H5P_DEFAULT), H5Dclose);
    agree(dataset, made.valid() ? "" : reason());
    const haddr_t begin = H5Dget_offset(made);
    if (begin != HADDR_UNDEF)  // as it is without elements
      elements.push_back({static_cast<Offset>(begin), static_cast<Offset>(begin + H5Dget_storage_size(made))});
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

  /// Makes the datasets of ones in the closed file: no elements, but ones where there are none. Opened through MPI,
  /// HDF5 would allocate all elements.
  std::string make_ones() const {
    if (ones.empty() || !comm.is_root()) return "";
    const Id access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
    H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18);
    H5Pset_file_locking(access, false, true);  // many file systems of clusters have no locks
    Id file(H5Fopen(pending.temporary_path().c_str(), H5F_ACC_RDWR, access), H5Fclose);
    bool made = file.valid();
    for (const auto& [dataset, length] : ones) {
      if (!made) break;
      const double one = 1;
      const auto size = static_cast<hsize_t>(length);
      const Id space(H5Screate_simple(1, &size, nullptr), H5Sclose);
      const Id creation = timeless(H5P_DATASET_CREATE);
      H5Pset_fill_value(creation, H5T_NATIVE_DOUBLE, &one);
      H5Pset_alloc_time(creation, H5D_ALLOC_TIME_LATE);
      const Id created(
          H5Dcreate2(file, dataset.c_str(), type_of<double>().file, space, H5P_DEFAULT, creation, H5P_DEFAULT),
          H5Dclose);
      made = created.valid();
    }
    return made && file.close() >= 0 ? "" : reason();
  }

  void commit() {
    const Quiet quiet;
    const bool closed = id.close() >= 0;
    agree("the file", closed ? "" : reason());
    agree("the file", make_ones());
    try {
      append_checksums(comm, pending.temporary_path(), elements);
    } catch (const IoError& fault) {
      throw IoError(text(pending.path(), ": its checksums cannot be written: ", fault.what()));
    }
    pending.commit();
  }
};

Hdf5Writer::Hdf5Writer(const Comm& comm, const std::string& path) {
  const Quiet quiet;
  file_ = std::make_unique<File>(comm, path);
  attribute("/", checksums_attribute, "XXH3-64 of every 64 KiB, behind the end of the HDF5 file");
}
Hdf5Writer::~Hdf5Writer() {
  const Quiet quiet;
  file_.reset();
}

template <class T>
void Hdf5Writer::write(const std::string& dataset, std::span<const T> mine) {
  file_->write(dataset, type_of<T>(), mine.data(), static_cast<Offset>(mine.size()));
}

void Hdf5Writer::write_texts(const std::string& dataset, Offset width, std::span<const char> padded) {
  const Id type(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_size(type, static_cast<std::size_t>(width));
  H5Tset_strpad(type, H5T_STR_NULLPAD);
  H5Tset_cset(type, H5T_CSET_UTF8);
  file_->write(dataset, {type, type}, padded.data(), std::ssize(padded) / width);
}

void Hdf5Writer::write_ones(const std::string& dataset, Offset length) { file_->ones.push_back({dataset, length}); }

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
void Hdf5Writer::text_attribute(const std::string& object, const std::string& name, const std::string& value) {
  const Id type(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_size(type, H5T_VARIABLE);
  H5Tset_cset(type, H5T_CSET_UTF8);
  const char* const begin = value.c_str();
  file_->attribute(object, name, {type, type}, &begin);
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

// The element types of the header.
#define FILIGREE_HDF5_ELEMENT(T) template void Hdf5Writer::write(const std::string&, std::span<const T>);
FILIGREE_HDF5_ELEMENT(std::uint8_t)
FILIGREE_HDF5_ELEMENT(std::int32_t)
FILIGREE_HDF5_ELEMENT(std::int64_t)
FILIGREE_HDF5_ELEMENT(std::uint32_t)
FILIGREE_HDF5_ELEMENT(std::uint64_t)
FILIGREE_HDF5_ELEMENT(float)
FILIGREE_HDF5_ELEMENT(double)
#undef FILIGREE_HDF5_ELEMENT

}  // namespace filigree::io
