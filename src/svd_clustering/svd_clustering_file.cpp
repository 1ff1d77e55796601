#include "filigree/svd_clustering_file.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/index.hpp"

namespace filigree::svd_clustering {
namespace {

constexpr std::int64_t format_version = 1;
const std::string root = "/svd_clusters";

/// The clusters as lists of numbers, equal on every rank.
struct Lists {
  std::vector<Offset> indptr{0};
  std::vector<Global> blocks;
  std::vector<Offset> kept;  ///< columns of each basis
  std::vector<double> norm, certified_error, lower_error, exact_error, singular_values, basis;
  std::vector<Offset> cols;
  std::vector<double> block_error;
  std::vector<std::uint8_t> names;
  std::vector<Offset> names_indptr{0};

  /// Calls use(name, list) for all of them.
  template <class Self, class F>
  static void for_each(Self& self, F use) {
    use("indptr", self.indptr);
    use("blocks", self.blocks);
    use("kept", self.kept);
    use("norm", self.norm);
    use("certified_error", self.certified_error);
    use("lower_error", self.lower_error);
    use("exact_error", self.exact_error);
    use("singular_values", self.singular_values);
    use("basis", self.basis);
    use("cols", self.cols);
    use("block_error", self.block_error);
    use("names", self.names);
    use("names_indptr", self.names_indptr);
  }
};

Lists lists_of(const DenseBlocks& blocks, const Result& result) {
  Lists lists;
  for (const Cluster& cluster : result.clusters) {
    lists.blocks.insert(lists.blocks.end(), cluster.blocks.begin(), cluster.blocks.end());
    lists.indptr.push_back(std::ssize(lists.blocks));
    lists.kept.push_back(cluster.basis.cols);
    lists.norm.push_back(cluster.norm);
    lists.certified_error.push_back(cluster.certified_error);
    lists.lower_error.push_back(cluster.lower_error);
    lists.exact_error.push_back(cluster.exact_error.value_or(-1));
    const auto& s = cluster.singular_values;
    lists.singular_values.insert(lists.singular_values.end(), s.begin(), s.begin() + cluster.basis.cols);
    lists.basis.insert(lists.basis.end(), cluster.basis.values.begin(), cluster.basis.values.end());
  }
  lists.cols = blocks.cols;
  lists.block_error = result.block_error;
  for (const std::string& name : blocks.names) {
    lists.names.insert(lists.names.end(), name.begin(), name.end());
    lists.names_indptr.push_back(std::ssize(lists.names));
  }
  return lists;
}

struct Header {
  Offset rows;
  Offset rank;
  double error;
  std::uint64_t input_hash;
};

[[noreturn]] void damaged(const io::Hdf5Reader& file, const std::string& what) {
  throw IoError(text(file.path(), ": ", root, ": ", what));
}

bool ascends_to(const std::vector<Offset>& indptr, Offset end) {
  return !indptr.empty() && indptr.front() == 0 && indptr.back() == end && std::ranges::is_sorted(indptr);
}

constexpr Offset most_rows = Offset{1} << 40;      // and columns of a block
constexpr Offset most_elements = Offset{1} << 61;  // of all blocks: sizes and their sums keep within 64 bits

/// What is wrong with the lists of a file, or an empty text.
std::string fault_of(const Header& header, const Lists& lists) {
  const auto num_clusters = lists.kept.size();
  const auto num_blocks = lists.cols.size();
  if (header.rows < 1 || header.rows > most_rows || header.rank < 1 || header.rank > header.rows)
    return "rows and rank are out of range";
  if (lists.indptr.size() != num_clusters + 1 || !ascends_to(lists.indptr, std::ssize(lists.blocks)) ||
      std::ranges::adjacent_find(lists.indptr) != lists.indptr.end())
    return "indptr does not ascend strictly from 0 to the number of blocks";
  if (lists.blocks.size() != num_blocks || lists.block_error.size() != num_blocks)
    return "lists of blocks differ in length";
  for (const auto* list : {&lists.norm, &lists.certified_error, &lists.lower_error, &lists.exact_error}) {
    if (list->size() != num_clusters) return "lists of clusters differ in length";
  }
  std::vector<char> seen(num_blocks);
  for (const Global i : lists.blocks) {
    if (i < 0 || i >= std::ssize(lists.cols) || seen[z(i)]++ != 0)
      return text("block ", i, " occurs twice or is out of range");
  }
  Offset kept = 0;
  for (const Offset k : lists.kept) {
    if (k < 0 || k > header.rank) return text("a basis of ", k, " columns at rank ", header.rank);
    kept += k;
  }
  if (std::ssize(lists.singular_values) != kept || std::ssize(lists.basis) / header.rows != kept ||
      std::ssize(lists.basis) % header.rows != 0)
    return "the bases do not fit the clusters";
  Offset columns = 0;
  for (const Offset n : lists.cols) {
    if (n < 1 || n > most_rows) return text("a block of ", n, " columns");
    columns += n;
    if (columns > most_elements / header.rows)
      return text("more than 2^61 elements in blocks of ", header.rows, " rows");
  }
  if (lists.names_indptr.size() != num_blocks + 1 || !ascends_to(lists.names_indptr, std::ssize(lists.names)))
    return "names do not fit the blocks";
  return {};
}

void fill(const Header& header, const Lists& lists, ClustersFile& loaded) {
  Result& result = loaded.result;
  result.rows = header.rows;
  result.rank = header.rank;
  result.error = header.error;
  result.block_error = lists.block_error;
  result.cluster_of.resize(lists.cols.size());
  Offset s = 0;
  double stored = 0;
  for (std::size_t c = 0; c < lists.kept.size(); ++c) {
    Cluster cluster;
    for (Offset k = lists.indptr[c]; k < lists.indptr[c + 1]; ++k) {
      const Global i = lists.blocks[z(k)];
      cluster.blocks.push_back(i);
      cluster.num_columns += lists.cols[z(i)];
      result.cluster_of[z(i)] = static_cast<Offset>(c);
    }
    cluster.basis = Dense(header.rows, lists.kept[c]);
    std::copy_n(lists.basis.begin() + s * header.rows, cluster.basis.values.size(), cluster.basis.values.begin());
    cluster.singular_values.assign(lists.singular_values.begin() + s,
                                   lists.singular_values.begin() + s + lists.kept[c]);
    s += lists.kept[c];
    cluster.norm = lists.norm[c];
    cluster.certified_error = lists.certified_error[c];
    cluster.lower_error = lists.lower_error[c];
    if (lists.exact_error[c] >= 0) cluster.exact_error = lists.exact_error[c];
    stored += static_cast<double>(cluster.is_raw() ? header.rows * cluster.num_columns
                                                   : cluster.basis.cols * (header.rows + cluster.num_columns));
    result.clusters.push_back(std::move(cluster));
  }
  loaded.cols = lists.cols;
  for (std::size_t i = 0; i < lists.cols.size(); ++i)
    loaded.names.emplace_back(lists.names.begin() + lists.names_indptr[i],
                              lists.names.begin() + lists.names_indptr[i + 1]);
  const double columns = static_cast<double>(std::accumulate(lists.cols.begin(), lists.cols.end(), Offset{0}));
  result.ratio = stored > 0 ? static_cast<double>(header.rows) * columns / stored : 1;
  const auto worst = std::ranges::max_element(result.block_error);
  if (worst != result.block_error.end() && *worst > 0) result.worst_block = worst - result.block_error.begin();
}

}  // namespace

void save(io::Hdf5Writer& file, const DenseBlocks& blocks, const Result& result) {
  const Comm& comm = blocks.comm;
  const Lists lists = comm.guard([&] { return lists_of(blocks, result); });
  const Header header{result.rows, result.rank, result.error, content_hash(blocks)};
  file.attribute(root, "kind", "svd_clusters");
  file.attribute(root, "version", format_version);
  file.attribute(root, "rows", header.rows);
  file.attribute(root, "rank", header.rank);
  file.attribute(root, "error", header.error);
  file.attribute(root, "input_hash", static_cast<std::int64_t>(header.input_hash));
  Lists::for_each(lists, [&]<class T>(const char* name, const std::vector<T>& list) {
    file.write(root + "/" + name, comm.is_root() ? std::span<const T>(list) : std::span<const T>());
  });
  const std::vector<double> mine = comm.guard([&] {
    std::vector<double> joined;
    for (const Dense& c : result.coefficients) joined.insert(joined.end(), c.values.begin(), c.values.end());
    return joined;
  });
  file.write(root + "/coefficients", std::span<const double>(mine));
}

ClustersFile load(const Comm& comm, const std::string& path, const Partition* blocks) {
  const io::Hdf5Reader file(comm, path);
  const auto kind = file.attribute<std::string>(root, "kind");
  const auto version = file.attribute<std::int64_t>(root, "version");
  if (kind != "svd_clusters") damaged(file, "is not there: this is no file of clusters");
  if (version != format_version)
    damaged(file, text("has version ", version.value_or(0), ", expected ", format_version));
  file.require_checksums();
  const auto number = [&](const char* name) {
    const auto value = file.attribute<std::int64_t>(root, name);
    if (!value) damaged(file, text("has no attribute ", name));
    return *value;
  };
  const auto error = file.attribute<double>(root, "error");
  if (!error) damaged(file, "has no attribute error");
  const Header header{number("rows"), number("rank"), *error, static_cast<std::uint64_t>(number("input_hash"))};
  Lists lists;
  Lists::for_each(lists, [&]<class T>(const char* name, std::vector<T>& list) {
    const std::string dataset = root + "/" + name;
    list = file.read<T>(dataset, 0, file.length(dataset));
  });
  ClustersFile loaded;
  loaded.input_hash = header.input_hash;
  comm.guard([&] {
    const std::string fault = fault_of(header, lists);
    if (!fault.empty()) damaged(file, fault);
    fill(header, lists, loaded);
  });
  std::vector<Offset> begin(lists.cols.size() + 1);  // of each block's coefficients
  std::vector<Offset> rows(lists.cols.size());
  for (std::size_t i = 0; i < lists.cols.size(); ++i) {
    const Cluster& cluster = loaded.result.clusters[z(loaded.result.cluster_of[i])];
    rows[i] = cluster.is_raw() ? header.rows : cluster.basis.cols;
    begin[i + 1] = begin[i] + rows[i] * lists.cols[i];
  }
  if (file.length(root + "/coefficients") != begin.back()) damaged(file, "coefficients do not fit the blocks");
  loaded.blocks = blocks != nullptr && blocks->num_items() == std::ssize(lists.cols)
                      ? *blocks
                      : Partition::uniform(std::ssize(lists.cols), comm.size());
  const Global first = loaded.blocks.begin(comm.rank());
  const Global end = loaded.blocks.end(comm.rank());
  const std::vector<double> mine =
      file.read<double>(root + "/coefficients", begin[z(first)], begin[z(end)] - begin[z(first)]);
  comm.guard([&] {
    for (Global i = first; i < end; ++i) {
      Dense block(rows[z(i)], lists.cols[z(i)]);
      std::copy_n(mine.begin() + (begin[z(i)] - begin[z(first)]), block.values.size(), block.values.begin());
      loaded.result.coefficients.push_back(std::move(block));
    }
  });
  return loaded;
}

}  // namespace filigree::svd_clustering
