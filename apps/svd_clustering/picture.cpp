#include "picture.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "filigree/core/error.hpp"
#include "tables.hpp"

namespace filigree::app {
namespace {

constexpr double left = 64;
constexpr double top = 34;
constexpr double error_height = 260;
constexpr double gap = 40;
constexpr double size_height = 90;
constexpr double bottom = 34;

std::string fixed(double value) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.1f", value);
  return digits;
}

std::string line(double x1, double y1, double x2, double y2, const char* style) {
  return text("<line x1=\"", fixed(x1), "\" y1=\"", fixed(y1), "\" x2=\"", fixed(x2), "\" y2=\"", fixed(y2), "\" ",
              style, "/>\n");
}
std::string rectangle(double x, double y, double width, double height, const char* style) {
  return text("<rect x=\"", fixed(x), "\" y=\"", fixed(y), "\" width=\"", fixed(width), "\" height=\"", fixed(height),
              "\" ", style, "/>\n");
}
std::string label(double x, double y, const char* anchor, const std::string& what) {
  return text("<text x=\"", fixed(x), "\" y=\"", fixed(y), "\" text-anchor=\"", anchor, "\">", what, "</text>\n");
}

/// 1, 2 or 5 times a power of ten, about a fifth of the range.
double step_of(double range) {
  const double power = std::pow(10, std::floor(std::log10(range / 5)));
  const double rest = range / 5 / power;
  return power * (rest < 1.5 ? 1 : rest < 3.5 ? 2 : rest < 7.5 ? 5 : 10);
}

}  // namespace

std::string picture_of(const svd_clustering::Result& result) {
  std::vector<Offset> order = shared_clusters(result);
  const std::size_t all = order.size();
  order.resize(std::min<std::size_t>(order.size(), 200));
  const double pitch = std::clamp(760 / static_cast<double>(std::max<std::size_t>(1, order.size())), 6.0, 60.0);
  const double width = pitch * static_cast<double>(order.size());
  const double right = left + std::max(width, 500.0);
  const double most = 2 * result.error;
  const double floor = top + error_height;
  const double size_floor = floor + gap + size_height;
  const auto y = [&](double error) { return floor - error_height * std::min(error, most) / most; };
  double largest = 1;
  for (const Offset c : order)
    largest = std::max(largest, static_cast<double>(result.clusters[static_cast<std::size_t>(c)].blocks.size()));

  std::string svg = text("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"", fixed(right + 20), "\" height=\"",
                         fixed(size_floor + bottom), "\" font-family=\"sans-serif\" font-size=\"11\" fill=\"#333\">\n",
                         "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n");
  std::string ratio(32, '\0');
  ratio.resize(static_cast<std::size_t>(std::snprintf(ratio.data(), ratio.size(), "%.2f", result.ratio)));
  svg += label(left, 18, "start",
               text(result.cluster_of.size(), " blocks in ", result.clusters.size(), " clusters, ", all,
                    " share a basis of rank ", result.rank, " at most; compression ", ratio, " : 1"));
  const double step = step_of(most);
  for (double tick = 0; tick <= most * 1.0001; tick += step) {
    svg += line(left, y(tick), right, y(tick), "stroke=\"#e6e6e6\"");
    char digits[32];
    std::snprintf(digits, sizeof digits, "%g", tick);
    svg += label(left - 6, y(tick) + 4, "end", digits);
  }
  for (std::size_t k = 0; k < order.size(); ++k) {
    const auto& cluster = result.clusters[static_cast<std::size_t>(order[k])];
    const double x = left + pitch * static_cast<double>(k);
    const double middle = x + pitch / 2;
    for (const Global i : cluster.blocks) {
      const double error = result.block_error[static_cast<std::size_t>(i)];
      svg += line(x + 0.15 * pitch, y(error), x + 0.85 * pitch, y(error), "stroke=\"#b9c9d8\" stroke-width=\"0.7\"");
    }
    svg += line(middle, y(cluster.lower_error), middle, y(cluster.certified_error),
                "stroke=\"#3b75af\" stroke-width=\"3\" stroke-opacity=\"0.6\"");
    svg += line(x + 0.3 * pitch, y(cluster.certified_error), x + 0.7 * pitch, y(cluster.certified_error),
                "stroke=\"#1f4e7a\" stroke-width=\"2\"");
    if (cluster.exact_error)
      svg += text("<circle cx=\"", fixed(middle), "\" cy=\"", fixed(y(*cluster.exact_error)),
                  "\" r=\"2.6\" fill=\"#e07b29\"/>\n");
    const double height = size_height * static_cast<double>(cluster.blocks.size()) / largest;
    svg += rectangle(x + 0.15 * pitch, size_floor - height, 0.7 * pitch, height, "fill=\"#8aa9c4\"");
  }
  svg += line(left, y(result.error), right, y(result.error), "stroke=\"#c03030\" stroke-dasharray=\"6 4\"");
  svg += line(left, floor, right, floor, "stroke=\"#333\"");
  svg += line(left, size_floor, right, size_floor, "stroke=\"#333\"");
  svg += label(right, y(result.error) - 5, "end", "limit");
  svg += label(left, floor + 16, "start",
               "relative error: lower bound to certificate (bar), exact (dot, with --exact), each block (ticks)");
  svg += label(left - 6, size_floor - size_height + 8, "end", std::to_string(static_cast<Offset>(largest)));
  svg += label(left - 6, size_floor, "end", "0");
  svg += label(left, size_floor + 16, "start", "blocks in a cluster, most first");
  return svg + "</svg>\n";
}

}  // namespace filigree::app
