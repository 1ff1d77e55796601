#include "filigree/io/read_text.hpp"

#include "io/text_file.hpp"

namespace filigree::io {

std::string read_text(const Comm& comm, const std::string& path) {
  return comm.broadcast(comm.guard([&] {
    std::string whole;
    if (!comm.is_root()) return whole;
    const TextFile file(Comm::self(), path);
    file.for_lines(file.all(), {}, [&](const TextFile::Chunk& chunk) {
      whole += chunk.lines;
      return true;
    });
    return whole;
  }));
}

}  // namespace filigree::io
