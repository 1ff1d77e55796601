#include "ppr/slice_file.hpp"

#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cerrno>
#include <cstring>

namespace filigree::ppr {
namespace {

/// Which build the slices are of.
struct Header {
  char kind[24] = "filigree ppr slices";
  std::int64_t version = 1;
  std::uint64_t graph_hash;
  std::uint64_t seed;
  double teleport;
  std::int64_t estimator;
  std::int64_t num_vertices;
  std::int64_t first_row;
  std::int64_t num_rows;
  std::int64_t slice_rows;
  std::uint64_t walks_hash;  // of R of every row
};
static_assert(sizeof(Header) == 24 + 10 * 8, "no bytes between the fields: headers are compared as a whole");

struct SliceHeader {
  std::int64_t num_rows;
  std::int64_t num_bytes;
  std::int64_t num_visits;
  std::uint64_t hash;  // of all that follows
};

std::uint64_t hash_of(std::span<const std::uint32_t> row_bytes, std::span<const float> deviation,
                      std::span<const std::uint8_t> bytes) {
  std::uint64_t hash = XXH3_64bits(row_bytes.data(), row_bytes.size_bytes());
  hash = XXH3_64bits_withSeed(deviation.data(), deviation.size_bytes(), hash);
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), hash);
}

}  // namespace

void SliceFile::fail(const char* what) const { throw IoError(text(path_, ": ", what, ": ", std::strerror(errno))); }

void SliceFile::write(const void* from, std::size_t bytes) {
  if (bytes > 0 && std::fwrite(from, 1, bytes, file_.get()) != bytes) fail("cannot be written");
}

std::vector<Rows> SliceFile::restore(const Index& planned, Global slice_rows) {
  const Global num_rows = std::ssize(planned.walks);
  Header header;
  header.graph_hash = planned.graph_hash;
  header.seed = planned.seed;
  header.teleport = planned.teleport;
  header.estimator = static_cast<std::int64_t>(planned.estimator);
  header.num_vertices = planned.sources.num_items();
  header.first_row = planned.sources.begin(rank_);
  header.num_rows = num_rows;
  header.slice_rows = slice_rows;
  header.walks_hash = XXH3_64bits(planned.walks.data(), planned.walks.size() * sizeof(std::int32_t));

  std::vector<Rows> slices;
  ends_.clear();
  file_.reset(std::fopen(path_.c_str(), "r+be"));
  Header found;
  const bool exists = file_ != nullptr;
  const auto read = [&](void* to, std::size_t bytes) { return std::fread(to, 1, bytes, file_.get()) == bytes; };
  if (!exists || !read(&found, sizeof found) || std::memcmp(&found, &header, sizeof header) != 0) {
    met_another_ = exists;
    file_.reset(std::fopen(path_.c_str(), "w+be"));
    if (!file_) fail("cannot be written");
    write(&header, sizeof header);
    if (std::fflush(file_.get()) != 0) fail("cannot be written");
    ends_.push_back(std::ftell(file_.get()));
    return slices;
  }

  ends_.push_back(std::ftell(file_.get()));
  std::fseek(file_.get(), 0, SEEK_END);
  const long size = std::ftell(file_.get());
  std::fseek(file_.get(), ends_[0], SEEK_SET);
  for (Global done = 0; done < num_rows; done += slice_rows) {
    SliceHeader slice;
    if (!read(&slice, sizeof slice)) break;
    const long left = size - std::ftell(file_.get());
    if (slice.num_rows != std::min(slice_rows, num_rows - done) || slice.num_bytes < 0 || slice.num_bytes > left ||
        8 * slice.num_rows + slice.num_bytes > left) {
      break;
    }
    std::vector<std::uint32_t> row_bytes(z(slice.num_rows));
    std::vector<std::uint8_t> bytes(z(slice.num_bytes));
    Rows rows;
    rows.deviation.resize(z(slice.num_rows));
    rows.num_visits = slice.num_visits;
    if (!read(row_bytes.data(), row_bytes.size() * sizeof(std::uint32_t)) ||
        !read(rows.deviation.data(), rows.deviation.size() * sizeof(float)) || !read(bytes.data(), bytes.size()) ||
        hash_of(row_bytes, rows.deviation, bytes) != slice.hash) {
      break;
    }
    rows.visits = VisitRows::from_bytes(std::move(bytes), row_bytes, static_cast<Local>(planned.sources.num_items()));
    slices.push_back(std::move(rows));
    ends_.push_back(std::ftell(file_.get()));
  }
  truncate(slices.size());
  return slices;
}

void SliceFile::truncate(std::size_t count) {
  ends_.resize(count + 1);
  if (std::fseek(file_.get(), ends_.back(), SEEK_SET) != 0 || ftruncate(fileno(file_.get()), ends_.back()) != 0) {
    fail("cannot be cut");
  }
}

void SliceFile::keep(const Rows& slice) {
  const auto row_bytes = slice.visits.row_bytes();
  const auto bytes = slice.visits.bytes();
  const SliceHeader header{slice.visits.num_rows(), std::ssize(bytes), slice.num_visits,
                           hash_of(row_bytes, slice.deviation, bytes)};
  write(&header, sizeof header);
  write(row_bytes.data(), row_bytes.size() * sizeof(std::uint32_t));
  write(slice.deviation.data(), slice.deviation.size() * sizeof(float));
  write(bytes.data(), bytes.size());
  if (std::fflush(file_.get()) != 0) fail("cannot be written");
}

void SliceFile::remove() {
  file_.reset();
  std::remove(path_.c_str());
}

}  // namespace filigree::ppr
