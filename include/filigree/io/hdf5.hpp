// Typed HDF5 datasets in global order: what algorithms keep their own file formats in.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "filigree/core/comm.hpp"
#include "filigree/io/strings.hpp"

#pragma GCC visibility push(default)
namespace filigree::io {

/// Writes one HDF5 file together. The file grows under a temporary name beside `path` and takes its name in commit();
/// without commit() nothing is left. The bytes hold no trace of ranks or time: any number of ranks writes the same
/// file. It carries checksums of all its bytes. Element types: uint8_t, int32_t, int64_t, uint32_t, uint64_t, float,
/// double. All members are collective.
class Hdf5Writer {
 public:
  /// Throws IoError on all ranks when the directory is missing or not writable.
  Hdf5Writer(const Comm& comm, const std::string& path);
  Hdf5Writer(const Hdf5Writer&) = delete;
  Hdf5Writer& operator=(const Hdf5Writer&) = delete;
  ~Hdf5Writer();

  /// A one-dimensional dataset: the ranks' spans one after the other. Groups in `dataset` ("/graph/indptr") are made
  /// as needed. Written in slices of at most 1 GiB.
  template <class T>
  void write(const std::string& dataset, std::span<const T> mine);
  /// A two-dimensional dataset of doubles: the ranks' rows one after the other, `num_rows` of them from this rank.
  /// fill(i, row) writes row i of this rank over zeros; it must not communicate. Holds 64 MiB or one row at a time.
  void write_rows(const std::string& dataset, Offset num_rows, Offset num_cols,
                  const std::function<void(Offset, std::span<double>)>& fill);
  /// A dataset of UTF-8 texts of at most `width` bytes each, padded with NUL to that: `padded` holds those of this
  /// rank.
  void write_texts(const std::string& dataset, Offset width, std::span<const char> padded);
  /// A dataset of `length` doubles that are all one. They take no bytes in the file.
  void write_ones(const std::string& dataset, Offset length);
  /// An attribute of a group or dataset (made as a group if missing): a text, an integer, a real number or a list of
  /// integers, equal on all ranks.
  void attribute(const std::string& object, const std::string& name, const std::string& value);
  /// A text of variable length, which h5py gives as str, not bytes.
  void text_attribute(const std::string& object, const std::string& name, const std::string& value);
  void attribute(const std::string& object, const std::string& name, std::int64_t value);
  void attribute(const std::string& object, const std::string& name, double value);
  void attribute(const std::string& object, const std::string& name, const std::vector<std::int64_t>& values);
  /// Closes the file and renames it to `path`, replacing what was there.
  void commit();

 private:
  struct File;
  std::unique_ptr<File> file_;
};

/// Reads such a file together, on any number of ranks. Every failure (no file, not HDF5, cut short, bytes that do not
/// match their checksum, no such dataset, another type, elements in another file, a filter that is a plugin) is an
/// IoError on all ranks that names the path and the dataset. All members are collective.
class Hdf5Reader {
 public:
  Hdf5Reader(const Comm& comm, const std::string& path);
  Hdf5Reader(const Hdf5Reader&) = delete;
  Hdf5Reader& operator=(const Hdf5Reader&) = delete;
  ~Hdf5Reader();

  const std::string& path() const;
  /// Throws IoError unless the file carries checksums: those that an earlier filigree wrote, or another program wrote
  /// or changed, do not. For what a program can make again.
  void require_checksums() const;
  /// Says so if the file has lost its checksums; else empty. For what can come from other programs.
  const std::string& remark() const;
  bool has(const std::string& object) const;
  /// Elements of a one-dimensional dataset.
  Offset length(const std::string& dataset) const;
  /// Every dataset of the file by its path, in natural order ("b2" before "b10").
  std::vector<std::string> datasets() const;
  /// Lengths of all dimensions of a dataset.
  std::vector<Offset> shape(const std::string& dataset) const;
  /// Returns whether the elements of a dataset are numbers, as read_matrix() needs.
  bool holds_numbers(const std::string& dataset) const;
  /// Rows [row, row + num_rows) of columns [col, col + num_cols) of a two-dimensional dataset of any numbers, row by
  /// row. NetCDF: elements equal to _FillValue or missing_value become NaN; scale_factor and add_offset are applied.
  std::vector<double> read_matrix(const std::string& dataset, Offset row, Offset num_rows, Offset col,
                                  Offset num_cols) const;
  /// This rank's elements [first, first + count) of a dataset; each rank may ask for others.
  template <class T>
  std::vector<T> read(const std::string& dataset, Offset first, Offset count) const;
  // The same of files that other programs wrote, in whatever types they chose.
  /// Elements of a dataset of integers of any size.
  std::vector<std::int64_t> read_integers(const std::string& dataset, Offset first, Offset count) const;
  /// Elements of a dataset of numbers or truths; integers must be such that a double holds them exactly.
  std::vector<double> read_numbers(const std::string& dataset, Offset first, Offset count) const;
  bool holds_texts(const std::string& dataset) const;
  /// Elements of a dataset of texts, of fixed or variable length; without the padding at their ends.
  Strings read_texts(const std::string& dataset, Offset first, Offset count) const;
  /// An attribute, or nothing when there is none. T: std::string, int64_t, double, vector of int64_t.
  template <class T>
  std::optional<T> attribute(const std::string& object, const std::string& name) const;

 private:
  struct File;
  std::unique_ptr<File> file_;
};

}  // namespace filigree::io
#pragma GCC visibility pop
