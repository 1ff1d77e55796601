// The files of a run: what it reads it does not write over, and it writes no file twice.
#pragma once

#include <string>
#include <vector>

#include "options.hpp"

namespace filigree::app {

/// What is wrong with the files that the command line names, as a usage error; "" if nothing is. Two names are one file
/// if they lead to the same one on disk, by links of any kind. Names beside
/// graphs count, too, and the arrays in folders. Not collective: rank 0 asks.
std::string conflict_of_files(const std::vector<OptionValue>& options);

/// Throws IoError if a file that the command line wants written could not be: better before hours of work than after
/// them. Removes what killed jobs left of these files, and returns lines that say so. Not collective: rank 0 asks.
std::vector<std::string> prepare_outputs(const std::vector<OptionValue>& options);

}  // namespace filigree::app
