#include "io/detect/foreign.hpp"

#include <algorithm>
#include <filesystem>

#include "filigree/core/error.hpp"
#include "filigree/io/format.hpp"
#include "io/detect/signatures.hpp"
#include "io/fields.hpp"
#include "io/packed.hpp"

namespace filigree::io {
namespace {

constexpr const char* unpack_it = "unpack it";
constexpr const char* two_columns = "write its edges as lines of two vertices";
constexpr const char* edges_all_the_same = "; if it is an edge list all the same, say --format edges";
constexpr const char* by_scipy = "in Python: scipy.io.mmwrite('m.mtx', scipy.io.loadmat(FILE)['NAME'])";
constexpr const char* by_networkx = "in Python: networkx.write_graphml(...)";

// -- Signatures ------------------------------------------------------------------------------------------------------

/// Bytes at a fixed position.
struct Signature {
  std::string_view bytes;
  std::size_t at;
  const char* is;
  const char* instead;
};
using namespace std::string_view_literals;
constexpr Signature signatures[] = {
    {"7z\xbc\xaf\x27\x1c"sv, 0, "a 7z archive", unpack_it},
    {"Rar!\x1a\x07"sv, 0, "a RAR archive", unpack_it},
    {"ustar"sv, 257, "a tar archive", unpack_it},
    {"[Content_Types].xml"sv, 30, "an Excel workbook", "save the sheet as .csv"},
    {"MATLAB 5.0 MAT-file"sv, 0, "a MATLAB file", by_scipy},
    {"MATLAB 7.3 MAT-file"sv, 0, "a MATLAB 7.3 file", "save it with -v7, then scipy.io.loadmat and mmwrite"},
    {"PAR1\x15"sv, 0, "a Parquet file", "in Python: pandas.read_parquet(FILE).to_csv('edges.csv', index=False)"},
    {"ARROW1\0"sv, 0, "an Arrow file", "in Python: pandas.read_feather(FILE).to_csv('edges.csv', index=False)"},
    {"FEA1\0"sv, 0, "a Feather file", "in Python: pandas.read_feather(FILE).to_csv('edges.csv', index=False)"},
    {"SQLite format 3\0"sv, 0, "a SQLite database", "export the table of edges as .csv"},
    {"RDX2\n"sv, 0, "a file of R", "in R: Matrix::writeMM, or write.csv"},
    {"RDX3\n"sv, 0, "a file of R", "in R: Matrix::writeMM, or write.csv"},
    {"X\n\0\0\0"sv, 0, "a file of R", "in R: Matrix::writeMM, or write.csv"},
    {">>graph6<<"sv, 0, "graph6", "in Python: networkx.write_edgelist(networkx.read_graph6(FILE), 'edges.txt')"},
    {">>sparse6<<"sv, 0, "sparse6", "in Python: networkx.write_edgelist(networkx.read_sparse6(FILE), 'edges.txt')"},
};

bool is_pickle(const Head& head) {
  return head.starts_with("\x80") && head.bytes().size() > 2 && head.bytes()[1] >= 2 && head.bytes()[1] <= 5 &&
         "\x95}]c("sv.find(head.bytes()[2]) != std::string_view::npos;
}

// -- Encodings of text -----------------------------------------------------------------------------------------------

std::string wide_encoding(const Head& head) {
  const std::string_view bytes = head.bytes();
  const auto advice = [](const char* name) { return text("is text in ", name, ": iconv -f ", name, " -t UTF-8"); };
  if (bytes.starts_with("\xff\xfe\0\0"sv) || bytes.starts_with("\0\0\xfe\xff"sv)) return advice("UTF-32");
  if (bytes.starts_with("\xff\xfe") || bytes.starts_with("\xfe\xff")) return advice("UTF-16");
  // Without a byte order mark: every other byte of the first ones is zero.
  if (bytes.size() < 4) return {};
  for (const std::size_t zero : {std::size_t{0}, std::size_t{1}}) {
    bool alternate = true;
    for (std::size_t i = 0; i < std::min<std::size_t>(bytes.size(), 16); ++i)
      alternate = alternate && (bytes[i] == '\0') == (i % 2 == zero);
    if (alternate) return advice(zero == 0 ? "UTF-16BE" : "UTF-16LE");
  }
  return {};
}

// -- Text ------------------------------------------------------------------------------------------------------------

/// Text behind comments as programmers write them.
std::string_view without_code_comments(std::string_view text) {
  while (true) {
    const char* end = text.starts_with("/*") ? "*/" : text.starts_with("//") || text.starts_with('#') ? "\n" : nullptr;
    if (end == nullptr) return text;
    const std::size_t at = text.find(end);
    if (at == std::string_view::npos) return {};
    text.remove_prefix(at + std::string_view(end).size());
    text.remove_prefix(std::min(text.size(), text.find_first_not_of(" \t\r\n")));
  }
}

/// [strict] graph|digraph [NAME] {
bool is_dot(const Head& head) {
  std::string_view text = without_code_comments(head.text());
  const auto skip = [&](std::size_t bytes) {
    text.remove_prefix(std::min(text.size(), bytes));
    text.remove_prefix(std::min(text.size(), text.find_first_not_of(" \t\r\n")));
  };
  if (text.starts_with("strict ")) skip(7);
  if (!text.starts_with("graph") && !text.starts_with("digraph")) return false;
  text.remove_prefix(text.find('h') + 1);
  if (text.empty() || "{ \t\r\n"sv.find(text.front()) == std::string_view::npos) return false;
  skip(0);
  const std::size_t name_end = text.starts_with('"') ? text.find('"', 1) : text.find_first_of("{ \t\r\n");
  if (name_end == std::string_view::npos) return false;
  skip(text[name_end] == '"' ? name_end + 1 : name_end);
  const auto holds = [&](std::string_view what) { return text.find(what) != std::string_view::npos; };
  return text.starts_with('{') && (holds("->") || holds("--") || holds("}"));
}

bool is_json(const Head& head) {
  const std::string_view text = head.text();
  if (text.empty() || (text.front() != '{' && text.front() != '[')) return false;
  const std::size_t next = text.find_first_not_of(" \t\r\n", 1);
  if (next == std::string_view::npos) return false;
  if (text.front() == '{') return text[next] == '"' || text[next] == '}';
  if ("{[\"]"sv.find(text[next]) != std::string_view::npos) return true;
  const bool is_number = "0123456789-"sv.find(text[next]) != std::string_view::npos;
  return is_number && text.substr(0, text.find('\n', next)).find(',') != std::string_view::npos;
}

/// (1, 2) as programming languages print pairs.
bool is_tuples(const Head& head) {
  const std::string_view line = head.first_line_without("#%");
  return line.starts_with('(') && (line.ends_with(')') || line.ends_with("),")) &&
         line.find(',') != std::string_view::npos;
}

/// <subject> <predicate> <object> .
bool is_rdf(const Head& head) {
  if (head.text().starts_with("@prefix ")) return true;
  std::string_view line = head.first_line_without("#");
  const std::string_view subject = next_field(line);
  const std::string_view predicate = next_field(line);
  return (subject.starts_with('<') || subject.starts_with("_:")) && predicate.starts_with('<') &&
         predicate.ends_with('>') && line.ends_with('.');
}

/// Every line "number index:value index:value ...", some line with two of them.
bool is_svmlight(const Head& head) {
  bool several = false;
  for (std::string_view line : head.lines()) {
    if (line.front() == '#') continue;
    line = line.substr(0, line.find('#'));
    if (!is_number(next_field(line))) return false;
    int features = 0;
    for (std::string_view field = next_field(line); !field.empty(); field = next_field(line), ++features) {
      const std::size_t colon = field.find(':');
      if (colon == std::string_view::npos || !is_number(field.substr(colon + 1))) return false;
      if (!is_number(field.substr(0, colon)) && field.substr(0, colon) != "qid") return false;
    }
    several = several || features > 1;
  }
  return several;
}

/// "# a" above lines of a neighbour and perhaps a weight: comments and edges of a list that is not of numbers would
/// have two names in a line.
bool is_lgl(const Head& head) {
  int vertices = 0;
  bool name_alone = false;
  bool name_before = false;         // of a number
  bool neighbours_between = false;  // headings, so that these are no comments above a list
  bool neighbours = false;
  for (std::string_view line : head.lines()) {
    const bool heading = line.starts_with("# ");
    if (heading)
      line.remove_prefix(2);
    else if (vertices == 0)
      return false;
    const std::string_view name = next_field(line);
    const std::string_view weight = next_field(line);
    if (!next_field(line).empty() || name.empty() || (heading && !weight.empty())) return false;
    if (heading) {
      ++vertices;
      neighbours_between = neighbours_between || neighbours;
      continue;
    }
    neighbours = true;
    if (weight.empty()) {
      name_alone = true;
    } else if (is_number(weight)) {
      name_before = name_before || !is_number(name);
    } else {
      return false;
    }
  }
  return neighbours_between && (name_alone || name_before);
}

/// A title; counts of lines; a type of three letters and sizes; formats of FORTRAN.
bool is_boeing(const Head& head) {
  if (head.lines().size() < 4) return false;
  std::string_view type_line = head.lines()[2];
  const std::string type = lower_case(next_field(type_line));
  const bool is_type = type.size() == 3 && "rcipqx"sv.find(type[0]) != std::string_view::npos &&
                       "surhz"sv.find(type[1]) != std::string_view::npos &&
                       "ae"sv.find(type[2]) != std::string_view::npos;
  return is_type && is_number(next_field(type_line)) && head.lines()[3].starts_with('(');
}

/// Formats of text, by what is in it.
struct TextFormat {
  bool (*is_in)(const Head& head);
  const char* is;
  const char* instead;
};
constexpr TextFormat text_formats[] = {
    {is_dot, "a DOT graph of Graphviz", by_networkx},
    {is_rdf, "RDF (N-Triples or Turtle)", "write subject and object as two columns"},
    {is_json, "JSON", two_columns},
    {is_tuples, "a list of pairs between brackets", "remove the brackets: tr -d '()'"},
    {is_svmlight, "svmlight, rows of index:value",
     "in Python: scipy.io.mmwrite('m.mtx', "
     "sklearn.datasets.load_svmlight_file(FILE)[0])"},
    {is_lgl, "LGL, a vertex behind # above its neighbours", two_columns},
    {is_boeing, "Rutherford-Boeing or Harwell-Boeing", "take the .mtx, which collections of matrices have as well"},
};

/// Extensions of formats whose content may look like an edge list.
struct Extension {
  std::string_view extension;
  const char* is;
  const char* instead;
};
constexpr Extension extensions[] = {
    {".lgl", "LGL, a vertex behind # above its neighbours", two_columns},
    {".hgr", "a hypergraph of hMETIS", "write its edges, or its pins, as lines of two vertices"},
    {".tar", "a tar archive", unpack_it},
    {".tgz", "a tar archive", unpack_it},
    {".mat", "a MATLAB file", by_scipy},
};

std::string sentence(const char* is, const char* instead) {
  return text("is ", is, ", which filigree does not read; ", instead);
}

std::string extension_of(const std::string& path) {
  return lower_case(std::filesystem::path(without_packing(path)).extension().string());
}

}  // namespace

std::string foreign_content(const Head& head, const std::string& path) {
  if (is_hdf5(head) && extension_of(path) == ".mat")
    return sentence("a MATLAB 7.3 file", "save it with -v7, then scipy.io.loadmat and mmwrite");
  if (const char* const packing = foreign_packing(head.bytes()); packing != nullptr)
    return sentence(text("compressed by ", packing).c_str(), unpack_it);
  for (const Signature& signature : signatures) {
    if (head.holds(signature.bytes, signature.at)) return sentence(signature.is, signature.instead);
  }
  if (is_pickle(head)) return sentence("a Python pickle", "in Python: scipy.io.mmwrite, or networkx.write_edgelist");
  for (const TextFormat& format : text_formats) {
    if (format.is_in(head)) return sentence(format.is, format.instead) + edges_all_the_same;
  }
  if (head.starts_with("PK\x03\x04") && !is_npz(head)) return sentence("a zip archive", unpack_it);
  const std::string_view root = xml_root(head);
  if (root == "gexf") return sentence("GEXF", by_networkx);
  if (!root.empty() && root != "graphml") return sentence("XML, but not GraphML", two_columns);
  return wide_encoding(head);
}

std::string foreign_extension(const std::string& path) {
  const std::string extension = extension_of(path);
  for (const Extension& known : extensions) {
    if (known.extension == extension) return sentence(known.is, known.instead) + edges_all_the_same;
  }
  return {};
}

}  // namespace filigree::io
