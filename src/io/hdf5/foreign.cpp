// What other programs wrote: elements of any type of numbers and texts.
#include <algorithm>

#include "io/hdf5/reader_file.hpp"

namespace filigree::io {

std::vector<std::int64_t> Hdf5Reader::File::read_integers(const std::string& name, Offset first, Offset count) const {
  const auto [dataset, length] = open_dataset(name);
  expect_within(name, length, first, count);
  const Id stored(H5Dget_type(dataset), H5Tclose);
  if (H5Tget_class(stored) != H5T_INTEGER) fail(name, text("holds ", name_of(stored), ", expected integers"));
  std::vector<std::int64_t> values(static_cast<std::size_t>(count));
  read_run(name, dataset, H5T_NATIVE_INT64, first, count, std::as_writable_bytes(std::span(values)));
  return values;
}

std::vector<double> Hdf5Reader::File::read_numbers(const std::string& name, Offset first, Offset count) const {
  const auto [dataset, length] = open_dataset(name);
  expect_within(name, length, first, count);
  const Id stored(H5Dget_type(dataset), H5Tclose);
  const H5T_class_t kind = H5Tget_class(stored);
  std::vector<double> values(static_cast<std::size_t>(count));
  if (kind == H5T_ENUM && H5Tget_size(stored) == 1) {  // truths of h5py
    std::vector<std::int8_t> truths(values.size());
    read_run(name, dataset, stored, first, count, std::as_writable_bytes(std::span(truths)));
    std::ranges::copy(truths, values.begin());
  } else if (kind == H5T_INTEGER) {
    constexpr std::int64_t most = std::int64_t{1} << 53;
    const std::vector<std::int64_t> whole = read_integers(name, first, count);
    for (std::size_t k = 0; k < whole.size(); ++k) {
      if (whole[k] < -most || whole[k] > most)
        fail(name, text("element ", first + static_cast<Offset>(k), " is a number that a double cannot hold exactly"));
      values[k] = static_cast<double>(whole[k]);
    }
  } else {
    if (kind != H5T_FLOAT) fail(name, text("holds ", name_of(stored), ", expected numbers"));
    read_run(name, dataset, H5T_NATIVE_DOUBLE, first, count, std::as_writable_bytes(std::span(values)));
  }
  return values;
}

bool Hdf5Reader::File::holds_texts(const std::string& name) const {
  const Id dataset = open(name);
  const Id stored(H5Dget_type(dataset), H5Tclose);
  return H5Tget_class(stored) == H5T_STRING;
}

Strings Hdf5Reader::File::read_texts(const std::string& name, Offset first, Offset count) const {
  const auto [dataset, length] = open_dataset(name);
  expect_within(name, length, first, count);
  const Id stored(H5Dget_type(dataset), H5Tclose);
  if (H5Tget_class(stored) != H5T_STRING) fail(name, text("holds ", name_of(stored), ", expected texts"));
  Strings texts;
  if (H5Tis_variable_str(stored) > 0) {
    std::vector<char*> pointers(static_cast<std::size_t>(count));
    read_run(name, dataset, stored, first, count, std::as_writable_bytes(std::span(pointers)));
    for (const char* const pointer : pointers) texts.push_back(pointer == nullptr ? "" : pointer);
    const auto size = static_cast<hsize_t>(count);
    const Id space(H5Screate_simple(1, &size, nullptr), H5Sclose);
    H5Dvlen_reclaim(stored, space, H5P_DEFAULT, pointers.data());
    return texts;
  }
  const std::size_t width = H5Tget_size(stored);
  const H5T_str_t padding = H5Tget_strpad(stored);
  std::vector<char> padded(static_cast<std::size_t>(count) * width);
  read_run(name, dataset, stored, first, count, std::as_writable_bytes(std::span(padded)));
  for (std::size_t begin = 0; begin < padded.size(); begin += width) {
    const std::string_view cell(padded.data() + begin, width);
    texts.push_back(padding == H5T_STR_NULLTERM
                        ? cell.substr(0, cell.find('\0'))
                        : cell.substr(0, cell.find_last_not_of(padding == H5T_STR_SPACEPAD ? ' ' : '\0') + 1));
  }
  return texts;
}

std::vector<std::int64_t> Hdf5Reader::read_integers(const std::string& dataset, Offset first, Offset count) const {
  const Quiet quiet;
  return file_->comm.guard([&] { return file_->read_integers(dataset, first, count); });
}

std::vector<double> Hdf5Reader::read_numbers(const std::string& dataset, Offset first, Offset count) const {
  const Quiet quiet;
  return file_->comm.guard([&] { return file_->read_numbers(dataset, first, count); });
}

bool Hdf5Reader::holds_texts(const std::string& dataset) const {
  const Quiet quiet;
  return file_->comm.guard([&] { return file_->holds_texts(dataset); });
}

Strings Hdf5Reader::read_texts(const std::string& dataset, Offset first, Offset count) const {
  const Quiet quiet;
  return file_->comm.guard([&] { return file_->read_texts(dataset, first, count); });
}

}  // namespace filigree::io
