#include "outputs.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <tuple>

#include "filigree/communities/draw.hpp"
#include "filigree/io/text_writer.hpp"

namespace filigree::app {
namespace {

std::size_t z(Global i) { return static_cast<std::size_t>(i); }

/// A file whose text is on rank 0. Collective.
void write_text(const Comm& comm, const std::string& path, const std::function<std::string()>& make) {
  const std::string whole = comm.guard([&] { return comm.is_root() ? make() : std::string(); });
  io::TextWriter file(comm, path);
  file.write(whole);
  file.commit();
}

Form linkage_form(const std::string& path) {
  constexpr std::array forms{Form::npy, Form::csv, Form::tsv, Form::jsonl};
  return form_of(path, "auto", forms, "--linkage-matrix");
}

std::string linkage_table(const std::vector<double>& z_matrix, Form form) {
  const std::size_t num_rows = z_matrix.size() / 4;
  if (form == Form::npy)
    return npy_header(std::array{static_cast<std::int64_t>(num_rows), std::int64_t{4}}) + npy_bytes(z_matrix);
  Table table(form, {"left", "right", "height", "vertices"});
  table.head();
  for (std::size_t i = 0; i < num_rows; ++i) {
    const std::span<const double> row = std::span(z_matrix).subspan(4 * i, 4);
    table.row({static_cast<Global>(row[0]), static_cast<Global>(row[1]), Field::exactly(row[2]),
               static_cast<Global>(row[3])});
  }
  return table.take();
}

/// Nested objects, as d3.hierarchy reads them; without recursion, as trees may be deep.
std::string json_of(const Dendrogram& tree) {
  const std::vector<Global> first = tree.first_leaves();
  std::vector<std::pair<Global, int>> stack;  // a node, and how many of its children are written
  std::string out = "[";
  const std::vector<Global> parent = tree.parents();
  for (Global root = 0; root < tree.num_nodes(); ++root) {
    if (parent[z(root)] >= 0) continue;
    if (out.size() > 1) out += ",\n";
    stack.emplace_back(root, 0);
    while (!stack.empty()) {
      auto& [node, done] = stack.back();
      if (done == 0) {
        Json object = Json::object({{"vertices", tree.size(node)}});
        if (tree.is_leaf(node)) object["leaf"] = node;
        if (!tree.is_leaf(node)) object["height"] = tree.height(node);
        out += object.dump();
        if (!tree.is_leaf(node)) {
          out.pop_back();
          out += ", \"children\": [";
        }
      }
      if (tree.is_leaf(node) || done == 2) {
        if (!tree.is_leaf(node)) out += "]}";
        stack.pop_back();
        continue;
      }
      auto [a, b] = std::pair(tree.merge_of(node).left, tree.merge_of(node).right);
      if (first[z(a)] > first[z(b)]) std::swap(a, b);
      if (done == 1) out += ", ";
      const Global child = done++ == 0 ? a : b;
      stack.emplace_back(child, 0);
    }
  }
  return out + "]\n";
}

constexpr Global most_levels = 64;

/// Clusters by leaf at every level from 1 until all are leaves, at most 64.
struct Levels {
  std::vector<std::vector<Global>> clusters;
  bool reach_leaves = false;
};
Levels levels_of(const Dendrogram& tree) {
  Levels levels;
  for (Global level = 1; level <= most_levels && !levels.reach_leaves; ++level) {
    Cut cut = cut_by_level(tree, level);
    levels.reach_leaves = cut.num_clusters() == tree.num_leaves;
    levels.clusters.push_back(std::move(cut.cluster_of_leaf));
  }
  return levels;
}

/// The tree above a cut into the given number of clusters, which become its leaves, and the edges between them.
struct Upper {
  Dendrogram tree;
  communities::CommunityGraph between;
};
Upper upper_tree(const communities::Tree& tree, Global num_clusters) {
  const Dendrogram& whole = tree.dendrogram;
  const Cut cut = cut_by_number(whole, num_clusters);
  Upper upper{{num_clusters, cut.sizes, {}}, {cut.sizes, {0}, {}, {}, tree.between.is_weighted}};
  std::vector<Global> node(z(whole.num_nodes()), -1);
  for (Global c = 0; c < num_clusters; ++c) node[z(cut.nodes[z(c)])] = c;
  for (Global at = whole.num_leaves; at < whole.num_nodes(); ++at) {
    const Merge& merge = whole.merge_of(at);
    if (node[z(merge.left)] >= 0 && node[z(merge.right)] >= 0)
      node[z(at)] = upper.tree.join(node[z(merge.left)], node[z(merge.right)], merge.height);
  }
  std::map<std::pair<Global, Global>, double> weights;
  for (Global a = 0; a < whole.num_leaves; ++a) {
    for (Offset k = tree.between.row_ptr[z(a)]; k < tree.between.row_ptr[z(a) + 1]; ++k) {
      const Global b = tree.between.col[z(k)];
      weights[std::minmax(cut.cluster_of_leaf[z(a)], cut.cluster_of_leaf[z(b)])] += tree.between.weight[z(k)];
    }
  }
  upper.between.row_ptr.resize(z(num_clusters) + 1, 0);
  for (const auto& [pair, weight] : weights) {
    ++upper.between.row_ptr[z(pair.first) + 1];
    upper.between.col.push_back(pair.second);
    upper.between.weight.push_back(weight);
  }
  for (std::size_t a = 1; a < upper.between.row_ptr.size(); ++a)
    upper.between.row_ptr[a] += upper.between.row_ptr[a - 1];
  return upper;
}

std::string picture(const communities::Tree& tree, const std::vector<std::string>& labels, bool linear) {
  const Dendrogram& dendrogram = tree.dendrogram;
  const std::string title = text(dendrogram.num_leaves, dendrogram.num_leaves == 1 ? " community" : " communities",
                                 " of ", tree.leaves.vertices.num_items(), " vertices");
  if (dendrogram.num_leaves <= communities::most_drawn_leaves)
    return communities::draw(dendrogram, tree.between, {title, [&](Global leaf) { return labels[z(leaf)]; }, !linear});
  const Upper upper = upper_tree(tree, communities::most_drawn_leaves);
  return communities::draw(upper.tree, upper.between,
                           {text(title, ", in ", communities::most_drawn_leaves, " clusters"), {}, !linear});
}

std::string short_height(double height) {
  // The digits that distinguish it from 1.
  std::ostringstream out;
  const double rest = 1 - height;
  const double digits = rest > 0 && rest < 1 ? std::clamp(std::ceil(-std::log10(rest)) + 1, 2.0, 12.0) : 2;
  out.setf(std::ios::fixed);
  out.precision(static_cast<int>(digits));
  out << height;
  return out.str();
}

}  // namespace

void TreeOutputs::add_to(Command cli) {
  const std::string group = "Other forms of the tree";
  cli.option("--newick", newick, "Newick's format, leaves C0, C1, ...").file(FileRole::output).group(group);
  cli.option("--linkage-matrix", linkage_matrix,
             "SciPy's linkage matrix (left, right, height, vertices): .npy, .csv, .tsv or .jsonl")
      .file(FileRole::output)
      .group(group);
  cli.option("--tree-json", json, "nested objects, as d3.hierarchy takes them").file(FileRole::output).group(group);
  cli.option("--csv", csv, "the cluster of every vertex at each level").file(FileRole::output).group(group);
  cli.option("--svg", svg, "a picture: the tree, and the density of edges in the order of its leaves")
      .file(FileRole::output)
      .group(group);
  cli.flag("--linear", linear, "heights in the picture as they are, not log(1 - height)").group(group);
}

void TreeOutputs::check() const {
  if (!linkage_matrix.empty()) linkage_form(linkage_matrix);
}

std::vector<std::string> leaf_labels(const Graph& graph, const io::VertexNames& names, const communities::Tree& tree) {
  constexpr Global most_leaves = 2000;
  constexpr std::size_t most_names = 5;
  const Comm& comm = graph.comm();
  const Global n = tree.dendrogram.num_leaves;
  std::vector<std::string> labels;
  for (Global leaf = 0; leaf < n; ++leaf) labels.push_back(text('C', leaf, " (", tree.dendrogram.size(leaf), ')'));
  if (n > most_leaves) return labels;
  struct Member {
    Global leaf;
    Offset degree;
    Global vertex;
  };
  const auto keep_best = [&](std::vector<Member>& members) {
    std::sort(members.begin(), members.end(), [](const Member& a, const Member& b) {
      return std::tuple(a.leaf, -a.degree, a.vertex) < std::tuple(b.leaf, -b.degree, b.vertex);
    });
    std::vector<Member> kept;
    for (const Member& member : members) {
      const bool is_full = kept.size() >= most_names && kept[kept.size() - most_names].leaf == member.leaf;
      if (!is_full) kept.push_back(member);
    }
    members = std::move(kept);
  };
  std::vector<Member> members;
  for (Local v = 0; v < graph.num_local_rows(); ++v)
    members.push_back({tree.leaves.of[z(v)], graph.local().view().degree(v), graph.first_row() + v});
  keep_best(members);
  members = comm.all_gather(members).values;
  keep_best(members);
  std::vector<Global> vertices;
  for (const Member& member : members) vertices.push_back(member.vertex);
  const std::vector<std::string> named = names.fetch(comm, vertices);
  std::vector<std::size_t> count(z(n), 0);
  for (std::size_t i = 0; i < members.size(); ++i) {
    std::string& label = labels[z(members[i].leaf)];
    label += count[z(members[i].leaf)]++ == 0 ? ": " : ", ";
    Field(named[i]).append_to(label, Form::tsv);
  }
  for (Global leaf = 0; leaf < n; ++leaf)
    if (tree.dendrogram.size(leaf) > static_cast<Offset>(count[z(leaf)])) labels[z(leaf)] += ", ...";
  return labels;
}

void add_label_rows(Table& table, const Comm& comm, const Labels& leaves, const io::VertexNames& names,
                    const std::vector<std::vector<Global>>& clusters) {
  for (Local v = 0; const Global leaf : leaves.of) {
    std::vector<Field> row{names.owned(comm, v++)};
    for (const auto& cluster_of_leaf : clusters) row.emplace_back(cluster_of_leaf[z(leaf)]);
    table.row(row);
  }
}

void write_outputs(App& program, const communities::Tree& tree, const io::VertexNames& names,
                   const std::vector<std::string>& labels, const TreeOutputs& outputs) {
  const Comm& comm = program.comm();
  const Dendrogram& dendrogram = tree.dendrogram;
  if (!outputs.newick.empty())
    write_text(comm, outputs.newick, [&] { return newick(dendrogram, [](Global leaf) { return text('C', leaf); }); });
  if (!outputs.linkage_matrix.empty()) {
    write_text(comm, outputs.linkage_matrix,
               [&] { return linkage_table(scipy_linkage(dendrogram), linkage_form(outputs.linkage_matrix)); });
  }
  if (!outputs.json.empty()) write_text(comm, outputs.json, [&] { return json_of(dendrogram); });
  if (!outputs.svg.empty()) {
    if (dendrogram.num_leaves > communities::most_drawn_leaves) {
      program.note(text("--svg: the picture shows ", communities::most_drawn_leaves, " clusters of the ",
                        dendrogram.num_leaves, " communities"));
    }
    write_text(comm, outputs.svg, [&] { return picture(tree, labels, outputs.linear); });
  }
  if (!outputs.csv.empty()) {
    auto [levels, reach_leaves] = levels_of(dendrogram);
    std::vector<std::string> headings{"vertex"};
    for (std::size_t level = 1; level <= levels.size(); ++level) headings.push_back(text("level", level));
    if (!reach_leaves) headings.push_back("leaf");
    if (!reach_leaves) {
      program.note(text("--csv: the tree has more than ", most_levels,
                        " levels; the communities follow as column `leaf`, levels between are left out"));
      std::vector<Global>& leaves = levels.emplace_back(z(dendrogram.num_leaves));
      std::iota(leaves.begin(), leaves.end(), Global{0});
    }
    Table table(Form::csv, std::move(headings));
    if (comm.is_root()) table.head();
    add_label_rows(table, comm, tree.leaves, names, levels);
    io::TextWriter file(comm, outputs.csv);
    file.write(table.take());
    file.commit();
  }
}

std::string tree_lines(const communities::Tree& tree, const std::vector<std::string>& labels) {
  constexpr Global most_lines = 40;
  const Dendrogram& dendrogram = tree.dendrogram;
  const Cut cut = cut_by_number(dendrogram, std::min(dendrogram.num_leaves, most_lines));
  std::vector<Global> cluster(z(dendrogram.num_nodes()), -1);
  for (std::size_t c = 0; c < cut.nodes.size(); ++c) cluster[z(cut.nodes[c])] = static_cast<Global>(c);
  std::vector<Global> num_leaves(z(dendrogram.num_nodes()), 1);
  for (Global node = dendrogram.num_leaves; node < dendrogram.num_nodes(); ++node) {
    num_leaves[z(node)] =
        num_leaves[z(dendrogram.merge_of(node).left)] + num_leaves[z(dendrogram.merge_of(node).right)];
  }
  const std::vector<Global> first = dendrogram.first_leaves();
  struct Step {
    Global node;
    std::string before, below;  // what stands before this line, and before those of its children
  };
  std::vector<Step> stack{{dendrogram.num_nodes() - 1, "", ""}};
  std::string out;
  while (!stack.empty()) {
    const auto [node, before, below] = stack.back();
    stack.pop_back();
    out += before;
    if (dendrogram.is_leaf(node)) {
      out += labels[z(node)] + '\n';
      continue;
    }
    out += text(dendrogram.size(node), " vertices, height ", short_height(dendrogram.height(node)));
    if (cluster[z(node)] >= 0) {
      out += text(", ", num_leaves[z(node)], " communities\n");
      continue;
    }
    out += '\n';
    auto [a, b] = std::pair(dendrogram.merge_of(node).left, dendrogram.merge_of(node).right);
    if (first[z(a)] > first[z(b)]) std::swap(a, b);
    stack.push_back({b, below + "└─ ", below + "   "});
    stack.push_back({a, below + "├─ ", below + "│  "});
  }
  return out;
}

}  // namespace filigree::app
