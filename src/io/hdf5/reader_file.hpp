// The open file behind Hdf5Reader.
#pragma once

#include <hdf5.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

#include "filigree/io/hdf5.hpp"
#include "io/fields.hpp"
#include "io/hdf5/checksums.hpp"
#include "io/hdf5/handles.hpp"
#include "io/hdf5/refusal.hpp"
#include "io/natural_order.hpp"

namespace filigree::io {

using namespace hdf5;

#if H5_VERSION_GE(1, 12, 0)
using ObjectInfo = H5O_info2_t;
constexpr auto visit_objects = H5Ovisit3;
#else
using ObjectInfo = H5O_info_t;
constexpr auto visit_objects = H5Ovisit2;
#endif

/// Every rank opens the file by itself and reads its own elements: nothing here has to be collective but the answer to
/// failures. (Collective reads through Open MPI 4.1's own MPI-IO deliver wrong elements where ranks read the same
/// ones.)
struct Hdf5Reader::File {
  Comm comm;
  std::string path;
  std::unique_ptr<CheckedFile> bytes;
  std::string outside;  ///< the file that an external link leads to, which HDF5 was about to open
  Id access;            ///< to what links and datasets lead
  Id id;
  std::string remark;

  File(const Comm& communicator, const std::string& name)
      : comm(communicator),
        path(name),
        bytes(open_bytes(comm, path)),
        access(H5Pcreate(H5P_DATASET_ACCESS), H5Pclose),
        id(open_file(comm, path, *bytes)) {
    const auto refuse = [](const char*, const char*, const char* file, const char*, unsigned*, hid_t, void* leads_to) {
      *static_cast<std::string*>(leads_to) = file;
      return herr_t{-1};
    };
    H5Pset_elink_cb(access, refuse, &outside);
    if (!bytes->has_checksums() && H5Aexists(id, checksums_attribute) > 0)
      remark = "has lost its checksums: another program changed it since filigree wrote it, or it was cut";
  }

  /// Checks what HDF5 will read of it by itself.
  static std::unique_ptr<CheckedFile> open_bytes(const Comm& comm, const std::string& path) {
    return comm.guard([&] {
      auto file = std::make_unique<CheckedFile>(path);
      const auto is_at = [&](Offset at) {
        char signature[8] = {};
        if (file->file_size() - at < Offset{sizeof signature}) return false;
        file->read(at, std::as_writable_bytes(std::span(signature)));
        return std::string_view(signature, sizeof signature) == "\x89HDF\r\n\x1a\n";
      };
      if (is_at(0)) return file;
      for (Offset at = 512; at < file->file_size(); at *= 2) {
        if (is_at(at))
          throw IoError(text(path, ": is HDF5 behind ", at,
                             " bytes of a user block, which is not read: h5unjam -i OLD -o NEW removes it"));
      }
      throw IoError(text(path, ": is not an HDF5 file"));
    });
  }

  static Id open_file(const Comm& comm, const std::string& path, const CheckedFile& bytes) {
    return comm.guard([&] {
      const Id how(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
      H5Pset_fapl_sec2(how);
      H5Pset_file_locking(how, false, true);  // many file systems of clusters have no locks
      Id opened(H5Fopen(path.c_str(), H5F_ACC_RDONLY, how), H5Fclose);
      if (!opened.valid()) throw IoError(text(path, ": cannot be opened as HDF5: ", reason()));
      void* descriptor = nullptr;
      if (H5Fget_vfd_handle(opened, how, &descriptor) < 0 || !bytes.is_same(*static_cast<const int*>(descriptor)))
        throw IoError(text(path, ": was replaced by another file while it was opened"));
      return opened;
    });
  }

  [[noreturn]] void fail(const std::string& object, const std::string& what) const {
    if (!outside.empty())
      throw IoError(
          text(path, ": ", object, ": leads to another file, ", quoted(outside), "; only the file itself is read"));
    throw IoError(text(path, ": ", object, ": ", what));
  }

  // None of the rest is collective.

  bool has(const std::string& object) const {
    const htri_t there = exists(id, object, access);
    if (there < 0) fail(object, reason());
    return there > 0;
  }

  /// A dataset whose elements are in this file and can be read.
  Id open(const std::string& name) const {
    if (!has(name)) fail(name, "no such dataset in this file");
    Id dataset(H5Dopen2(id, name.c_str(), access), H5Dclose);
    if (!dataset.valid()) fail(name, reason());
    if (const std::string why = refusal_of(dataset); !why.empty()) fail(name, why);
    return dataset;
  }

  void check_claim(const std::string& name, hid_t dataset) const {
    if (const std::string why = false_claim_of(dataset, bytes->file_size()); !why.empty()) fail(name, why);
  }

  /// A one-dimensional dataset and its length.
  std::pair<Id, Offset> open_dataset(const std::string& name) const {
    Id dataset = open(name);
    check_claim(name, dataset);
    const Id space(H5Dget_space(dataset), H5Sclose);
    hsize_t length = 0;
    if (H5Sget_simple_extent_ndims(space) != 1) fail(name, "must have one dimension");
    if (H5Sget_simple_extent_dims(space, &length, nullptr) != 1) fail(name, reason());
    return {std::move(dataset), static_cast<Offset>(length)};
  }

  /// Elements in rows of `row_length`: those of `size` from `start` on. Bytes that HDF5 would not convert are read past
  /// it and checked on the way.
  void read_elements(const std::string& name, hid_t dataset, hid_t type, const Extent& start, const Extent& size,
                     std::span<std::byte> to) const {
    const Id in_file(H5Dget_space(dataset), H5Sclose);
    Extent lengths(start.size());
    H5Sget_simple_extent_dims(in_file, lengths.data(), nullptr);
    const haddr_t elements = H5Dget_offset(dataset);  // undefined unless they lie in one run
    if (bytes->has_checksums() && elements != HADDR_UNDEF) {
      const Id stored(H5Dget_type(dataset), H5Tclose);
      const std::size_t element_bytes = H5Tget_size(stored);
      const hsize_t row_length = lengths.size() > 1 ? lengths[1] : 1;
      const hsize_t col = lengths.size() > 1 ? start[1] : 0;
      const hsize_t num_cols = lengths.size() > 1 ? size[1] : 1;
      const auto begin = static_cast<Offset>(elements + (start[0] * row_length + col) * element_bytes);
      const auto end =
          static_cast<Offset>(elements + ((start[0] + size[0] - 1) * row_length + col + num_cols) * element_bytes);
      if (num_cols == row_length && H5Tequal(stored, type) > 0) return bytes->read(begin, to);
      bytes->check(begin, end);
    }
    const Id in_memory(H5Screate_simple(static_cast<int>(size.size()), size.data(), nullptr), H5Sclose);
    H5Sselect_hyperslab(in_file, H5S_SELECT_SET, start.data(), nullptr, size.data(), nullptr);
    if (H5Dread(dataset, type, in_memory, in_file, H5P_DEFAULT, to.data()) < 0) fail(name, reason());
  }

  void expect_within(const std::string& name, Offset length, Offset first, Offset count) const {
    if (first < 0 || count < 0 || first > length - count)
      fail(name, text("has ", length, " elements; asked for ", count, " from ", first));
  }

  /// Elements [first, first + count) of a dataset of one dimension.
  void read_run(const std::string& name, hid_t dataset, hid_t type, Offset first, Offset count,
                std::span<std::byte> to) const {
    if (count > 0) read_elements(name, dataset, type, {static_cast<hsize_t>(first)}, {static_cast<hsize_t>(count)}, to);
  }

  template <class T>
  std::vector<T> read(const std::string& name, Offset first, Offset count) const {
    const auto [dataset, length] = open_dataset(name);
    const hid_t type = type_of<T>().memory;
    const Id stored(H5Dget_type(dataset), H5Tclose);
    if (name_of(stored) != name_of(type)) fail(name, text("holds ", name_of(stored), ", expected ", name_of(type)));
    expect_within(name, length, first, count);
    std::vector<T> values(static_cast<std::size_t>(count));
    read_run(name, dataset, type, first, count, std::as_writable_bytes(std::span(values)));
    return values;
  }

  // In foreign.cpp.
  std::vector<std::int64_t> read_integers(const std::string& name, Offset first, Offset count) const;
  std::vector<double> read_numbers(const std::string& name, Offset first, Offset count) const;
  bool holds_texts(const std::string& name) const;
  Strings read_texts(const std::string& name, Offset first, Offset count) const;

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

  std::vector<Offset> shape(const std::string& name) const {
    const Id dataset = open(name);
    const Id space(H5Dget_space(dataset), H5Sclose);
    const int dimensions = H5Sget_simple_extent_ndims(space);
    if (dimensions < 0) fail(name, reason());
    Extent lengths(static_cast<std::size_t>(dimensions));
    if (dimensions > 0 && H5Sget_simple_extent_dims(space, lengths.data(), nullptr) < 0) fail(name, reason());
    return {lengths.begin(), lengths.end()};
  }
  bool holds_numbers(const std::string& name) const {
    const Id dataset = open(name);
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
    const Id dataset = open(name);
    check_claim(name, dataset);
    std::vector<double> values(static_cast<std::size_t>(num_rows * num_cols));
    if (values.empty()) return values;
    read_elements(name, dataset, H5T_NATIVE_DOUBLE, {static_cast<hsize_t>(row), static_cast<hsize_t>(col)},
                  {static_cast<hsize_t>(num_rows), static_cast<hsize_t>(num_cols)},
                  std::as_writable_bytes(std::span(values)));
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
    return H5Aexists_by_name(id, object.c_str(), attribute, access) > 0;
  }
  /// The one number that an attribute holds; nothing if it is something else.
  std::optional<double> number_of(const std::string& object, const char* name) const {
    const Id attribute(H5Aopen_by_name(id, object.c_str(), name, H5P_DEFAULT, access), H5Aclose);
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

  /// An attribute that must be of `kind`, or an invalid handle when there is none.
  Id open_attribute(const std::string& object, const std::string& name, H5T_class_t kind, const char* expected,
                    bool list = false) const {
    const htri_t there = has(object) ? H5Aexists_by_name(id, object.c_str(), name.c_str(), access) : 0;
    if (there < 0) fail(text(object, ", attribute ", name), reason());
    if (there == 0) return Id(H5I_INVALID_HID, H5Aclose);
    Id attribute(H5Aopen_by_name(id, object.c_str(), name.c_str(), H5P_DEFAULT, access), H5Aclose);
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
inline std::optional<std::string> Hdf5Reader::File::attribute(const std::string& object,
                                                              const std::string& name) const {
  const Id found = open_attribute(object, name, H5T_STRING, "a text");
  if (!found.valid()) return std::nullopt;
  const Id stored(H5Aget_type(found), H5Tclose);
  if (H5Tis_variable_str(stored) > 0) {
    const Id space(H5Aget_space(found), H5Sclose);
    char* allocated = nullptr;
    if (H5Aread(found, stored, &allocated) < 0) fail(text(object, ", attribute ", name), reason());
    std::string value(allocated == nullptr ? "" : allocated);
    H5Dvlen_reclaim(stored, space, H5P_DEFAULT, &allocated);
    return value;
  }
  std::string value(H5Tget_size(stored), '\0');
  if (H5Aread(found, stored, value.data()) < 0) fail(text(object, ", attribute ", name), reason());
  return value.substr(0, value.find('\0'));
}

template <>
inline std::optional<std::vector<std::int64_t>> Hdf5Reader::File::attribute(const std::string& object,
                                                                            const std::string& name) const {
  const Id found = open_attribute(object, name, H5T_INTEGER, "integers", true);
  if (!found.valid()) return std::nullopt;
  const Id space(H5Aget_space(found), H5Sclose);
  std::vector<std::int64_t> values(static_cast<std::size_t>(H5Sget_simple_extent_npoints(space)));
  if (!values.empty() && H5Aread(found, H5T_NATIVE_INT64, values.data()) < 0)
    fail(text(object, ", attribute ", name), reason());
  return values;
}

}  // namespace filigree::io
