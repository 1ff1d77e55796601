// A two-dimensional HDF5 dataset, read without the library.
#pragma once

#include <hdf5.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace filigree::testing {

struct Hdf5Matrix {
  std::vector<std::vector<double>> rows;
  hsize_t num_cols = 0;

  Hdf5Matrix(const std::string& path, const std::string& dataset) {
    const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
    const hid_t data = H5Dopen2(file, dataset.c_str(), H5P_DEFAULT);
    const hid_t space = H5Dget_space(data);
    hsize_t shape[2] = {};
    if (H5Sget_simple_extent_ndims(space) != 2 || H5Sget_simple_extent_dims(space, shape, nullptr) != 2)
      throw std::runtime_error(path + ": " + dataset + " has not two dimensions");
    std::vector<double> values(shape[0] * shape[1]);
    if (H5Dread(data, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0)
      throw std::runtime_error(path + ": " + dataset + " cannot be read");
    for (auto at = values.begin(); at != values.end(); at += static_cast<std::ptrdiff_t>(shape[1]))
      rows.emplace_back(at, at + static_cast<std::ptrdiff_t>(shape[1]));
    num_cols = shape[1];
    H5Sclose(space);
    H5Dclose(data);
    H5Fclose(file);
  }
};

}  // namespace filigree::testing
