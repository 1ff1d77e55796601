#include "io/edges/layout.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "core/index.hpp"
#include "io/edges/heading.hpp"
#include "io/edges/line.hpp"
#include "io/edges/sample.hpp"

namespace filigree::io::edges {
namespace {

bool are_numbers(const Fields& fields, const Layout& layout) {
  const auto most = z(std::max(layout.source, layout.target));
  return fields.size() > most && is_number(fields[z(layout.source)]) && is_number(fields[z(layout.target)]);
}

/// Finds out the layout of a sample.
class Detection {
 public:
  Detection(const TextFile& file, const Sample& sample, const ReadOptions& options)
      : file_(file), options_(options), first_comment_(without_blanks(sample.first)), lines_(sample.data) {
    layout_.dialect.comments = options.comments == Comments::skip;
    layout_.lists = options.format == Format::adjacency;
    layout_.weighted = options.weights || !options.columns.weight.empty();
    says_bipartite_ = first_comment_ == "% bip" || first_comment_.starts_with("% bip ");
    // Where users say how vertices are numbered, the comment does not undo it.
    const bool numbered = !options.vertices.empty() || options.ids == Ids::keep;
    layout_.bipartite = options.bipartite || (says_bipartite_ && !numbered);
    find_heading(sample.last_comment);
    choose_columns();
    find_dialect();
    if (layout_.dialect.names && !layout_.lists) find_heading_above_numbers();
    if (options.ids == Ids::keep && layout_.dialect.names && !lines_.empty()) {
      file.fail(lines_.front().at, "vertices have names; only whole numbers can be kept as vertex numbers");
    }
    check_shape();
    check_weights();
  }

  const Layout& layout() const { return layout_; }
  std::vector<std::string> remarks() const;

 private:
  void find_heading(const std::optional<std::string>& last_comment);
  bool heads_edges(char separator) const;
  void skip_row_names(char separator);
  void choose_columns();
  void find_dialect();
  bool find_numbers();
  void find_names();
  void find_heading_above_numbers();
  void check_shape();
  void check_weights();
  std::vector<Fields> rows(const Dialect& dialect, std::size_t most) const;

  const TextFile& file_;
  const ReadOptions& options_;
  std::string first_comment_;
  bool says_bipartite_ = false;  ///< the first comment
  std::vector<Line> lines_;      ///< of data
  Fields heading_;
  Offset heading_at_ = -1;
  std::optional<FoundColumns> named_;  ///< by the heading
  std::optional<char> separator_;      ///< of the heading
  std::string edge_like_heading_;      ///< a first line of usual names that is read as an edge
  Layout layout_;
};

/// A heading is the first line of data or the comment right above it.
void Detection::find_heading(const std::optional<std::string>& last_comment) {
  const Columns& chosen = options_.columns;
  for (const auto* choice : {&chosen.source, &chosen.target, &chosen.weight}) {
    const std::optional<int> number = column_number(*choice);
    require(!number || *number >= 0, file_.path(), ": column ", *choice, ": columns count from 1");
  }
  require(chosen.source.empty() == chosen.target.empty(), file_.path(),
          ": a column was chosen for one vertex of an edge and not for the other (--source, --target)");
  if (lines_.empty() || layout_.lists) return;
  if (const std::optional<char> separator = separator_of(lines_.front().text)) {
    heading_ = fields_of(lines_.front().text, *separator);
    named_ = columns_of(heading_, chosen);
    if (named_ && !heads_edges(*separator)) {
      named_.reset();
      edge_like_heading_ = without_blanks(lines_.front().text);
      return;
    }
    const bool unnamed_first = heading_.size() >= 3 && heading_.front().empty() &&
                               std::ranges::none_of(heading_, [](const auto& field) { return is_number(field); });
    if (!named_ && unnamed_first) named_ = FoundColumns{1, 2, heading_.size() > 3 ? 3 : -1};
    if (named_) {
      if (lines_.size() > 1 && fields_of(lines_[1].text, *separator).size() > 1) separator_ = separator;
      heading_at_ = layout_.heading = lines_.front().at;
      lines_.erase(lines_.begin());
      skip_row_names(*separator);
      return;
    }
    if (last_comment) {
      const Fields first = heading_;
      const std::size_t begin = std::min(last_comment->find_first_not_of(" \t#%/"), last_comment->size());
      heading_ = fields_of(last_comment->substr(begin), *separator);
      if (heading_.size() == first.size()) named_ = columns_of(heading_, chosen);
      if (named_) return;
      heading_ = first;
    }
  }
  for (const auto* choice : {&chosen.source, &chosen.target, &chosen.weight}) {
    if (choice->empty() || column_number(*choice)) continue;
    file_.fail(lines_.front().at, text("expected a heading that has all columns chosen by name, as ", quoted(*choice),
                                       "; it has ", listed(heading_)));
  }
}

/// Whether the first line, which has the usual names, heads the lines below, and is not an edge of vertices so called.
bool Detection::heads_edges(char separator) const {
  const auto is_name = [](const std::string& choice) { return !choice.empty() && !column_number(choice); };
  const Columns& chosen = options_.columns;
  if (is_name(chosen.source) || is_name(chosen.target) || is_name(chosen.weight)) return true;
  const int source = column_number(chosen.source).value_or(named_->source);
  const int target = column_number(chosen.target).value_or(named_->target);
  // As edge lists are written whose first edge reads as a heading.
  const bool as_written = heading_[0] == "source" && heading_[1] == "target";
  if (as_written && lines_.size() > 1 && columns_of(fields_of(lines_[1].text, separator), chosen)) return true;
  std::set<std::string> words;
  for (const int column : {source, target})
    if (z(column) < heading_.size()) words.insert(heading_[z(column)]);
  for (auto line = lines_.begin() + 1; line < lines_.end(); ++line) {
    const Fields fields = fields_of(line->text, separator);
    for (const int column : {0, 1, source, target})
      if (z(column) < fields.size() && words.contains(fields[z(column)])) return false;
  }
  return true;
}

/// R writes names of rows without a heading of their own.
void Detection::skip_row_names(char separator) {
  if (lines_.empty() || fields_of(lines_.front().text, separator).size() != heading_.size() + 1) return;
  const Columns& chosen = options_.columns;
  if (have_row_names(lines_, separator)) {
    heading_.insert(heading_.begin(), "");
    for (int* column : {&named_->source, &named_->target, &named_->weight}) *column += *column >= 0 ? 1 : 0;
  } else if (!column_number(chosen.source) || !column_number(chosen.target)) {
    file_.fail(lines_.front().at,
               text("a field more than the heading has, ", listed(heading_),
                    ", so that it does not say which columns are meant; choose them by number (--source, --target)"));
  }
}

/// Those that are chosen, else those that the heading names, else the first ones.
void Detection::choose_columns() {
  const Columns& chosen = options_.columns;
  const FoundColumns named = named_.value_or(FoundColumns{});
  layout_.source = column_number(chosen.source).value_or(named.source >= 0 ? named.source : 0);
  layout_.target = column_number(chosen.target).value_or(named.target >= 0 ? named.target : 1);
  layout_.weight = column_number(chosen.weight)
                       .value_or(named.weight >= 0 ? named.weight : std::max(layout_.source, layout_.target) + 1);
  layout_.columns_known =
      !chosen.source.empty() || named.weight >= 0 || (named_ && (layout_.source != 0 || layout_.target != 1));
  if (layout_.source == layout_.target)
    throw InvalidArgument(text(file_.path(), ": column ", layout_.source + 1, " cannot be both source and target"));
}

/// The fields of the first lines of data.
std::vector<Fields> Detection::rows(const Dialect& dialect, std::size_t most) const {
  std::vector<Fields> rows;
  for (const Line& line : lines_) {
    if (rows.size() >= most) break;
    rows.push_back(fields_of(line.text, dialect));
  }
  return rows;
}

/// Numbers, unless names are asked for, or no line has numbers, or more lines than a header may have hold edges of
/// names before the first that does.
void Detection::find_dialect() {
  layout_.dialect.names = options_.ids == Ids::names || !find_numbers();
  if (layout_.dialect.names) find_names();
}

bool Detection::find_numbers() {
  constexpr int most_header_edges = 3;
  int edges_of_names = 0;
  bool any = false;
  for (const Line& line : lines_) {
    for (char separator : std::string_view(",;|\t ")) {
      if (separator_ && separator != *separator_ && (*separator_ != '\t' || separator != ' ')) continue;
      // Blanks and tabs between numbers are alike unless columns may be empty.
      if (separator == '\t' && !layout_.columns_known) continue;
      if (!are_numbers(fields_of(line.text, separator), layout_)) continue;
      layout_.dialect.separator = separator;
      return true;
    }
    const std::optional<char> separator = separator_ ? separator_ : separator_of(line.text);
    if (!separator) continue;
    any = true;
    const Fields fields = fields_of(line.text, *separator);
    if (fields.size() == 2 || (fields.size() > 2 && is_number(fields[2]))) ++edges_of_names;
    std::string blanks = line.text;
    std::ranges::replace_if(
        blanks, [](char c) { return separators.find(c) != std::string_view::npos; }, ' ');
    if (are_numbers(fields_of(blanks, ' '), layout_) && !layout_.columns_known)
      file_.fail(line.at, "fields stand between different separators; put the same between all of them");
    if (edges_of_names > most_header_edges) return false;
  }
  // A line of one vertex, or nothing at all.
  return !any && std::ranges::all_of(lines_, [](const Line& line) { return is_number(without_blanks(line.text)); });
}

/// Where lines may hold one vertex, whose name may have blanks: the separator that cuts most lines, blanks last. Else
/// the first that cuts all lines into equally many fields, else the first that cuts the first edge.
void Detection::find_names() {
  Dialect& dialect = layout_.dialect;
  const auto quotes_hold = [&](char separator) {
    if (std::string_view(",;|").find(separator) != std::string_view::npos) return true;
    const std::vector<Fields> quoted = rows({.separator = separator}, 100);
    return !lines_.empty() && without_blanks(lines_.front().text).starts_with('"') &&
           std::ranges::none_of(quoted, [](const Fields& fields) { return fields.empty(); });
  };
  const auto use = [&](char separator) {
    dialect.separator = separator;
    dialect.quotes = quotes_hold(separator);
  };
  if (separator_) return use(*separator_);
  if (options_.isolated_lines || layout_.lists) {
    std::ptrdiff_t most = 0;
    char best = ' ';
    for (char separator : std::string_view("\t;,|")) {
      const std::vector<Fields> all = rows({.separator = separator, .quotes = quotes_hold(separator)}, lines_.size());
      const auto cut = std::ranges::count_if(all, [](const Fields& fields) { return fields.size() >= 2; });
      if (cut > most) best = separator;
      most = std::max(most, cut);
    }
    return use(best);
  }
  for (char separator : separators) {
    const std::vector<Fields> all = rows({.separator = separator, .quotes = quotes_hold(separator)}, 100);
    const auto differs = [&](const Fields& fields) {
      return fields.size() < 2 || fields.size() != all.front().size() || fields[0].empty() || fields[1].empty();
    };
    if (!all.empty() && std::ranges::none_of(all, differs)) return use(separator);
  }
  for (const Line& line : lines_) {
    for (char separator : std::string_view("\t,;| ")) {
      const Fields fields = fields_of(line.text, Dialect{.separator = separator, .quotes = quotes_hold(separator)});
      if (fields.size() >= 2 && !fields[1].empty()) return use(separator);
    }
  }
  dialect.separator = '\t';
  dialect.quotes = false;
}

/// Where a column beside the vertices holds numbers in all lines but the first, the first heads the columns.
void Detection::find_heading_above_numbers() {
  if (named_ || lines_.size() < 2) return;
  const std::vector<Fields> all = rows(layout_.dialect, 100);
  if (std::ranges::any_of(all.front(), [](const auto& field) { return is_number(field); })) return;
  for (std::size_t column = 0; column < all.front().size(); ++column) {
    if (column == z(layout_.source) || column == z(layout_.target)) continue;
    const std::string lower = lower_case(all.front()[column]);
    if (lower.empty() || lower == "na" || lower == "nan" || lower == "null" || lower.starts_with('{')) continue;
    const auto has_number = [&](const Fields& fields) { return fields.size() > column && is_number(fields[column]); };
    if (!std::all_of(all.begin() + 1, all.end(), has_number)) continue;
    layout_.heading = lines_.front().at;
    heading_ = all.front();
    lines_.erase(lines_.begin());
    return;
  }
}

/// Whether rows look like lists of neighbours: the columns behind the second hold vertices of the first two.
void Detection::check_shape() {
  if (layout_.lists || layout_.columns_known || layout_.weighted || layout_.heading >= 0) return;
  if (std::ranges::any_of(lines_, [](const Line& line) { return has_stray_return(line.text); })) return;
  const std::vector<Fields> all = rows(layout_.dialect, 1000);
  std::set<std::string> vertices;
  for (const Fields& fields : all)
    vertices.insert(fields.begin(), fields.begin() + std::min<std::ptrdiff_t>(2, std::ssize(fields)));
  std::size_t least = all.empty() ? 0 : all.front().size();
  std::size_t most = least;
  std::size_t others = 0;
  std::size_t known = 0;
  for (const Fields& fields : all) {
    least = std::min(least, fields.size());
    most = std::max(most, fields.size());
    for (std::size_t i = 2; i < fields.size(); ++i) {
      ++others;
      known += vertices.contains(fields[i]) ? 1 : 0;
    }
  }
  layout_.maybe_lists = others > 0 && 2 * known > others;
  if (!layout_.maybe_lists || least == most || most < 4) return;
  const auto longest = std::ranges::max_element(all, {}, [](const Fields& fields) { return fields.size(); });
  file_.fail(
      lines_[z(longest - all.begin())].at,
      "rows of different length, as lists of neighbours have; --format adjacency reads them, --source 1 --target "
      "2 the first two columns as edges");
}

/// A weight must be where the heading puts it.
void Detection::check_weights() {
  if (!layout_.weighted || heading_at_ < 0 || lines_.empty() || !options_.columns.weight.empty()) return;
  const Fields first = fields_of(lines_.front().text, layout_.dialect);
  if (named_->weight >= 0 || (first.size() > z(layout_.weight) && is_weight(first[z(layout_.weight)], layout_))) return;
  file_.fail(heading_at_,
             text("no column of weights is known; columns are ", listed(heading_), ": choose with --weight"));
}

std::vector<std::string> Detection::remarks() const {
  std::vector<std::string> remarks;
  const auto column = [&](int number) {  // below a heading alone no column of weights is missed
    const std::string count = std::to_string(number + 1);
    return z(number) < heading_.size() ? text(quoted(heading_[z(number)]), " (", count, ")") : count;
  };
  const bool usual = layout_.source == 0 && layout_.target == 1 && (!layout_.weighted || layout_.weight == 2);
  if (named_ && options_.columns.source.empty() && !usual) {
    remarks.push_back(text("columns by the heading: source ", column(layout_.source), ", target ",
                           column(layout_.target), layout_.weighted ? ", weight " + column(layout_.weight) : ""));
  }
  if (named_ && named_->weight >= 0 && !layout_.weighted)
    remarks.push_back(text("the weights in column ", column(named_->weight), " are not read; --weights reads them"));
  if (!edge_like_heading_.empty()) {
    remarks.push_back(text(quoted(edge_like_heading_),
                           " is read as an edge, as vertices below have its names; if it heads the columns, choose "
                           "them by name (--source, --target)"));
  }
  if (says_bipartite_ && !layout_.bipartite) {
    remarks.push_back(
        text(quoted(first_comment_),
             " tells a bipartite graph; both columns are read as the same vertices nevertheless, as --ids "
             "keep and --vertices ask for"));
  }
  if (layout_.bipartite && !options_.bipartite) {
    remarks.push_back(text(quoted(first_comment_),
                           " tells a bipartite graph: vertices of the second column are others, "
                           "called to:1, to:2, ..., as with --bipartite"));
  }
  return remarks;
}

}  // namespace

Layout layout_of(const Comm& comm, const TextFile& file, const ReadOptions& options,
                 std::vector<std::string>& remarks) {
  Layout layout;
  std::string lines;
  comm.guard([&] {
    if (!comm.is_root()) return;
    const Detection detection(file, sample_of(file, options.comments == Comments::skip), options);
    layout = detection.layout();
    for (const std::string& remark : detection.remarks()) lines += remark + '\n';
  });
  layout = comm.broadcast(layout);
  for (std::string_view left = lines = comm.broadcast(lines); !left.empty();) {
    const std::size_t end = left.find('\n');
    remarks.emplace_back(left.substr(0, end));
    left.remove_prefix(end + 1);
  }
  return layout;
}

}  // namespace filigree::io::edges
