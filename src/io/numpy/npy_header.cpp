// The header of a .npy file, and its elements as doubles.
#include "io/numpy/npy_header.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "io/fields.hpp"

namespace filigree::io {
namespace {

[[noreturn]] void damaged(const std::string& path, const std::string& what) { throw IoError(text(path, ": ", what)); }

std::string unknown_type(const std::string& type) {
  return text("elements of type ", quoted(type), ", expected f2 to f8, i1 to i8, u1 to u8 or b1");
}

/// Reads the dict of the header. Failures throw Error with a text for damaged().
class Dict {
 public:
  explicit Dict(std::string_view rest) : rest_(rest) {}

  NpyHeader parse() {
    NpyHeader header;
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
    if (found.find('O') != std::string::npos) throw Error("pickled Python objects, which are not read; save numbers");
    const std::size_t digits = found.find_first_not_of("0123456789", std::min<std::size_t>(found.size(), 2));
    if (found.size() < 3 || found.size() > 8 || digits != std::string::npos) throw Error(unknown_type(found));
    std::string type = found;
    if (type.size() == 3 && type[2] == '1' && type[1] != 'U')
      type[0] = type[0] == '<' || type[0] == '>' ? '|' : type[0];  // of one byte
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
  void shape(NpyHeader& header) {
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
    if (lengths.size() > 2) throw Error(text("an array of ", lengths.size(), " dimensions, expected 1 or 2"));
    header.shape = std::move(lengths);
  }

  std::string_view rest_;
};

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

std::optional<double> half_as_double(const char* from, bool big_endian) {
  std::uint16_t bits = 0;
  std::memcpy(&bits, from, sizeof bits);
  if (big_endian) bits = static_cast<std::uint16_t>(bits << 8 | bits >> 8);
  const int exponent = bits >> 10 & 31;
  const int fraction = bits & 1023;
  const double magnitude = exponent == 31  ? (fraction == 0 ? INFINITY : NAN)
                           : exponent == 0 ? std::ldexp(fraction, -24)
                                           : std::ldexp(1024 + fraction, exponent - 25);
  return bits >> 15 == 0 ? magnitude : -magnitude;
}

std::optional<double> truth_as_double(const char* from, bool) {
  return *from == 0 || *from == 1 ? std::optional<double>(*from) : std::nullopt;
}

}  // namespace

Offset NpyHeader::element_bytes() const {
  constexpr Offset bytes_of_a_character = 4;  // in texts of kind U
  Offset size = 0;
  parse_whole(std::string_view(type).substr(2), size);
  return type[1] == 'U' ? bytes_of_a_character * size : size;
}

NpyHeader read_npy_header(const std::string& path, Offset size,
                          const std::function<void(Offset, std::span<char>)>& read) {
  std::array<char, 8> start{};
  if (size >= std::ssize(start)) read(0, start);
  if (std::string_view(start.data(), npy_magic.size()) != npy_magic)
    damaged(path, "is no .npy file: it does not begin with \\x93NUMPY and a version");
  const int version = start[npy_magic.size()];
  if (version < 1 || version > 3) damaged(path, text("version ", version, " of .npy, expected 1, 2 or 3"));
  const Offset length_bytes = version == 1 ? 2 : 4;
  const Offset begin = std::ssize(start) + length_bytes;
  if (size < begin) damaged(path, "ends within its header");
  std::array<char, 4> stored_length{};
  read(std::ssize(start), std::span<char>(stored_length).first(z(length_bytes)));
  const auto length = Offset{std::bit_cast<std::uint32_t>(stored_length)};
  if (size - begin < length) damaged(path, "ends within its header");
  std::string dict(z(length), '\0');
  read(begin, dict);
  try {
    NpyHeader header = Dict(dict).parse();
    header.data_begin = begin + length;
    return header;
  } catch (const Error& fault) {
    damaged(path, text("header: ", fault.what()));
  }
}

void expect_numbers(const std::string& path, const NpyHeader& header, Offset size) {
  static constexpr std::string_view known[] = {"<f8", "<f4", "<f2", "<i8", "<i4", "<i2", "<u8",
                                               "<u4", "<u2", ">f8", ">f4", ">f2", ">i8", ">i4",
                                               ">i2", ">u8", ">u4", ">u2", "|i1", "|u1", "|b1"};
  if (std::find(std::begin(known), std::end(known), header.type) == std::end(known))
    damaged(path, "header: " + unknown_type(header.type));
  if (header.shape.empty()) damaged(path, "header: an array of 0 dimensions, expected 1 or 2");
  const Global num_rows = header.num_rows();
  const Global num_cols = header.num_cols();
  const Offset available = (size - header.data_begin) / header.element_bytes();
  const bool fits = num_rows == 0 || num_cols <= available / num_rows;
  if (!fits || header.data_begin + num_rows * num_cols * header.element_bytes() != size) {
    damaged(path, text("holds ", size - header.data_begin, " bytes of elements; ", num_rows, " x ", num_cols, " of ",
                       header.element_bytes(), " bytes take ", fits ? "fewer" : "more"));
  }
}

NpyHeader read_npy_header(const BinaryFile& file) {
  NpyHeader header =
      read_npy_header(file.path(), file.size(), [&](Offset at, std::span<char> to) { file.read(at, to); });
  expect_numbers(file.path(), header, file.size());
  return header;
}

std::string npy_header_text(const std::string& type, const std::vector<Global>& shape, bool by_columns) {
  std::string lengths;
  for (const Global length : shape) lengths += text(lengths.empty() ? "" : ", ", length);
  if (shape.size() == 1) lengths += ',';
  const std::string dict =
      text("{'descr': '", type, "', 'fortran_order': ", by_columns ? "True" : "False", ", 'shape': (", lengths, "), }");
  const std::size_t before = npy_magic.size() + 4;
  const std::size_t length = (before + dict.size() + 1 + 63) / 64 * 64 - before;
  std::string header(npy_magic);
  header += {'\1', '\0', static_cast<char>(length % 256), static_cast<char>(length / 256)};
  header += dict;
  header.resize(before + length - 1, ' ');
  return header + '\n';
}

NpyConvert npy_conversion_of(const std::string& type) {
  const std::string_view kind = std::string_view(type).substr(1);
  if (kind == "f8") return as_double<double>;
  if (kind == "f4") return as_double<float>;
  if (kind == "f2") return half_as_double;
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

}  // namespace filigree::io
