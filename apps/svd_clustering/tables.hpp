// What filigree-svd-clustering prints.
#pragma once

#include <string>
#include <vector>

#include "filigree/svd_clustering.hpp"
#include "table.hpp"

namespace filigree::app {

/// Clusters that share a basis, most blocks first.
std::vector<Offset> shared_clusters(const svd_clustering::Result& result);
/// A row for every cluster that shares a basis, most blocks first: certificate, lower bound, exact error if known.
std::string cluster_table(const svd_clustering::Result& result, const std::vector<std::string>& names, Form form);
/// Certificate, true error and least error of every cluster that shares a basis.
std::string evaluation_table(const svd_clustering::Result& result, const svd_clustering::Evaluation& evaluation,
                             Form form);
/// "21.33 : 1 in 4 clusters, largest 16 blocks; 3 blocks stored as they are; largest block error ...".
std::string headline(const svd_clustering::Result& result, const std::vector<std::string>& names);

}  // namespace filigree::app
