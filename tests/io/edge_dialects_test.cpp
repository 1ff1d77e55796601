// Edge lists as other programs write them: separators, quotes, headings, columns, comments, line ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "filigree/io/write.hpp"
#include "io/reading.hpp"

namespace filigree::io {
namespace {

using filigree::testing::below;
using filigree::testing::Content;
using filigree::testing::message_of;
using filigree::testing::read_bytes;
using filigree::testing::read_on_any_ranks;
using filigree::testing::TempFolder;
using filigree::testing::why_not;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Arcs by name with their weights (1 where there are none).
using Arcs = std::map<std::pair<std::string, std::string>, double>;
Arcs arcs_of(const Content& content) {
  Arcs arcs;
  for (const auto& [at, weight] : content.matrix)
    arcs[{content.names[static_cast<std::size_t>(at.first)], content.names[static_cast<std::size_t>(at.second)]}] =
        weight;
  return arcs;
}
Arcs arcs(std::string_view bytes, const std::string& name, const ReadOptions& options = {}) {
  return arcs_of(read_bytes(bytes, name, options));
}
std::vector<std::string> remarks(std::string_view bytes, const std::string& name, const ReadOptions& options = {}) {
  return read_bytes(bytes, name, options).report.remarks;
}
const ReadOptions weighted{.weights = true};

TEST(EdgeColumns, KnownHeadings) {
  const Arcs abc{{{"A", "B"}, 1.5}, {{"B", "C"}, 2}};
  const Arcs numbers{{{"1", "2"}, 3}, {{"2", "3"}, 1}};
  const std::string gephi = "Source,Target,Type,Id,Label,timeset,Weight\n1,2,Directed,0,,,3.0\n2,3,Directed,1,,,1.0\n";
  EXPECT_EQ(arcs(gephi, "gephi.csv", weighted), numbers);
  EXPECT_EQ(arcs("\"\",\"from\",\"to\",\"w\"\n\"1\",\"A\",\"B\",1.5\n\"2\",\"B\",\"C\",2\n", "r.csv", weighted), abc);
  EXPECT_EQ(arcs("\"from\" \"to\" \"w\"\n\"1\" \"A\" \"B\" 1.5\n\"2\" \"B\" \"C\" 2\n", "r.txt", weighted), abc);
  EXPECT_EQ(arcs(",source,target,weight\n0,A,B,1.5\n1,B,C,2\n", "pandas.csv", weighted), abc);
  EXPECT_EQ(arcs(",source,target,weight\n0,1,2,3\n1,2,3,1\n", "pandas.csv", weighted), numbers);
  EXPECT_EQ(arcs(",who,whom,times\n0,A,B,1.5\n1,B,C,2\n", "pandas.csv", weighted), abc);
  EXPECT_EQ(arcs("weight\ttarget\tsource\n1.5\tB\tA\n2\tC\tB\n", "back.tsv", weighted), abc);
  EXPECT_EQ(arcs("protein1 protein2 combined_score\nA B 1.5\nB C 2\n", "string.txt", weighted), abc);
  EXPECT_EQ(arcs(":START_ID,weight:float,:END_ID,:TYPE\nA,1.5,B,KNOWS\nB,2,C,KNOWS\n", "neo4j.csv", weighted), abc);
  EXPECT_EQ(arcs("id:START_ID(P);:END_ID(P);w\n1;2;3\n2;3;1\n", "neo4j.csv", weighted), numbers);
  // A comment right above the edges, with as many columns.
  const char* biogrid =
      "#BioGRID Interaction ID\tEntrez Gene Interactor A\tEntrez Gene Interactor B\n103\t6416\t2318\n117\t84665\t88\n";
  const Arcs genes{{{"6416", "2318"}, 1}, {{"84665", "88"}, 1}};
  EXPECT_EQ(arcs(biogrid, "biogrid.tab"), genes);
  EXPECT_EQ(arcs(biogrid, "biogrid.tab", {.columns = {"Entrez Gene Interactor A", "3", ""}}), genes);
  const Content names = read_bytes("follower,followee\nann,bo\nbo,cy\n", "f.csv");
  EXPECT_THAT(names.names, ElementsAre("ann", "bo", "cy"));
  EXPECT_EQ(names.report.header_lines, 1);
  // No known words, but numbers below them.
  EXPECT_EQ(arcs("who;whom;times\nA;B;1.5\nB;C;2\n", "t.csv", weighted), abc);
}

TEST(EdgeColumns, AreTold) {
  EXPECT_THAT(remarks("source,target,id,weight\nA,B,7,1.5\n", "a.csv", weighted),
              Contains("columns by the heading: source 'source' (1), target 'target' (2), weight 'weight' (4)"));
  EXPECT_THAT(remarks("weight\ttarget\tsource\n1.5\tB\tA\n2\tC\tB\n", "a.tsv", weighted),
              Contains("columns by the heading: source 'source' (3), target 'target' (2), weight 'weight' (1)"));
  EXPECT_THAT(remarks("source,target,weight\nA,B,1.5\n", "a.csv"),
              Contains("the weights in column 'weight' (3) are not read; --weights reads them"));
}

TEST(EdgeColumns, CanBeChosen) {
  const std::string contacts = "20 454 640 MP MP\n20 1 2 PC PC\n40 1 2 PC PC\n";
  EXPECT_EQ(arcs(contacts, "c.txt", {.columns = {"2", "3", ""}}), (Arcs{{{"454", "640"}, 1}, {{"1", "2"}, 1}}));
  EXPECT_EQ(arcs(contacts, "c.txt", {.columns = {"2", "3", "1"}}), (Arcs{{{"454", "640"}, 20}, {{"1", "2"}, 20}}));
  EXPECT_EQ(arcs(contacts, "c.txt", {.columns = {"4", "5", ""}}), (Arcs{{{"MP", "MP"}, 1}, {{"PC", "PC"}, 1}}));
  const std::string headed = "day,who,whom,much\n7,1,2,0.5\n8,2,3,0.25\n";
  const Arcs expected{{{"1", "2"}, 0.5}, {{"2", "3"}, 0.25}};
  EXPECT_EQ(arcs(headed, "h.csv", {.columns = {"who", "Whom", "MUCH"}}), expected);
  EXPECT_EQ(arcs(headed, "h.csv", {.columns = {"2", "3", "much"}}), expected);
  EXPECT_THAT(why_not(headed, "h.csv", {.columns = {"who", "when", ""}}),
              HasSubstr("h.csv:1: expected a heading that has all columns chosen by name, as 'who'; it has 'day' (1), "
                        "'who' (2), 'whom' (3), 'much' (4)"));
  EXPECT_THAT(why_not("source,target,times\n1,2,often\n", "h.csv", weighted),
              HasSubstr("h.csv:1: no column of weights is known; columns are 'source' (1), 'target' (2), 'times' (3)"));
  const auto refusal = [](const ReadOptions& options) {
    return message_of<InvalidArgument>([&] { read_bytes("1 2 3\n", "a.txt", options); });
  };
  EXPECT_THAT(refusal({.columns = {"1", "", ""}}), HasSubstr("(--source, --target)"));
  EXPECT_THAT(refusal({.columns = {"0", "1", ""}}), HasSubstr("column 0: columns count from 1"));
  EXPECT_THAT(refusal({.columns = {"2", "2", ""}}), HasSubstr("column 2 cannot be both"));
  EXPECT_THAT(refusal({.format = Format::adjacency, .columns = {"2", "1", ""}}), HasSubstr("have no columns"));
  EXPECT_THAT(message_of<InvalidArgument>([&] {
                read_bytes("%%MatrixMarket matrix coordinate pattern general\n1 1 1\n1 1\n", "a.mtx",
                           {.columns = {"1", "2", ""}});
              }),
              HasSubstr("a.mtx: columns"));
}

TEST(EdgeColumns, OfQuotedFieldsAreThoseChosen) {
  const std::string quoted = "\"weight\",\"note\",\"source\",\"target\"\n\"3\",\"7\",\"a\",\"b\"\n";
  EXPECT_EQ(arcs(quoted, "q.csv", weighted), (Arcs{{{"a", "b"}, 3}}));
}

TEST(EdgeColumns, ChosenByNumberHaveHeadingsToo) {
  const Arcs friends{{{"bob", "alice"}, 1}, {{"cy", "bob"}, 1}};
  EXPECT_EQ(arcs("source,target\nalice,bob\nbob,cy\n", "a.csv", {.columns = {"2", "1", ""}}), friends);
  EXPECT_EQ(arcs("friend,age,person\nbob,30,alice\ncy,31,bob\n", "a.csv", {.columns = {"1", "3", ""}}), friends);
}

TEST(EdgeColumns, NamesOfRowsAreKnown) {
  const Arcs arc{{{"x", "y"}, 1}, {{"y", "z"}, 1}};
  EXPECT_EQ(arcs("from to\n1 x y\n2 y z\n", "r.txt"), arc);
  EXPECT_EQ(arcs("\"from\" \"to\"\n\"k\" \"x\" \"y\"\n\"l\" \"y\" \"z\"\n", "r.txt"), arc);
  const std::string longer = "source,target\n1,2,5\n3,4,7\n";
  EXPECT_EQ(why_not(longer, "a.csv"),
            "a.csv:2: a field more than the heading has, 'source' (1), 'target' (2), so that it does not say which "
            "columns are meant; choose them by number (--source, --target)");
  EXPECT_EQ(arcs(longer, "a.csv", {.columns = {"1", "2", ""}}), (Arcs{{{"1", "2"}, 1}, {{"3", "4"}, 1}}));
}

TEST(EdgeColumns, VerticesMayBeCalledAsColumnsAre) {
  const std::string circle = "u v\nv w\nw u\n";
  EXPECT_EQ(arcs(circle, "c.txt"), (Arcs{{{"u", "v"}, 1}, {{"v", "w"}, 1}, {{"w", "u"}, 1}}));
  EXPECT_THAT(remarks(circle, "c.txt"), ElementsAre(HasSubstr("'u v' is read as an edge")));
  EXPECT_EQ(arcs(circle, "c.txt", {.columns = {"u", "v", ""}}), (Arcs{{{"v", "w"}, 1}, {{"w", "u"}, 1}}));
  EXPECT_EQ(arcs("a u v\nu b c\n", "c.txt"), (Arcs{{{"a", "u"}, 1}, {{"u", "b"}, 1}}));
  const ReadOptions lists{.format = Format::adjacency};
  EXPECT_EQ(arcs("u v w\na b\n", "l.txt", lists), (Arcs{{{"u", "v"}, 1}, {{"u", "w"}, 1}, {{"a", "b"}, 1}}));
  EXPECT_EQ(arcs("a b c\nd e 5\n", "l.txt", lists).size(), 4U);
  // Such a first edge comes back, with its weight.
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  for (const auto& [from, to] : {std::pair{"u", "v"}, {"v", "u"}, {"source", "target"}, {"target", "source"}}) {
    for (const std::string& back : {text(to, ' ', from, " 3\n"), std::string()}) {
      const std::string bytes = text("source target weight\n", from, ' ', to, " 2.5\n", back);
      const GraphFile file = read(comm, folder.write("w.txt", bytes), weighted);
      write(file.graph, file.names, folder / "out.tsv");
      Arcs expected{{{from, to}, 2.5}};
      if (!back.empty()) expected[{to, from}] = 3;
      EXPECT_EQ(arcs_of(read_on_any_ranks(folder / "out.tsv", weighted)), expected) << bytes;
    }
  }
}

TEST(EdgeColumns, MayHoldNoEdges) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  const std::string list = folder.write("list", "4\n5\n");
  const Content content = read_bytes("source,target\n", "e.csv", {.vertices = list});
  EXPECT_THAT(content.names, ElementsAre("4", "5"));
  EXPECT_THAT(content.matrix, IsEmpty());
  EXPECT_EQ(read_bytes("source,target\n", "e.csv").num_rows, 0);
  EXPECT_EQ(read_bytes("id,source,target\n", "e.csv", weighted).num_rows, 0);
  EXPECT_THAT(why_not("source,target\n,x\n", "e.csv"), HasSubstr("e.csv:2: expected two vertices"));
}

TEST(EdgeDialects, SeparatorsOfAllKinds) {
  const Arcs expected{{{"a", "b"}, 1.5}, {{"b", "c"}, 2.25}};
  const Arcs numbers{{{"1", "2"}, 1.5}, {{"2", "3"}, 2.25}};
  for (const char* separator : {",", ";", "|", "\t", " ", " | ", "; "}) {
    const auto rows = [&](std::string a, std::string b, std::string c) {
      const std::string s = separator;
      return a + s + b + s + "1.5\n" + b + s + c + s + "2.25\n";
    };
    EXPECT_EQ(arcs(rows("a", "b", "c"), "a.txt", weighted), expected) << separator;
    EXPECT_EQ(arcs(rows("1", "2", "3"), "a.txt", weighted), numbers) << separator;
  }
  EXPECT_EQ(arcs("a;b;1,5\nb;c;2,25\n", "eu.csv", weighted), expected);
  EXPECT_EQ(arcs("1;2;1,5\n2;3;2,25\n", "eu.csv", weighted), numbers);
  EXPECT_EQ(arcs("Person1Id|Person2Id|creationDate\n933|4139|2010-03-13\n", "knows.csv"), (Arcs{{{"933", "4139"}, 1}}));
  EXPECT_EQ(arcs("0 1 5\n1 2 3\n", "g.wel"), (Arcs{{{"0", "1"}, 5}, {{"1", "2"}, 3}}));
  EXPECT_THAT(why_not("1 2 1,5\n", "a.txt", weighted), HasSubstr("a.txt:1: weight '1,5' is not a number"));
  EXPECT_THAT(why_not("1,2;3\n", "a.txt"), HasSubstr("a.txt:1: fields stand between different separators"));
}

TEST(EdgeDialects, AttributesOfNetworkx) {
  const std::string edges = "0 1 {'weight': 3.5}\n1 2 {'colour': 'red, or {blue}', 'weight': 1}\n";
  EXPECT_EQ(arcs(edges, "nx.edgelist", weighted), (Arcs{{{"0", "1"}, 3.5}, {{"1", "2"}, 1}}));
  EXPECT_EQ(arcs("a b {'weight': 3.5}\nb c {'x': 1, \"weight\": 1}\n", "nx.edgelist", weighted),
            (Arcs{{{"a", "b"}, 3.5}, {{"b", "c"}, 1}}));
  EXPECT_THAT(remarks("0 1 {}\n1 2 {}\n", "nx.edgelist"), IsEmpty());
  EXPECT_EQ(why_not("0 1 {'a': 2}\n", "nx.edgelist", weighted),
            "nx.edgelist:1: the attributes '{'a': 2}' have no 'weight'");
}

TEST(EdgeDialects, LineEndsOfOldMacs) {
  const Arcs circle{{{"1", "2"}, 1}, {{"2", "3"}, 1}, {{"3", "1"}, 1}};
  EXPECT_EQ(arcs("1 2\r2 3\r3 1\r", "cr.txt"), circle);
  EXPECT_EQ(arcs("# c\r1 2\r2 3\r3 1", "cr.txt"), circle);
  EXPECT_EQ(arcs("Source,Target\ra,b\rb,c", "cr.csv"), (Arcs{{{"a", "b"}, 1}, {{"b", "c"}, 1}}));
  EXPECT_THAT(why_not("1 2\r2 x\r", "cr.txt"), HasSubstr("cr.txt:2: 'x' is not a vertex id"));
  for (const char* mixed : {"1 2\n2 3\r3 1\n", "1 2\n2 3 5\r3 1\n"})
    EXPECT_THAT(why_not(mixed, "mixed.txt"), HasSubstr("mixed.txt:2: a carriage return inside the line"));
  EXPECT_THAT(why_not("a b\nb c\rc a\n", "mixed.txt"), HasSubstr("mixed.txt:2: a carriage return inside the line"));
}

TEST(EdgeDialects, InvisibleCharactersAreNamed) {
  EXPECT_EQ(
      why_not("1\xc2\xa0 2\n2\xc2\xa0 3\n", "a.txt"),
      "a.txt:1: the name '1\xc2\xa0' begins or ends with a no-break space (U+00A0); the line holds a no-break space "
      "(U+00A0)");
  EXPECT_THAT(why_not("1 2\n\xe2\x80\x8b"
                      "2 3\n",
                      "a.txt"),
              HasSubstr("a.txt:2: '\xe2\x80\x8b"
                        "2' is not a vertex id"));
  EXPECT_THAT(why_not("1 2\n\xe2\x80\x8b"
                      "2 3\n",
                      "a.txt"),
              HasSubstr("the line holds a zero-width space (U+200B)"));
  EXPECT_THAT(why_not("ann,bob\n\xef\xbb\xbf"
                      "bob,cat\n",
                      "a.csv"),
              HasSubstr("a.csv:2: the name"));
  EXPECT_THAT(why_not("ann,bob\n\xef\xbb\xbf"
                      "bob,cat\n",
                      "a.csv"),
              HasSubstr("a byte order mark (U+FEFF)"));
  EXPECT_EQ(read_bytes("ann\tNew\xc2\xa0York\n", "a.tsv").names.front(), "New\xc2\xa0York");
}

TEST(EdgeComments, AreCountedAndToldWhereTheyMayBeData) {
  const std::string usual = "# Directed graph: a.txt\n# Nodes: 3 Edges: 2\n# FromNodeId\tToNodeId\n0\t1\n1\t2\n";
  const Content snap = read_bytes(usual, "snap.txt");
  EXPECT_EQ(snap.report.comment_lines, 3);
  EXPECT_THAT(snap.report.remarks, IsEmpty());
  const std::string tags = "#metoo,#climate\n#climate,#vote\nvote,#metoo\n";
  const Content some = read_bytes(tags, "tags.csv");
  EXPECT_EQ(some.report.comment_lines, 2);
  EXPECT_THAT(some.report.remarks, ElementsAre("skipped 2 lines as comments, the first: '#metoo,#climate' (--comments "
                                               "none reads them as data)"));
  EXPECT_EQ(arcs(tags, "tags.csv", {.comments = Comments::none}),
            (Arcs{{{"#metoo", "#climate"}, 1}, {{"#climate", "#vote"}, 1}, {{"vote", "#metoo"}, 1}}));
  EXPECT_THAT(remarks("0 1\n// later\n1 2\n", "a.txt"), ElementsAre(HasSubstr("skipped 1 line as comments, the first: "
                                                                              "'// later'")));
}

TEST(EdgeHeadings, LookLikeHeadings) {
  EXPECT_EQ(why_not("1\t2\t\n2\t3\t0.5\n", "a.tsv", weighted), "a.tsv:1: expected two vertices and a weight");
  EXPECT_EQ(why_not("a\tb\t\nb\tc\t0.5\n", "a.tsv", weighted), "a.tsv:1: expected two vertices and a weight");
  EXPECT_THAT(why_not("42\n0 1\n1 2\n", "a.txt"), HasSubstr("a.txt:1: expected two vertices; a line of one is"));
  EXPECT_THAT(why_not("1 x\n0 1\n1 2\n", "a.txt"), HasSubstr("a.txt:1: 'x' is not a vertex id"));
  const std::string note =
      "the first line equals the numbers of vertices and edges below it; remove it if it is no edge";
  EXPECT_THAT(remarks("4 3\n0 1\n1 2\n2 3\n", "nm.txt"), ElementsAre(note));
  EXPECT_THAT(remarks("4 3\n1 2\n2 3\n3 4\n", "nm.txt"), ElementsAre(note));
  EXPECT_THAT(remarks("4 3\n0 1\n1 2\n2 4\n", "nm.txt"), IsEmpty());
}

TEST(EdgeLists, OfNeighbours) {
  const std::string networkx = "#GraphML test\n# adjlist\n0 1 2 3\n1 2\n2\n3\n";
  EXPECT_THAT(why_not(networkx, "a.txt"), HasSubstr("a.txt:3: rows of different length, as lists of neighbours have; "
                                                    "--format adjacency reads them"));
  const ReadOptions lists{.format = Format::adjacency};
  EXPECT_EQ(arcs(networkx, "t.adjlist"), (Arcs{{{"0", "1"}, 1}, {{"0", "2"}, 1}, {{"0", "3"}, 1}, {{"1", "2"}, 1}}));
  const std::string square = "0 1 2\n1 0 2\n2 0 1\n";
  EXPECT_EQ(read_bytes(square, "a.txt", lists).matrix.size(), 6U);
  EXPECT_THAT(remarks(square, "a.txt"), ElementsAre(HasSubstr("--format adjacency reads lists of neighbours")));
  EXPECT_EQ(read_bytes("ann,bob,cat\nbob\n", "a.csv", lists).num_rows, 3);
  EXPECT_EQ(read_bytes("ann\n", "a.csv", lists).num_rows, 1);
  EXPECT_THAT(why_not("0 1 2\n1 x\n", "a.txt", lists), HasSubstr("a.txt:2: 'x' is not a vertex id"));
}

TEST(EdgeIds, OfAll64Bits) {
  const Content tweets = read_bytes("1523456789012345678 1523456789012345679\n1523456789012345679 12\n", "t.txt");
  EXPECT_THAT(tweets.names, ElementsAre("12", "1523456789012345678", "1523456789012345679"));
  const Content ends = read_bytes("-9223372036854775808 9223372036854775807\n-5 3\n0 70000\n", "e.txt");
  EXPECT_THAT(ends.names, ElementsAre("-9223372036854775808", "-5", "0", "3", "70000", "9223372036854775807"));
  EXPECT_EQ(arcs_of(ends).count({"-5", "3"}), 1U);
  EXPECT_THAT(why_not("18446744073709551615 1\n-5 2\n", "u.txt"), HasSubstr("with --ids names"));
  EXPECT_EQ(read_bytes("18446744073709551615 1\n-5 2\n", "u.txt", {.ids = Ids::names}).num_rows, 4);
  for (const char* bytes : {"0 1\n-5 2\n", "0 1000000000000000000\n"})
    EXPECT_THAT(why_not(bytes, "k.txt", {.ids = Ids::keep}), HasSubstr("is not in [0, 10^18)")) << bytes;
}

TEST(EdgeVertices, FromAList) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  const std::string list = folder.write("list", "4\n5\n2\n3\n");
  const Content content = read_bytes("3 5\n5 3\n", "iso.txt", {.vertices = list});
  EXPECT_THAT(content.names, ElementsAre("4", "5", "2", "3"));
  EXPECT_EQ(arcs_of(content), (Arcs{{{"3", "5"}, 1}, {{"5", "3"}, 1}}));
  EXPECT_EQ(why_not("# c\n3 5\n5 9\n", "iso.txt", {.vertices = list}),
            "iso.txt:3: a vertex that " + list + " does not have");
  const std::string names = folder.write("names", "New York\r\nb\r\na\r\n");
  const Content texts = read_bytes("a,b\n", "n.csv", {.vertices = names});
  EXPECT_THAT(texts.names, ElementsAre("New York", "b", "a"));
  const auto list_fault = [&](std::string_view bytes, std::string_view edges) {
    const std::string path = folder.write("bad", bytes);
    return why_not(edges, "e.txt", {.vertices = path});
  };
  EXPECT_EQ(list_fault("3\n5\n3\n", "3 5\n"), folder / "bad:3: the name '3' stands in line 1 already");
  EXPECT_THAT(list_fault("3\nx\n", "3 3\n"), HasSubstr("bad:2: 'x' is not a vertex id"));
}

TEST(EdgeVertices, FromLinesOfTheirOwn) {
  const ReadOptions isolated{.isolated_lines = true};
  const Content ids = read_bytes("2\n3 5\n7\n5 3\n", "a.txt", isolated);
  EXPECT_THAT(ids.names, ElementsAre("2", "3", "5", "7"));
  EXPECT_EQ(ids.matrix.size(), 2U);
  EXPECT_EQ(read_bytes("2\n3 5\n8\n", "a.txt", {.ids = Ids::keep, .isolated_lines = true}).num_rows, 9);
  EXPECT_THAT(read_bytes("ann,bob\ncat\n", "a.csv", isolated).names, ElementsAre("ann", "bob", "cat"));
  EXPECT_THAT(why_not("3 5\n7\n", "a.txt"),
              HasSubstr("a.txt:2: expected two vertices; a line of one is a vertex without "
                        "edges by --isolated-lines"));
}

TEST(EdgeVertices, AloneMayHaveBlanks) {
  const ReadOptions isolated{.isolated_lines = true};
  for (const char* bytes : {"New York\nBoston,Chicago\n", "Boston,Chicago\nNew York\n"}) {
    const Content cities = read_bytes(bytes, "a.txt", isolated);
    EXPECT_THAT(cities.names, ElementsAre("Boston", "Chicago", "New York"));
    EXPECT_EQ(arcs_of(cities), (Arcs{{{"Boston", "Chicago"}, 1}}));
  }
  EXPECT_EQ(arcs("New York\nLos Angeles,Boston\n", "l.txt", {.format = Format::adjacency}),
            (Arcs{{{"Los Angeles", "Boston"}, 1}}));
}

TEST(EdgeVertices, AreFoundInListsOfQuotedNames) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  const ReadOptions lists{.format = Format::adjacency};
  const std::string path = folder.write("l.csv", "\"a\",\"b\"\n\"b\",\"a\",\"c\"\n");
  const GraphFile file = read(comm, path, lists);
  EXPECT_EQ(place_of(comm, path, lists, Format::adjacency, file.names, 1, 2), path + ":2");
}

TEST(EdgeVertices, OfTwoSides) {
  const std::string rates = "1 1 5 1\n2 2 3 2\n2 3 4 3\n3 4 1 4\n1 4 2 1\n3 1 2 7\n";
  const Arcs expected{{{"1", "to:1"}, 5}, {{"2", "to:2"}, 3}, {{"2", "to:3"}, 4},
                      {{"3", "to:4"}, 1}, {{"1", "to:4"}, 2}, {{"3", "to:1"}, 2}};
  for (const auto& [bytes, options] : {std::pair{"% bip weighted\n% 6 3 4\n" + rates, weighted},
                                       {rates, ReadOptions{.weights = true, .bipartite = true}}}) {
    const Content content = read_bytes(bytes, "out.rate", options);
    EXPECT_THAT(content.names, ElementsAre("1", "2", "3", "to:1", "to:2", "to:3", "to:4"));
    EXPECT_EQ(arcs_of(content), expected);
    EXPECT_EQ(content.report.entries.loops, 0);
  }
  EXPECT_THAT(remarks("% bip weighted\n1 1 5\n", "out.rate", weighted),
              ElementsAre(HasSubstr("tells a bipartite graph")));
  EXPECT_THAT(read_bytes("% bipartite network\n1 2\n2 1\n", "a.txt").names, ElementsAre("1", "2"));
  const Content kept = read_bytes("% bip\n0 1\n", "out.rate", {.ids = Ids::keep});
  EXPECT_EQ(kept.num_rows, 2);
  EXPECT_THAT(kept.report.remarks, ElementsAre(HasSubstr("both columns are read as the same vertices")));
  const Content names = read_bytes("ann,ann\nbob,ann\n", "a.csv", {.bipartite = true});
  EXPECT_THAT(names.names, ElementsAre("ann", "bob", "to:ann"));
  EXPECT_THAT(message_of<InvalidArgument>([&] { read_bytes("to:a,b\n", "a.csv", {.bipartite = true}); }),
              HasSubstr("the name 'to:a' in the first column"));
}

TEST(EdgeDuplicates, SumCountsWithoutWeights) {
  const ReadOptions sum{.policy = {Duplicates::sum, Loops::keep}};
  EXPECT_EQ(arcs("a b\na b\na c\nb a\nc a\n", "m.txt", sum),
            (Arcs{{{"a", "b"}, 2}, {{"a", "c"}, 1}, {{"b", "a"}, 1}, {{"c", "a"}, 1}}));
  EXPECT_FALSE(read_bytes("a b\nb a\n", "m.txt", sum).has_values);
  EXPECT_EQ(arcs("%%MatrixMarket matrix coordinate pattern general\n2 2 3\n1 2\n1 2\n2 1\n", "m.mtx", sum),
            (Arcs{{{"0", "1"}, 2}, {{"1", "0"}, 1}}));
}

TEST(EdgePlaces, AreFoundAgain) {
  const Comm comm = Comm::world();
  const TempFolder folder(comm);
  const auto place = [&](const char* bytes, const std::string& name, const ReadOptions& options, Global from,
                         Global to) {
    const std::string path = folder.write(name, bytes);
    const GraphFile file = read(comm, path, options);
    return place_of(comm, path, options, file.report.format, file.names, from, to).substr(folder.path().size() + 1);
  };
  EXPECT_EQ(place("ann bob 1\nbob cat -2\ncat ann 1\n", "neg.txt", weighted, 1, 2), "neg.txt:2");
  EXPECT_EQ(place("# c\n2 1\n7 2\n", "gaps.txt", {}, 2, 1), "gaps.txt:3");
  EXPECT_EQ(place("1 2\n7 2\n", "und.txt", {.undirected = true}, 1, 0), "und.txt:1");
  EXPECT_EQ(place("%%MatrixMarket matrix coordinate real general\n2 2 1\n1 2 -4\n", "neg.mtx", {}, 0, 1),
            "neg.mtx: row 1, column 2");
}

/// A file in a random dialect, and what it must hold.
struct RandomFile {
  std::string bytes;
  ReadOptions options;
  Arcs arcs;
};

RandomFile random_file(testing::Random& random) {
  RandomFile file;
  const auto pick = [&](int n) { return static_cast<int>(below(random, n)); };
  const bool numbers = pick(2) == 0;
  const char separator = ",;|\t "[pick(5)];
  const bool csv = std::string_view(",;|").find(separator) != std::string_view::npos;
  const bool quote_all = csv && pick(3) == 0;
  const std::string end = std::vector<std::string>{"\n", "\r\n", "\r"}[static_cast<std::size_t>(pick(3))];
  const bool weights = pick(2) == 0;
  const bool comma = weights && separator == ';' && pick(2) == 0;
  enum Heading { none, plain, indexed, comment } heading = Heading(pick(4));
  if (separator == ' ' && heading == indexed) heading = plain;
  file.options.weights = weights;

  const auto field = [&](const std::string& content) {
    const bool needs = csv && content.find_first_of(std::string("\"") + separator) != std::string::npos;
    if (!quote_all && !needs) return content;
    std::string quoted = "\"";
    for (char c : content) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    return quoted + '"';
  };
  const auto line = [&](const std::vector<std::string>& fields) {
    for (std::size_t i = 0; i < fields.size(); ++i)
      file.bytes += (i > 0 ? std::string(1, separator) : "") + field(fields[i]);
    file.bytes += end;
  };
  if (pick(2) == 0) file.bytes += "# of some length, with commas; and bars |" + end;
  std::vector<std::string> titles{"Source", "Target"};
  if (heading == indexed) titles.insert(titles.begin(), "");
  if (weights) titles.push_back("Weight");
  if (heading == comment) titles.front() = "# " + titles.front();
  if (heading == comment && quote_all) titles.clear();
  if (heading != none && !titles.empty()) line(titles);

  const std::vector<std::string> texts{"ann", "bob", "New York", "O'Hara", "a \"b\" c",
                                       "x;y", "x,y", "p|q",      "007",    "z-1"};
  const int count = 1 + pick(30);
  for (int k = 0; k < count; ++k) {
    std::string ends[2];
    for (std::string& name : ends) {
      do name = numbers ? std::to_string(below(random, 40) - 5) : texts[static_cast<std::size_t>(pick(10))];
      while (!csv && !numbers && (name.find_first_of(separator == ' ' ? " \",;|" : "\"") != std::string::npos));
    }
    // The first edge decides what vertices are.
    if (!numbers && k == 0) ends[0] = "ann";
    if (!numbers && k == 0) ends[1] = "bob";
    const int hundredths = pick(1000);
    std::string weight = text(hundredths / 100, comma ? ',' : '.', hundredths / 10 % 10, hundredths % 10);
    std::vector<std::string> fields{ends[0], ends[1]};
    if (heading == indexed) fields.insert(fields.begin(), std::to_string(k));
    if (weights) fields.push_back(weight);
    line(fields);
    file.arcs.try_emplace({ends[0], ends[1]}, weights ? hundredths / 100.0 : 1.0);
    if (pick(10) == 0) file.bytes += "% between" + end;
  }
  if (pick(3) == 0) file.bytes.resize(file.bytes.size() - end.size());
  if (!numbers) file.options.ids = Ids::names;
  return file;
}

TEST(EdgeDialects, RandomFilesGiveTheirEdges) {
  testing::Random random(21);
  for (int round = 0; round < 150; ++round) {
    const RandomFile file = random_file(random);
    EXPECT_EQ(why_not(file.bytes, "random.txt", file.options), "") << file.bytes;
    EXPECT_EQ(arcs(file.bytes, "random.txt", file.options), file.arcs) << file.bytes;
  }
}

}  // namespace
}  // namespace filigree::io
