// Outputs: whole under their names or not there, whatever else happens in their folder.
#include "io/pending_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <thread>

#include "filigree/io/hdf5.hpp"
#include "filigree/io/text_writer.hpp"
#include "filigree/io/unfinished.hpp"
#include "io/output_place.hpp"
#include "support/files.hpp"

namespace filigree::io {
namespace {

namespace fs = std::filesystem;
using testing::bytes_of;
using ::testing::HasSubstr;
using testing::TempFolder;

template <class F>
std::string message_of(F&& f) {
  try {
    f();
  } catch (const IoError& error) {
    return error.what();
  }
  return "no error";
}

void write_text(const Comm& comm, const std::string& path, const std::string& content) {
  TextWriter file(comm, path);
  file.write(comm.is_root() ? content : "");
  file.commit();
}

/// Runs f on rank 0 when all ranks are here; the others wait for its end.
template <class F>
void on_root(const Comm& comm, F&& f) {
  comm.barrier();
  if (comm.is_root()) f();
  comm.barrier();
}

struct stat status_of(const std::string& path) {
  struct stat status {};
  EXPECT_EQ(lstat(path.c_str(), &status), 0) << path;
  return status;
}

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename());
  return names;
}

TEST(PendingFile, ReplacesTheFileThatALinkMeans) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  on_root(comm, [&] {
    fs::create_directory(folder / "scratch");
    std::ofstream(folder / "scratch/real.txt") << "old";
    fs::create_symlink("scratch/real.txt", folder / "link.txt");
    fs::create_symlink(folder / "link.txt", folder / "scratch/second.txt");
    fs::create_symlink("scratch/new.txt", folder / "dangling.txt");
    fs::create_symlink("circle.txt", folder / "circle.txt");
    fs::create_symlink("nowhere/new.txt", folder / "nowhere.txt");
    fs::create_symlink("scratch", folder / "folder.txt");
  });
  write_text(comm, folder / "scratch/second.txt", "new");
  EXPECT_EQ(bytes_of(folder / "scratch/real.txt"), "new");
  write_text(comm, folder / "dangling.txt", "made");
  EXPECT_EQ(bytes_of(folder / "scratch/new.txt"), "made");
  for (const char* link : {"link.txt", "scratch/second.txt", "dangling.txt"})
    EXPECT_TRUE(fs::is_symlink(folder / link)) << link;
  EXPECT_THAT(message_of([&] { write_text(comm, folder / "circle.txt", "x"); }),
              HasSubstr("Too many levels of symbolic"));
  EXPECT_THAT(message_of([&] { write_text(comm, folder / "nowhere.txt", "x"); }), HasSubstr("No such file"));
  EXPECT_THAT(message_of([&] { write_text(comm, folder / "folder.txt", "x"); }), HasSubstr("is not a regular file"));
  EXPECT_THAT(names_in(folder / "scratch"), ::testing::UnorderedElementsAre("real.txt", "second.txt", "new.txt"));
}

TEST(PendingFile, FollowsNoPlantedLink) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  const std::string victim = folder.write("victim", "precious");
  on_root(comm, [&] {
    const std::string name = temporary_name(folder / "out");
    EXPECT_NE(name, temporary_name(folder / "out"));
    fs::create_symlink(victim, name);
    Descriptor file;
    EXPECT_FALSE(create_temporary(name, 0666, file));
    EXPECT_EQ(errno, EEXIST);
    fs::remove(name);
  });
  {
    PendingFile pending(comm, folder / "out");
    on_root(comm, [&] {
      fs::remove(pending.temporary_path());
      fs::create_symlink(victim, pending.temporary_path());
    });
    EXPECT_THAT(message_of([&] { pending.commit(); }), HasSubstr("another program removed or replaced"));
  }
  comm.barrier();
  EXPECT_EQ(bytes_of(victim), "precious");
  EXPECT_THAT(names_in(folder.path()), ::testing::ElementsAre("victim"));
  if (geteuid() != 0) return;
  // As in /tmp: another user's link where all may write.
  on_root(comm, [&] {
    EXPECT_EQ(chmod(folder.path().c_str(), 01777), 0);
    fs::create_symlink(victim, folder / "out");
    EXPECT_EQ(lchown((folder / "out").c_str(), 12345, 12345), 0);
  });
  EXPECT_THAT(message_of([&] { write_text(comm, folder / "out", "x"); }), HasSubstr("is a link of another user"));
  EXPECT_EQ(bytes_of(victim), "precious");
}

TEST(PendingFile, KeepsModeAndOwner) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  const mode_t before = umask(027);
  for (const mode_t mode : {0600, 0444, 0666}) {
    const std::string path = folder.write("old", "old");
    on_root(comm, [&] {
      EXPECT_EQ(chmod(path.c_str(), mode), 0);
      if (geteuid() == 0) {
        EXPECT_EQ(chown(path.c_str(), 12345, 23456), 0);
      }
    });
    write_text(comm, path, "new");
    EXPECT_EQ(bytes_of(path), "new");
    EXPECT_EQ(status_of(path).st_mode & 07777, mode);
    if (geteuid() == 0) {
      EXPECT_EQ(status_of(path).st_uid, 12345u);
      EXPECT_EQ(status_of(path).st_gid, 23456u);
    }
    on_root(comm, [&] { fs::remove(path); });
  }
  write_text(comm, folder / "new", "new");
  EXPECT_EQ(status_of(folder / "new").st_mode & 07777, 0640u);
  umask(before);
}

// Of one process, so with equal process ids.
TEST(PendingFile, OfTwoJobsTheLastToCommitLeavesItsWholeFile) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  const std::string path = folder / "out";
  for (const bool first_ends_first : {true, false}) {
    TextWriter first(comm, path);
    TextWriter second(comm, path);
    for (int i = 0; i < 3; ++i) {
      first.write("1111");
      second.write("22");
    }
    (first_ends_first ? first : second).commit();
    (first_ends_first ? second : first).commit();
    const std::size_t ranks = static_cast<std::size_t>(comm.size());
    EXPECT_EQ(bytes_of(path), first_ends_first ? std::string(6 * ranks, '2') : std::string(12 * ranks, '1'));
    comm.barrier();
  }
  EXPECT_THAT(names_in(folder.path()), ::testing::ElementsAre("out"));
}

TEST(PendingFile, OnlyWhatDeadJobsLeftIsRemoved) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  const std::string path = folder / "out";
  const std::string dead = comm.broadcast(temporary_name(path));
  const std::vector<std::string> of_users{"out.partial",
                                          "out.4711.partial",
                                          "out.filigree-12.partial",
                                          "out2.filigree-0123456789abcdef.partial",
                                          "out.locktest.0",
                                          "out.filigree-0123456789abcdef.partial.locktest.",
                                          "out.filigree-0123456789abcdef.partial.locktest.0x"};
  for (const std::string& name : of_users) folder.write(name, "mine");
  PendingFile alive(comm, path);
  on_root(comm, [&] {
    Descriptor file;
    EXPECT_TRUE(create_temporary(dead, 0666, file));
    std::ofstream(dead + ".locktest.0");
    EXPECT_THAT(remove_abandoned_files(path).removed, ::testing::IsEmpty());
  });
  on_root(comm, [&] {
    EXPECT_TRUE(fs::exists(dead));
    const AbandonedFiles found = remove_abandoned_files(path);
    EXPECT_EQ(found.removed.size() + found.in_doubt.size(), 2u);
    for (const std::string& name : found.in_doubt) fs::remove(name);  // tests run on a network file system
  });
  EXPECT_FALSE(fs::exists(dead));
  EXPECT_FALSE(fs::exists(dead + ".locktest.0"));
  for (const std::string& name : of_users) EXPECT_EQ(bytes_of(folder / name), "mine");
  alive.commit();
  EXPECT_TRUE(fs::exists(path));
}

TEST(PendingFile, TellsWhatAFileThatMayGrowNoFurtherNeeds) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  struct rlimit before {};
  getrlimit(RLIMIT_FSIZE, &before);
  const struct rlimit small { 1000, before.rlim_max };
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &small);
  const std::string why = message_of([&] { write_text(comm, folder / "out", std::string(1500, 'x')); });
  const std::string why_hdf5 = message_of([&] {
    const std::vector<double> values(comm.is_root() ? 500 : 0);
    Hdf5Writer(comm, folder / "out.h5").write("/x", std::span<const double>(values));
  });
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_THAT(why, HasSubstr("out: cannot be written: File too large: it needs 1500 bytes or more, and `ulimit -f` "
                             "grants a file 1000"));
  EXPECT_THAT(why_hdf5, HasSubstr("out.h5: cannot be written: File too large: it needs 4000 bytes"));
  comm.barrier();
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(TextWriter, WritesToDevicesAndPipes) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  write_text(comm, "/dev/null", "x");
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  EXPECT_THAT(message_of([&] { write_text(comm, "/dev/full", "x"); }),
              HasSubstr("/dev/full: cannot be written: No space"));
  EXPECT_THAT(message_of([&] { PendingFile(comm, "/dev/null"); }), HasSubstr("is not a regular file"));
  const std::string pipe = folder / "pipe";
  std::string received;
  std::thread reader;
  on_root(comm, [&] {
    EXPECT_EQ(mkfifo(pipe.c_str(), 0600), 0);
    reader = std::thread([&] { received = bytes_of(pipe); });
  });
  {
    TextWriter file(comm, pipe);
    file.write(text(comm.rank()));
    file.commit();
  }
  if (comm.is_root()) {
    reader.join();
    EXPECT_EQ(received, std::string("0123").substr(0, static_cast<std::size_t>(comm.size())));
  }
  comm.barrier();
  EXPECT_TRUE(fs::is_fifo(pipe));
}

}  // namespace
}  // namespace filigree::io
