#include "filigree/communities/draw.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "communities/draw/svg.hpp"
#include "core/index.hpp"
#include "filigree/core/error.hpp"

namespace filigree::communities {
namespace {

constexpr double margin = 24;
constexpr double tree_width = 380;
constexpr double gap = 14;
constexpr const char* axis_colour = "#888888";
constexpr const char* trunk_colour = "#777777";
constexpr std::array<const char*, 10> cluster_colours{"#1f77b4", "#d95f02", "#2a9d4a", "#c2255c", "#7b52ab",
                                                      "#8c6d31", "#e377c2", "#17a2b8", "#a3b81f", "#555555"};

/// From heights to pixels; leaves are at the right.
class Axis {
 public:
  Axis(const Dendrogram& tree, bool logarithmic, double left, double right)
      : logarithmic_(logarithmic), left_(left), right_(right) {
    highest_ = 0;
    for (const Merge& merge : tree.merges) {
      highest_ = std::max(highest_, merge.height);
      const double u = 1 - merge.height;
      if (u > 0) {
        least_ = std::min(least_, u);
        most_ = std::max(most_, u);
      } else {
        has_zero_ = true;
      }
    }
    if (least_ > most_) least_ = most_ = 1;
    // From 1, 2 or 5 times a power of ten to a whole decade, and one decade more for what is at height 1.
    const double decade = std::pow(10, std::floor(std::log10(least_) + 1e-9));
    least_ = decade * (least_ >= 5 * decade ? 5 : least_ >= 2 * decade ? 2 : 1);
    most_ = std::max(std::pow(10, std::ceil(std::log10(most_) - 1e-9)), 2 * least_);
    zero_ = has_zero_ ? least_ / 10 : least_;
    if (highest_ <= 0) highest_ = 1;
  }
  double x(double height) const {
    if (!logarithmic_) return right_ - (right_ - left_) * height / highest_;
    const double u = std::max(1 - height, zero_);
    return left_ + (right_ - 26 - left_) * std::log(u / zero_) / std::log(most_ / zero_);
  }
  double x_of_leaves() const { return right_; }
  void draw(Svg& svg, double y) const {
    svg.line(left_, y, right_, y, axis_colour, 1);
    const auto tick = [&](double height, const std::string& text) {
      svg.line(x(height), y, x(height), y + 4, axis_colour, 1);
      svg.label(x(height), y + 16, 10, text, Svg::Anchor::middle, "#555");
    };
    if (logarithmic_) {
      if (has_zero_) tick(1, "0");
      const double first = std::ceil(std::log10(least_) - 1e-9);
      const double last = std::floor(std::log10(most_) + 1e-9);
      const double step = std::max(1.0, std::ceil((last - first) / 6));
      if (first > std::log10(least_) + 0.1) tick(1 - least_, short_number(least_));
      for (double d = first; d <= last; d += step) tick(1 - std::pow(10, d), short_number(std::pow(10, d)));
    } else {
      for (int i = 0; i <= 4; ++i) tick(highest_ * i / 4, short_number(highest_ * i / 4));
    }
    svg.label((left_ + right_) / 2, y + 32, 11, logarithmic_ ? "1 - height (logarithmic)" : "height",
              Svg::Anchor::middle, "#555");
  }

 private:
  bool logarithmic_;
  double left_, right_;
  double least_ = 2, most_ = 0, zero_ = 0, highest_;
  bool has_zero_ = false;
};

/// The number of clusters, 2 to 10, whose merges lie lowest below the next one, on a logarithmic scale.
Global clusters_to_colour(const Dendrogram& tree) {
  const Global n = tree.num_leaves;
  double least = 1;  // 1 - height of the highest merge at a similarity above 0
  for (const Merge& merge : tree.merges)
    if (merge.height < 1) least = 1 - merge.height;
  const auto level = [&](double height) { return std::log(std::max(1 - height, least / 3)); };
  Global best = std::min<Global>(n, 10);
  double widest = -1;
  for (Global k = 2; k <= std::min<Global>(n - 1, 10); ++k) {
    const double width = level(tree.merges[z(n - k - 1)].height) - level(tree.merges[z(n - k)].height);
    if (width > widest + 1e-9) {
      widest = width;
      best = k;
    }
  }
  return best;
}

/// The colour of each node's branch.
std::vector<const char*> branch_colours(const Dendrogram& tree) {
  std::vector<const char*> colour(z(tree.num_nodes()), trunk_colour);
  if (!tree.is_complete() || tree.num_leaves < 2) return colour;
  const Cut cut = cut_by_number(tree, clusters_to_colour(tree));
  std::vector<bool> is_inside(z(tree.num_nodes()), false);
  for (std::size_t c = 0; c < cut.nodes.size(); ++c) {
    colour[z(cut.nodes[c])] = cluster_colours[c];
    is_inside[z(cut.nodes[c])] = true;
  }
  for (Global node = tree.num_nodes() - 1; node >= tree.num_leaves; --node) {
    if (!is_inside[z(node)]) continue;
    for (Global child : {tree.merge_of(node).left, tree.merge_of(node).right}) {
      colour[z(child)] = colour[z(node)];
      is_inside[z(child)] = true;
    }
  }
  return colour;
}

void draw_tree(Svg& svg, const Dendrogram& tree, const Axis& axis, const std::vector<double>& y_of_leaf,
               const std::vector<const char*>& colour, double thickness) {
  std::vector<double> y(z(tree.num_nodes()));
  std::vector<double> x(z(tree.num_nodes()));
  for (Global node = 0; node < tree.num_nodes(); ++node) {
    if (tree.is_leaf(node)) {
      y[z(node)] = y_of_leaf[z(node)];
      x[z(node)] = axis.x_of_leaves();
      continue;
    }
    const Merge& merge = tree.merge_of(node);
    y[z(node)] = (y[z(merge.left)] + y[z(merge.right)]) / 2;
    x[z(node)] = axis.x(merge.height);
    for (Global child : {merge.left, merge.right})
      svg.line(x[z(node)], y[z(child)], x[z(child)], y[z(child)], colour[z(child)], thickness);
    svg.line(x[z(node)], y[z(merge.left)], x[z(node)], y[z(merge.right)], colour[z(node)], thickness);
  }
}

double density(const CommunityGraph& between, Global a, Global b, double weight) {
  const auto size_a = static_cast<double>(between.sizes[z(a)]);
  const auto size_b = static_cast<double>(between.sizes[z(b)]);
  return weight / (a == b ? std::max(1.0, size_a * (size_a - 1) / 2) : size_a * size_b);
}

struct Shades {
  double least = 1e300, most = 0;
  double share(double value) const {
    if (value <= 0) return 0;
    return most > least ? 0.08 + 0.92 * std::log(value / least) / std::log(most / least) : 1;
  }
};

Shades draw_matrix(Svg& svg, const CommunityGraph& between, const std::vector<Global>& position, double left,
                   double top, double cell) {
  Shades shades;
  const auto for_each = [&](auto body) {
    for (Global a = 0; a < std::ssize(between.sizes); ++a) {
      for (Offset k = between.row_ptr[z(a)]; k < between.row_ptr[z(a) + 1]; ++k)
        body(a, between.col[z(k)], between.weight[z(k)]);
    }
  };
  for_each([&](Global a, Global b, double weight) {
    const double value = density(between, a, b, weight);
    if (value <= 0) return;
    shades.least = std::min(shades.least, value);
    shades.most = std::max(shades.most, value);
  });
  const double side = cell * static_cast<double>(between.sizes.size());
  svg.rectangle(left - 0.5, top - 0.5, side + 1, side + 1, "#dddddd");
  svg.rectangle(left, top, side, side, "#fafafa");
  const bool has_tooltips = between.sizes.size() <= 64;
  const double line = cell >= 8 ? 0.5 : 0;  // between cells
  for_each([&](Global a, Global b, double weight) {
    const double value = density(between, a, b, weight);
    if (value <= 0) return;
    const std::string colour = shade(shades.share(value));
    const std::string tooltip =
        has_tooltips ? text('C', a, " - C", b, ": ", short_number(weight), between.is_weighted ? " weight" : " edges",
                            ", density ", short_number(value))
                     : "";
    const auto draw_cell = [&](Global row, Global col) {
      svg.rectangle(left + cell * static_cast<double>(position[z(col)]),
                    top + cell * static_cast<double>(position[z(row)]), cell - line, cell - line, colour, tooltip);
    };
    draw_cell(a, b);
    if (a != b) draw_cell(b, a);
  });
  return shades;
}

void draw_legend(Svg& svg, const Shades& shades, bool is_weighted, double left, double y) {
  constexpr int steps = 40;
  constexpr double width = 120;
  if (shades.most <= 0) return;
  const std::string least = short_number(shades.least);
  svg.label(left, y + 9, 10, least, Svg::Anchor::start, "#555");
  const double bar = left + 7 * static_cast<double>(least.size()) + 4;
  for (int i = 0; i < steps; ++i)
    svg.rectangle(bar + width * i / steps, y, width / steps + 0.3, 10, shade(0.08 + 0.92 * (i + 0.5) / steps));
  svg.label(bar + width + 5, y + 9, 10, short_number(shades.most), Svg::Anchor::start, "#555");
  svg.label(left, y + 25, 11, is_weighted ? "weight per pair of vertices" : "edges per pair of vertices",
            Svg::Anchor::start, "#555");
}

}  // namespace

std::string draw(const Dendrogram& tree, const CommunityGraph& between, const DrawOptions& options) {
  const Global n = tree.num_leaves;
  require(n >= 1 && n <= most_drawn_leaves, "draw: ", n, " leaves, must be in [1, ", most_drawn_leaves,
          "]; cut the tree into fewer clusters first");
  require(std::ssize(between.sizes) == n, "draw: edges between ", between.sizes.size(), " leaves of ", n);
  const double cell = n <= 60 ? 18 : std::max(1.0, std::min(18.0, 1200.0 / static_cast<double>(n)));
  const double top = margin + 34 + (cell >= 16 ? 18 : 0);
  const std::vector<Global> order = tree.leaf_order();
  std::vector<Global> position(z(n));
  std::vector<double> y_of_leaf(z(n));
  for (Global i = 0; i < n; ++i) {
    position[z(order[z(i)])] = i;
    y_of_leaf[z(order[z(i)])] = top + cell * (static_cast<double>(i) + 0.5);
  }
  const double side = cell * static_cast<double>(n);
  const double matrix_left = margin + tree_width + gap;
  const double text_size = std::min(12.0, cell * 0.72);
  const bool has_labels = text_size >= 5;

  Svg svg;
  svg.label(margin, margin + 6, 15,
            options.title.empty() ? text(n, n == 1 ? " community" : " communities") : options.title);
  const std::vector<const char*> colour = branch_colours(tree);
  const Axis axis(tree, options.logarithmic, margin, margin + tree_width);
  draw_tree(svg, tree, axis, y_of_leaf, colour, n <= 200 ? 1.6 : 0.8);
  axis.draw(svg, top + side + 10);
  const Shades shades = draw_matrix(svg, between, position, matrix_left, top, cell);
  draw_legend(svg, shades, between.is_weighted, matrix_left, top + side + 14);
  std::size_t longest = 0;
  for (Global leaf = 0; has_labels && leaf < n; ++leaf) {
    std::string label = options.label ? options.label(leaf) : text('C', leaf, " (", tree.size(leaf), ')');
    constexpr std::size_t most = 90;
    if (label.size() > most) {
      std::size_t end = most;  // not within a character of several bytes
      while (end > 0 && (static_cast<unsigned char>(label[end]) & 0xc0) == 0x80) --end;
      label = label.substr(0, end) + "...";
    }
    longest = std::max(longest, label.size());
    svg.label(matrix_left + side + 8, y_of_leaf[z(leaf)] + text_size * 0.36, text_size, label, Svg::Anchor::start,
              colour[z(leaf)] == trunk_colour ? "#333" : colour[z(leaf)]);
    if (cell >= 16) {
      svg.label(matrix_left + cell * (static_cast<double>(position[z(leaf)]) + 0.5) + 3.5, top - 5, 9, text('C', leaf),
                Svg::Anchor::start, "#777", true);
    }
  }
  const double labels_width = 8 + 0.57 * text_size * static_cast<double>(longest);
  const double width = std::max(matrix_left + std::max(side + labels_width, 240.0),
                                margin + 9 * static_cast<double>(options.title.size())) +
                       margin;
  return svg.finish(width, top + side + 48 + margin);
}

}  // namespace filigree::communities
