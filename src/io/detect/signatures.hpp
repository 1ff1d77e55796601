// How files of the formats that can be read begin. Each function is certain: what may as well be an edge list is none.
#pragma once

#include "io/detect/head.hpp"

namespace filigree::io {

bool is_matrix_market(const Head& head);
bool is_dimacs(const Head& head);
bool is_npy(const Head& head);
/// A zip archive whose first member is an array.
bool is_npz(const Head& head);
bool is_hdf5(const Head& head);

/// Whether comments and a line "p `kind` number number" come first. `kind`: in lower case.
bool has_problem_line(const Head& head, std::string_view kind);

}  // namespace filigree::io
