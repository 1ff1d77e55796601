#include "io/names_file.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "core/index.hpp"
#include "io/fields.hpp"
#include "io/keys.hpp"
#include "io/text_file.hpp"

namespace filigree::io {
namespace {

/// The text of a line without the line end of any system.
std::string_view name_in(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

/// Throws for what cannot be a name.
Strings read_lines(const TextFile& file, TextFile::Range range) {
  Strings names;
  file.for_lines(range, {}, [&](const TextFile::Chunk& chunk) {
    for (std::size_t begin = 0, end = 0; begin < chunk.lines.size(); begin = end + 1) {
      end = chunk.lines.find('\n', begin);
      const std::string_view name = name_in(chunk.lines.substr(begin, end - begin));
      if (name.empty()) file.fail(chunk.at + static_cast<Offset>(begin), "expected the name of a vertex");
      if (has_control_character(name))
        file.fail(chunk.at + static_cast<Offset>(begin), text("a control character in the name ", quoted(name)));
      names.push_back(name);
    }
    return true;
  });
  return names;
}

/// Whether a name is what std::to_string makes of an id.
bool is_plain_id(std::string_view name, Global& id) {
  return name.size() <= most_digits && parse_whole(name, id) && std::to_string(id) == name;
}

}  // namespace

std::string names_path(const std::string& path) { return path + ".names"; }

std::optional<VertexNames> read_names_beside(const Comm& comm, const std::string& path, const Partition& vertices) {
  const std::string beside = names_path(path);
  if (comm.broadcast(static_cast<int>(comm.is_root() && std::filesystem::exists(beside))) == 0) return std::nullopt;
  const TextFile file(comm, beside);
  Strings lines = comm.guard([&] { return read_lines(file, file.share(comm)); });
  const Offset first = comm.exclusive_sum(static_cast<Offset>(lines.size()));
  const Offset total = comm.sum(static_cast<Offset>(lines.size()));
  if (total != vertices.num_items()) {
    throw IoError(text(beside, ": has ", total, " lines for ", vertices.num_items(), " rows of ", path,
                       "; it does not belong to that file"));
  }
  if (const Global distinct = number_keys(comm, lines).total; distinct != total)
    throw IoError(text(beside, ": only ", distinct, " of its ", total, " names differ from each other"));

  std::vector<Global> ids(lines.size());
  bool all_ids = true;
  for (std::size_t i = 0; i < lines.size(); ++i) all_ids = all_ids && is_plain_id(lines[i], ids[i]);
  if (comm.min(static_cast<int>(all_ids)) != 0)
    return VertexNames(comm, vertices, deal_out(comm, ids, first, vertices));
  return VertexNames(comm, vertices, deal_out(comm, lines, first, vertices));
}

void write_lines(const Comm& comm, const VertexNames& names, TextWriter& file) {
  std::string lines;
  for (Local i = 0; i < static_cast<Local>(names.vertices().size(comm.rank())); ++i)
    lines += names.owned(comm, i) + '\n';
  file.write(lines);
}

void remove_names_beside(const Comm& comm, const std::string& path) {
  const std::string beside = names_path(path);
  comm.guard([&] {
    if (comm.is_root() && unlink(beside.c_str()) != 0 && errno != ENOENT)
      throw IoError(text(beside, ": cannot be removed: ", std::strerror(errno)));
  });
}

}  // namespace filigree::io
