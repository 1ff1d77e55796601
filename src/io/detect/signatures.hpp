// How files of the formats that can be read begin. Each function is certain: what may as well be an edge list is none.
#pragma once

#include "io/detect/head.hpp"

namespace filigree::io {

bool is_matrix_market(const Head& head);
bool is_dimacs(const Head& head);
bool is_dimacs_col(const Head& head);
bool is_graphml(const Head& head);
bool is_gml(const Head& head);
bool is_pajek(const Head& head);
bool is_npy(const Head& head);
/// A zip archive whose first member is an array.
bool is_npz(const Head& head);
bool is_hdf5(const Head& head);

/// The name of the first element of an XML document, "" if it is none.
std::string_view xml_root(const Head& head);

}  // namespace filigree::io
