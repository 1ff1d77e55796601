// Datasets that are not read, whatever they hold: files come from strangers, too.
#pragma once

#include <hdf5.h>

#include <string>

#include "filigree/core/types.hpp"

namespace filigree::io::hdf5 {

/// Why a dataset is refused, else an empty text: its elements are in other files (external or virtual storage), or a
/// filter of it is a plugin.
std::string refusal_of(hid_t dataset);

/// Why elements of it, of a file of `file_bytes`, are not read, else an empty text: it has many more of them than its
/// bytes can hold. To be asked before there is memory for them.
std::string false_claim_of(hid_t dataset, Offset file_bytes);

}  // namespace filigree::io::hdf5
