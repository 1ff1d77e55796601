// cluster() with a checkpoint after each cluster.
#include "filigree/svd_clustering_file.hpp"
#include "io/checkpoint.hpp"

namespace filigree::svd_clustering {
namespace {

/// The same for runs that make the same clusters.
io::Pack identity_of(const DenseBlocks& blocks, const Options& options) {
  io::Pack identity;
  const std::string kind = "svd_clusters 1";
  identity.put(std::span<const char>(kind));
  identity.put(content_hash(blocks));
  for (const Offset x : {options.rank, static_cast<Offset>(options.rule), static_cast<Offset>(options.method),
                         static_cast<Offset>(options.order), options.oversampling, options.max_failures})
    identity.put(x);
  identity.put(options.error);
  return identity;
}

constexpr const char* counters[] = {"accepted", "rankings", "trials"};

io::Pack packed(const FinishedCluster& cluster) {
  io::Pack pack;
  pack.put(cluster.blocks);
  pack.put(static_cast<int>(cluster.grew));
  pack.put(cluster.svd);
  for (const char* const counter : counters) {
    const auto found = cluster.stats.find(counter);
    pack.put(found == cluster.stats.end() ? Offset{-1} : found->second);
  }
  return pack;
}

FinishedCluster unpacked(io::Bytes bytes) {
  io::Unpack pack(std::move(bytes));
  FinishedCluster cluster;
  cluster.blocks = pack.take<Global>();
  cluster.grew = pack.take_one<int>() != 0;
  cluster.svd = pack.take<double>();
  for (const char* const counter : counters) {
    const auto count = pack.take_one<Offset>();
    if (count >= 0) cluster.stats[counter] = count;
  }
  return cluster;
}

}  // namespace

Result cluster(const DenseBlocks& blocks, Options options, const std::string& checkpoint) {
  const io::Pack identity = identity_of(blocks, options);
  io::Checkpoint file(blocks.comm, checkpoint);
  if (file.is_of_another(identity.bytes()))
    throw IoError(text(checkpoint, ": is no checkpoint of these blocks and options; remove it, or name another file"));
  const Offset done = file.open(identity.bytes());
  for (Offset k = 0; k < done; ++k) options.resume.push_back(unpacked(file.read(k)));
  options.finished = [&, tell = options.finished](const FinishedCluster& cluster) {
    const io::Pack pack = blocks.comm.is_root() ? packed(cluster) : io::Pack();
    file.append(pack.bytes());
    if (tell) tell(cluster);
  };
  return cluster(blocks, options);
}

void remove_checkpoint(const Comm& comm, const std::string& checkpoint) { io::Checkpoint(comm, checkpoint).remove(); }

}  // namespace filigree::svd_clustering
