// Datasets that lead out of their file, or ask for more than they hold; made without the library.
#pragma once

#include <hdf5.h>

#include <array>
#include <functional>
#include <string>
#include <vector>

namespace filigree::testing {

/// Puts a dataset of eight numbers at `name` into an open file; `secret` is another HDF5 file, which holds such a one
/// at /secret.
constexpr const char* false_claim = "elements of 8 bytes, but only";
struct Hdf5Trap {
  const char* kind;
  const char* message;  ///< what the reader says of it
  std::function<void(hid_t file, const std::string& name, const std::string& secret)> plant;
};

/// Opens or creates an HDF5 file without the library and changes it.
inline void change_hdf5(const std::string& path, bool is_new, const std::function<void(hid_t)>& change) {
  const hid_t file = is_new ? H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT)
                            : H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  change(file);
  H5Fclose(file);
}

/// A new dataset of int64 with these lengths and creation properties, of which nothing is written.
inline void make_dataset(hid_t file, const std::string& name, const std::vector<hsize_t>& lengths, hid_t properties,
                         hid_t type = H5T_NATIVE_INT64) {
  const hid_t space = H5Screate_simple(static_cast<int>(lengths.size()), lengths.data(), nullptr);
  H5Dclose(H5Dcreate2(file, name.c_str(), type, space, H5P_DEFAULT, properties, H5P_DEFAULT));
  H5Sclose(space);
  if (properties != H5P_DEFAULT) H5Pclose(properties);
}

/// lengths: of the dataset.
inline std::vector<Hdf5Trap> hdf5_traps(const std::vector<hsize_t>& lengths) {
  const auto chunked = [lengths](std::size_t scale) {
    const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
    std::vector<hsize_t> chunk = lengths;
    chunk[0] *= scale;
    H5Pset_chunk(properties, static_cast<int>(chunk.size()), chunk.data());
    return properties;
  };
  return {
      {"external storage", "its elements are stored outside this file",
       [=](hid_t file, const std::string& name, const std::string& secret) {
         const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
         H5Pset_external(properties, secret.c_str(), 0, H5F_UNLIMITED);
         make_dataset(file, name, lengths, properties);
       }},
      {"virtual dataset", "its elements are stored outside this file",
       [=](hid_t file, const std::string& name, const std::string& secret) {
         const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
         const hid_t space = H5Screate_simple(static_cast<int>(lengths.size()), lengths.data(), nullptr);
         H5Pset_virtual(properties, space, secret.c_str(), "/secret", space);
         H5Sclose(space);
         make_dataset(file, name, lengths, properties);
       }},
      {"external link", "leads to another file",
       [](hid_t file, const std::string& name, const std::string& secret) {
         H5Lcreate_external(secret.c_str(), "/secret", file, name.c_str(), H5P_DEFAULT, H5P_DEFAULT);
       }},
      {"link to an external link", "leads to another file",
       [](hid_t file, const std::string& name, const std::string& secret) {
         H5Lcreate_external(secret.c_str(), "/", file, "/elsewhere", H5P_DEFAULT, H5P_DEFAULT);
         H5Lcreate_soft("/elsewhere/secret", file, name.c_str(), H5P_DEFAULT, H5P_DEFAULT);
       }},
      {"filter of a plugin", "is compressed by HDF5's filter 32008, a plugin",
       [=](hid_t file, const std::string& name, const std::string&) {
         const hid_t properties = chunked(1);
         H5Pset_filter(properties, 32008, H5Z_FLAG_OPTIONAL, 0, nullptr);
         make_dataset(file, name, lengths, properties);
       }},
      {"large chunk", false_claim,
       [=](hid_t file, const std::string& name, const std::string&) {
         const hid_t properties = chunked(std::size_t{1} << 20);
         std::vector<hsize_t> most(lengths.size(), H5S_UNLIMITED);
         const hid_t space = H5Screate_simple(static_cast<int>(lengths.size()), lengths.data(), most.data());
         H5Dclose(H5Dcreate2(file, name.c_str(), H5T_NATIVE_INT64, space, H5P_DEFAULT, properties, H5P_DEFAULT));
         H5Sclose(space);
         H5Pclose(properties);
       }},
      {"large claim", false_claim,
       [=](hid_t file, const std::string& name, const std::string&) {
         std::vector<hsize_t> huge = lengths;
         huge[0] = hsize_t{1} << 40;
         make_dataset(file, name, huge, chunked(1));
       }},
      {"large claim in one run", false_claim,
       [=](hid_t file, const std::string& name, const std::string&) {
         std::vector<hsize_t> huge = lengths;
         huge[0] = hsize_t{1} << 40;
         make_dataset(file, name, huge, H5P_DEFAULT);
       }},
  };
}

}  // namespace filigree::testing
