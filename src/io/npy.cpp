// NumPy's .npy files: "\x93NUMPY", version (2 bytes), length of the header (2 bytes, from version 2 on 4), the header,
// a Python dict such as {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }, then the elements.
// Format: NumPy Enhancement Proposal 1, A simple file format for NumPy arrays.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

#include "io/binary_file.hpp"
#include "io/fields.hpp"
#include "io/formats.hpp"

namespace filigree::io {
namespace {

constexpr std::string_view magic = "\x93NUMPY";

[[noreturn]] void damaged(const std::string& path, const std::string& what) { throw IoError(text(path, ": ", what)); }

struct Header {
  std::string type;  ///< as NumPy writes it: byte order, kind, bytes
  bool by_columns = false;
  Global num_rows = 0;
  Global num_cols = 1;
  Offset data_begin = 0;

  Offset element_bytes() const { return type[2] - '0'; }
};

/// Reads the dict of the header. Failures throw Error with a text for damaged().
class Dict {
 public:
  explicit Dict(std::string_view rest) : rest_(rest) {}

  Header parse() {
    Header header;
    bool has_type = false;
    bool has_order = false;
    bool has_shape = false;
    expect('{');
    while (!accept('}')) {
      const std::string key = quoted_text();
      expect(':');
      if (key == "descr" && !std::exchange(has_type, true))
        header.type = type();
      else if (key == "fortran_order" && !std::exchange(has_order, true))
        header.by_columns = truth();
      else if (key == "shape" && !std::exchange(has_shape, true))
        shape(header);
      else
        throw Error(text("key ", quoted(key), ", expected descr, fortran_order and shape, each once"));
      if (!accept(',') && peek() != '}') expect('}');
    }
    if (peek(); !rest_.empty()) expected("nothing behind the }");
    if (!has_type || !has_order || !has_shape) throw Error("expected the keys descr, fortran_order and shape");
    return header;
  }

 private:
  /// The next character that is no blank, '\0' at the end.
  char peek() {
    while (!rest_.empty() && (is_blank(rest_.front()) || rest_.front() == '\n')) rest_.remove_prefix(1);
    return rest_.empty() ? '\0' : rest_.front();
  }
  bool accept(char c) {
    if (peek() != c || rest_.empty()) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char c) {
    if (!accept(c)) expected(std::string(1, c));
  }
  [[noreturn]] void expected(const std::string& what) const {
    throw Error(text("expected ", what, "; found ", rest_.empty() ? "the end" : quoted(without_padding(rest_))));
  }
  static std::string_view without_padding(std::string_view s) { return s.substr(0, s.find_last_not_of(" \n") + 1); }

  std::string quoted_text() {
    const char quote = peek();
    const std::size_t end = quote == '\'' || quote == '"' ? rest_.find(quote, 1) : std::string_view::npos;
    if (end == std::string_view::npos) expected("a text in quotes");
    const std::string found(rest_.substr(1, end - 1));
    rest_.remove_prefix(end + 1);
    return found;
  }
  std::string type() {
    if (peek() == '[') throw Error("arrays of records cannot be held, only of numbers");
    const std::string found = quoted_text();
    std::string type = found;
    if (type.size() == 3 && type[2] == '1') type[0] = type[0] == '<' || type[0] == '>' ? '|' : type[0];  // of one byte
    static constexpr std::string_view known[] = {"<f8", "<f4", "<i8", "<i4", "<i2", "<u8", "<u4", "<u2", ">f8", ">f4",
                                                 ">i8", ">i4", ">i2", ">u8", ">u4", ">u2", "|i1", "|u1", "|b1"};
    if (std::find(std::begin(known), std::end(known), type) == std::end(known))
      throw Error(text("elements of type ", quoted(found), ", expected f4, f8, i1 to i8, u1 to u8 or b1"));
    return type;
  }
  bool truth() {
    peek();
    for (const auto& [word, value] : {std::pair{std::string_view("True"), true}, {"False", false}}) {
      if (!rest_.starts_with(word)) continue;
      rest_.remove_prefix(word.size());
      return value;
    }
    expected("True or False");
  }
  void shape(Header& header) {
    expect('(');
    std::vector<Global> lengths;
    while (!accept(')')) {
      peek();
      const std::size_t digits = std::min(rest_.size(), rest_.find_first_not_of("0123456789"));
      Global length = 0;
      if (digits > z(most_digits) || !parse_whole(rest_.substr(0, digits), length)) expected("a length in the shape");
      rest_.remove_prefix(digits);
      accept('L');  // Python 2
      lengths.push_back(length);
      if (!accept(',') && peek() != ')') expect(')');
    }
    if (lengths.empty() || lengths.size() > 2)
      throw Error(text("an array of ", lengths.size(), " dimensions, expected 1 or 2"));
    header.num_rows = lengths[0];
    if (lengths.size() == 2) header.num_cols = lengths[1];
  }

  std::string_view rest_;
};

/// Every rank reads it. Not collective.
Header read_header(const BinaryFile& file) {
  std::array<char, 8> start{};
  if (file.size() >= std::ssize(start)) file.read(0, std::span<char>(start));
  if (std::string_view(start.data(), magic.size()) != magic)
    damaged(file.path(), "is no .npy file: it does not begin with \\x93NUMPY and a version");
  const int version = start[magic.size()];
  if (version < 1 || version > 3) damaged(file.path(), text("version ", version, " of .npy, expected 1, 2 or 3"));
  const Offset length_bytes = version == 1 ? 2 : 4;
  const Offset begin = std::ssize(start) + length_bytes;
  if (file.size() < begin) damaged(file.path(), "ends within its header");
  const Offset length = version == 1 ? file.read<std::uint16_t>(8) : file.read<std::uint32_t>(8);
  if (file.size() - begin < length) damaged(file.path(), "ends within its header");
  std::string dict(z(length), '\0');
  file.read(begin, std::span<char>(dict));
  Header header;
  try {
    header = Dict(dict).parse();
  } catch (const Error& fault) {
    damaged(file.path(), text("header: ", fault.what()));
  }
  header.data_begin = begin + length;
  const Offset room = (file.size() - header.data_begin) / header.element_bytes();
  const bool fits = header.num_rows == 0 || header.num_cols <= room / header.num_rows;
  if (!fits || header.data_begin + header.num_rows * header.num_cols * header.element_bytes() != file.size()) {
    damaged(file.path(),
            text("holds ", file.size() - header.data_begin, " bytes of elements; ", header.num_rows, " x ",
                 header.num_cols, " of ", header.element_bytes(), " bytes take ", fits ? "fewer" : "more"));
  }
  return header;
}

/// A stored element as a double; nothing if a double cannot hold it exactly.
template <class T>
std::optional<double> as_double(const char* from, bool big_endian) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, from, sizeof(T));
  if (big_endian) std::reverse(std::begin(bytes), std::end(bytes));
  T stored{};
  std::memcpy(&stored, bytes, sizeof(T));
  const auto value = static_cast<double>(stored);
  if constexpr (std::is_integral_v<T>) {
    // Beyond the range of T a cast back would be undefined.
    const double end = std::ldexp(1.0, std::numeric_limits<T>::digits);
    if (value >= end || static_cast<T>(value) != stored) return std::nullopt;
  }
  return value;
}

using Convert = std::optional<double> (*)(const char*, bool);

std::optional<double> truth_as_double(const char* from, bool) {
  return *from == 0 || *from == 1 ? std::optional<double>(*from) : std::nullopt;
}

Convert conversion_of(const std::string& type) {
  const std::string_view kind = std::string_view(type).substr(1);
  if (kind == "f8") return as_double<double>;
  if (kind == "f4") return as_double<float>;
  if (kind == "i8") return as_double<std::int64_t>;
  if (kind == "i4") return as_double<std::int32_t>;
  if (kind == "i2") return as_double<std::int16_t>;
  if (kind == "i1") return as_double<std::int8_t>;
  if (kind == "u8") return as_double<std::uint64_t>;
  if (kind == "u4") return as_double<std::uint32_t>;
  if (kind == "u2") return as_double<std::uint16_t>;
  if (kind == "u1") return as_double<std::uint8_t>;
  return truth_as_double;
}

/// Reads this rank's share of the elements, a slice at a time. Not collective.
Entries<double> read_part(const Comm& comm, const BinaryFile& file, const Header& header, const ReadOptions& options) {
  const Convert convert = conversion_of(header.type);
  const bool has_values = header.type != "|b1";
  const bool big_endian = header.type[0] == '>';
  const Partition elements = Partition::uniform(header.num_rows * header.num_cols, comm.size());
  const Global begin = elements.begin(comm.rank());
  const Global end = elements.end(comm.rank());
  const Global line = header.by_columns ? header.num_rows : header.num_cols;  // elements that follow each other
  Entries<double> entries;
  std::vector<char> bytes;
  for (Global first = begin; first < end;) {
    const Global count = std::min(end - first, slice_bytes / header.element_bytes());
    bytes.resize(z(count * header.element_bytes()));
    file.read(header.data_begin + first * header.element_bytes(), std::span<char>(bytes));
    Global major = first / line;
    Global minor = first % line;
    for (Global k = 0; k < count; ++k) {
      const std::optional<double> value = convert(bytes.data() + k * header.element_bytes(), big_endian);
      const Global row = header.by_columns ? minor : major;
      const Global col = header.by_columns ? major : minor;
      if (!value || (options.finite && !std::isfinite(*value))) {
        damaged(file.path(), text("element (", row, ", ", col, ") of type ", header.type,
                                  header.type[1] == 'f'   ? " must be finite"
                                  : header.type[1] == 'b' ? " must be 0 or 1"
                                                          : " is a number that a double cannot hold exactly"));
      }
      if (*value != 0) {
        entries.row.push_back(row);
        entries.col.push_back(col);
        if (has_values) entries.val.push_back(*value);
      }
      if (++minor == line) {
        minor = 0;
        ++major;
      }
    }
    first += count;
    if (options.progress)
      options.progress("read", (first - begin) * header.element_bytes(), (end - begin) * header.element_bytes());
  }
  return entries;
}

/// What comes before the elements, padded so that they begin at a multiple of 64 bytes.
std::string header_of(const Graph& graph, bool has_values) {
  const std::string dict = text("{'descr': '", has_values ? "<f8" : "|b1", "', 'fortran_order': False, 'shape': (",
                                graph.num_rows(), ", ", graph.num_cols(), "), }");
  const std::size_t before = magic.size() + 4;
  const std::size_t length = (before + dict.size() + 1 + 63) / 64 * 64 - before;
  std::string header(magic);
  header += {'\1', '\0', static_cast<char>(length % 256), static_cast<char>(length / 256)};
  header += dict;
  header.resize(before + length - 1, ' ');
  return header + '\n';
}

/// Writes this rank's rows, zeros and all. Not collective.
template <class T>
void write_rows(BinaryWriter& file, const Graph& graph, Offset data_begin) {
  const CsrView<double> local = graph.local.view();
  Sequence<T> elements(file, data_begin + graph.first_row() * graph.num_cols() * Offset{sizeof(T)});
  for (Local row = 0; row < local.num_rows(); ++row) {
    Global next = 0;
    for (std::size_t k = 0; k < local.cols(row).size(); ++k) {
      for (const Global col = graph.global_col(local.cols(row)[k]); next < col; ++next) elements.push_back(T{0});
      elements.push_back(local.has_values() ? static_cast<T>(local.vals(row)[k]) : T{1});
      ++next;
    }
    for (; next < graph.num_cols(); ++next) elements.push_back(T{0});
  }
  elements.flush();
}

}  // namespace

GraphFile read_npy(const Comm& comm, const std::string& path, const ReadOptions& options) {
  const BinaryFile file(comm, path);
  const Header header = comm.guard([&] { return read_header(file); });
  Entries<double> entries = comm.guard([&] { return read_part(comm, file, header, options); });
  return assemble(comm, path, header.num_rows, header.num_cols, std::move(entries), options);
}

void write_npy(const Graph& graph, const std::string& path) {
  constexpr Offset most_elements = Offset{1} << 33;
  require(graph.num_rows() == 0 || graph.num_cols() <= most_elements / graph.num_rows(), path,
          ": .npy files hold all elements, zeros too, and are written up to 2^33 of them; this matrix has ",
          graph.num_rows(), " x ", graph.num_cols());
  const bool has_values = graph.has_values();
  const std::string header = header_of(graph, has_values);
  BinaryWriter file(graph.comm, path);
  graph.comm.guard([&] {
    if (graph.comm.is_root()) file.write(0, std::span<const char>(header));
    if (has_values)
      write_rows<double>(file, graph, std::ssize(header));
    else
      write_rows<std::uint8_t>(file, graph, std::ssize(header));
  });
  file.commit();
}

}  // namespace filigree::io
