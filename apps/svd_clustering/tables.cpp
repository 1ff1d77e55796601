#include "tables.hpp"

#include <algorithm>
#include <numeric>

#include "app.hpp"

namespace filigree::app {
namespace {

using svd_clustering::Cluster;
using svd_clustering::Result;

std::size_t at(Offset i) { return static_cast<std::size_t>(i); }

}  // namespace

std::vector<Offset> shared_clusters(const Result& result) {
  std::vector<Offset> order;
  for (Offset c = 0; c < std::ssize(result.clusters); ++c) {
    if (!result.clusters[at(c)].is_raw()) order.push_back(c);
  }
  std::ranges::stable_sort(order, std::greater<>(), [&](Offset c) { return result.clusters[at(c)].blocks.size(); });
  return order;
}

std::string cluster_table(const Result& result, const std::vector<std::string>& names) {
  std::string table = "cluster\tblocks\tcolumns\trank\tcertified\tlower\texact\tworst_block\tworst_name\n";
  for (const Offset c : shared_clusters(result)) {
    const Cluster& cluster = result.clusters[at(c)];
    const Global worst =
        *std::ranges::max_element(cluster.blocks, {}, [&](Global i) { return result.block_error[at(i)]; });
    table += text(c, '\t', cluster.blocks.size(), '\t', cluster.num_columns, '\t', cluster.basis.cols, '\t',
                  number(cluster.certified_error), '\t', number(cluster.lower_error), '\t',
                  cluster.exact_error ? number(*cluster.exact_error) : "-", '\t', number(result.block_error[at(worst)]),
                  '\t', names[at(worst)], '\n');
  }
  return table;
}

std::string evaluation_table(const Result& result, const svd_clustering::Evaluation& evaluation) {
  std::string table = "cluster\tblocks\tcolumns\trank\tcertified\terror\tleast\n";
  for (const Offset c : shared_clusters(result)) {
    const Cluster& cluster = result.clusters[at(c)];
    table += text(c, '\t', cluster.blocks.size(), '\t', cluster.num_columns, '\t', cluster.basis.cols, '\t',
                  number(cluster.certified_error), '\t', number(evaluation.error[at(c)]), '\t',
                  number(evaluation.optimum[at(c)]), '\n');
  }
  return table;
}

std::string headline(const Result& result, const std::vector<std::string>& names) {
  Offset raw = 0;
  std::size_t largest = 0;
  for (const Cluster& cluster : result.clusters) {
    if (cluster.is_raw()) raw += std::ssize(cluster.blocks);
    largest = std::max(largest, cluster.blocks.size());
  }
  std::string line = text("compression ", number(result.ratio), " : 1 in ", result.clusters.size(),
                          result.clusters.size() == 1 ? " cluster" : " clusters", " of up to ", largest,
                          largest == 1 ? " block; " : " blocks; ", raw, " stored as they are; ");
  if (result.worst_block < 0) return line + "no block has an error";
  return line + text("largest block error ", number(result.block_error[at(result.worst_block)]), " (",
                     names[at(result.worst_block)], ")");
}

}  // namespace filigree::app
