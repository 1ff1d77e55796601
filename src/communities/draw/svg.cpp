#include "communities/draw/svg.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <iomanip>
#include <sstream>

namespace filigree::communities {
namespace {

/// A coordinate, to a hundredth of a pixel.
std::string at(double pixels) {
  std::ostringstream out;
  out << std::round(pixels * 100) / 100;
  return out.str();
}

/// Bytes of the character that begins a text in UTF-8 and may stand in XML; 0 = there is none.
std::size_t length_of_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const unsigned first = byte(0);
  if (first < 0x80) return first < 0x20 || first == 0x7f ? 0 : 1;
  const std::size_t length = first >= 0xc2 && first < 0xe0 ? 2 : first >= 0xe0 && first < 0xf0 ? 3 : 4;
  if (first < 0xc2 || first > 0xf4) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xc0U) != 0x80) return 0;
  // Longer than need be, surrogates, beyond the last code point, and two that XML forbids.
  if ((first == 0xe0 && byte(1) < 0xa0) || (first == 0xed && byte(1) >= 0xa0)) return 0;
  if ((first == 0xf0 && byte(1) < 0x90) || (first == 0xf4 && byte(1) >= 0x90)) return 0;
  return text.starts_with("\xef\xbf\xbe") || text.starts_with("\xef\xbf\xbf") ? 0 : length;
}

/// Text as XML holds it; what is not printable or not UTF-8 is "?".
std::string escaped(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = length_of_character(text);
    switch (text.front()) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += length == 0 ? "?" : text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

}  // namespace

void Svg::line(double x1, double y1, double x2, double y2, std::string_view colour, double width) {
  body_ += "<line x1=\"" + at(x1) + "\" y1=\"" + at(y1) + "\" x2=\"" + at(x2) + "\" y2=\"" + at(y2) + "\" stroke=\"" +
           std::string(colour) + "\" stroke-width=\"" + at(width) + "\" stroke-linecap=\"square\"/>\n";
}

void Svg::rectangle(double x, double y, double width, double height, std::string_view fill, std::string_view tooltip) {
  body_ += "<rect x=\"" + at(x) + "\" y=\"" + at(y) + "\" width=\"" + at(width) + "\" height=\"" + at(height) +
           "\" fill=\"" + std::string(fill) + "\"";
  body_ += tooltip.empty() ? "/>\n" : "><title>" + escaped(tooltip) + "</title></rect>\n";
}

void Svg::label(double x, double y, double size, std::string_view text, Anchor anchor, std::string_view colour,
                bool turned) {
  constexpr std::array<const char*, 3> anchors{"start", "middle", "end"};
  body_ += "<text x=\"" + at(x) + "\" y=\"" + at(y) + "\" font-size=\"" + at(size) + "\" text-anchor=\"" +
           anchors[static_cast<std::size_t>(anchor)] + "\" fill=\"" + std::string(colour) + "\"";
  if (turned) body_ += " transform=\"rotate(-90 " + at(x) + " " + at(y) + ")\"";
  body_ += ">" + escaped(text) + "</text>\n";
}

std::string Svg::finish(double width, double height) const {
  const std::string size = "width=\"" + at(width) + "\" height=\"" + at(height) + "\"";
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" " + size +
         " viewBox=\"0 0 " + at(width) + " " + at(height) +
         "\" font-family=\"DejaVu Sans, Helvetica, Arial, sans-serif\">\n<rect " + size + " fill=\"#ffffff\"/>\n" +
         body_ + "</svg>\n";
}

std::string short_number(double value) {
  std::ostringstream out;
  out << std::setprecision(3) << value;
  return out.str();
}

std::string shade(double share) {
  constexpr std::array<std::array<double, 3>, 6> stops{
      {{247, 251, 255}, {208, 225, 242}, {148, 196, 223}, {74, 152, 201}, {23, 100, 171}, {8, 48, 107}}};
  const double position = std::clamp(share, 0.0, 1.0) * (stops.size() - 1);
  const auto low = std::min(static_cast<std::size_t>(position), stops.size() - 2);
  std::ostringstream out;
  out << '#' << std::hex << std::setfill('0');
  for (std::size_t i = 0; i < 3; ++i) {
    const double mixed = stops[low][i] + (position - static_cast<double>(low)) * (stops[low + 1][i] - stops[low][i]);
    out << std::setw(2) << static_cast<int>(std::lround(mixed));
  }
  return out.str();
}

}  // namespace filigree::communities
