// Tests that run the programs as their users do.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "process.hpp"

namespace filigree::testing {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

inline int occurrences(const std::string& text, const std::string& what) {
  int count = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

/// "error: ..." and no more: without what a launcher adds.
inline std::string error_line(const std::string& err) {
  const auto at = err.find("error: ");
  return at == std::string::npos ? "" : err.substr(at, err.find('\n', at) - at);
}

/// Variables of the environment for a scope; "" takes one away.
class Environment {
 public:
  explicit Environment(const std::map<std::string, std::string>& variables) {
    for (const auto& [name, value] : variables) {
      const char* const old = std::getenv(name.c_str());
      before_.emplace_back(name, old == nullptr ? std::nullopt : std::optional<std::string>(old));
      value.empty() ? unsetenv(name.c_str()) : setenv(name.c_str(), value.c_str(), 1);
    }
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
  ~Environment() {
    for (const auto& [name, value] : before_) {
      value ? setenv(name.c_str(), value->c_str(), 1) : unsetenv(name.c_str());
    }
  }

 private:
  std::vector<std::pair<std::string, std::optional<std::string>>> before_;
};

/// Every test works in a folder of its own, which goes when it ends.
class Apps : public ::testing::Test {
 protected:
  Apps() {
    std::string pattern = (fs::temp_directory_path() / "filigree-apps-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make a temporary folder");
    folder_ = pattern;
  }
  ~Apps() override { fs::remove_all(folder_); }

  static Words command(int ranks, const std::string& program, const Words& arguments) {
    Words words;
    if (ranks > 0) words = {MPIEXEC, "-n", std::to_string(ranks)};
    words.push_back(std::string(PROGRAMS) + "/filigree-" + program);
    words.insert(words.end(), arguments.begin(), arguments.end());
    return words;
  }
  /// 0 ranks: without mpirun.
  Outcome run(int ranks, const std::string& program, const Words& arguments,
              const std::string& input = "/dev/null") const {
    return Process(command(ranks, program, arguments), folder_, input).wait();
  }
  /// The same, and it must succeed.
  Outcome done(int ranks, const std::string& program, const Words& arguments) const {
    const Outcome outcome = run(ranks, program, arguments);
    EXPECT_EQ(outcome.code, 0) << ::testing::PrintToString(command(ranks, program, arguments)) << "\n" << outcome.err;
    return outcome;
  }

  std::string write(const std::string& name, const std::string& content) const {
    std::ofstream(folder_ / name, std::ios::binary) << content;
    return name;
  }
  std::string read(const std::string& name) const { return bytes_of(folder_ / name); }
  /// What the folder holds besides the streams of the last run.
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_)) {
      const std::string name = entry.path().filename();
      if (name != "stdout" && name != "stderr") names.push_back(name);
    }
    return names;
  }
  bool has_partial_file() const {
    for (const std::string& name : files()) {
      if (name.ends_with(".partial")) return true;
    }
    return false;
  }

  /// Five vertices with gaps in their ids; 9 is dangling. A header, a comment, a duplicate and a loop.
  std::string small_graph() const {
    return write("g.txt", "from to\n# comment\n1 5\n1 9\n5 1\n5 20\n20 30\n30 1\n1 5\n30 30\n");
  }

  fs::path folder_;
};

}  // namespace filigree::testing
