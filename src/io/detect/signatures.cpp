#include "io/detect/signatures.hpp"

#include "io/fields.hpp"
#include "io/numpy/npy_header.hpp"

namespace filigree::io {

bool has_problem_line(const Head& head, std::string_view kind) {
  for (std::string_view line : head.lines()) {
    const std::string_view first = next_field(line);
    if (first == "c") continue;
    if (first != "p" || lower_case(next_field(line)) != kind) return false;
    return is_number(next_field(line)) && is_number(next_field(line));
  }
  return false;
}

bool is_matrix_market(const Head& head) { return head.text().starts_with("%%matrixmarket"); }

bool is_dimacs(const Head& head) { return has_problem_line(head, "sp"); }

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
