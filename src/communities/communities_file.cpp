#include "filigree/communities_file.hpp"

#include <algorithm>
#include <cmath>

#include "core/index.hpp"

namespace filigree::communities {
namespace {

constexpr std::int64_t format_version = 1;

struct MergeArrays {
  std::vector<Global> left, right;
  std::vector<double> height;
};

MergeArrays arrays_of(const Dendrogram& tree) {
  MergeArrays arrays;
  for (const Merge& merge : tree.merges) {
    arrays.left.push_back(merge.left);
    arrays.right.push_back(merge.right);
    arrays.height.push_back(merge.height);
  }
  return arrays;
}

/// Throws IoError unless the edges between leaves fit the tree.
void check_between(const CommunityGraph& between, const std::string& path) {
  const auto refuse_unless = [&](bool holds, const auto&... what) {
    if (!holds) throw IoError(text(path, ": /between: ", what...));
  };
  const Global n = std::ssize(between.sizes);
  refuse_unless(std::ssize(between.row_ptr) == n + 1 && between.row_ptr.front() == 0 &&
                    std::is_sorted(between.row_ptr.begin(), between.row_ptr.end()) &&
                    between.row_ptr.back() == std::ssize(between.col) && between.col.size() == between.weight.size(),
                "row_ptr, col and weight do not fit each other and ", n, " leaves");
  for (Global a = 0; a < n; ++a) {
    for (Offset k = between.row_ptr[z(a)]; k < between.row_ptr[z(a) + 1]; ++k) {
      const Global least = k == between.row_ptr[z(a)] ? a : between.col[z(k) - 1] + 1;
      refuse_unless(between.col[z(k)] >= least && between.col[z(k)] < n, "row ", a, " holds column ", between.col[z(k)],
                    "; columns increase from the row on and lie below ", n);
      refuse_unless(between.weight[z(k)] >= 0 && std::isfinite(between.weight[z(k)]), "row ", a, " holds weight ",
                    between.weight[z(k)]);
    }
  }
}

}  // namespace

void save(const Comm& comm, const Tree& tree, const std::string& path,
          const std::function<void(io::Hdf5Writer&)>& more) {
  const MergeArrays arrays = arrays_of(tree.dendrogram);
  io::Hdf5Writer file(comm, path);
  const auto write_once = [&]<class T>(const char* dataset, const std::vector<T>& values) {
    file.write(dataset, std::span<const T>(values.data(), comm.is_root() ? values.size() : 0));
  };
  file.attribute("/tree", "version", format_version);
  file.attribute("/tree", "num_vertices", tree.leaves.vertices.num_items());
  file.attribute("/tree", "num_leaves", tree.dendrogram.num_leaves);
  write_once("/tree/left", arrays.left);
  write_once("/tree/right", arrays.right);
  write_once("/tree/height", arrays.height);
  write_once("/tree/leaf_sizes", tree.dendrogram.leaf_sizes);
  file.write("/tree/labels", std::span<const Global>(tree.leaves.of));
  file.attribute("/between", "weighted", std::int64_t{tree.between.is_weighted});
  write_once("/between/row_ptr", tree.between.row_ptr);
  write_once("/between/col", tree.between.col);
  write_once("/between/weight", tree.between.weight);
  if (more) more(file);
  file.commit();
}

Tree load(const Comm& comm, const std::string& path) {
  const io::Hdf5Reader file(comm, path);
  const auto refuse_unless = [&](bool holds, const auto&... what) {
    if (!holds) throw IoError(text(path, ": ", what...));
  };
  const auto need = [&](const char* object, const char* name) {
    const auto value = file.attribute<std::int64_t>(object, name);
    refuse_unless(value.has_value(), "not a tree of communities: ", object, " has no attribute ", name);
    return *value;
  };
  const auto version = need("/tree", "version");
  refuse_unless(version == format_version, "format version ", version, "; this filigree reads version ",
                format_version);
  file.require_checksums();
  const auto num_vertices = need("/tree", "num_vertices");
  const auto num_leaves = need("/tree", "num_leaves");
  refuse_unless(num_leaves >= 1 && num_leaves <= num_vertices, num_leaves, " leaves of ", num_vertices, " vertices");
  const Offset num_merges = file.length("/tree/left");
  refuse_unless(num_merges < num_leaves && file.length("/tree/right") == num_merges &&
                    file.length("/tree/height") == num_merges && file.length("/tree/leaf_sizes") == num_leaves &&
                    file.length("/tree/labels") == num_vertices,
                "the lengths of /tree/{left,right,height,leaf_sizes,labels} do not fit ", num_leaves, " leaves of ",
                num_vertices, " vertices");
  const auto read_all = [&]<class T>(const char* dataset, std::vector<T>& to) {
    to = file.read<T>(dataset, 0, file.length(dataset));
  };

  Tree tree;
  tree.leaves.vertices = Partition::uniform(num_vertices, comm.size());
  tree.leaves.num_labels = num_leaves;
  tree.leaves.of = file.read<Global>("/tree/labels", tree.leaves.vertices.begin(comm.rank()),
                                     tree.leaves.vertices.size(comm.rank()));
  MergeArrays arrays;
  tree.dendrogram.num_leaves = num_leaves;
  read_all("/tree/left", arrays.left);
  read_all("/tree/right", arrays.right);
  read_all("/tree/height", arrays.height);
  read_all("/tree/leaf_sizes", tree.dendrogram.leaf_sizes);
  read_all("/between/row_ptr", tree.between.row_ptr);
  read_all("/between/col", tree.between.col);
  read_all("/between/weight", tree.between.weight);
  tree.between.is_weighted = need("/between", "weighted") != 0;
  tree.between.sizes = tree.dendrogram.leaf_sizes;

  std::vector<Offset> sizes(z(num_leaves), 0);
  comm.guard([&] {
    for (Global label : tree.leaves.of) {
      refuse_unless(label >= 0 && label < num_leaves, "a vertex is in leaf ", label, " of ", num_leaves);
      ++sizes[z(label)];
    }
    check_between(tree.between, path);
  });
  comm.sum(sizes);
  refuse_unless(sizes == tree.dendrogram.leaf_sizes, "its leaf sizes are not those of its labels");
  comm.guard([&] {
    try {
      for (std::size_t k = 0; k < arrays.left.size(); ++k) {
        require(arrays.height[k] >= 0, "merge ", k, " has height ", arrays.height[k]);
        tree.dendrogram.join(arrays.left[k], arrays.right[k], arrays.height[k]);
      }
      tree.dendrogram.validate();
    } catch (const InvalidArgument& e) {
      throw IoError(text(path, ": ", e.what()));
    }
  });
  return tree;
}

}  // namespace filigree::communities
