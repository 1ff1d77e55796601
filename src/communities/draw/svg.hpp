// Elements of a picture in SVG.
#pragma once

#include <string>
#include <string_view>

namespace filigree::communities {

/// Collects elements; coordinates are pixels from the upper left corner.
class Svg {
 public:
  void line(double x1, double y1, double x2, double y2, std::string_view colour, double width);
  /// `tooltip` is shown where the pointer rests; "" = none.
  void rectangle(double x, double y, double width, double height, std::string_view fill, std::string_view tooltip = "");
  enum class Anchor { start, middle, end };
  /// `turned`: upwards by 90 degrees.
  void label(double x, double y, double size, std::string_view text, Anchor anchor = Anchor::start,
             std::string_view colour = "#333", bool turned = false);
  /// The whole file.
  std::string finish(double width, double height) const;

 private:
  std::string body_;
};

/// A number with few digits: 0.0123, 1.5e-05, 1200.
std::string short_number(double value);

/// A colour of a sequential scale from white (0) to dark blue (1).
std::string shade(double share);

}  // namespace filigree::communities
