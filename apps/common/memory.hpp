// How much memory a run takes.
#pragma once

#include "filigree/core/types.hpp"

namespace filigree::app {

/// Makes the peak of this process's memory count from now on (Linux; elsewhere it counts from the start).
void reset_peak_memory();
/// The peak resident memory of this process since then; 0 where the system does not report it.
Offset peak_memory_bytes();

}  // namespace filigree::app
