// GML: "graph [ directed 1 node [ id 1 label "a" ] edge [ source 1 target 2 weight 0.5 ] ]", nested lists of keys with
// values; unknown ones mean nothing here.
// Format: Himsolt, GML: a portable graph file format, University of Passau, 1997.
#include <algorithm>
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

/// What is wrong, and where.
struct Fault {
  std::size_t at;
  std::string what;
};

struct Token {
  enum class Kind { word, text, open, close, end } kind;
  std::string_view content;
  std::size_t at;
};

class Tokens {
 public:
  explicit Tokens(std::string_view text) : text_(text) {}

  Token next() {
    skip_space();
    const std::size_t begin = at_;
    if (at_ == text_.size()) return {Token::Kind::end, {}, begin};
    const char c = text_[at_];
    if (c == '[' || c == ']') {
      ++at_;
      return {c == '[' ? Token::Kind::open : Token::Kind::close, {}, begin};
    }
    if (c == '"') {
      const std::size_t end = text_.find('"', at_ + 1);
      if (end == std::string_view::npos)
        throw Fault{begin, "a text that begins with a quotation mark must end with one"};
      at_ = end + 1;
      return {Token::Kind::text, text_.substr(begin + 1, end - begin - 1), begin};
    }
    while (at_ < text_.size() && !is_space(text_[at_]) && text_[at_] != '[' && text_[at_] != ']' && text_[at_] != '"')
      ++at_;
    return {Token::Kind::word, text_.substr(begin, at_ - begin), begin};
  }

 private:
  static bool is_space(char c) { return is_blank(c) || c == '\n' || c == '\f' || c == '\v'; }
  /// Also comments: lines that begin with #.
  void skip_space() {
    while (at_ < text_.size()) {
      if (text_[at_] == '#') {
        at_ = std::min(text_.size(), text_.find('\n', at_));
      } else if (is_space(text_[at_])) {
        ++at_;
      } else {
        return;
      }
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

void append_utf8(std::string& out, unsigned code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += {static_cast<char>(0xc0 | code >> 6), static_cast<char>(0x80 | (code & 0x3f))};
  } else if (code < 0x10000) {
    out += {static_cast<char>(0xe0 | code >> 12), static_cast<char>(0x80 | (code >> 6 & 0x3f)),
            static_cast<char>(0x80 | (code & 0x3f))};
  } else {
    out += {static_cast<char>(0xf0 | code >> 18), static_cast<char>(0x80 | (code >> 12 & 0x3f)),
            static_cast<char>(0x80 | (code >> 6 & 0x3f)), static_cast<char>(0x80 | (code & 0x3f))};
  }
}

/// A text with its &amp; and &#228; replaced; other entities stay as they are.
std::string unescaped(std::string_view rest) {
  constexpr std::pair<std::string_view, char> entities[] = {
      {"amp", '&'}, {"quot", '"'}, {"lt", '<'}, {"gt", '>'}, {"apos", '\''}};
  std::string out;
  while (!rest.empty()) {
    const std::size_t end = rest.front() == '&' ? rest.find(';') : std::string_view::npos;
    const std::string_view entity = end == std::string_view::npos ? "" : rest.substr(1, end - 1);
    unsigned code = 0;
    for (const auto& [name, character] : entities) code = entity == name ? static_cast<unsigned char>(character) : code;
    if (entity.starts_with('#') && (!parse_whole(entity.substr(1), code) || code > 0x10ffff)) code = 0;
    if (code > 0)
      append_utf8(out, code);
    else
      out += rest.front();
    rest.remove_prefix(code > 0 ? end + 1 : 1);
  }
  return out;
}

class Gml {
 public:
  explicit Gml(const ReadOptions& options) : options_(options) {}

  /// Throws Fault.
  ParsedGraph parse(std::string_view whole) {
    Tokens tokens(whole);
    while (true) {
      const Token key = tokens.next();
      if (key.kind == Token::Kind::end) break;
      if (key.kind == Token::Kind::close) {
        close(key.at);
        continue;
      }
      if (key.kind != Token::Kind::word) throw Fault{key.at, "expected a key, a word"};
      const Token value = tokens.next();
      if (value.kind == Token::Kind::open)
        open(lower_case(key.content), key.at);
      else if (value.kind == Token::Kind::word || value.kind == Token::Kind::text)
        scalar(lower_case(key.content), value);
      else
        throw Fault{key.at, quoted(key.content) + " has no value"};
    }
    if (!lists_.empty()) throw Fault{whole.size(), "ends inside a list: a ] is missing"};
    if (!has_graph_) throw Fault{whole.size(), "expected graph [ ... ]; there is none"};
    return finish();
  }

 private:
  enum class List { graph, node, edge, other };
  struct Edge {
    Local from;
    Local to;
    double weight;
    std::size_t at;
  };

  bool in(List list) const { return !lists_.empty() && lists_.back() == list; }

  void open(const std::string& key, std::size_t at) {
    List list = List::other;
    if (lists_.empty() && key == "graph") {
      if (std::exchange(has_graph_, true)) throw Fault{at, "a second graph; only files of one are read"};
      list = List::graph;
    } else if (in(List::graph) && (key == "node" || key == "edge")) {
      list = key == "node" ? List::node : List::edge;
      id_ = label_ = source_ = target_ = std::nullopt;
      weight_ = value_ = std::nullopt;
    }
    lists_.push_back(list);
  }

  void scalar(const std::string& key, const Token& value) {
    if (in(List::graph) && key == "directed") {
      directed_ = value.content != "0";
    } else if (in(List::node) && key == "id") {
      id_ = value.content;
    } else if (in(List::node) && key == "label") {
      label_ = value.content;
    } else if (in(List::edge) && key == "source") {
      source_ = value.content;
    } else if (in(List::edge) && key == "target") {
      target_ = value.content;
    } else if (in(List::edge) && (key == "weight" || key == "value")) {
      try {
        (key == "weight" ? weight_ : value_) = parse_weight(value.content, options_);
      } catch (const Error& fault) {
        throw Fault{value.at, fault.what()};
      }
    }
  }

  void close(std::size_t at) {
    if (lists_.empty()) throw Fault{at, "a ] without its ["};
    if (in(List::node)) add_node(at);
    if (in(List::edge)) add_edge(at);
    lists_.pop_back();
  }

  void add_node(std::size_t at) {
    if (!id_) throw Fault{at, "a node without an id"};
    if (id_->empty() || has_control_character(*id_))
      throw Fault{at, text("an id that is empty or has control characters: ", quoted(*id_))};
    const auto vertex = z(ids_(*id_));
    if (vertex >= is_node_.size()) is_node_.resize(vertex + 1, false);
    if (is_node_[vertex]) throw Fault{at, text("a second node of id ", quoted(*id_))};
    is_node_[vertex] = true;
    order_.push_back(static_cast<Global>(vertex));
    if (label_) labels_.push_back(unescaped(*label_));
  }

  void add_edge(std::size_t at) {
    if (!source_ || !target_) throw Fault{at, "an edge without source and target"};
    const std::optional<double>& weight = weight_ ? weight_ : value_;
    has_weights_ = has_weights_ || weight;
    edges_.push_back({ids_(*source_), ids_(*target_), weight.value_or(1), at});
  }

  ParsedGraph finish() {
    ParsedGraph graph;
    graph.num_vertices = std::ssize(order_);
    graph.has_weights = has_weights_;
    std::vector<Global> number(ids_.keys().size(), -1);
    Strings names;
    for (Global vertex : order_) {
      number[z(vertex)] = static_cast<Global>(names.size());
      names.push_back(ids_.keys()[z(vertex)]);
    }
    for (const Edge& edge : edges_) {
      for (const Local end : {edge.from, edge.to}) {
        if (number[z(end)] < 0) throw Fault{edge.at, text("no node has the id ", quoted(ids_.keys()[z(end)]))};
      }
      graph.add(number[z(edge.from)], number[z(edge.to)], edge.weight, directed_ || options_.undirected);
    }
    take_labels(graph, labels_, std::move(names));
    return graph;
  }

  const ReadOptions& options_;
  std::vector<List> lists_;
  bool has_graph_ = false;
  bool directed_ = false;
  // Of the node or edge that is open.
  std::optional<std::string_view> id_, label_, source_, target_;
  std::optional<double> weight_, value_;

  Interner<Strings> ids_;
  std::vector<bool> is_node_;
  std::vector<Global> order_;  ///< of the nodes in the file, positions among the ids
  Strings labels_;
  std::vector<Edge> edges_;
  bool has_weights_ = false;
};

ParsedGraph parse(const TextFile& file, const ReadOptions& options) {
  std::string whole;
  Offset begin = 0;
  file.for_lines(file.all(), options.progress, [&](const TextFile::Chunk& chunk) {
    if (chunk.first) begin = chunk.at;
    whole += chunk.lines;
    return true;
  });
  try {
    return Gml(options).parse(whole);
  } catch (const Fault& fault) {
    const std::size_t last = whole.empty() ? 0 : whole.size() - 1;
    file.fail(begin + static_cast<Offset>(std::min(fault.at, last)), fault.what);
  }
}

}  // namespace

GraphFile read_gml(const Comm& comm, const std::string& path, const ReadOptions& options) {
  const TextFile file(comm, path, options.trust);
  ParsedGraph graph = comm.guard([&] { return comm.is_root() ? parse(file, options) : ParsedGraph(); });
  return distribute(comm, path, std::move(graph), options);
}

}  // namespace filigree::io
