// Comm::guard: what fails on some ranks fails on all, with one message and one type.
#include <gtest/gtest.h>

#include <memory>
#include <new>

#include "filigree/core/comm.hpp"

namespace filigree::testing {
namespace {

/// The most derived of the library's types that `f` throws, and its message.
template <class F>
std::pair<std::string, std::string> thrown_by(F&& f) {
  try {
    f();
  } catch (const InvalidArgument& e) {
    return {"InvalidArgument", e.what()};
  } catch (const IoError& e) {
    return {"IoError", e.what()};
  } catch (const MpiError& e) {
    return {"MpiError", e.what()};
  } catch (const Error& e) {
    return {"Error", e.what()};
  } catch (...) {
    return {"something else", ""};
  }
  return {"nothing", ""};
}

using Thrown = std::pair<std::string, std::string>;

TEST(Guard, PassesResultsOn) {
  const Comm comm = Comm::world();
  int runs = 0;
  comm.guard([&] { ++runs; });
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(comm.guard([&] { return comm.rank() + 10; }), comm.rank() + 10);
  EXPECT_EQ(comm.guard([] { return std::string("text"); }), "text");
}

struct MoveOnly {
  std::unique_ptr<int> value;  // no default constructor, no copy
  explicit MoveOnly(int v) : value(std::make_unique<int>(v)) {}
};

TEST(Guard, MovesResultsThatCannotBeCopied) {
  const Comm comm = Comm::world();
  const MoveOnly result = comm.guard([&] { return MoveOnly(comm.rank()); });
  ASSERT_NE(result.value, nullptr);
  EXPECT_EQ(*result.value, comm.rank());
  const auto file = comm.guard([] { return std::make_unique<std::string>("open"); });
  EXPECT_EQ(*file, "open");
}

TEST(Guard, OneRankFailsAndAllThrow) {
  const Comm comm = Comm::world();
  for (int culprit = 0; culprit < comm.size(); ++culprit) {
    const auto fail = [&](auto error) {
      return thrown_by([&] {
        comm.guard([&] {
          if (comm.rank() == culprit) throw error;
        });
      });
    };
    const std::string what = text("graph.txt:", culprit, ": not a number");
    EXPECT_EQ(fail(InvalidArgument(what)), (Thrown{"InvalidArgument", what}));
    EXPECT_EQ(fail(IoError(what)), (Thrown{"IoError", what}));
    EXPECT_EQ(fail(MpiError(what)), (Thrown{"MpiError", what}));
    EXPECT_EQ(fail(Error(what)), (Thrown{"Error", what}));
    EXPECT_EQ(fail(std::logic_error(what)), (Thrown{"Error", what}));  // others' exceptions become Error
    EXPECT_EQ(fail(42).first, "Error");
    EXPECT_EQ(fail(Error("")), (Thrown{"Error", ""}));
    const auto memory = fail(std::bad_alloc());
    EXPECT_EQ(memory.first, "Error");
    EXPECT_EQ(memory.second, text("out of memory on rank ", culprit, " of ", comm.size()));
  }
}

TEST(Guard, ValueReturningFailsAlike) {
  const Comm comm = Comm::world();
  const int culprit = comm.size() - 1;
  const auto thrown = thrown_by([&] {
    (void)comm.guard([&]() -> MoveOnly {
      if (comm.rank() == culprit) throw IoError("cannot open graph.txt");
      return MoveOnly(1);
    });
  });
  EXPECT_EQ(thrown, (Thrown{"IoError", "cannot open graph.txt"}));
}

TEST(Guard, LowestRankSpeaks) {
  const Comm comm = Comm::world();
  for (int first = 0; first < comm.size(); ++first) {
    const auto thrown = thrown_by([&] {
      comm.guard([&] {
        if (comm.rank() < first) return;
        const std::string what =
            text("rank ", comm.rank(), std::string(static_cast<std::size_t>(comm.rank()) * 50, '!'));
        if (comm.rank() % 2 == 0) throw IoError(what);
        throw InvalidArgument(what);
      });
    });
    const std::string what = text("rank ", first, std::string(static_cast<std::size_t>(first) * 50, '!'));
    EXPECT_EQ(thrown, (Thrown{first % 2 == 0 ? "IoError" : "InvalidArgument", what}));
  }
}

TEST(Guard, WorksAgainAfterAFailure) {
  const Comm comm = Comm::world();
  for (int round = 0; round < 20; ++round) {
    const auto thrown = thrown_by(
        [&] { comm.guard([&] { require(round % 2 == 0 || comm.rank() != round % comm.size(), "round ", round); }); });
    EXPECT_EQ(thrown.first, round % 2 == 0 ? "nothing" : "InvalidArgument");
    EXPECT_EQ(comm.sum(1), comm.size());
  }
}

TEST(Guard, PartOfTheRanksMayFailAlone) {
  const Comm comm = Comm::world();
  const Comm part = comm.split(comm.rank() % 2);
  const auto thrown = thrown_by([&] {
    part.guard([&] {
      if (comm.rank() == 0) throw IoError("only the even ranks hear of it");
    });
  });
  EXPECT_EQ(thrown.first, comm.rank() % 2 == 0 ? "IoError" : "nothing");
  EXPECT_EQ(comm.sum(1), comm.size());
}

TEST(Guard, CommunicatorsOfAFailedScopeAreLeftToMpi) {
  // What is built on a communicator goes out of scope while the exception passes: no rank may wait there.
  const Comm comm = Comm::world();
  const auto thrown = thrown_by([&] {
    const Comm temporary = comm.split(0);
    temporary.guard([&] { require(comm.rank() != 0, "no"); });
  });
  EXPECT_EQ(thrown, (Thrown{"InvalidArgument", "no"}));
  EXPECT_EQ(comm.sum(1), comm.size());
}

TEST(Errors, TextAndRequire) {
  EXPECT_EQ(text("a", 3, " b ", 1.5), "a3 b 1.5");
  EXPECT_NO_THROW(require(true, "unused"));
  const auto thrown = thrown_by([] { require(false, "x: ", 7, ", must be at most ", 6); });
  EXPECT_EQ(thrown, (Thrown{"InvalidArgument", "x: 7, must be at most 6"}));
}

}  // namespace
}  // namespace filigree::testing
