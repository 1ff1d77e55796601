// Formats that filigree does not read: recognised, so that a message can say what to do instead.
#pragma once

#include <string>

#include "io/detect/head.hpp"

namespace filigree::io {

/// What is certain of a file that begins so, "" if nothing is: "is a tar archive: unpack it".
std::string foreign_content(const Head& head, const std::string& path);
/// The same by the extension of a path, for formats whose content may look like an edge list.
std::string foreign_extension(const std::string& path);

}  // namespace filigree::io
