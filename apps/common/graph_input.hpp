// A graph on the command line.
#pragma once

#include <string>

#include "app.hpp"
#include "filigree/io/integers.hpp"

namespace filigree::app {

/// The option that names a graph, and those that say how to read it.
class GraphInput {
 public:
  /// `options`: how it is read where the command line says nothing.
  explicit GraphInput(const io::ReadOptions& options = {}) : options_(options) {}
  /// `name`: of the option that takes the path, "--graph" or a positional "IN".
  void add_to(Command cli, const std::string& name = "--graph,GRAPH");
  /// Reads it, says what it met and describes it in the record. Collective.
  io::GraphFile load(App& program);
  /// Reads another file in the same way; the record does not describe it. Collective.
  io::GraphFile load(App& program, const std::string& path);
  /// The same of matrices of whole numbers. Collective.
  io::IntegerFile load_integers(App& program);
  io::IntegerFile load_integers(App& program, const std::string& path);
  const std::string& path() const { return path_; }
  const io::ReadOptions& options() const { return options_; }
  /// What the policy makes of duplicates: "left out" or "added up".
  std::string fate_of_duplicates(bool weighted) const;

 private:
  /// Has messages about arcs say what the file calls their vertices and, if it is an edge list, the line.
  void explain_arcs(App& program, const io::GraphFile& file) const;
  /// Says what reading met. Collective.
  template <class V>
  void note_file(App& program, const std::string& path, const io::MatrixFile<V>& file) const;

  std::string path_;
  io::ReadOptions options_;
};

}  // namespace filigree::app
