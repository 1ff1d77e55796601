// SliceFile: the finished part of a build, in a checkpoint of every rank.
#pragma once

#include <string>

#include "io/checkpoint.hpp"
#include "ppr/index/build.hpp"

namespace filigree::ppr {

class SliceFile : public SliceStore {
 public:
  /// index_bytes: what the build was given, 0 = none.
  SliceFile(std::string path, int rank, Offset index_bytes)
      : file_(std::move(path)), rank_(rank), index_bytes_(index_bytes) {}

  Offset earlier_aim(const Index& build) const override;
  Offset open(const Index& planned, Offset aim, Global slice_rows) override;
  Rows read(Offset slice) override;
  void truncate(Offset count) override { file_.truncate(count); }
  void keep(const Rows& slice) override;
  /// The build is complete.
  void remove() { file_.remove(); }

  /// Whether open() met a file that was of another build, or damaged from the first byte on.
  bool met_another() const { return met_another_; }

 private:
  struct Identity;
  Identity identity_of(const Index& build) const;
  std::optional<Identity> found_identity() const;

  io::CheckpointFile file_;
  int rank_;
  Offset index_bytes_;
  Local num_vertices_ = 0;
  bool met_another_ = false;
};

}  // namespace filigree::ppr
