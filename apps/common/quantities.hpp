// Quantities as people read them: three digits and a unit.
#pragma once

#include <string>

#include "filigree/core/types.hpp"

namespace filigree::app {

/// "999", "34.8 M", "1.2 G".
std::string short_number(double number);
/// "34.8 M walks", "1 walk".
std::string short_count(double number, const std::string& one, const std::string& many);
/// "290 MB", "1.1 GB"; units of 1000.
std::string short_bytes(double bytes);
/// "0.134 ms", "21.4 s", "342 s".
std::string short_seconds(double seconds);

}  // namespace filigree::app
