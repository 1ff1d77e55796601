#include "ppr/index/slice_file.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstddef>
#include <cstring>

namespace filigree::ppr {

/// Which build the slices are of.
struct SliceFile::Identity {
  char kind[24] = "filigree ppr slices";
  std::int64_t version = 3;
  std::uint64_t graph_hash = 0;
  std::uint64_t seed = 0;
  double teleport = 0;
  std::int64_t estimator = 0;
  std::int64_t num_vertices = 0;
  std::int64_t index_bytes = 0;
  // Which attempt at it.
  std::int64_t aim = 0;
  // Which rank's, and cut into which slices.
  std::int64_t first_row = 0;
  std::int64_t num_rows = 0;
  std::int64_t slice_rows = 0;
  std::uint64_t walks_hash = 0;  // of R of every row

  bool is_same_build(const Identity& other) const { return std::memcmp(this, &other, offsetof(Identity, aim)) == 0; }
};

SliceFile::Identity SliceFile::identity_of(const Index& build) const {
  static_assert(sizeof(Identity) == 24 + 12 * 8, "no bytes between the fields: identities are compared as a whole");
  return {.graph_hash = build.graph_hash,
          .seed = build.seed,
          .teleport = build.teleport,
          .estimator = static_cast<std::int64_t>(build.estimator),
          .num_vertices = build.sources.num_items(),
          .index_bytes = index_bytes_};
}

std::optional<SliceFile::Identity> SliceFile::found_identity() const {
  const auto bytes = file_.identity();
  if (!bytes || bytes->size() != sizeof(Identity)) return std::nullopt;
  Identity identity;
  std::memcpy(&identity, bytes->data(), sizeof identity);
  return identity;
}

Offset SliceFile::earlier_aim(const Index& build) const {
  const auto found = found_identity();
  return found && found->is_same_build(identity_of(build)) ? found->aim : 0;
}

Offset SliceFile::open(const Index& planned, Offset aim, Global slice_rows) {
  Identity identity = identity_of(planned);
  identity.aim = aim;
  identity.first_row = planned.sources.begin(rank_);
  identity.num_rows = std::ssize(planned.walks);
  identity.slice_rows = slice_rows;
  identity.walks_hash = XXH3_64bits(planned.walks.data(), planned.walks.size() * sizeof(std::int32_t));
  num_vertices_ = static_cast<Local>(planned.sources.num_items());
  const auto found = found_identity();
  const bool is_it = found && std::memcmp(&*found, &identity, sizeof identity) == 0;
  const bool is_earlier_attempt = found && found->is_same_build(identity) && found->aim > aim;
  if (file_.exists() && !is_it && !is_earlier_attempt) met_another_ = true;
  return file_.open(std::as_bytes(std::span(&identity, 1)));
}

Rows SliceFile::read(Offset slice) {
  Unpack parts(file_.read(slice));
  const auto row_bytes = parts.take<std::uint32_t>();
  auto bytes = parts.take<std::uint8_t>(VisitRows::room_behind);
  auto deviation = parts.take<float>();
  return {VisitRows::from_bytes(std::move(bytes), row_bytes, num_vertices_), std::move(deviation),
          parts.take_one<Offset>()};
}

void SliceFile::keep(const Rows& slice) {
  Pack parts;
  parts.put(slice.visits.row_bytes());
  parts.put(slice.visits.bytes());
  parts.put(slice.deviation);
  parts.put(slice.num_visits);
  file_.append(parts.bytes());
}

}  // namespace filigree::ppr
