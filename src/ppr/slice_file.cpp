#include "ppr/slice_file.hpp"

#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

namespace filigree::ppr {
/// Which build the slices are of.
struct SliceFile::Header {
  char kind[24] = "filigree ppr slices";
  std::int64_t version = 2;
  std::uint64_t graph_hash = 0;
  std::uint64_t seed = 0;
  double teleport = 0;
  std::int64_t estimator = 0;
  std::int64_t num_vertices = 0;
  std::int64_t index_bytes = 0;
  // Which attempt at it.
  std::int64_t aim = 0;
  // Which rank's, and cut into which slices.
  std::int64_t first_row = 0;
  std::int64_t num_rows = 0;
  std::int64_t slice_rows = 0;
  std::uint64_t walks_hash = 0;  // of R of every row
  std::uint64_t hash = 0;        // of all above

  std::uint64_t hash_of_all() const { return XXH3_64bits(this, offsetof(Header, hash)); }
  bool is_same_build(const Header& other) const { return std::memcmp(this, &other, offsetof(Header, aim)) == 0; }
  bool operator==(const Header& other) const { return std::memcmp(this, &other, sizeof other) == 0; }
};

/// What follows, slice by slice.
struct SliceFile::Slice {
  std::vector<std::uint32_t> row_bytes;
  std::vector<float> deviation;
  std::vector<std::uint8_t> bytes;
  Offset num_visits = 0;
};

namespace {

/// What stands before a slice.
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

SliceFile::Header SliceFile::header_of(const Index& build) const {
  static_assert(sizeof(Header) == 24 + 13 * 8, "no bytes between the fields: headers are compared as a whole");
  Header header;
  header.graph_hash = build.graph_hash;
  header.seed = build.seed;
  header.teleport = build.teleport;
  header.estimator = static_cast<std::int64_t>(build.estimator);
  header.num_vertices = build.sources.num_items();
  header.index_bytes = index_bytes_;
  return header;
}

/// None if there is no file, or no header in it.
std::optional<SliceFile::Header> SliceFile::read_header() const {
  const std::unique_ptr<std::FILE, Close> file(std::fopen(path_.c_str(), "rbe"));
  Header header;
  if (!file || std::fread(&header, sizeof header, 1, file.get()) != 1 || header.hash != header.hash_of_all())
    return std::nullopt;
  return header;
}

Offset SliceFile::earlier_aim(const Index& build) const {
  const auto found = read_header();
  return found && found->is_same_build(header_of(build)) ? found->aim : 0;
}

Offset SliceFile::open(const Index& planned, Offset aim, Global slice_rows) {
  Header header = header_of(planned);
  header.aim = aim;
  header.first_row = planned.sources.begin(rank_);
  header.num_rows = std::ssize(planned.walks);
  header.slice_rows = slice_rows;
  header.walks_hash = XXH3_64bits(planned.walks.data(), planned.walks.size() * sizeof(std::int32_t));
  header.hash = header.hash_of_all();
  num_vertices_ = planned.sources.num_items();
  ends_.clear();

  const auto found = read_header();
  if (!found || *found != header) {
    const bool is_earlier_attempt = found && found->is_same_build(header) && found->aim > aim;
    if (access(path_.c_str(), F_OK) == 0 && !is_earlier_attempt) met_another_ = true;
    file_.reset(std::fopen(path_.c_str(), "w+be"));
    if (!file_) fail("cannot be written");
    write(&header, sizeof header);
    if (std::fflush(file_.get()) != 0) fail("cannot be written");
    ends_.push_back(std::ftell(file_.get()));
    return 0;
  }

  file_.reset(std::fopen(path_.c_str(), "r+be"));
  if (!file_ || std::fseek(file_.get(), 0, SEEK_END) != 0) fail("cannot be opened");
  size_ = std::ftell(file_.get());
  std::fseek(file_.get(), sizeof header, SEEK_SET);
  ends_.push_back(sizeof header);
  Slice slice;
  for (Global done = 0; done < header.num_rows; done += slice_rows) {
    if (!read(slice) || std::ssize(slice.row_bytes) != std::min(slice_rows, header.num_rows - done)) break;
    ends_.push_back(std::ftell(file_.get()));
  }
  return std::ssize(ends_) - 1;
}

Rows SliceFile::read(Offset number) {
  Slice slice;
  if (std::fseek(file_.get(), ends_[z(number)], SEEK_SET) != 0 || !read(slice)) fail("cannot be read");
  return {VisitRows::from_bytes(std::move(slice.bytes), slice.row_bytes, static_cast<Local>(num_vertices_)),
          std::move(slice.deviation), slice.num_visits};
}

/// The slice that begins here; false if it is not whole.
bool SliceFile::read(Slice& slice) {
  SliceHeader header;
  if (std::fread(&header, sizeof header, 1, file_.get()) != 1) return false;
  const long left = size_ - std::ftell(file_.get());
  if (header.num_rows < 0 || header.num_rows > left / 8 || header.num_bytes < 0 ||
      header.num_bytes > left - 8 * header.num_rows)
    return false;
  const auto fill = [&]<class T>(std::vector<T>& to, Offset count) {
    to.reserve(z(count) + VisitRows::room_behind);
    to.resize(z(count));
    return std::fread(to.data(), sizeof(T), to.size(), file_.get()) == to.size();
  };
  slice.num_visits = header.num_visits;
  return fill(slice.row_bytes, header.num_rows) && fill(slice.deviation, header.num_rows) &&
         fill(slice.bytes, header.num_bytes) && hash_of(slice.row_bytes, slice.deviation, slice.bytes) == header.hash;
}

void SliceFile::truncate(Offset count) {
  ends_.resize(z(count) + 1);
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
