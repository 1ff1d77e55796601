#include "io/hdf5/handles.hpp"

#include "filigree/core/error.hpp"

namespace filigree::io::hdf5 {

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

std::string name_of(hid_t type) {
  const char* const kind = H5Tget_class(type) == H5T_FLOAT     ? "float"
                           : H5Tget_class(type) == H5T_STRING  ? "text"
                           : H5Tget_class(type) != H5T_INTEGER ? "other"
                           : H5Tget_sign(type) == H5T_SGN_NONE ? "uint"
                                                               : "int";
  return text(kind, 8 * H5Tget_size(type));
}

htri_t exists(hid_t file, const std::string& object, hid_t link_access) {
  for (std::size_t end = object.find('/', 1); object != "/"; end = object.find('/', end + 1)) {
    const htri_t there = H5Lexists(file, object.substr(0, end).c_str(), link_access);
    if (there <= 0) return there;
    if (end == std::string::npos) break;
  }
  return 1;
}

}  // namespace filigree::io::hdf5
