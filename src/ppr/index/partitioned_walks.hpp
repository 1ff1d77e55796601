// PartitionedWalks: rows of an index when each rank has its part of the graph, and walks travel.
#pragma once

#include "ppr/graph/alias.hpp"
#include "ppr/index/walk_source.hpp"

namespace filigree::ppr {

/// The graph must outlive it.
class PartitionedWalks : public RowSource {
 public:
  /// Throws as ReplicatedGraph does. Collective.
  PartitionedWalks(const Graph& graph, const IndexOptions& options);

  const Comm& comm() const override { return graph_.comm(); }
  std::uint64_t graph_hash() const override { return hash_; }
  const Partition& sources() const override { return graph_.rows(); }
  Offset working_bytes(const WalkLaw& law, std::int32_t most_walks, Offset most_entries) const override;
  bool is_collective() const override { return true; }
  Rows make(const WalkLaw& law, Global first, std::span<const std::int32_t> num_walks) override;
  std::vector<std::uint64_t> push_all(std::span<const std::uint64_t> mass, double share) const override;
  Offset bytes_sent() const override { return bytes_sent_; }

 private:
  struct Walker;
  struct Walkers;
  struct Notes;

  void make_batch(const WalkLaw& law, Global first, std::span<const std::int32_t> num_walks, Rows& rows);
  Walkers start(const WalkLaw& law, Global first, std::span<const std::int32_t> num_walks, Notes& notes) const;
  void step(const WalkLaw& law, std::uint32_t number, Walkers& walkers, Notes& notes) const;
  void send_on(std::uint32_t number, Walkers& walkers);
  template <class T>
  std::vector<T> send(std::span<const T> values, std::span<const Offset> counts);

  const Graph& graph_;
  std::uint64_t hash_;
  bool ends_only_;
  double visit_weight_;
  Global first_row_;
  std::vector<AliasEntry> alias_;    // weighted graphs: per arc, `other` a local column
  std::vector<double> out_weights_;  // per row
  Offset bytes_sent_ = 0;
};

}  // namespace filigree::ppr
