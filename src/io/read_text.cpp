#include "filigree/io/read_text.hpp"

#include <optional>

#include "io/spool.hpp"
#include "io/text_file.hpp"

namespace filigree::io {

std::string read_text(const Comm& comm, const std::string& path) {
  return comm.broadcast(comm.guard([&] {
    std::string whole;
    if (!comm.is_root()) return whole;
    std::optional<Spool> spool;
    if (is_stream(Comm::self(), path)) spool.emplace(Comm::self(), path);
    const TextFile file(Comm::self(), spool ? spool->path() : path);
    file.for_lines(file.all(), {}, [&](const TextFile::Chunk& chunk) {
      whole += chunk.lines;
      return true;
    });
    return whole;
  }));
}

}  // namespace filigree::io
