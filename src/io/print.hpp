// Numbers and rows as text.
#pragma once

#include <charconv>
#include <string>

#include "filigree/io/text_writer.hpp"
#include "filigree/matrix/dist_csr.hpp"

namespace filigree::io {

/// Appends a number; a real one with the fewest digits that read back as the same.
template <class T>
void append(std::string& out, T value) {
  char digits[32];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

/// Writes what print(out, row, local columns, values) appends for every row, in row order. Holds the text of all rows
/// of a rank. Collective.
template <class V, class F>
void write_rows(const DistCsr<V>& graph, TextWriter& file, F print) {
  const std::string mine = graph.comm().guard([&] {
    std::string out;
    const CsrView<V> local = graph.local().view();
    for (Local row = 0; row < local.num_rows(); ++row)
      print(out, graph.first_row() + row, local.cols(row), local.vals(row));
    return out;
  });
  file.write(mine);
}

}  // namespace filigree::io
