// Slices on disk: what is whole is found again, nothing else is.
#include "io/checkpoint.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <random>

#include "filigree/matrix/partition.hpp"
#include "support/files.hpp"

namespace filigree::io {
namespace {

std::span<const std::byte> bytes_of(const std::string& value) { return std::as_bytes(std::span(value)); }
std::string string_of(const Bytes& bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

/// Slice i: of different lengths, one empty.
std::string slice(int i) { return std::string(static_cast<std::size_t>(i) * 700, static_cast<char>('a' + i)); }

/// What a file holds of this identity, slice by slice.
std::vector<std::string> found(const std::string& path, const std::string& identity) {
  CheckpointFile file(path);
  std::vector<std::string> slices;
  const Offset count = file.open(bytes_of(identity));
  for (Offset i = 0; i < count; ++i) slices.push_back(string_of(file.read(i)));
  return slices;
}

TEST(CheckpointFile, GoesOnWhereItEnded) {
  const Comm comm = Comm::world();
  const testing::TempFolder folder(comm);
  const std::string path = folder / text("slices.", comm.rank());
  for (int run = 0; run < 4; ++run) {
    CheckpointFile file(path);
    EXPECT_EQ(file.exists(), run > 0);
    ASSERT_EQ(file.open(bytes_of("me")), 2 * run);
    if (run == 2) {
      EXPECT_EQ(string_of(file.read(1)), slice(1));  // reading moves no end
    }
    file.append(bytes_of(slice(2 * run)));
    EXPECT_EQ(string_of(file.read(0)), slice(0));
    file.append(bytes_of(slice(2 * run + 1)));
  }
  {
    CheckpointFile file(path);
    ASSERT_EQ(file.open(bytes_of("me")), 8);
    for (int i = 7; i >= 0; --i) EXPECT_EQ(string_of(file.read(i)), slice(i));
    file.truncate(3);
    file.append(bytes_of("new"));
  }
  EXPECT_EQ(found(path, "me"), (std::vector<std::string>{slice(0), slice(1), slice(2), "new"}));
  EXPECT_EQ(string_of(*CheckpointFile(path).identity()), "me");
  EXPECT_TRUE(found(path, "you").empty());
  EXPECT_TRUE(found(path, "me").empty());  // the other one began anew
  CheckpointFile file(path);
  EXPECT_TRUE(file.remove_leftover());
  EXPECT_FALSE(file.exists());
  EXPECT_FALSE(file.identity());
  EXPECT_FALSE(file.remove_leftover());
  EXPECT_THROW(CheckpointFile(folder / "missing/slices").open(bytes_of("me")), IoError);
}

TEST(CheckpointFile, TouchesNothingElse) {
  const Comm comm = Comm::world();
  const testing::TempFolder folder(comm);
  const auto why = [&](const std::string& path) -> std::string {
    try {
      CheckpointFile(path).open(bytes_of("me"));
    } catch (const IoError& error) {
      return error.what();
    }
    return "no error";
  };
  const std::string path = folder / text("mine.", comm.rank());
  for (const std::string& content :
       {std::string("f"), std::string("filigree part 2 and more"), std::string(50, '\0')}) {
    std::ofstream(path) << content;
    const bool is_begun = content == "f";  // cut short in its first word
    EXPECT_EQ(why(path), is_begun
                             ? "no error"
                             : path + ": is no checkpoint of filigree, which is to be there; rename it or remove it");
    EXPECT_FALSE(CheckpointFile(path).remove_leftover() && !is_begun);
    if (!is_begun) {
      EXPECT_EQ(testing::bytes_of(path), content);
    }
  }
  const std::string link = path + ".link";
  std::filesystem::create_symlink(path, link);
  EXPECT_EQ(why(link), link + ": is a symbolic link, where a checkpoint is to be");
  const std::string other = path + ".other";
  CheckpointFile at_work(other);
  at_work.open(bytes_of("me"));
  at_work.append(bytes_of("slice"));
  EXPECT_EQ(why(other), other + ": another job is at work on it; let it finish, or name another output");
  EXPECT_FALSE(CheckpointFile(other).remove_leftover());
  EXPECT_EQ(at_work.open(bytes_of("me")), 1);
}

TEST(CheckpointFile, OnlyWholeSlicesInFrontOfDamageCount) {
  const Comm comm = Comm::world();
  const testing::TempFolder folder(comm);
  const std::string path = folder / text("slices.", comm.rank());
  const auto write = [&] {
    std::filesystem::remove(path);
    CheckpointFile file(path);
    file.open(bytes_of("me"));
    for (const int i : {1, 0, 2}) file.append(bytes_of(slice(i)));
  };
  write();
  const auto size = static_cast<std::size_t>(std::filesystem::file_size(path));
  const std::vector<std::string> all{slice(1), slice(0), slice(2)};
  std::mt19937 random(7);
  for (int round = 0; round < 60; ++round) {
    write();
    const bool shorten = round % 2 == 0;
    const auto at = static_cast<std::size_t>(random() % size);
    if (shorten) {
      std::filesystem::resize_file(path, at);
    } else {
      std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
      file.seekg(static_cast<std::streamoff>(at));
      const auto before = static_cast<char>(file.get());
      file.seekp(static_cast<std::streamoff>(at)).put(static_cast<char>(before ^ 0x21));
    }
    // By hand: 32 bytes in front of the identity (2) and of every slice.
    const std::size_t ends[] = {34, 34 + 32 + 700, 34 + 64 + 700, 34 + 96 + 2100};
    ASSERT_EQ(size, ends[3]);
    std::vector<std::string> expected;
    for (int i = 0; i < 3 && ends[i + 1] <= at; ++i) expected.push_back(all[static_cast<std::size_t>(i)]);
    if (!shorten && at < 16) {  // in the word by which a checkpoint is known
      EXPECT_THROW(found(path, "me"), IoError);
      continue;
    }
    EXPECT_EQ(found(path, "me"), expected) << (shorten ? "shortened" : "changed") << " at " << at;
    {
      CheckpointFile file(path);
      ASSERT_EQ(file.open(bytes_of("me")), std::ssize(expected));
      file.append(bytes_of("behind"));
    }
    expected.push_back("behind");
    EXPECT_EQ(found(path, "me"), expected);
  }
}

TEST(Checkpoint, AnyNumberOfRanksGoesOn) {
  const Comm world = Comm::world();
  const testing::TempFolder folder(world);
  const std::string path = folder / "run.partial";
  // Slice i has the numbers [0, 10 + i), each rank passes its own.
  const auto append = [](const Comm& comm, Checkpoint& checkpoint, Offset i) {
    const Partition numbers = Partition::uniform(10 + i, comm.size());
    std::vector<Offset> own;
    for (Offset k = numbers.begin(comm.rank()); k < numbers.end(comm.rank()); ++k) own.push_back(k);
    checkpoint.append(std::as_bytes(std::span(own)));
  };
  const auto expect_slices = [](Checkpoint& checkpoint, Offset count) {
    for (Offset i = 0; i < count; ++i) {
      const Bytes bytes = checkpoint.read(i);
      std::vector<Offset> numbers(bytes.size() / sizeof(Offset));
      std::memcpy(numbers.data(), bytes.data(), bytes.size());
      std::vector<Offset> expected(z(10 + i));
      std::iota(expected.begin(), expected.end(), Offset{0});
      EXPECT_EQ(numbers, expected);
    }
  };
  {
    Checkpoint together(world, path);
    EXPECT_FALSE(together.is_of_another(bytes_of("me")));
    ASSERT_EQ(together.open(bytes_of("me")), 0);
    for (Offset i = 0; i < 3; ++i) append(world, together, i);
    expect_slices(together, 3);
  }
  world.barrier();
  const Comm some = world.split(world.rank() == 0 ? 0 : 1);
  if (world.rank() == 0) {
    Checkpoint alone(some, path);
    ASSERT_EQ(alone.open(bytes_of("me")), 3);
    expect_slices(alone, 3);
    append(some, alone, 3);
  }
  world.barrier();
  Checkpoint again(world, path);
  EXPECT_TRUE(again.is_of_another(bytes_of("you")));
  EXPECT_FALSE(again.is_of_another(bytes_of("me")));
  ASSERT_EQ(again.open(bytes_of("me")), 4);
  expect_slices(again, 4);
  again.truncate(1);
  append(world, again, 1);
  ASSERT_EQ(again.open(bytes_of("me")), 2);
  expect_slices(again, 2);
  again.remove();
  world.barrier();
  EXPECT_FALSE(std::filesystem::exists(path));
  Checkpoint no_folder(world, folder / "missing/run");
  EXPECT_THROW(no_folder.open(bytes_of("me")), IoError);
}

}  // namespace
}  // namespace filigree::io
