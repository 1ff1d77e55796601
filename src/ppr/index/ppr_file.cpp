#include "filigree/ppr_file.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>
#include <limits>
#include <numeric>

#include "filigree/io/hdf5.hpp"
#include "io/checkpoint.hpp"
#include "ppr/graph/replicated_graph.hpp"
#include "ppr/index/build.hpp"
#include "ppr/index/index_summary.hpp"

namespace filigree::ppr {
namespace {

constexpr std::int64_t format_version = 2;
constexpr const char* kind = "filigree ppr index";
constexpr const char* estimators[] = {"visits", "end points", "ratio"};  // by Estimator

/// Which build the slices are of.
struct Identity {
  char kind[24] = "filigree ppr slices";
  std::int64_t version = 3;
  std::uint64_t graph_hash = 0;
  std::uint64_t seed = 0;
  double teleport = 0;
  std::int64_t estimator = 0;
  std::int64_t num_vertices = 0;
  std::int64_t index_bytes = 0;
  // Which attempt at it.
  std::int64_t target_bytes = 0;
  // Which rank's, and cut into which slices.
  std::int64_t first_row = 0;
  std::int64_t num_rows = 0;
  std::int64_t slice_rows = 0;
  std::uint64_t walks_hash = 0;  // of R of every row

  bool is_same_build(const Identity& other) const {
    return std::memcmp(this, &other, offsetof(Identity, target_bytes)) == 0;
  }
};

/// The finished part of a build, in a checkpoint of every rank.
class SliceFile : public SliceStore {
 public:
  /// index_bytes: what the build was given, 0 = none.
  SliceFile(std::string path, int rank, Offset index_bytes)
      : file_(std::move(path)), rank_(rank), index_bytes_(index_bytes) {}

  Offset earlier_target_bytes(const Index& build) const override {
    const auto found = found_identity();
    return found && found->is_same_build(identity_of(build)) ? found->target_bytes : 0;
  }
  Offset open(const Index& planned, Offset target_bytes, Global slice_rows) override {
    Identity identity = identity_of(planned);
    identity.target_bytes = target_bytes;
    identity.first_row = planned.sources.begin(rank_);
    identity.num_rows = std::ssize(planned.walks);
    identity.slice_rows = slice_rows;
    identity.walks_hash = XXH3_64bits(planned.walks.data(), planned.walks.size() * sizeof(std::int32_t));
    num_vertices_ = static_cast<Local>(planned.sources.num_items());
    const auto found = found_identity();
    const bool is_it = found && std::memcmp(&*found, &identity, sizeof identity) == 0;
    const bool is_earlier_attempt = found && found->is_same_build(identity) && found->target_bytes > target_bytes;
    if (file_.exists() && !is_it && !is_earlier_attempt) met_another_ = true;
    return file_.open(std::as_bytes(std::span(&identity, 1)));
  }
  Rows read(Offset slice) override {
    Unpack parts(file_.read(slice));
    const auto row_bytes = parts.take<std::uint32_t>();
    auto bytes = parts.take<std::uint8_t>(VisitRows::room_behind);
    auto deviation = parts.take<float>();
    return {VisitRows::from_bytes(std::move(bytes), row_bytes, num_vertices_), std::move(deviation),
            parts.take_one<Offset>()};
  }
  void truncate(Offset count) override { file_.truncate(count); }
  void keep(const Rows& slice) override {
    Pack parts;
    parts.put(slice.visits.row_bytes());
    parts.put(slice.visits.bytes());
    parts.put(slice.deviation);
    parts.put(slice.num_visits);
    file_.append(parts.bytes());
  }
  /// The build is complete.
  void remove() { file_.remove(); }

  /// Whether open() met a file that was of another build, or damaged from the first byte on.
  bool met_another() const { return met_another_; }

 private:
  Identity identity_of(const Index& build) const {
    static_assert(sizeof(Identity) == 24 + 12 * 8, "no bytes between the fields: identities are compared as a whole");
    return {.graph_hash = build.graph_hash,
            .seed = build.seed,
            .teleport = build.teleport,
            .estimator = static_cast<std::int64_t>(build.estimator),
            .num_vertices = build.sources.num_items(),
            .index_bytes = index_bytes_};
  }
  std::optional<Identity> found_identity() const {
    const auto bytes = file_.identity();
    if (!bytes || bytes->size() != sizeof(Identity)) return std::nullopt;
    Identity identity;
    std::memcpy(&identity, bytes->data(), sizeof identity);
    return identity;
  }

  io::CheckpointFile file_;
  int rank_;
  Offset index_bytes_;
  Local num_vertices_ = 0;
  bool met_another_ = false;
};

}  // namespace

void save(const Comm& comm, const Index& index, const std::string& path) {
  io::Hdf5Writer file(comm, path);
  file.attribute("/", "kind", kind);
  file.attribute("/", "version", format_version);
  file.attribute("/index", "num_vertices", index.sources.num_items());
  file.attribute("/index", "estimator", std::string(estimators[static_cast<std::size_t>(index.estimator)]));
  file.attribute("/index", "teleport", index.teleport);
  file.attribute("/index", "seed", std::bit_cast<std::int64_t>(index.seed));
  file.attribute("/index", "graph_hash", std::bit_cast<std::int64_t>(index.graph_hash));
  const auto row_bytes = comm.guard([&] { return index.visits.row_bytes(); });
  file.write("/index/row_bytes", std::span<const std::uint32_t>(row_bytes));
  file.write("/index/bytes", index.visits.bytes());
  file.write("/index/walks", std::span<const std::int32_t>(index.walks));
  file.write("/index/deviation", std::span<const float>(index.deviation));
  file.commit();
}

Index build_index_file(const Graph& graph, const IndexOptions& options, const std::string& path) {
  const Comm& comm = graph.comm();
  const auto source = make_row_source(graph, options);
  SliceFile slices(comm.is_root() ? path + ".partial" : text(path, ".partial.", comm.rank()), comm.rank(),
                   options.index_bytes);
  Index index = build_index(*source, options, &slices);
  index.stats["partials_discarded"] = comm.sum(Offset{slices.met_another()});
  const Phase phase(index.timings, "write");
  save(comm, index, path);
  slices.remove();
  // And those of an earlier run on more ranks.
  comm.guard([&] {
    if (!comm.is_root()) return;
    for (int rank = comm.size(); io::CheckpointFile(text(path, ".partial.", rank)).remove_leftover();) ++rank;
  });
  return index;
}

Index load(const Comm& comm, const std::string& path, const std::optional<Partition>& sources) {
  const io::Hdf5Reader file(comm, path);
  const auto need = [&]<class T>(const char* object, const char* name, T) {
    const auto value = file.attribute<T>(object, name);
    if (!value) throw IoError(text(path, ": not a personalized PageRank index: ", object, " has no attribute ", name));
    return *value;
  };
  const auto refuse_unless = [&](bool holds, const auto&... what) {
    if (!holds) throw IoError(text(path, ": ", what...));
  };
  const auto found_kind = need("/", "kind", std::string());
  refuse_unless(found_kind == kind, "not a personalized PageRank index but '", found_kind, "'");
  const auto version = need("/", "version", std::int64_t{});
  refuse_unless(version == format_version, "format version ", version, "; this filigree reads version ",
                format_version);
  file.require_checksums();

  Index index;
  const auto num_vertices = need("/index", "num_vertices", std::int64_t{});
  refuse_unless(num_vertices > 0 && num_vertices <= std::numeric_limits<Local>::max(), "num_vertices is ",
                num_vertices);
  for (const char* dataset : {"/index/row_bytes", "/index/walks", "/index/deviation"}) {
    refuse_unless(file.length(dataset) == num_vertices, dataset, " has ", file.length(dataset), " values for ",
                  num_vertices, " vertices");
  }
  const auto estimator = need("/index", "estimator", std::string());
  const auto known = std::find(std::begin(estimators), std::end(estimators), estimator);
  refuse_unless(known != std::end(estimators), "unknown estimator '", estimator, "'");
  index.estimator = static_cast<Estimator>(known - std::begin(estimators));
  index.teleport = need("/index", "teleport", double{});
  refuse_unless(index.teleport > 0 && index.teleport < 1, "teleport is ", index.teleport);
  index.seed = std::bit_cast<std::uint64_t>(need("/index", "seed", std::int64_t{}));
  index.graph_hash = std::bit_cast<std::uint64_t>(need("/index", "graph_hash", std::int64_t{}));

  index.sources = sources ? *sources : Partition::uniform(num_vertices, comm.size());
  require(index.sources.num_items() == num_vertices && index.sources.num_parts() == comm.size(), path,
          ": holds rows of ", num_vertices, " vertices, to be distributed as ", index.sources.num_items(), " on ",
          index.sources.num_parts(), " of ", comm.size(), " ranks");
  const Global first = index.sources.begin(comm.rank());
  const Global num_rows = index.sources.size(comm.rank());
  index.walks = file.read<std::int32_t>("/index/walks", first, num_rows);
  index.deviation = file.read<float>("/index/deviation", first, num_rows);
  const auto row_bytes = file.read<std::uint32_t>("/index/row_bytes", first, num_rows);
  const Offset mine = std::accumulate(row_bytes.begin(), row_bytes.end(), Offset{0});
  const Offset all = comm.sum(mine);
  refuse_unless(all == file.length("/index/bytes"), "its rows have ", all, " bytes, /index/bytes has ",
                file.length("/index/bytes"));
  // Piece by piece into a vector with room for what stands behind rows: nothing is there twice.
  constexpr Offset piece = Offset{16} << 20;
  const Offset first_byte = comm.exclusive_sum(mine);
  std::vector<std::uint8_t> bytes;
  comm.guard([&] { bytes.reserve(z(mine) + VisitRows::room_behind); });
  const Offset most = comm.max(mine);
  for (Offset at = 0; at < most; at += piece) {
    const Offset begin = std::min(at, mine);
    const auto some = file.read<std::uint8_t>("/index/bytes", first_byte + begin, std::min(piece, mine - begin));
    bytes.insert(bytes.end(), some.begin(), some.end());
  }
  comm.guard([&] {
    refuse_unless(std::all_of(index.walks.begin(), index.walks.end(), [](std::int32_t walks) { return walks >= 1; }),
                  "a row has no walks");
    refuse_unless(std::all_of(index.deviation.begin(), index.deviation.end(), [](float e) { return e >= 0 && e <= 2; }),
                  "a deviation is outside [0, 2]");
    try {
      index.visits = VisitRows::from_bytes(std::move(bytes), row_bytes, static_cast<Local>(num_vertices));
    } catch (const InvalidArgument& e) {
      throw IoError(text(path, ": from vertex ", first, " on, ", e.what()));
    }
    // Walks that end may end at no vertex; all others visit their source.
    if (index.estimator == Estimator::end_points) return;
    for (Local row = 0; row < index.visits.num_rows(); ++row)
      refuse_unless(index.visits.num_entries(row) > 0, "the walks from vertex ", first + row, " visit nothing");
  });
  index.summary = summarize(comm, index);
  return index;
}

}  // namespace filigree::ppr
