// GraphML, parsed by expat: nodes, edges, and the values that edges have for the key "weight". Other attributes are
// left out. A document type is refused: it may define entities, and no file but the given one is read. Format: Brandes,
// Eiglsperger, Herman, Himsolt, Marshall, GraphML progress report, Graph Drawing 2001.
#include <expat.h>

#include <memory>
#include <optional>
#include <utility>

#include "core/index.hpp"
#include "io/fields.hpp"
#include "io/formats.hpp"
#include "io/interner.hpp"
#include "io/serial/parsed_graph.hpp"
#include "io/text_file.hpp"

namespace filigree::io {
namespace {

class GraphMl {
 public:
  GraphMl(const TextFile& file, const ReadOptions& options)
      : file_(file), options_(options), parser_(XML_ParserCreate(nullptr), XML_ParserFree) {
    if (!parser_) throw std::bad_alloc();
    XML_SetUserData(parser_.get(), this);
    XML_SetElementHandler(
        parser_.get(),
        [](void* self, const char* name, const char** attributes) {
          static_cast<GraphMl*>(self)->guarded([&](GraphMl& to) { to.begin(local(name), attributes); });
        },
        [](void* self, const char* name) {
          static_cast<GraphMl*>(self)->guarded([&](GraphMl& to) { to.end(local(name)); });
        });
    XML_SetCharacterDataHandler(parser_.get(), [](void* self, const char* text, int length) {
      static_cast<GraphMl*>(self)->guarded([&](GraphMl& to) {
        if (to.collects_) to.text_.append(text, static_cast<std::size_t>(length));
      });
    });
    XML_SetStartDoctypeDeclHandler(parser_.get(), [](void* self, const char*, const char*, const char*, int) {
      static_cast<GraphMl*>(self)->guarded(
          [](GraphMl&) { throw Error("a document type (<!DOCTYPE ...>) is not read: delete it"); });
    });
  }

  ParsedGraph parse() {
    file_.for_lines(file_.all(), options_.progress, [&](const TextFile::Chunk& chunk) {
      if (chunk.first) first_ = chunk.at;
      // A file may be one line; expat counts bytes in int.
      constexpr std::size_t most = std::size_t{1} << 20;
      for (std::string_view left = chunk.lines; !left.empty(); left.remove_prefix(std::min(most, left.size())))
        feed(left.substr(0, most), false);
      return true;
    });
    feed({}, true);
    return finish();
  }

 private:
  /// The name of an element without the prefix of a namespace.
  static std::string_view local(std::string_view name) {
    const std::size_t colon = name.find(':');
    return colon == std::string_view::npos ? name : name.substr(colon + 1);
  }

  /// No exception may pass through expat: runs f and keeps what it throws for feed().
  template <class F>
  void guarded(F f) {
    if (fault_) return;
    try {
      f(*this);
    } catch (...) {
      fault_ = std::current_exception();
      XML_StopParser(parser_.get(), XML_FALSE);
    }
  }

  void feed(std::string_view bytes, bool last) {
    const XML_Status status = XML_Parse(parser_.get(), bytes.data(), static_cast<int>(bytes.size()), last ? 1 : 0);
    if (status != XML_STATUS_ERROR) return;
    const Offset at = first_ + std::max<Offset>(0, XML_GetCurrentByteIndex(parser_.get()));
    try {
      if (fault_) std::rethrow_exception(fault_);
    } catch (const Error& fault) {
      file_.fail(at, fault.what());
    }
    if (last) file_.fail_at_end(text("ends too early: ", XML_ErrorString(XML_GetErrorCode(parser_.get()))));
    file_.fail(at, text("is no XML as it should be: ", XML_ErrorString(XML_GetErrorCode(parser_.get()))));
  }

  static std::optional<std::string_view> attribute(const char** attributes, std::string_view name) {
    for (; *attributes != nullptr; attributes += 2) {
      if (name == attributes[0]) return attributes[1];
    }
    return std::nullopt;
  }
  static std::string_view required(const char** attributes, std::string_view element, std::string_view name) {
    const auto value = attribute(attributes, name);
    if (!value) throw Error(text("<", element, "> without ", name));
    return *value;
  }

  void begin(std::string_view element, const char** attributes) {
    if (std::exchange(is_first_, false) && element != "graphml") throw Error(text("<", element, "> is no GraphML"));
    if (element == "key") return begin_key(attributes);
    if (element == "graph") {
      if (std::exchange(has_graph_, true)) throw Error("a second graph; only files of one are read");
      directed_ = attribute(attributes, "edgedefault").value_or("directed") != "undirected";
    } else if (element == "node") {
      add_node(required(attributes, element, "id"));
    } else if (element == "edge") {
      if (edge_) throw Error("an <edge> inside of an <edge>");
      if (!has_graph_) throw Error("<edge> outside of <graph>");
      edge_ = Edge{ids_(required(attributes, element, "source")), ids_(required(attributes, element, "target")),
                   attribute(attributes, "directed").value_or(directed_ ? "true" : "false") == "true", weight_default_};
    } else if (element == "data") {
      collects_ = edge_ && weight_key_ && attribute(attributes, "key") == *weight_key_;
    } else if (element == "default") {
      collects_ = in_weight_key_;
    } else if (element == "hyperedge") {
      throw Error("a hyperedge; only edges between two vertices are read");
    }
    text_.clear();
  }

  void end(std::string_view element) {
    if (element == "key") {
      in_weight_key_ = false;
    } else if (element == "edge") {
      has_weights_ = has_weights_ || edge_->weight;
      edges_.push_back(*edge_);
      edge_.reset();
    } else if (collects_ && element == "data") {
      edge_->weight = parse_weight(text_, options_);
    } else if (collects_ && element == "default") {
      weight_default_ = parse_weight(text_, options_);
    }
    if (element == "data" || element == "default") collects_ = false;
  }

  void begin_key(const char** attributes) {
    const std::string_view id = required(attributes, "key", "id");
    const std::string_view kind = attribute(attributes, "for").value_or("all");
    const std::string_view name = attribute(attributes, "attr.name").value_or(id);
    in_weight_key_ = !weight_key_ && (kind == "edge" || kind == "all") && lower_case(name) == "weight";
    if (in_weight_key_)
      weight_key_ = id;
    else
      left_out_ += (left_out_.empty() ? "" : ", ") + quoted(name);
  }

  void add_node(std::string_view id) {
    if (!has_graph_) throw Error("<node> outside of <graph>");
    if (id.empty() || has_control_character(id))
      throw Error(text("an id that is empty or has control characters: ", quoted(id)));
    const auto vertex = z(ids_(id));
    if (vertex >= is_node_.size()) is_node_.resize(vertex + 1, false);
    if (is_node_[vertex]) throw Error(text("a second node of id ", quoted(id)));
    is_node_[vertex] = true;
    order_.push_back(static_cast<Global>(vertex));
  }

  ParsedGraph finish() {
    ParsedGraph graph;
    graph.num_vertices = std::ssize(order_);
    graph.has_weights = has_weights_;
    std::vector<Global> number(ids_.keys().size(), -1);
    for (const Global vertex : order_) {
      number[z(vertex)] = static_cast<Global>(graph.names.size());
      graph.names.push_back(ids_.keys()[z(vertex)]);
    }
    for (const Edge& edge : edges_) {
      for (const Local end : {edge.from, edge.to}) {
        if (number[z(end)] < 0)
          throw IoError(
              text(file_.path(), ": an edge has the end ", quoted(ids_.keys()[z(end)]), ", and no node has this id"));
      }
      graph.add(number[z(edge.from)], number[z(edge.to)], edge.weight.value_or(1),
                edge.directed || options_.undirected);
    }
    if (!left_out_.empty()) graph.remarks.push_back("left out attributes of vertices and edges: " + left_out_);
    return graph;
  }

  struct Edge {
    Local from;
    Local to;
    bool directed;
    std::optional<double> weight;
  };

  const TextFile& file_;
  const ReadOptions& options_;
  std::unique_ptr<XML_ParserStruct, void (*)(XML_Parser)> parser_;
  std::exception_ptr fault_;
  Offset first_ = 0;  ///< byte of the text at which parsing began

  bool is_first_ = true;
  bool has_graph_ = false;
  bool directed_ = true;
  std::optional<std::string> weight_key_;
  std::optional<double> weight_default_;
  bool in_weight_key_ = false;
  bool collects_ = false;  ///< the text of the element that is open matters
  std::string text_;
  std::optional<Edge> edge_;
  std::string left_out_;

  Interner<Strings> ids_;
  std::vector<bool> is_node_;
  std::vector<Global> order_;  ///< of the nodes in the file, positions among the ids
  std::vector<Edge> edges_;
  bool has_weights_ = false;
};

}  // namespace

GraphFile read_graphml(const Comm& comm, const std::string& path, const ReadOptions& options) {
  const TextFile file(comm, path, options.trust);
  ParsedGraph graph = comm.guard([&] { return comm.is_root() ? GraphMl(file, options).parse() : ParsedGraph(); });
  return distribute(comm, path, std::move(graph), options);
}

}  // namespace filigree::io
