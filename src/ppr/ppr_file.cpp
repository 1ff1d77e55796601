#include "filigree/ppr_file.hpp"

#include <bit>
#include <limits>

#include "filigree/io/hdf5.hpp"

namespace filigree::ppr {
namespace {

constexpr std::int64_t format_version = 1;
constexpr const char* kind = "filigree ppr index";

}  // namespace

void save(const Comm& comm, const Index& index, const std::string& path) {
  const Csr<std::int32_t>& visits = index.visits;
  // Row starts in the whole index: each rank writes those of its rows, the first one also the 0.
  const Offset before = comm.exclusive_sum(visits.num_nonzeros());
  std::vector<Offset> indptr;
  if (comm.is_root()) indptr.push_back(0);
  for (std::size_t row = 1; row < visits.row_ptr.size(); ++row) indptr.push_back(before + visits.row_ptr[row]);

  io::Hdf5Writer file(comm, path);
  file.attribute("/", "kind", kind);
  file.attribute("/", "version", format_version);
  file.attribute("/index", "num_vertices", index.sources.num_items());
  file.attribute("/index", "walks", static_cast<std::int64_t>(index.walks));
  file.attribute("/index", "teleport", index.teleport);
  file.attribute("/index", "seed", std::bit_cast<std::int64_t>(index.seed));
  file.attribute("/index", "graph_hash", std::bit_cast<std::int64_t>(index.graph_hash));
  file.write("/index/indptr", std::span<const Offset>(indptr));
  file.write("/index/indices", std::span<const Local>(visits.col));
  file.write("/index/counts", std::span<const std::int32_t>(visits.val));
  file.write("/index/deviation", std::span<const float>(index.deviation));
  file.commit();
}

Index load(const Comm& comm, const std::string& path) {
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

  Index index;
  const auto num_vertices = need("/index", "num_vertices", std::int64_t{});
  refuse_unless(num_vertices > 0 && num_vertices <= std::numeric_limits<Local>::max(), "num_vertices is ",
                num_vertices);
  refuse_unless(file.length("/index/indptr") == num_vertices + 1 && file.length("/index/deviation") == num_vertices &&
                    file.length("/index/indices") == file.length("/index/counts"),
                "the lengths of its datasets do not fit each other");
  index.sources = Partition::uniform(num_vertices, comm.size());
  const auto walks = need("/index", "walks", std::int64_t{});
  index.teleport = need("/index", "teleport", double{});
  index.seed = std::bit_cast<std::uint64_t>(need("/index", "seed", std::int64_t{}));
  index.graph_hash = std::bit_cast<std::uint64_t>(need("/index", "graph_hash", std::int64_t{}));
  refuse_unless(walks >= 1 && walks <= std::numeric_limits<int>::max() && index.teleport > 0 && index.teleport < 1,
                "walks is ", walks, ", teleport ", index.teleport);
  index.walks = static_cast<int>(walks);

  const Global first = index.sources.begin(comm.rank());
  const Global num_rows = index.sources.size(comm.rank());
  Csr<std::int32_t>& visits = index.visits;
  visits.num_cols = static_cast<Local>(num_vertices);
  visits.row_ptr = file.read<Offset>("/index/indptr", first, num_rows + 1);
  const Offset begin = visits.row_ptr.front();
  const Offset count = visits.row_ptr.back() - begin;
  const Offset length = file.length("/index/indices");
  comm.guard([&] {
    refuse_unless(begin >= 0 && count >= 0 && begin + count <= length, "row starts leave the index of ", length,
                  " entries");
  });
  for (Offset& start : visits.row_ptr) start -= begin;
  visits.col = file.read<Local>("/index/indices", begin, count);
  visits.val = file.read<std::int32_t>("/index/counts", begin, count);
  index.deviation = file.read<float>("/index/deviation", first, num_rows);
  comm.guard([&] {
    try {
      visits.validate();
    } catch (const InvalidArgument& e) {
      throw IoError(text(path, ": ", e.what()));
    }
  });
  return index;
}

}  // namespace filigree::ppr
