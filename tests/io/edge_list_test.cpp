// Edge lists as people write them, and as they get them wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <charconv>
#include <map>

#include "filigree/io/write.hpp"
#include "io/reading.hpp"

namespace filigree::io {
namespace {

using filigree::testing::Content;
using filigree::testing::GlobalMatrix;
using filigree::testing::message_of;
using filigree::testing::read_bytes;
using filigree::testing::read_on_any_ranks;
using filigree::testing::TempFolder;
using filigree::testing::why_not;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const GlobalMatrix<double> triangle{{{0, 1}, 1}, {{1, 2}, 1}, {{2, 0}, 1}};

TEST(EdgeList, SeparatorsCommentsAndLineEnds) {
  for (const char* bytes : {
           "0 1\n1 2\n2 0\n",
           "0 1\n1 2\n2 0",             // no newline at the end
           "0\t1\r\n1\t2\r\n2\t0\r\n",  // CRLF
           "0\t1\r\n1\t2\r\n2\t0",      // and no end
           "0,1\n1,2\n2,0\n",
           "0;1\n1 ; 2\n 2;0\n",
           "  0   1  \n\t1\t \t2\n\n   \n2 0\n\n",  // blanks and blank lines
           "# comment\n0 1\n% comment\n// comment\n  # comment\n1 2\n2 0\n#",
           "\xef\xbb\xbf"
           "0 1\n1 2\n2 0\n",                        // a byte order mark
           "0 1 1217567877\n1 2 five\n2 0 x y z\n",  // further columns do not matter
           "0,1,\n1,2,3\n2,0,,\n",
           "00 01\n01 002\n2 0\n",
       }) {
    const Content content = read_bytes(bytes, "triangle.txt");
    EXPECT_TRUE(content.matrix == triangle) << bytes;
    EXPECT_EQ(content.num_rows, 3) << bytes;
    EXPECT_FALSE(content.has_values) << bytes;
    EXPECT_EQ(content.report.header_lines, 0) << bytes;
    EXPECT_EQ(content.report.format, Format::edge_list);
    EXPECT_THAT(content.names, ElementsAre("0", "1", "2"));
  }
}

TEST(EdgeList, HeaderLinesAreCounted) {
  EXPECT_EQ(read_bytes("source,target\n0,1\n1,2\n2,0\n", "a.csv").report.header_lines, 1);
  const Content odd =
      read_bytes("# Relations:\n   (<From> is a customer of <To>)\nEdges\nfrom to\n0 1\n1 2\n2 0\n", "a.txt");
  EXPECT_EQ(odd.report.header_lines, 3);
  EXPECT_TRUE(odd.matrix == triangle);
  // A header longer than most ranks' parts.
  std::string long_header;
  for (int i = 0; i < 50; ++i) long_header += "a line of header that holds no edge at all\n";
  EXPECT_EQ(read_bytes(long_header + "0 1\n1 2\n2 0\n", "a.txt").report.header_lines, 50);
  EXPECT_EQ(read_bytes("u v w\n0 1 2.5\n", "a.txt", {.weights = true}).report.header_lines, 1);
}

TEST(EdgeList, CompactKeepsTheOrderOfIds) {
  const Content content = read_bytes("900000000000000000 3\n3 17\n17 2000000000\n", "gaps.txt");
  EXPECT_THAT(content.names, ElementsAre("3", "17", "2000000000", "900000000000000000"));
  EXPECT_TRUE(content.matrix == (GlobalMatrix<double>{{{3, 0}, 1}, {{0, 1}, 1}, {{1, 2}, 1}}));
}

/// Small ids and large ones are looked up in different ways.
TEST(EdgeList, CompactManySmallAndLargeIds) {
  std::string bytes;
  std::vector<std::string> expected;
  GlobalMatrix<double> matrix;
  for (int v = 0; v < 3000; ++v) bytes += text(v, ' ', Global{1} << 40 | (v * 7919 % 3000), '\n');
  for (int v = 0; v < 3000; ++v) matrix[{v, 3000 + v * 7919 % 3000}] = 1;
  for (int v = 0; v < 6000; ++v) expected.push_back(text(v < 3000 ? v : Global{1} << 40 | (v - 3000)));
  const Content content = read_bytes(bytes, "mixed.txt");
  EXPECT_TRUE(content.matrix == matrix);
  EXPECT_EQ(content.names, expected);
}

TEST(EdgeList, KeepMakesIsolatedVertices) {
  const Content content = read_bytes("5 3\n3 1\n", "gaps.txt", {.ids = Ids::keep});
  EXPECT_EQ(content.num_rows, 6);
  EXPECT_TRUE(content.matrix == (GlobalMatrix<double>{{{5, 3}, 1}, {{3, 1}, 1}}));
  EXPECT_EQ(content.names.back(), "5");
}

TEST(EdgeList, NamesInByteOrder) {
  const std::vector<std::string> expected{"Zo\xc3\xab", "anna", "bob", "\xc3\x89mile"};
  for (const char* bytes :
       {"bob anna\nanna Zo\xc3\xab\nZo\xc3\xab \xc3\x89mile\n", "bob,anna\nanna,Zo\xc3\xab\nZo\xc3\xab,\xc3\x89mile",
        "bob\tanna\r\nanna\tZo\xc3\xab\r\nZo\xc3\xab\t\xc3\x89mile\r\n"}) {
    const Content content = read_bytes(bytes, "people.txt");
    EXPECT_EQ(content.names, expected) << bytes;
    EXPECT_TRUE(content.matrix == (GlobalMatrix<double>{{{2, 1}, 1}, {{1, 0}, 1}, {{0, 3}, 1}})) << bytes;
  }
  const Content cities =
      read_bytes("New York;Los Angeles; 2.5\nLos Angeles;St. John's, N.L.;1e-3\n", "cities.csv", {.weights = true});
  EXPECT_THAT(cities.names, ElementsAre("Los Angeles", "New York", "St. John's, N.L."));
  EXPECT_TRUE(cities.matrix == (GlobalMatrix<double>{{{1, 0}, 2.5}, {{0, 2}, 1e-3}}));
}

TEST(EdgeList, NumbersAsNames) {
  const Content content = read_bytes("007 7\n7 12\n", "codes.txt", {.ids = Ids::names});
  EXPECT_THAT(content.names, ElementsAre("007", "12", "7"));
}

TEST(EdgeList, Weights) {
  const Content content = read_bytes("0 1 0.1\n1 2 -3e5\n2 0 +7 later\n", "w.txt", {.weights = true});
  EXPECT_TRUE(content.matrix == (GlobalMatrix<double>{{{0, 1}, 0.1}, {{1, 2}, -3e5}, {{2, 0}, 7}}));
  EXPECT_TRUE(content.has_values);
}

TEST(EdgeList, WeightsAreNotRounded) {
  const ReadOptions weights{.weights = true};
  for (const std::string weight : {"9007199254740993", "-9007199254740993", "+9007199254740993"}) {
    for (const std::string before : {"0 1 2\n1 2 ", "", "1 2 "}) {
      const std::string bytes = before.empty() ? "0,1,2\n1,2,\"" + weight + "\"\n" : before + weight + "\n";
      EXPECT_THAT(why_not(bytes, "w.txt", weights),
                  HasSubstr("weight " + weight + " is a whole number that a double holds only rounded"));
    }
  }
  const Content exact = read_bytes("0 1 9007199254740994\n1 2 9007199254740993.0\n2 0 1e300\n", "w.txt", weights);
  EXPECT_TRUE(exact.matrix == (GlobalMatrix<double>{{{0, 1}, 0x1p53 + 2}, {{1, 2}, 0x1p53}, {{2, 0}, 1e300}}));
}

TEST(EdgeList, DuplicatesAndLoopsFollowThePolicy) {
  const char* bytes = "0 1 1\n1 1 2\n0 1 4\n1 0 8\n0 1 16\n";
  const auto read = [&](Duplicates duplicates, Loops loops) {
    return read_bytes(bytes, "d.txt", {.weights = true, .policy = {duplicates, loops}});
  };
  const Content first = read(Duplicates::first, Loops::keep);
  EXPECT_TRUE(first.matrix == (GlobalMatrix<double>{{{0, 1}, 1}, {{1, 1}, 2}, {{1, 0}, 8}}));
  EXPECT_EQ(first.report.entries.duplicates, 2);
  EXPECT_EQ(first.report.entries.loops, 1);
  EXPECT_TRUE(read(Duplicates::sum, Loops::drop).matrix == (GlobalMatrix<double>{{{0, 1}, 21}, {{1, 0}, 8}}));
  const Content both = read_bytes(bytes, "d.txt", {.undirected = true, .weights = true});
  EXPECT_TRUE(both.matrix == (GlobalMatrix<double>{{{0, 1}, 1}, {{1, 0}, 1}, {{1, 1}, 2}}));
}

TEST(EdgeList, NothingIsAnEmptyGraph) {
  for (const char* bytes : {"", "\n", "# only\n# comments\n", "# no end", "\r\n\r\n"}) {
    for (const Ids ids : {Ids::compact, Ids::keep, Ids::names}) {
      const Content content = read_bytes(bytes, "nothing.txt", {.ids = ids});
      EXPECT_EQ(content.num_rows, 0) << bytes;
      EXPECT_TRUE(content.matrix.empty()) << bytes;
    }
  }
}

TEST(EdgeList, ByteOrderMark) {
  const std::string mark = "\xef\xbb\xbf";
  EXPECT_THAT(read_bytes(mark + "4 7\n", "a.txt").names, ElementsAre("4", "7"));
  EXPECT_THAT(read_bytes(mark + "bob anna", "a.txt").names, ElementsAre("anna", "bob"));
  EXPECT_EQ(read_bytes(mark, "a.txt").num_rows, 0);
  EXPECT_EQ(read_bytes(mark + "%%MatrixMarket matrix coordinate pattern general\n1 1 1\n1 1\n", "a.mtx").num_rows, 1);
  EXPECT_EQ(read_bytes(mark + "2 1\n2\n1\n", "a.graph").num_rows, 2);
}

TEST(EdgeList, OneEdgeOnManyRanks) {
  EXPECT_EQ(read_bytes("0 1", "a.txt").num_rows, 2);
  EXPECT_EQ(read_bytes("5 5\n", "a.txt").matrix.size(), 1U);
}

/// More lines than one block of the reader holds; every way to lay them out gives the edges that went in.
TEST(EdgeList, LongRandomFilesComeBackEntryByEntry) {
  testing::Random random(7);
  Entries<double> entries = testing::random_entries<double>(20000, 20000, 50000, testing::Values::rounded, 8);
  for (const bool names : {false, true}) {
    std::string bytes = "# random\n";
    std::map<std::string, Global> seen_names;
    std::map<Global, Global> seen_ids;
    const auto name_of = [](Global v) { return text("v", v); };
    char number[32];
    for (std::size_t k = 0; k < entries.size(); ++k) {
      const char* const separator = names ? "\t" : (const char*[]){" ", "\t", "  ", " \t"}[testing::below(random, 4)];
      for (Global v : {entries.row[k], entries.col[k]}) {
        bytes += names ? name_of(v) : text(v);
        bytes += separator;
        seen_names[name_of(v)];
        seen_ids[v];
      }
      bytes.append(number, std::to_chars(number, number + sizeof number, entries.val[k]).ptr);
      bytes += testing::below(random, 2) == 0 ? "\n" : "\r\n";
      if (testing::below(random, 50) == 0) bytes += "% a comment between, of some length\n";
    }
    ASSERT_GT(bytes.size(), std::size_t{3} << 19);
    Global next = 0;
    for (auto& [name, number_of] : seen_names) number_of = next++;
    next = 0;
    for (auto& [id, number_of] : seen_ids) number_of = next++;
    Entries<double> numbered = entries;
    for (auto* side : {&numbered.row, &numbered.col}) {
      for (Global& v : *side) v = names ? seen_names[name_of(v)] : seen_ids[v];
    }
    for (const Duplicates duplicates : {Duplicates::first, Duplicates::sum}) {
      const EntryPolicy policy{duplicates, Loops::keep};
      const TempFolder folder(Comm::world());
      const GraphFile file =
          read(Comm::world(), folder.write("random.txt", bytes), {.weights = true, .policy = policy});
      EntryCounts counts;
      EXPECT_TRUE(testing::whole(file.graph) == *testing::merged(numbered, policy, &counts));
      EXPECT_EQ(file.report.entries.duplicates, counts.duplicates);
      EXPECT_EQ(file.report.entries.loops, counts.loops);
    }
  }
}

TEST(EdgeList, MalformedFilesNameTheLine) {
  const ReadOptions plain;
  const ReadOptions weights{.weights = true};
  const ReadOptions keep{.ids = Ids::keep};
  const std::string many_lines = [] {
    std::string lines;
    for (int i = 0; i < 1000; ++i) lines += "1 2\n# c\n";
    return lines;
  }();
  const struct {
    std::string bytes;
    ReadOptions options;
    const char* expected;
  } cases[] = {
      {"0 1\n1\n2 0\n", plain, "bad.txt:2: expected two vertices"},
      {"0 1\n1 x\n2 0\n", plain, "bad.txt:2: 'x' is not a vertex id"},
      {"0 1\n1 2x\n", plain, "bad.txt:2: '2x' is not a vertex id"},
      {"0 1\n\n# c\nhello world\n", plain, "bad.txt:4: 'hello' is not a vertex id"},
      {"0 1\n-1 2\n", keep, "bad.txt:2: vertex id -1 is not in [0, 10^18)"},
      {"-1 2\n0 1\n", keep, "bad.txt:1: vertex id -1 is not"},
      {"0 1\n1 2.5\n", plain, "bad.txt:2: vertex id 2.5 is not"},
      {"1.5 2.5\n", plain, "bad.txt:1: vertex id 1.5 is not"},
      {"0 1\n1 1e3\n", plain, "bad.txt:2: vertex id 1e3 is not"},
      {"0 1\n1000000000000000000 2\n", keep, "bad.txt:2: a vertex id is not in [0, 10^18)"},
      {"0 1\n99999999999999999999999999 2\n", plain, "bad.txt:2: vertex id 99999999999999999999999999 is not"},
      {"0 99999999999999999999999999\n", keep, "bad.txt:1: vertex id 99999999999999999999999999 is not"},
      {"0 1\n1,,2\n", plain, "bad.txt:2: expected two vertices"},
      {"0 1\n,1\n", plain, "bad.txt:2: expected two vertices"},
      {many_lines + "7\n1 2\n", plain, "bad.txt:2001: expected two vertices"},
      {"0 1\n" + many_lines + "7 8 9\n1 2\n3", plain, "bad.txt:2004: expected two vertices"},
      {"a single word\n", weights, "bad.txt:1: weight 'word' is not a number"},
      {"hello\nworld\n", plain, "bad.txt:1: expected two vertices"},
      {"4039\n1\n2\n", plain, "bad.txt:1: expected two vertices"},
      {"0 1 2\n1 2\n", weights, "bad.txt:2: expected two vertices and a weight"},
      {"0 1 2\n1 2 heavy\n", weights, "bad.txt:2: weight 'heavy' is not a number"},
      {"0 1 2\n1 2 3kg\n", weights, "bad.txt:2: weight '3kg' is not a number"},
      {"0 1 2\n1 2 nan\n", weights, "bad.txt:2: weight nan is not a finite number"},
      {"0 1 nan\n1 2 1\n", weights, "bad.txt:1: weight nan is not a finite number"},
      {"0 1 2\n1 2 -inf\n", weights, "bad.txt:2: weight -inf is not a finite number"},
      {"0 1 2\n1 2 1e999\n", weights, "bad.txt:2: weight 1e999 is not a finite number"},
      {"anna bob\nbob\n", plain, "bad.txt:2: expected two vertices"},
      {"anna\tbob\nbob\t\n", plain, "bad.txt:2: expected two vertices"},
      {std::string("anna bob\nb\0b x\n", 15), plain, "bad.txt:2: a control character in the name 'b?b'"},
      {"\x7f"
       "ELF x\nanna bob\n",
       plain, "bad.txt:1: a control character in the name"},
      {"\x7f"
       "ELF\x02\x01 \x01\n",
       plain, "bad.txt:1: a control character in the name"},
      {"anna bob\n", keep, "bad.txt:1: vertices have names; only whole numbers can be kept"},
  };
  for (const auto& c : cases)
    EXPECT_THAT(why_not(c.bytes, "bad.txt", c.options), HasSubstr(c.expected)) << c.bytes.substr(0, 50);
}

TEST(EdgeList, DuplicatesCanBeRefused) {
  const ReadOptions strict{.policy = {Duplicates::error, Loops::keep}};
  EXPECT_EQ(read_bytes("0 1\n1 0\n", "a.txt", strict).matrix.size(), 2U);
  EXPECT_THAT(message_of<InvalidArgument>([&] { read_bytes("0 1\n1 0\n0 1\n", "a.txt", strict); }),
              HasSubstr("a.txt: arc 0 -> 1 is there twice"));
}

TEST(EdgeList, WhatIsNoReadableFile) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  const auto why = [&](const std::string& path) { return message_of<IoError>([&] { read(comm, path); }); };
  EXPECT_EQ(why(folder / "none.txt"), folder / "none.txt: cannot be opened: No such file or directory");
  EXPECT_EQ(why(folder.path()), folder.path() + ": is a directory");
  EXPECT_THAT(why("/dev/null"), HasSubstr("/dev/null: is not a regular file"));
  EXPECT_EQ(why(folder.write("a.txt.gz", "0 1\n")), folder / "a.txt.gz: is not compressed as its extension says");
}

TEST(EdgeList, ProgressTellsBytesAndMayStop) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  std::string bytes;
  for (int i = 0; i < 400000; ++i) bytes += text(i, ' ', i + 1, '\n');
  const std::string path = folder.write("long.txt", bytes);
  Offset last = 0;
  Offset total = 0;
  int calls = 0;
  read(comm, path, {.progress = [&](std::string_view phase, Offset done, Offset of) {
         EXPECT_EQ(phase, "read");
         EXPECT_GT(done, last);
         last = done;
         total = of;
         ++calls;
       }});
  EXPECT_EQ(last, total);
  EXPECT_EQ(comm.sum(total), static_cast<Offset>(bytes.size()));
  EXPECT_GT(calls, 1);
  const auto stop = [&](std::string_view, Offset, Offset) {
    if (comm.rank() == comm.size() - 1) throw Error("stopped");
  };
  EXPECT_EQ(message_of([&] { read(comm, path, {.progress = stop}); }), "stopped");
}

TEST(EdgeList, WritesWhatItReads) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  for (const char* bytes : {"1 5 0.1\n5 1 1e300\n5 9 3\n", "anna bob 1\nbob carl 0.30000000000000004\n"}) {
    const GraphFile file = read(comm, folder.write("in.txt", bytes), {.weights = true});
    write(file.graph, file.names, folder / "out.txt");
    Content there = read_on_any_ranks(folder / "out.txt", {.weights = true});
    Content here = testing::content_of(file);
    testing::expect_same(here, there);
  }
  EXPECT_EQ(testing::bytes_of(folder / "out.txt"), "anna\tbob\t1\nbob\tcarl\t0.30000000000000004\n");
  const GraphFile hash = read(comm, folder.write("in.txt", "a\t#b\n"));
  EXPECT_THAT(message_of<InvalidArgument>([&] { write(hash.graph, hash.names, folder / "no.txt"); }),
              HasSubstr("the name '#b' would read as a comment"));
}

TEST(EdgeList, QuotedFields) {
  const Content content =
      read_bytes("\"Smith, J.\",\"O\"\"Hara\",\"2.5\"\nAda , \"Smith, J.\",1\n", "a.csv", {.weights = true});
  EXPECT_EQ(content.names, (std::vector<std::string>{"Ada", "O\"Hara", "Smith, J."}));
  EXPECT_EQ(content.matrix, (testing::GlobalMatrix<double>{{{2, 1}, 2.5}, {{0, 2}, 1}}));
  EXPECT_EQ(read_bytes("\"1\",\"2\"\n2,\"4\"\n", "a.csv").names, (std::vector<std::string>{"1", "2", "4"}));
  // Tabs and blanks quote nothing.
  EXPECT_EQ(read_bytes("\"a\t\"b\n", "a.tsv").names, (std::vector<std::string>{"\"a", "\"b"}));
  for (const char* broken : {"a,b\n\"c,d\n", "a,b\n\"c\"d,e\n"})
    EXPECT_EQ(why_not(broken, "a.csv"), "a.csv:2: a field that begins with a quotation mark must end with one");
}

TEST(EdgeList, WritesNamesBetweenCommas) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  const GraphFile file = read(comm, folder.write("in.csv", "\"Smith, J.\",\"say \"\"hi\"\"\"\n\"#1\",b\n"));
  write(file.graph, file.names, folder / "out.csv");
  EXPECT_EQ(testing::bytes_of(folder / "out.csv"), "\"#1\",b\n\"Smith, J.\",\"say \"\"hi\"\"\"\n");
  testing::expect_same(testing::content_of(file), read_on_any_ranks(folder / "out.csv"));
}

TEST(EdgeList, HeadingsOfNames) {
  for (const char* bytes : {"Source,Target\nanna,bob\nbob,carl\n", "# c\n\nfrom to\nanna bob\nbob carl\n"}) {
    const Content content = read_bytes(bytes, "a.csv");
    EXPECT_EQ(content.report.header_lines, 1) << bytes;
    EXPECT_EQ(content.names, (std::vector<std::string>{"anna", "bob", "carl"})) << bytes;
  }
  EXPECT_EQ(read_bytes("anna,bob\nsource,target\n", "a.csv").names.size(), 4U);
}

TEST(EdgeList, RemarksOnWhatIsSkipped) {
  using Remarks = std::vector<std::string>;
  const auto remarks = [](const char* bytes, bool weights) {
    return read_bytes(bytes, "a.txt", {.weights = weights}).report.remarks;
  };
  EXPECT_EQ(remarks("0 1\r\n1 2 \n", false), Remarks{});
  EXPECT_EQ(remarks("0 1 5\n1 2 6\n", true), Remarks{});
  const std::string third = "columns behind the second are not read; --weights reads the third as weights";
  EXPECT_EQ(remarks("0 1\n1 2 6\n", false), Remarks{third});
  EXPECT_EQ(remarks("a b\nb c 6\n", false), Remarks{third});
  EXPECT_EQ(remarks("0 1 5\n1 2 6 7\n", true), Remarks{"columns behind the third are not read"});
  EXPECT_EQ(remarks("u v\nw\n0 1\n", false), Remarks{"skipped 2 header lines before the first edge: 'u v', ..."});
}

TEST(EdgeList, EdgesOfNamesAreNoHeader) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += text("n", i, " m", i, '\n');
  const Content content = read_bytes(bytes + "1 2\n", "a.txt");
  EXPECT_EQ(content.names.size(), 18U);
  EXPECT_EQ(content.report.header_lines, 0);
}

TEST(EdgeList, NamesThatNeedCareComeBack) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  // A first edge that reads as a heading, and blanks around a name.
  const GraphFile heading = read(comm, folder.write("a.txt", "ann\tbob\nsource\ttarget\n"));
  const GraphFile blanks = read(comm, folder.write("b.csv", "\" a\",b\na,c\n"));
  EXPECT_EQ(blanks.graph.num_rows(), 4);
  for (const char* name : {"out.tsv", "out.csv"}) {
    const Content whole = testing::content_of(heading);
    write(heading.graph, heading.names, folder / name);
    testing::expect_same(whole, read_on_any_ranks(folder / name));
  }
  const GraphFile first = read(comm, folder.write("c.txt", "a b\nb a\n"));
  Strings texts;
  const std::vector<std::string> names{"From", "to"};
  for (Global v = first.graph.rows().begin(comm.rank()); v < first.graph.rows().end(comm.rank()); ++v)
    texts.push_back(names[static_cast<std::size_t>(v)]);
  write(first.graph, VertexNames(comm, first.graph.rows(), std::move(texts)), folder / "from.tsv");
  EXPECT_EQ(testing::bytes_of(folder / "from.tsv"), "source\ttarget\nFrom\tto\nto\tFrom\n");
  EXPECT_EQ(read_on_any_ranks(folder / "from.tsv").matrix.size(), 2U);
  write(blanks.graph, blanks.names, folder / "blanks.csv");
  testing::expect_same(testing::content_of(blanks), read_on_any_ranks(folder / "blanks.csv"));
  EXPECT_THAT(message_of<InvalidArgument>([&] { write(blanks.graph, blanks.names, folder / "blanks.tsv"); }),
              HasSubstr("the name ' a' would lose its blanks"));
}

}  // namespace
}  // namespace filigree::io
