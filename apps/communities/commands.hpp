// The commands of filigree-communities.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "app.hpp"
#include "filigree/communities.hpp"
#include "graph_input.hpp"
#include "outputs.hpp"

namespace filigree::app {

class DetectCommand {
 public:
  explicit DetectCommand(App& program);
  bool given() const { return command_.given(); }
  void run(App& program);

 private:
  communities::Detected make_tree(const io::GraphFile& file);
  void report(App& program, const communities::Detected& found, Global num_vertices);

  Command command_;
  GraphInput input_;
  communities::DetectOptions options_;
  TreeOutputs outputs_;
  std::string labels_;
  bool log_weights_ = false;
};

class CutCommand {
 public:
  explicit CutCommand(App& program);
  bool given() const { return command_.given(); }
  void run(App& program);

 private:
  Command command_;
  std::string tree_;
  std::optional<Global> level_, clusters_;
  std::optional<double> height_;
  std::optional<Offset> min_size_, max_size_;
};

class CompareCommand {
 public:
  explicit CompareCommand(App& program);
  bool given() const { return command_.given(); }
  void run(App& program);

 private:
  Command command_;
  std::string tree_, truth_;
  std::vector<int> columns_;
};

/// A tree and the names of its vertices. Collective.
struct TreeFile {
  communities::Tree tree;
  io::VertexNames names;
};
TreeFile load_tree(App& program, const std::string& path);

}  // namespace filigree::app
