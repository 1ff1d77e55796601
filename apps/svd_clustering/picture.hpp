// A picture of clusters: their errors against the limit, and their sizes.
#pragma once

#include <string>

#include "filigree/svd_clustering.hpp"

namespace filigree::app {

/// SVG. A column for each cluster that shares a basis, most blocks first (the first 200): above, the interval from the
/// lower bound of the best error to the certificate, a point at the exact error if it is known, and the errors of the
/// blocks as ticks up to twice the limit; a line at the limit. Below, the number of blocks.
std::string picture_of(const svd_clustering::Result& result);

}  // namespace filigree::app
