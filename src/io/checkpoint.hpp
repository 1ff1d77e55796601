// Checkpoints: the finished part of a long computation, on disk slice by slice.
//
//   io::Checkpoint checkpoint(comm, path + ".partial");
//   const Offset done = checkpoint.open(identity.bytes());   // slices of an earlier run of the same computation
//   for (Offset i = 0; i < done; ++i)
//     restore(Unpack(checkpoint.read(i)));
//   for (Offset i = done; i < n; ++i) {
//     Pack mine;
//     mine.put(compute(i));                                   // any arrays of plain types
//     checkpoint.append(mine.bytes());
//   }
//   save(...);
//   checkpoint.remove();
#pragma once

#include <cstdio>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/pack.hpp"
#include "filigree/core/comm.hpp"

namespace filigree::io {

using filigree::Bytes, filigree::Pack, filigree::Unpack;

/// One file of one rank: an identity, which says of what computation it is, then slices. A slice reaches the operating
/// system before append() returns, so it survives the death of the process; one that was being written, or is damaged,
/// is known by its length and hash: it and those behind it do not count. A file that is no checkpoint is never
/// touched, and from open() on no other job can open it. No member communicates.
class CheckpointFile {
 public:
  explicit CheckpointFile(std::string path) : path_(std::move(path)) {}

  const std::string& path() const { return path_; }
  bool exists() const;
  /// That of the file; none if there is no file or no whole identity in it.
  std::optional<Bytes> identity() const;
  /// Opens the file if it has this identity, else begins it anew. Returns the number of whole slices; what
  /// is behind them is cut off. Throws IoError, also if something else than a checkpoint is there (a link, too), or
  /// another job is at work on it.
  Offset open(std::span<const std::byte> identity);
  Bytes read(Offset slice);
  /// Forgets all but the first `count` slices; what is appended next follows them.
  void truncate(Offset count);
  void append(std::span<const std::byte> slice);
  /// The computation is complete.
  void remove();
  /// Removes what another run left, if it is a checkpoint and no job is at work on it. Returns whether it did.
  bool remove_leftover();

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  using File = std::unique_ptr<std::FILE, Close>;
  [[noreturn]] void fail(const char* what) const;
  /// False if another job is at work on the file.
  bool open_locked();
  void write_block(std::span<const std::byte> bytes);

  std::string path_;
  File file_;
  std::vector<long> ends_;  // of the identity and of every slice
};

/// A checkpoint of all ranks in one file, which rank 0 keeps. A slice holds what the ranks passed in order of rank: in
/// global order where each passes its rows, so that a run on any number of ranks can go on from it. All members are
/// collective; arguments and results without a note are equal on all ranks.
class Checkpoint {
 public:
  Checkpoint(const Comm& comm, std::string path) : comm_(comm), file_(std::move(path)) {}

  /// Whether open() will find slices of another computation, or a file that is none.
  bool is_of_another(std::span<const std::byte> identity) const;
  Offset open(std::span<const std::byte> identity);
  /// The whole slice on every rank.
  Bytes read(Offset slice);
  void truncate(Offset count);
  /// mine: differs between ranks.
  void append(std::span<const std::byte> mine);
  void remove();

 private:
  template <class F>
  Offset on_root(F f) const {
    return comm_.broadcast(comm_.guard([&] { return comm_.is_root() ? f() : Offset{0}; }));
  }
  Comm comm_;
  CheckpointFile file_;
};

}  // namespace filigree::io
