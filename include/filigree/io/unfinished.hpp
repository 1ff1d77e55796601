// For programs: what to do with files that are being written when a signal ends them.
#pragma once

namespace filigree::io {

/// Removes the temporary files of everything this process is writing at the moment. For signal handlers: it calls only
/// what those may call. Not collective; the process should end after it.
void remove_unfinished_files() noexcept;

}  // namespace filigree::io
