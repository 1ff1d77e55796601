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

std::string cluster_table(const Result& result, const std::vector<std::string>& names, Form form) {
  Table table(form,
              {"cluster", "blocks", "columns", "rank", "certified", "lower", "exact", "worst_block", "worst_name"});
  table.head();
  for (const Offset c : shared_clusters(result)) {
    const Cluster& cluster = result.clusters[at(c)];
    const Global worst =
        *std::ranges::max_element(cluster.blocks, {}, [&](Global i) { return result.block_error[at(i)]; });
    table.row({c, cluster.blocks.size(), cluster.num_columns, cluster.basis.cols, cluster.certified_error,
               cluster.lower_error, cluster.exact_error, result.block_error[at(worst)], names[at(worst)]});
  }
  return table.take();
}

std::string evaluation_table(const Result& result, const svd_clustering::Evaluation& evaluation, Form form) {
  Table table(form, {"cluster", "blocks", "columns", "rank", "certified", "error", "least"});
  table.head();
  for (const Offset c : shared_clusters(result)) {
    const Cluster& cluster = result.clusters[at(c)];
    table.row({c, cluster.blocks.size(), cluster.num_columns, cluster.basis.cols, cluster.certified_error,
               evaluation.error[at(c)], evaluation.optimum[at(c)]});
  }
  return table.take();
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
