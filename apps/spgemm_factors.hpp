// The matrices that filigree-spgemm multiplies.
#pragma once

#include <optional>
#include <string>

#include "spgemm_arguments.hpp"

namespace filigree::app {

/// Another matrix, read into `room` unless it is A itself: no path means that. It must not call its vertices otherwise
/// than A does: positions would be mistaken for each other. Collective.
const io::GraphFile& load_beside(App& program, SpgemmArguments& arguments, const std::string& path,
                                 const io::GraphFile& a, std::optional<io::GraphFile>& room);

/// The matrix without entries that are zero. Collective.
Graph without_zeros(const Graph& matrix);

/// A matrix as the product takes it: as it was read, or made from that.
class Factor {
 public:
  Factor(const Graph& read, bool is_transposed, bool drop_zeros) : read_(read) {
    if (drop_zeros && read.has_values()) made_ = without_zeros(read);
    if (is_transposed) made_ = transpose(graph());
  }
  const Graph& graph() const { return made_ ? *made_ : read_; }

 private:
  const Graph& read_;
  std::optional<Graph> made_;
};

}  // namespace filigree::app
