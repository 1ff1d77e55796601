// ReplicatedWalks: rows of an index when every rank sees the whole graph.
#pragma once

#include "ppr/index/walk_source.hpp"

namespace filigree::ppr {

class ReplicatedWalks : public RowSource {
 public:
  ReplicatedWalks(const ReplicatedGraph& graph, const IndexOptions& options);

  const Comm& comm() const override { return graph_.comm(); }
  std::uint64_t graph_hash() const override { return graph_.hash(); }
  const Partition& sources() const override { return sources_; }
  Offset working_bytes(const WalkLaw& law, std::int32_t most_walks, Offset most_entries) const override;
  bool is_collective() const override { return false; }
  Rows make(const WalkLaw& law, Global first, std::span<const std::int32_t> num_walks) override;
  std::vector<std::uint64_t> push_all(std::span<const std::uint64_t> mass, double share) const override;

 private:
  ReplicatedGraph graph_;
  IndexOptions options_;
  Partition sources_;
};

}  // namespace filigree::ppr
