// HDF5 behind C++: handles that close themselves, silence, the types of elements.
#pragma once

#include <hdf5.h>

#include <exception>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "filigree/core/types.hpp"

namespace filigree::io::hdf5 {

/// While it lives, HDF5 prints no errors and loads no plugins: a file must not choose code that runs. The caller's
/// settings come back at the end of the scope, but that of printing not after a failure: damaged metadata makes HDF5
/// lose memory, and it would complain of that when the program ends.
class Quiet {
 public:
  Quiet() {
    H5Eget_auto2(H5E_DEFAULT, &print_, &data_);
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    H5PLget_loading_state(&plugins_);
    H5PLset_loading_state(0);
  }
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;
  ~Quiet() {
    H5PLset_loading_state(plugins_);
    if (std::uncaught_exceptions() == exceptions_at_start_) H5Eset_auto2(H5E_DEFAULT, print_, data_);
  }

 private:
  int exceptions_at_start_ = std::uncaught_exceptions();
  H5E_auto2_t print_ = nullptr;
  void* data_ = nullptr;
  unsigned plugins_ = 0;
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
std::string reason();

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
/// "int32", "float64", "text8".
std::string name_of(hid_t type);

/// Whether `object` ("/a/b/c") is there, negative if the file is damaged; HDF5 answers only when all groups above it
/// exist.
htri_t exists(hid_t file, const std::string& object, hid_t link_access = H5P_DEFAULT);

/// Where a piece of a dataset begins, or how long it is, by dimension.
using Extent = std::vector<hsize_t>;

}  // namespace filigree::io::hdf5
