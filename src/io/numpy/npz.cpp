// SciPy's sparse matrices, .npz: a zip archive of arrays, each as a .npy file,
//
//   format   text: csr, csc or coo       shape    two integers       data     values
//   indptr   begins of rows (csr) or columns (csc)                   indices  columns (csr) or rows (csc)
//   row, col  instead of both (coo)
//
// as scipy.sparse.save_npz and numpy.savez write them.
#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "core/index.hpp"
#include "io/compressed_rows.hpp"
#include "io/fields.hpp"
#include "io/formats.hpp"
#include "io/numpy/npy_header.hpp"
#include "io/numpy/zip.hpp"

namespace filigree::io {
namespace {

constexpr std::string_view extension = ".npy";  // of members

[[noreturn]] void damaged(const std::string& path, const std::string& what) { throw IoError(text(path, ": ", what)); }

/// An array in the archive.
struct Array {
  std::string path;  ///< "A.npz: data.npy"
  const ZipMember* member = nullptr;
  NpyHeader header;
  NpyConvert convert = nullptr;

  Offset begin_of(Offset element) const { return header.data_begin + element * header.element_bytes(); }
};

class Archive {
 public:
  Archive(const Comm& comm, const std::string& path) : zip_(comm, path) {}

  const ZipReader& zip() const { return zip_; }
  bool has(const std::string& array) const { return find(array) != nullptr; }
  std::string arrays() const {
    std::string names;
    for (const ZipMember& member : zip_.members()) {
      const std::string_view name = std::string_view(member.name).substr(0, member.name.rfind('.'));
      names += text(names.empty() ? "" : ", ", quoted(name));
    }
    return names.empty() ? "nothing" : names;
  }

  /// An array of anything, by its name. Throws IoError if it is not there. Not collective.
  Array open(const std::string& name) const {
    constexpr Offset most_header = Offset{1} << 16;
    Array array{text(zip_.path(), ": ", name, extension), find(name), {}};
    if (array.member == nullptr) damaged(zip_.path(), text("has no array '", name, "'"));
    const std::string front = zip_.front(*array.member, most_header);
    array.header = read_npy_header(array.path, std::ssize(front), [&](Offset at, std::span<char> to) {
      std::copy_n(front.begin() + at, to.size(), to.begin());
    });
    return array;
  }
  /// One dimension of numbers. Not collective.
  Array open_list(const std::string& name, bool integers) const {
    Array array = open(name);
    expect_numbers(array.path, array.header, array.member->bytes);
    if (array.header.shape.size() != 1) damaged(array.path, "must have one dimension");
    if (integers && !array.header.holds_integers())
      damaged(array.path, text("holds elements of type ", array.header.type, ", must be integers"));
    array.convert = npy_conversion_of(array.header.type);
    return array;
  }
  /// Elements of an array of texts without dimensions, as its one text.
  std::string read_text(const std::string& name) const {
    constexpr Offset most = Offset{1} << 10;
    const Array array = open(name);
    if (array.member->bytes > most) damaged(array.path, "must be a text");
    std::string bytes;
    zip_.read(*array.member, array.header.data_begin, 1, [&](std::string_view piece) { bytes += piece; });
    std::erase(bytes, '\0');  // padding, and three of the four bytes of a character
    return bytes;
  }

 private:
  const ZipMember* find(const std::string& array) const {
    const auto found = std::ranges::find(zip_.members(), array + std::string(extension), &ZipMember::name);
    return found == zip_.members().end() ? nullptr : &*found;
  }

  ZipReader zip_;
};

/// Calls use(value) for stored elements, of which the first is `first`.
template <class T, class Use>
void for_elements(const Array& array, Offset first, std::string_view bytes, const Use& use) {
  const std::size_t width = z(array.header.element_bytes());
  for (std::size_t at = 0; at < bytes.size(); at += width, ++first) {
    const std::optional<double> value = array.convert(bytes.data() + at, array.header.is_big_endian());
    if (!value)
      damaged(array.path,
              text("element ", first, " of type ", array.header.type,
                   array.header.type[1] == 'b' ? " must be 0 or 1" : " is a number that a double cannot hold exactly"));
    if (std::is_integral_v<T> && !(*value < 0x1p63))
      damaged(array.path, text("element ", first, " is ", *value, ", too large for an index"));
    use(static_cast<T>(*value));
  }
}

/// All elements, in order. Not collective.
template <class T, class Use>
void read_all(const Archive& archive, const Array& array, const Use& use) {
  Offset next = 0;
  archive.zip().read(*array.member, array.begin_of(0), array.header.element_bytes(), [&](std::string_view piece) {
    for_elements<T>(array, next, piece, use);
    next += std::ssize(piece) / array.header.element_bytes();
  });
}

/// This rank's part of the elements. Collective.
template <class T>
std::vector<T> read_share(const Comm& comm, const Archive& archive, const Array& array, const Partition& elements) {
  const Offset first = elements.begin(comm.rank());
  const Offset end = elements.end(comm.rank());
  std::vector<T> values;
  Offset next = first;
  archive.zip().read_share(comm, *array.member, array.begin_of(first), array.begin_of(end),
                           array.header.element_bytes(), [&](std::string_view piece) {
                             values.reserve(z(end - first));
                             for_elements<T>(array, next, piece, [&](T value) { values.push_back(value); });
                             next += std::ssize(piece) / array.header.element_bytes();
                           });
  return values;
}

/// The arrays of a matrix and what they are.
struct Stored {
  std::string format;
  Global num_rows = 0;
  Global num_cols = 0;
  Array data;
  Array row;  ///< for coo; else the begins of rows (columns for csc)
  Array col;  ///< for coo; else the indices
  Offset num_entries = 0;
};

/// Not collective.
Stored understand(const Archive& archive) {
  const std::string& path = archive.zip().path();
  if (!archive.has("format") || !archive.has("shape"))
    damaged(path, text("holds ", archive.arrays(),
                       "; a sparse matrix of SciPy has format, shape, data and indices, indptr or row, col"));
  Stored stored;
  stored.format = archive.read_text("format");
  const bool is_coo = stored.format == "coo";
  if (!is_coo && stored.format != "csr" && stored.format != "csc")
    damaged(path, text("holds a matrix in SciPy's format ", quoted(stored.format),
                       "; csr, csc and coo are read: save A.tocsr()"));
  std::vector<Global> shape;
  const Array lengths = archive.open_list("shape", true);
  if (lengths.header.num_rows() == 2)
    read_all<Global>(archive, lengths, [&](Global length) { shape.push_back(length); });
  if (shape.size() != 2 || shape[0] < 0 || shape[1] < 0) damaged(lengths.path, "must be two lengths");
  stored.num_rows = shape[0];
  stored.num_cols = shape[1];
  stored.data = archive.open_list("data", false);
  stored.row = archive.open_list(is_coo ? "row" : "indptr", true);
  stored.col = archive.open_list(is_coo ? "col" : "indices", true);
  stored.num_entries = stored.data.header.num_rows();
  const Global lines = stored.format == "csc" ? stored.num_cols : stored.num_rows;
  const Offset length_of_row = is_coo ? stored.num_entries : lines + 1;
  if (stored.row.header.num_rows() != length_of_row)
    damaged(stored.row.path, text("has ", stored.row.header.num_rows(), " elements, expected ", length_of_row));
  if (stored.col.header.num_rows() != stored.num_entries)
    damaged(stored.col.path, text("has ", stored.col.header.num_rows(), " elements, but data ", stored.num_entries));
  return stored;
}

/// Runs f; what it throws is said of an array.
template <class F>
auto about(const Array& array, F&& f) {
  try {
    return f();
  } catch (const IoError&) {
    throw;
  } catch (const Error& fault) {
    damaged(array.path, fault.what());
  }
}

/// Begins of rows -> the row of each of this rank's entries. Not collective.
std::vector<Global> rows_of(const Archive& archive, const Array& begins, Offset first, Offset count, Offset total) {
  RowsOfEntries rows(first, count, total);
  return about(begins, [&] {
    read_all<Global>(archive, begins, [&](Offset begin) { rows.add(begin); });
    return rows.finish();
  });
}

/// Values of this rank's entries, none if all are True. Collective.
std::vector<double> read_values(const Comm& comm, const Archive& archive, const Stored& stored,
                                const Partition& entries, bool finite) {
  std::vector<double> values = read_share<double>(comm, archive, stored.data, entries);
  const bool truths = stored.data.header.type == "|b1";
  comm.guard([&] {
    for (std::size_t k = 0; k < values.size(); ++k) {
      const auto fail = [&](const char* what) {
        damaged(stored.data.path, text("element ", entries.begin(comm.rank()) + static_cast<Offset>(k), what));
      };
      if (truths && values[k] == 0) fail(" is False; A.eliminate_zeros() removes such entries");
      if (finite && !std::isfinite(values[k])) fail(" must be finite");
    }
  });
  if (truths) values.clear();
  return values;
}

/// Begins of rows and columns of entries as T.
template <class T>
void write_structure(ZipWriter& zip, const Graph& graph, const char* type) {
  const Comm& comm = graph.comm();
  const Offset num_entries = graph.num_nonzeros();
  const Offset first_entry = comm.exclusive_sum(graph.local().num_nonzeros());
  const auto begins =
      std::span(graph.local().row_ptr).first(graph.local().row_ptr.size() - (comm.rank() + 1 < comm.size()));
  zip.add("indices.npy", npy_header_text(type, {num_entries}), graph.local().num_nonzeros() * Offset{sizeof(T)},
          [&](ZipWriter::Part& part) {
            for (const Local col : graph.local().col) part.push_back(static_cast<T>(graph.global_col(col)));
          });
  zip.add("indptr.npy", npy_header_text(type, {graph.num_rows() + 1}), std::ssize(begins) * Offset{sizeof(T)},
          [&](ZipWriter::Part& part) {
            for (const Offset begin : begins) part.push_back(static_cast<T>(first_entry + begin));
          });
}

}  // namespace

GraphFile read_npz(const Comm& comm, const std::string& path, const ReadOptions& options) {
  const Archive archive(comm, path);
  const Stored stored = comm.guard([&] { return understand(archive); });
  const Partition mine = Partition::uniform(stored.num_entries, comm.size());
  const Offset first = mine.begin(comm.rank());
  Entries<double> entries;
  entries.val = read_values(comm, archive, stored, mine, options.finite);
  entries.col = read_share<Global>(comm, archive, stored.col, mine);
  if (stored.format == "coo")
    entries.row = read_share<Global>(comm, archive, stored.row, mine);
  else
    entries.row =
        comm.guard([&] { return rows_of(archive, stored.row, first, mine.size(comm.rank()), stored.num_entries); });
  if (stored.format == "csc") std::swap(entries.row, entries.col);
  comm.guard([&] {
    about(stored.format == "csc" ? stored.col : stored.row,
          [&] { expect_indices(entries.row, first, stored.num_rows); });
    about(stored.format == "csc" ? stored.row : stored.col,
          [&] { expect_indices(entries.col, first, stored.num_cols); });
  });
  GraphFile file = assemble(comm, path, stored.num_rows, stored.num_cols, std::move(entries), options);
  if (file.report.entries.duplicates > 0 && options.policy.duplicates == Duplicates::first)
    file.report.remarks.push_back("SciPy adds up values of the same entry; here the first counts");
  return file;
}

void write_npz(const Graph& graph, const std::string& path) {
  const Offset num_entries = graph.num_nonzeros();
  const bool has_values = graph.has_values();
  const bool small = std::max(num_entries, graph.num_cols()) <= std::numeric_limits<std::int32_t>::max();
  const bool is_root = graph.comm().is_root();
  ZipWriter zip(graph.comm(), path);
  small ? write_structure<std::int32_t>(zip, graph, "<i4") : write_structure<std::int64_t>(zip, graph, "<i8");
  zip.add("format.npy", npy_header_text("|S3", {}) + "csr", 0, [](ZipWriter::Part&) {});
  const std::int64_t shape[] = {graph.num_rows(), graph.num_cols()};
  zip.add("shape.npy", npy_header_text("<i8", {2}), is_root ? Offset{sizeof shape} : 0, [&](ZipWriter::Part& part) {
    if (!is_root) return;
    for (const std::int64_t length : shape) part.push_back(length);
  });
  const Offset value_bytes = has_values ? sizeof(double) : 1;
  zip.add("data.npy", npy_header_text(has_values ? "<f8" : "|b1", {num_entries}),
          graph.local().num_nonzeros() * value_bytes, [&](ZipWriter::Part& part) {
            if (has_values) {
              for (const double value : graph.local().val) part.push_back(value);
            } else {
              for (Offset k = 0; k < graph.local().num_nonzeros(); ++k) part.push_back(char{1});
            }
          });
  zip.commit();
}

}  // namespace filigree::io
