// Reading files in tests: on all ranks together and on one alone, compared.
#pragma once

#include <gtest/gtest.h>

#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "filigree/io/read.hpp"
#include "support/files.hpp"
#include "support/matrices.hpp"

namespace filigree::testing {

/// A file as it was read, whole on every rank.
struct Content {
  Global num_rows = 0;
  Global num_cols = 0;
  GlobalMatrix<double> matrix;
  bool has_values = false;
  std::vector<std::string> names;
  io::ReadReport report;
};

/// Collective.
inline Content content_of(const io::GraphFile& file) {
  const Comm& comm = file.graph.comm();
  expect_well_formed(file.graph);
  Content content{file.graph.num_rows(), file.graph.num_cols(), whole(file.graph), false, {}, file.report};
  content.has_values = file.graph.has_values();
  std::vector<Global> all(static_cast<std::size_t>(content.num_rows));
  std::iota(all.begin(), all.end(), Global{0});
  content.names = file.names.fetch(comm, all);
  return content;
}

inline void expect_same(const Content& a, const Content& b) {
  EXPECT_EQ(a.num_rows, b.num_rows);
  EXPECT_EQ(a.num_cols, b.num_cols);
  EXPECT_TRUE(a.matrix == b.matrix);
  EXPECT_EQ(a.has_values, b.has_values);
  EXPECT_EQ(a.names, b.names);
  EXPECT_EQ(a.report.format, b.report.format);
  EXPECT_EQ(a.report.header_lines, b.report.header_lines);
  EXPECT_EQ(a.report.comment_lines, b.report.comment_lines);
  EXPECT_EQ(a.report.remarks, b.report.remarks);
  EXPECT_EQ(a.report.entries.duplicates, b.report.entries.duplicates);
  EXPECT_EQ(a.report.entries.loops, b.report.entries.loops);
  EXPECT_EQ(a.report.hash, b.report.hash);
}

/// Reads a file on all ranks and on each alone; expects the same. Collective.
inline Content read_on_any_ranks(const std::string& path, const io::ReadOptions& options = {}) {
  Content together = content_of(io::read(Comm::world(), path, options));
  expect_same(together, content_of(io::read(Comm::self(), path, options)));
  return together;
}

/// The same for a file with these bytes.
inline Content read_bytes(std::string_view bytes, const std::string& name, const io::ReadOptions& options = {}) {
  const TempFolder folder(Comm::world());
  return read_on_any_ranks(folder.write(name, bytes), options);
}

/// Why a file with these bytes cannot be read, "" if it can; without its folder. One message on any ranks. Collective.
inline std::string why_not(std::string_view bytes, const std::string& name, const io::ReadOptions& options = {}) {
  const TempFolder folder(Comm::world());
  const std::string path = folder.write(name, bytes);
  const std::string together = message_of<IoError>([&] { io::read(Comm::world(), path, options); });
  EXPECT_EQ(together, message_of<IoError>([&] { io::read(Comm::self(), path, options); }));
  const std::string before = folder.path() + "/";
  return together.starts_with(before) ? together.substr(before.size()) : together;
}

}  // namespace filigree::testing
