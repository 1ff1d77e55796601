#include "io/detect/signatures.hpp"

#include <algorithm>

#include "io/fields.hpp"
#include "io/numpy/npy_header.hpp"

namespace filigree::io {
namespace {

/// Whether comments and a line "p `kind` number number" come first. `kind`: in lower case.
bool has_problem_line(const Head& head, std::string_view kind) {
  for (std::string_view line : head.lines()) {
    const std::string_view first = next_field(line);
    if (first == "c") continue;
    if (first != "p" || lower_case(next_field(line)) != kind) return false;
    return is_number(next_field(line)) && is_number(next_field(line));
  }
  return false;
}

void skip_space(std::string_view& text) {
  text.remove_prefix(std::min(text.size(), text.find_first_not_of(" \t\r\n")));
}

}  // namespace

bool is_matrix_market(const Head& head) { return head.text().starts_with("%%matrixmarket"); }

bool is_dimacs(const Head& head) { return has_problem_line(head, "sp"); }

bool is_dimacs_col(const Head& head) { return has_problem_line(head, "edge") || has_problem_line(head, "col"); }

bool is_pajek(const Head& head) {
  std::string_view line = head.first_line_without("%");
  const std::string first = lower_case(next_field(line));
  if (first == "*vertices") return is_number(next_field(line));
  return first == "*network" || first == "*arcs" || first == "*edges" || first == "*matrix";
}

/// "graph [" behind comments, creator and version.
bool is_gml(const Head& head) {
  std::string_view rest = head.text();
  while (!rest.empty()) {
    if (rest.front() == '#') {
      rest.remove_prefix(std::min(rest.size(), rest.find('\n')));
      skip_space(rest);
      continue;
    }
    const std::string_view key = rest.substr(0, rest.find_first_of(" \t\r\n[\""));
    rest.remove_prefix(key.size());
    skip_space(rest);
    if (key == "graph") return rest.starts_with('[');
    if (key != "creator" && key != "version" && key != "comment" && key != "stamp") return false;
    const std::size_t end = rest.starts_with('"') ? rest.find('"', 1) : rest.find_first_of(" \t\r\n");
    rest.remove_prefix(std::min(rest.size(), end));
    if (rest.starts_with('"')) rest.remove_prefix(1);
    skip_space(rest);
  }
  return false;
}

std::string_view xml_root(const Head& head) {
  std::string_view rest = head.text();
  for (const std::string_view begin : {"<?xml", "<!--", "<!doctype", "<graphml", "<gexf"}) {
    if (!rest.starts_with(begin)) continue;
    while (rest.starts_with("<?") || rest.starts_with("<!")) {
      const bool has_entities = rest.starts_with("<!doctype") && rest.substr(0, rest.find('>')).find('[') < rest.size();
      const std::string_view end = rest.starts_with("<!--") ? "-->" : has_entities ? "]>" : ">";
      const std::size_t at = rest.find(end);
      if (at == std::string_view::npos) return "?";
      rest.remove_prefix(at + end.size());
      skip_space(rest);
    }
    if (!rest.starts_with('<')) return "?";
    std::string_view name = rest.substr(1, std::min(rest.size(), rest.find_first_of(" \t\r\n>/", 1)) - 1);
    const std::size_t colon = name.find(':');
    return colon == std::string_view::npos ? name : name.substr(colon + 1);
  }
  return {};
}

bool is_graphml(const Head& head) { return xml_root(head) == "graphml"; }

bool is_npy(const Head& head) { return head.starts_with(npy_magic); }

bool is_npz(const Head& head) {
  constexpr std::size_t name_at = 30;  // of the first member, behind the length of the name, 2 bytes at 26
  if (!head.starts_with("PK\x03\x04") || head.bytes().size() < name_at) return false;
  const auto length = static_cast<unsigned char>(head.bytes()[26]);
  return head.bytes().substr(name_at, length).ends_with(".npy");
}

bool is_hdf5(const Head& head) {
  constexpr std::string_view signature = "\x89HDF\r\n\x1a\n";
  if (head.starts_with(signature)) return true;
  for (std::size_t at = 512; at < head.bytes().size(); at *= 2) {  // behind bytes that belong to its user
    if (head.holds(signature, at)) return true;
  }
  return false;
}

}  // namespace filigree::io
