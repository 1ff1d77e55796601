// Files in malformed/, each broken in one way: what readers say of them is in malformed/expected.tsv.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <sstream>

#include "io/reading.hpp"

namespace filigree::io {
namespace {

/// One line of expected.tsv.
struct Case {
  std::string file;
  std::string options;  ///< as filigree-convert takes them
  std::string message;
};

std::vector<Case> cases() {
  std::vector<Case> found;
  std::ifstream table(MALFORMED "/expected.tsv");
  for (std::string line; std::getline(table, line);) {
    std::istringstream fields(line);
    Case& next = found.emplace_back();
    std::getline(fields, next.file, '\t');
    std::getline(fields, next.options, '\t');
    std::getline(fields, next.message);
  }
  return found;
}

ReadOptions options_of(const Case& which) {
  ReadOptions options;
  std::istringstream words(which.options);
  for (std::string word, value; words >> word;) {
    if (word == "--weights") {
      options.weights = true;
    } else if (word == "--undirected") {
      options.undirected = true;
    } else if (words >> value; word == "--ids" && (value == "keep" || value == "names")) {
      options.ids = value == "keep" ? Ids::keep : Ids::names;
    } else if (word == "--duplicates" && value == "error") {
      options.policy.duplicates = Duplicates::error;
    } else if (word == "--format" && value == "mtx") {
      options.format = Format::matrix_market;
    } else {
      ADD_FAILURE() << which.file << ": unknown option " << word << ' ' << value;
    }
  }
  return options;
}

/// What reading throws, "" if it does not.
std::string message_of_reading(const Comm& comm, const Case& which) {
  const std::string path = std::string(MALFORMED "/") + which.file;
  try {
    read(comm, path, options_of(which));
  } catch (const IoError& fault) {
    return fault.what();
  } catch (const InvalidArgument& fault) {
    return fault.what();
  }
  return "";
}

TEST(Malformed, IsRefusedWithPathAndLine) {
  EXPECT_GE(cases().size(), 60U);
  for (const Case& which : cases()) {
    EXPECT_TRUE(which.message.starts_with(which.file)) << which.file;
    const std::string expected = std::string(MALFORMED "/") + which.message;
    EXPECT_EQ(message_of_reading(Comm::world(), which), expected);
    EXPECT_EQ(message_of_reading(Comm::self(), which), expected);
  }
}

TEST(Malformed, EveryFileIsTried) {
  std::set<std::string> tried{"README.md", "expected.tsv"};
  for (const Case& which : cases()) {
    EXPECT_TRUE(tried.insert(which.file).second) << which.file << " is tried twice";
    tried.insert(which.message.substr(0, which.message.find(':')));
  }
  std::set<std::string> there;
  for (const auto& entry : std::filesystem::directory_iterator(MALFORMED)) there.insert(entry.path().filename());
  EXPECT_EQ(tried, there);
}

}  // namespace
}  // namespace filigree::io
