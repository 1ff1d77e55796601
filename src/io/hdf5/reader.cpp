#include "io/hdf5/reader_file.hpp"

namespace filigree::io {

Hdf5Reader::Hdf5Reader(const Comm& comm, const std::string& path) {
  const Quiet quiet;
  file_ = std::make_unique<File>(comm, path);
}
Hdf5Reader::~Hdf5Reader() {
  const Quiet quiet;
  file_.reset();
}

const std::string& Hdf5Reader::path() const { return file_->path; }
const std::string& Hdf5Reader::remark() const { return file_->remark; }
void Hdf5Reader::require_checksums() const {
  if (file_->bytes->has_checksums()) return;
  const std::string& lost = file_->remark;
  throw IoError(text(path(), ": ",
                     lost.empty() ? "has no checksums: an earlier filigree wrote it, or another program" : lost,
                     "; damage to it would not be noticed: make it again"));
}

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

// The element types of the header.
#define FILIGREE_HDF5_ELEMENT(T) template std::vector<T> Hdf5Reader::read(const std::string&, Offset, Offset) const;
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
