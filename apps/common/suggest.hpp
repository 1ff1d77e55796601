// What was meant by a word that is not known.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace filigree::app {

/// "; did you mean WORD?" with the known word nearest to `unknown`: the same except in case, at most one or (from six
/// letters on) two letters wrong, missing, added or swapped, or the only one that begins with it. Else "".
std::string did_you_mean(std::string_view unknown, const std::vector<std::string>& known);

}  // namespace filigree::app
