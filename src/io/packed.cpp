#include "io/packed.hpp"

#include <isa-l/igzip_lib.h>
#include <unistd.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <vector>

#include "core/index.hpp"
#include "filigree/core/error.hpp"
#include "io/fields.hpp"

namespace filigree::io {
namespace {

constexpr std::string_view gzip_magic = "\x1f\x8b";
constexpr std::string_view zstd_magic = "\x28\xb5\x2f\xfd";

// -- Reading ---------------------------------------------------------------------------------------------------------

/// The file as it is.
class Plain : public Unpacked {
 public:
  Plain(int file, Offset begin, Offset end) : file_(file), at_(begin), end_(end) {}

  std::size_t read(char* to, std::size_t most) override {
    const std::size_t wanted = std::min(most, z(end_ - at_));
    if (read_at(file_, at_, to, wanted) < wanted) throw IoError("became shorter while it was read");
    at_ += static_cast<Offset>(wanted);
    return wanted;
  }
  Offset stored() const override { return at_; }

 private:
  int file_;
  Offset at_;
  Offset end_;
};

/// The bytes of a compressed file, a piece at a time.
class Input {
 public:
  Input(int file, Offset begin, Offset end)
      : file_(file), end_(end), at_(begin), piece_(std::min(std::size_t{1} << 18, z(end - begin))) {}

  /// The next piece; empty at the end of the file. The one before must be used up.
  std::string_view next() {
    const std::size_t wanted = std::min(piece_.size(), z(end_ - at_));
    if (read_at(file_, at_, piece_.data(), wanted) < wanted) throw IoError("became shorter while it was read");
    at_ += static_cast<Offset>(wanted);
    return {piece_.data(), wanted};
  }
  /// Where the next piece begins.
  Offset position() const { return at_; }

 private:
  int file_;
  Offset end_;
  Offset at_;
  std::vector<char> piece_;
};

/// What compressed formats have in common: text before a damaged part comes out before the damage is reported.
class Compressed : public Unpacked {
 public:
  Compressed(int file, Offset begin, Offset end, bool trust) : input_(file, begin, end), begin_(begin), trust_(trust) {}

  std::size_t read(char* to, std::size_t most) final {
    const std::size_t got = fault_ == nullptr ? unpack(to, most) : 0;
    if (got == 0 && fault_ != nullptr) throw IoError(fault_);
    length_ += static_cast<Offset>(got);
    if (!trust_ && length_ > free_bytes && length_ / most_ratio > stored() - begin_) {
      throw IoError(text("the compressed data unpacks to more than ", most_ratio,
                         " times its size; if that is right, say --trust"));
    }
    return got;
  }

 protected:
  static constexpr const char* damaged = "the compressed data is damaged here";
  static constexpr const char* no_memory =
      "there is no memory for the window of the compressed data; compress it again without --long";
  static constexpr const char* cut_off = "the compressed data ends here, before its end";

  /// As read(), but leaves a failure in fault_.
  virtual std::size_t unpack(char* to, std::size_t most) = 0;

  Input input_;
  const char* fault_ = nullptr;

 private:
  static constexpr Offset most_ratio = 200;
  static constexpr Offset free_bytes = 100'000'000;
  Offset begin_;
  bool trust_;
  Offset length_ = 0;  ///< of the text so far
};

/// One or more gzip members, or deflated bytes without the header and checksum of gzip.
class Gzip : public Compressed {
 public:
  Gzip(int file, Offset begin, Offset end, std::uint32_t wrapping, bool trust)
      : Compressed(file, begin, end, trust), wrapping_(wrapping), state_(new inflate_state) {
    isal_inflate_init(state_.get());
    begin_member();
    state_->avail_in = 0;
  }

  Offset stored() const override { return input_.position() - static_cast<Offset>(state_->avail_in); }

 private:
  void begin_member() {
    isal_inflate_reset(state_.get());
    state_->crc_flag = wrapping_;
  }

  std::size_t unpack(char* to, std::size_t most) override {
    state_->next_out = reinterpret_cast<std::uint8_t*>(to);
    state_->avail_out = static_cast<std::uint32_t>(most);
    while (state_->avail_out > 0 && fault_ == nullptr) {
      const bool more_input = refill();
      if (state_->block_state == ISAL_BLOCK_FINISH) {
        if (!more_input) break;
        if (wrapping_ != ISAL_GZIP || *state_->next_in != static_cast<std::uint8_t>(gzip_magic.front())) {
          fault_ = damaged;
          break;
        }
        begin_member();
      }
      // Even without input some output may be left in the state.
      const std::uint32_t room = state_->avail_out;
      if (isal_inflate(state_.get()) != ISAL_DECOMP_OK)
        fault_ = damaged;
      else if (!more_input && state_->avail_out == room && state_->block_state != ISAL_BLOCK_FINISH)
        fault_ = cut_off;
    }
    return most - state_->avail_out;
  }

  /// False at the end of the file.
  bool refill() {
    if (state_->avail_in > 0) return true;
    const std::string_view piece = input_.next();
    state_->next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(piece.data()));
    state_->avail_in = static_cast<std::uint32_t>(piece.size());
    return !piece.empty();
  }

  std::uint32_t wrapping_;
  std::unique_ptr<inflate_state> state_;
};

/// One or more Zstandard frames.
class Zstd : public Compressed {
 public:
  Zstd(int file, Offset begin, Offset end, bool trust)
      : Compressed(file, begin, end, trust), stream_(ZSTD_createDStream(), ZSTD_freeDStream) {
    constexpr int widest = 31;  // windows of 2 GiB, which zstd --long=31 makes
    if (!stream_ || ZSTD_isError(ZSTD_DCtx_setParameter(stream_.get(), ZSTD_d_windowLogMax, widest)) != 0)
      throw std::bad_alloc();
  }

  Offset stored() const override { return input_.position() - static_cast<Offset>(in_.size - in_.pos); }

 private:
  std::size_t unpack(char* to, std::size_t most) override {
    ZSTD_outBuffer out{to, most, 0};
    while (out.pos < most && fault_ == nullptr) {
      const bool more_input = refill();
      if (!more_input && between_frames_) break;
      const std::size_t before = out.pos;
      const std::size_t left = ZSTD_decompressStream(stream_.get(), &out, &in_);
      between_frames_ = left == 0;
      if (ZSTD_isError(left) != 0)
        fault_ = ZSTD_getErrorCode(left) == ZSTD_error_memory_allocation ? no_memory : damaged;
      else if (!more_input && out.pos == before)
        fault_ = cut_off;
    }
    return out.pos;
  }

  bool refill() {
    if (in_.pos < in_.size) return true;
    const std::string_view piece = input_.next();
    in_ = {piece.data(), piece.size(), 0};
    return !piece.empty();
  }

  std::unique_ptr<ZSTD_DStream, std::size_t (*)(ZSTD_DStream*)> stream_;
  ZSTD_inBuffer in_{nullptr, 0, 0};
  bool between_frames_ = true;
};

// -- Writing ---------------------------------------------------------------------------------------------------------

std::string gzip(std::string_view bytes) {
  std::vector<std::uint8_t> room(ISAL_DEF_LVL1_DEFAULT);
  auto stream = std::make_unique<isal_zstream>();
  isal_deflate_init(stream.get());
  stream->level = 1;
  stream->level_buf = room.data();
  stream->level_buf_size = static_cast<std::uint32_t>(room.size());
  stream->gzip_flag = IGZIP_GZIP;
  stream->end_of_stream = 0;
  std::string packed;
  std::vector<std::uint8_t> piece(std::size_t{1} << 18);
  do {
    // Its counts have 32 bits.
    const std::string_view next = bytes.substr(0, std::size_t{1} << 30);
    bytes.remove_prefix(next.size());
    stream->next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(next.data()));
    stream->avail_in = static_cast<std::uint32_t>(next.size());
    stream->end_of_stream = bytes.empty() ? 1 : 0;
    do {
      stream->next_out = piece.data();
      stream->avail_out = static_cast<std::uint32_t>(piece.size());
      if (isal_deflate(stream.get()) != COMP_OK) throw Error("gzip: compression failed");
      packed.append(reinterpret_cast<const char*>(piece.data()), piece.size() - stream->avail_out);
    } while (stream->avail_out == 0);
  } while (stream->internal_state.state != ZSTATE_END);
  return packed;
}

std::string zstd(std::string_view bytes) {
  constexpr int level = 3;
  const std::unique_ptr<ZSTD_CCtx, std::size_t (*)(ZSTD_CCtx*)> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
  if (!context) throw std::bad_alloc();
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, level);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  std::string packed(ZSTD_compressBound(bytes.size()), '\0');
  const std::size_t size = ZSTD_compress2(context.get(), packed.data(), packed.size(), bytes.data(), bytes.size());
  if (ZSTD_isError(size)) throw Error(text("zstd: ", ZSTD_getErrorName(size)));
  packed.resize(size);
  return packed;
}

}  // namespace

Packing packing_of(const std::string& path) {
  const std::string lower = lower_case(path);
  if (lower.ends_with(".gz")) return Packing::gzip;
  if (lower.ends_with(".zst")) return Packing::zstd;
  return Packing::none;
}

std::string without_packing(const std::string& path) {
  return packing_of(path) == Packing::none ? path : path.substr(0, path.rfind('.'));
}

Packing packing_of_content(std::string_view first_bytes) {
  if (first_bytes.starts_with(gzip_magic)) return Packing::gzip;
  if (first_bytes.starts_with(zstd_magic)) return Packing::zstd;
  // A frame to be skipped, with which pzstd begins: 0x184D2A5? in little-endian.
  const bool skipped = first_bytes.size() >= 4 && (first_bytes[0] & '\xf0') == '\x50';
  if (skipped && first_bytes.substr(1, 3) == "\x2a\x4d\x18") return Packing::zstd;
  return Packing::none;
}

const char* foreign_packing(std::string_view first_bytes) {
  using namespace std::string_view_literals;
  if (first_bytes.starts_with("\xfd\x37zXZ\0"sv)) return "xz";
  if (first_bytes.size() > 4 && first_bytes.starts_with("BZh") && first_bytes.substr(4).starts_with("1AY&"))
    return "bzip2";
  if (first_bytes.starts_with("\x04\x22\x4d\x18")) return "lz4";
  if (first_bytes.starts_with("\x1f\x9d")) return "compress";
  return nullptr;
}

bool lacks_checksum(std::string_view first_bytes) {
  constexpr std::size_t descriptor = 4;  // of the frame, behind its magic number
  constexpr char has_checksum = 4;
  return first_bytes.starts_with(zstd_magic) && first_bytes.size() > descriptor &&
         (first_bytes[descriptor] & has_checksum) == 0;
}

std::string pack(Packing packing, std::string_view bytes) {
  switch (packing) {
    case Packing::gzip: return gzip(bytes);
    case Packing::zstd: return zstd(bytes);
    case Packing::none: break;
  }
  return std::string(bytes);
}

std::unique_ptr<Unpacked> unpack(Packing packing, int file, Offset begin, Offset end, bool trust) {
  switch (packing) {
    case Packing::gzip: return std::make_unique<Gzip>(file, begin, end, ISAL_GZIP, trust);
    case Packing::zstd: return std::make_unique<Zstd>(file, begin, end, trust);
    case Packing::none: break;
  }
  return std::make_unique<Plain>(file, begin, end);
}

std::unique_ptr<Unpacked> unpack_deflated(int file, Offset begin, Offset end) {
  return std::make_unique<Gzip>(file, begin, end, ISAL_DEFLATE, true);
}

std::size_t read_at(int file, Offset at, char* to, std::size_t most) {
  std::size_t done = 0;
  while (done < most) {
    const ssize_t got = pread(file, to + done, most - done, at + static_cast<Offset>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw IoError(text("cannot be read: ", std::strerror(errno)));
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

}  // namespace filigree::io
