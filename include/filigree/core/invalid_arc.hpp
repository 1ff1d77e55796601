// InvalidArc: an arc that an algorithm or a format cannot take.
#pragma once

#include <string>
#include <utility>

#include "filigree/core/error.hpp"
#include "filigree/core/types.hpp"

#pragma GCC visibility push(default)
namespace filigree {

/// The message is `before`, the arc as "from -> to" (or one vertex), `after`. Vertices are numbers here; programs say
/// what their file calls them. Comm::guard passes it to all ranks as it is.
struct InvalidArc : InvalidArgument {
  InvalidArc(std::string before_arc, Global from_vertex, Global to_vertex, std::string after_arc)
      : InvalidArgument(text(before_arc, from_vertex, " -> ", to_vertex, after_arc)),
        before(std::move(before_arc)),
        after(std::move(after_arc)),
        from(from_vertex),
        to(to_vertex) {}
  /// One vertex: `to` is -1.
  InvalidArc(std::string before_vertex, Global vertex, std::string after_vertex)
      : InvalidArgument(text(before_vertex, vertex, after_vertex)),
        before(std::move(before_vertex)),
        after(std::move(after_vertex)),
        from(vertex) {}

  std::string before;
  std::string after;
  Global from;
  Global to = -1;
};

}  // namespace filigree
#pragma GCC visibility pop
