// spgemm: the product of two sparse matrices, row by row, merging partial products in cache. Cost models:
// docs/spgemm.md
#pragma once

#include "filigree/spgemm/estimate.hpp"
#include "filigree/spgemm/multiply.hpp"
#include "filigree/spgemm/plan.hpp"
#include "filigree/spgemm/thesis.hpp"
#include "filigree/spgemm/verify.hpp"
