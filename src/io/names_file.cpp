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

/// Throws for what cannot be a name.
Strings read_lines(const TextFile& file, TextFile::Range range) {
  Strings names;
  file.for_each_line(range, [&](std::string_view line, Offset at) {
    if (line.ends_with('\r')) line.remove_suffix(1);  // lines end so on other systems
    if (line.empty()) file.fail(at, "expected the name of a vertex");
    if (has_control_character(line)) file.fail(at, text("a control character in the name ", quoted(line)));
    names.push_back(line);
    return true;
  });
  return names;
}

/// Whether a name is what std::to_string makes of an id.
bool is_plain_id(std::string_view name, Global& id) {
  return name.size() <= most_digits && parse_whole(name, id) && std::to_string(id) == name;
}

bool is_there(const std::string& path) {
  std::error_code failed;  // as for a name that is too long
  return std::filesystem::exists(path, failed);
}

/// A file of names, and this rank's lines.
struct NamesFile {
  NamesFile(const Comm& comm, const std::string& path)
      : file(comm, path), range(comm.guard([&] { return file.share(comm); })) {
    names.keys = comm.guard([&] { return read_lines(file, range); });
    names.first = comm.exclusive_sum(static_cast<Offset>(names.keys.size()));
    names.total = comm.sum(static_cast<Offset>(names.keys.size()));
  }

  /// Whether a line of the file, from 0, is one of this rank.
  bool has(Offset line) const { return names.first <= line && line < names.first + std::ssize(names.keys); }
  [[noreturn]] void fail_at(Offset line, const std::string& what) const {
    file.fail(file.find_line(range, line - names.first, [](std::string_view) { return true; }), what);
  }
  /// Throws IoError unless the keys of the lines, names or ids, differ. Collective.
  template <class Keys>
  void check_distinct(const Comm& comm, const Keys& keys) const {
    const NumberedKeys<Keys> numbered = number_keys(comm, keys);
    if (numbered.total == names.total) return;
    // Only to name the lines, all numbers go to all ranks.
    const std::vector<Global> numbers = all_gather(comm, numbered.number);
    comm.guard([&] {
      std::vector<Offset> first_line(z(numbered.total), -1);
      for (Offset line = 0; line < names.total; ++line) {
        Offset& before = first_line[z(numbers[z(line)])];
        if (before < 0) {
          before = line;
        } else if (has(line)) {
          fail_at(line, text("the name ", quoted(names.keys[z(line - names.first)]), " stands in line ", before + 1,
                             " already"));
        }
      }
    });
  }

  TextFile file;
  TextFile::Range range;
  VertexList<Strings> names;
};

}  // namespace

std::string names_path(const std::string& path) { return path + ".names"; }

std::optional<VertexNames> read_names_beside(const Comm& comm, const std::string& path, const Partition& vertices) {
  const std::string beside = names_path(path);
  if (comm.broadcast(static_cast<int>(comm.is_root() && is_there(beside))) == 0) return std::nullopt;
  const NamesFile file(comm, beside);
  const Strings& lines = file.names.keys;
  const Offset total = file.names.total;
  const Global num_rows = vertices.num_items();
  comm.guard([&] {
    if (total > num_rows && file.has(num_rows))
      file.fail_at(num_rows, text("one name more than the ", num_rows, " rows of the file beside it"));
    if (total < num_rows) {
      file.file.fail_at_end(
          text("ends after ", total, " of ", num_rows, " names, one for each row of the file beside it"));
    }
  });
  file.check_distinct(comm, lines);

  return names_in_order(comm, lines, vertices);
}

VertexNames names_in_order(const Comm& comm, const Strings& names, const Partition& vertices) {
  const Offset first = comm.exclusive_sum(static_cast<Offset>(names.size()));
  std::vector<Global> ids(names.size());
  bool all_ids = true;
  for (std::size_t i = 0; i < names.size(); ++i) all_ids = all_ids && is_plain_id(names[i], ids[i]);
  if (comm.min(static_cast<int>(all_ids)) != 0)
    return VertexNames(comm, vertices, deal_out(comm, ids, first, vertices));
  return VertexNames(comm, vertices, deal_out(comm, names, first, vertices));
}

void expect_plain(const Comm& comm, const VertexNames& names, const std::string& path) {
  if (names.kind() != VertexNames::Kind::texts) return;
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  comm.guard([&] {
    for (std::size_t i = 0; i < names.texts().size(); ++i) {
      const std::string_view name = names.texts()[i];
      const bool plain = !name.empty() && !has_control_character(name) && !name.starts_with(byte_order_mark);
      require(plain, path, ": vertex ", names.vertices().begin(comm.rank()) + static_cast<Global>(i), " is called ",
              quoted(name), "; in text files names are not empty and have no control characters; .h5 holds any");
    }
  });
}

VertexList<Strings> read_vertex_list(const Comm& comm, const std::string& path) {
  const NamesFile file(comm, path);
  file.check_distinct(comm, file.names.keys);
  return file.names;
}

VertexList<std::vector<Global>> read_vertex_ids(const Comm& comm, const std::string& path) {
  const NamesFile file(comm, path);
  std::vector<Global> ids(file.names.keys.size());
  comm.guard([&] {
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (!parse_whole(file.names.keys[i], ids[i])) {
        file.fail_at(file.names.first + static_cast<Offset>(i),
                     quoted(file.names.keys[i]) +
                         " is not a vertex id, a whole number, as the vertices of the edges are "
                         "(with --ids names all may be any text)");
      }
    }
  });
  file.check_distinct(comm, ids);
  return {std::move(ids), file.names.first, file.names.total};
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
