#include "spgemm/local/multiply_rows.hpp"

namespace filigree::spgemm {
FILIGREE_MULTIPLY_ROWS_OF(float)
}  // namespace filigree::spgemm
