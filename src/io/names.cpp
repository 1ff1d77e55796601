#include "filigree/io/names.hpp"

#include <algorithm>
#include <charconv>
#include <functional>
#include <unordered_map>

#include "core/mailbox.hpp"
#include "io/fields.hpp"
#include "io/keys.hpp"

namespace filigree::io {
namespace {

void check_count(const Comm& comm, const Partition& vertices, std::size_t count) {
  comm.guard([&] {
    require(static_cast<Global>(count) == vertices.size(comm.rank()), "rank ", comm.rank(), " has ", count,
            " vertex names for ", vertices.size(comm.rank()), " vertices");
  });
}

}  // namespace

VertexNames::VertexNames(const Comm& comm, Partition vertices, std::vector<Global> ids)
    : kind_(Kind::ids), vertices_(std::move(vertices)), ids_(std::make_shared<std::vector<Global>>(std::move(ids))) {
  check_count(comm, vertices_, ids_->size());
}

VertexNames::VertexNames(const Comm& comm, Partition vertices, Strings texts)
    : kind_(Kind::texts), vertices_(std::move(vertices)), texts_(std::make_shared<Strings>(std::move(texts))) {
  check_count(comm, vertices_, texts_->size());
}

std::string VertexNames::owned(const Comm& comm, Local i) const {
  switch (kind_) {
    case Kind::ids: return std::to_string(ids()[z(i)]);
    case Kind::texts: return std::string(texts()[z(i)]);
    case Kind::numbers: break;
  }
  return std::to_string(vertices_.begin(comm.rank()) + i);
}

std::vector<std::string> VertexNames::fetch(const Comm& comm, std::span<const Global> vertices) const {
  comm.guard([&] {
    for (Global vertex : vertices) {
      require(vertex >= 0 && vertex < vertices_.num_items(), "vertex ", vertex, " must be in [0, ",
              vertices_.num_items(), ")");
    }
  });
  // Questions to the owners, in the order of the vertices; the answers come back in the same order.
  const RankOrder by_owner(comm.size(), std::ssize(vertices),
                           [&](Offset i) { return vertices_.owner(vertices[z(i)]); });
  const std::vector<Global> asked = by_owner.apply(vertices);
  const Received<Global> questions = comm.all_to_all(asked, by_owner.counts);
  Strings answers;
  for (Global vertex : questions.values) {
    answers.push_back(owned(comm, static_cast<Local>(vertex - vertices_.begin(comm.rank()))));
  }
  const Strings arrived = all_to_all(comm, answers, questions.counts).keys;
  std::vector<std::string> names(vertices.size());
  for (std::size_t k = 0; k < names.size(); ++k) names[z(by_owner.order[k])] = arrived[k];
  return names;
}

std::vector<Global> VertexNames::find(const Comm& comm, std::span<const std::string> names) const {
  Strings mine;
  for (const std::string& name : names) mine.push_back(name);
  const Offset before = comm.exclusive_sum(static_cast<Offset>(names.size()));
  const Strings asked = all_gather(comm, mine);

  std::vector<Global> found(asked.size(), -1);
  const Global first = vertices_.begin(comm.rank());
  if (kind_ == Kind::texts) {
    std::unordered_multimap<std::string_view, std::size_t> questions;
    for (std::size_t q = 0; q < asked.size(); ++q) questions.emplace(asked[q], q);
    for (std::size_t i = 0; i < texts().size(); ++i) {
      const auto [begin, end] = questions.equal_range(texts()[i]);
      for (auto question = begin; question != end; ++question) found[question->second] = first + static_cast<Global>(i);
    }
  } else {
    std::unordered_multimap<Global, std::size_t> questions;
    for (std::size_t q = 0; q < asked.size(); ++q) {
      if (Global id = 0; parse_whole(asked[q], id)) questions.emplace(id, q);
    }
    for (Global i = 0; i < vertices_.size(comm.rank()); ++i) {
      const auto [begin, end] = questions.equal_range(kind_ == Kind::ids ? ids()[z(i)] : first + i);
      for (auto question = begin; question != end; ++question) found[question->second] = first + i;
    }
  }
  comm.max(found);
  found.erase(found.begin(), found.begin() + before);
  found.resize(names.size());
  comm.guard([&] {
    for (std::size_t i = 0; i < names.size(); ++i) require(found[i] >= 0, "no vertex is called ", quoted(names[i]));
  });
  return found;
}

}  // namespace filigree::io
