// VertexNames: what vertices are called in the file they came from.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "filigree/core/comm.hpp"
#include "filigree/io/strings.hpp"
#include "filigree/matrix/partition.hpp"

#pragma GCC visibility push(default)
namespace filigree::io {

/// The name of every vertex, distributed like the rows of its graph. A name is the vertex number itself, an integer id,
/// or a text; no two vertices share one. Copies share what they hold.
class VertexNames {
 public:
  /// Every vertex is called by its number.
  explicit VertexNames(Partition vertices) : vertices_(std::move(vertices)) {}
  /// Integer ids or texts; one for each vertex that this rank owns.
  VertexNames(const Comm& comm, Partition vertices, std::vector<Global> ids);
  VertexNames(const Comm& comm, Partition vertices, Strings texts);

  const Partition& vertices() const { return vertices_; }
  enum class Kind { numbers, ids, texts };
  Kind kind() const { return kind_; }
  /// Names of the owned vertices if kind() is ids.
  const std::vector<Global>& ids() const { return *ids_; }
  /// Names of the owned vertices if kind() is texts.
  const Strings& texts() const { return *texts_; }

  /// The name of vertex first_owned + i of the calling rank. Not collective.
  std::string owned(const Comm& comm, Local i) const;
  /// Names of any vertices, in their order; each rank may ask for others. Throws InvalidArgument for numbers outside
  /// [0, n). Collective. Moves the names asked for once.
  std::vector<std::string> fetch(const Comm& comm, std::span<const Global> vertices) const;
  /// The vertices with these names, in their order; each rank may ask for others. Throws InvalidArgument for a name
  /// that no vertex has. Collective. Cost: a pass over the owned names, and the names asked for on every rank: made for
  /// queries, not for whole graphs.
  std::vector<Global> find(const Comm& comm, std::span<const std::string> names) const;

 private:
  Kind kind_ = Kind::numbers;
  Partition vertices_;
  std::shared_ptr<const std::vector<Global>> ids_ = std::make_shared<std::vector<Global>>();
  std::shared_ptr<const Strings> texts_ = std::make_shared<Strings>();
};

}  // namespace filigree::io
#pragma GCC visibility pop
