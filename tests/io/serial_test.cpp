// GraphML, GML and Pajek: what their files say, on any ranks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/packed.hpp"
#include "io/reading.hpp"

namespace filigree::io {
namespace {

using filigree::testing::Content;
using filigree::testing::GlobalMatrix;
using filigree::testing::read_bytes;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// -- GraphML ---------------------------------------------------------------------------------------------------------

TEST(GraphMl, IdsAreNamesInTheOrderOfTheFile) {
  const std::string bytes =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- x -->\n<graphml "
      "xmlns=\"http://graphml.graphdrawing.org/xmlns\">\n"
      "<graph id=\"G\" edgedefault=\"directed\">\n<node id=\"n2\"/><node id=\"n10\"/><node id=\"alone\"/>\n"
      "<edge source=\"n10\" target=\"n2\"/></graph></graphml>\n";
  for (const std::string name : {"a.graphml", "a.xml", "a.txt", "a"}) {
    const Content read = read_bytes(bytes, name);
    EXPECT_EQ(read.report.format, Format::graphml);
    EXPECT_THAT(read.names, ElementsAre("n2", "n10", "alone"));
    EXPECT_TRUE(read.matrix == (GlobalMatrix<double>{{{1, 0}, 1}}));
    EXPECT_FALSE(read.has_values);
  }
  testing::expect_same(read_bytes(bytes, "a.graphml"), read_bytes(pack(Packing::gzip, bytes), "a.graphml.gz"));
}

TEST(GraphMl, WeightsDefaultsAndDirections) {
  const std::string_view bytes =
      "<graphml><key id=\"d0\" for=\"node\" attr.name=\"colour\" attr.type=\"string\"/>"
      "<key id=\"d1\" for=\"edge\" attr.name=\"Weight\" attr.type=\"double\"><default>2</default></key>"
      "<graph edgedefault=\"undirected\"><node id=\"7\"><data key=\"d0\">red</data></node><node id=\"5\"/>"
      "<edge source=\"7\" target=\"5\"><data key=\"d1\"> 3.5 </data></edge>"
      "<edge source=\"5\" target=\"5\"/><edge source=\"5\" target=\"9\" directed=\"true\"/><node id=\"9\"/>"
      "</graph></graphml>";
  const Content read = read_bytes(bytes, "a.graphml");
  EXPECT_TRUE(read.has_values);
  EXPECT_THAT(read.names, ElementsAre("7", "5", "9"));
  EXPECT_TRUE(read.matrix == (GlobalMatrix<double>{{{0, 1}, 3.5}, {{1, 0}, 3.5}, {{1, 1}, 2}, {{1, 2}, 2}}));
  EXPECT_THAT(read.report.remarks, ElementsAre("left out attributes of vertices and edges: 'colour'"));
}

TEST(GraphMl, NothingButItsOwnTextIsRead) {
  const std::string_view internal =
      "<!DOCTYPE graphml [<!ENTITY a \"aaaa\">]><graphml><graph><node id=\"&a;\"/></graph></graphml>";
  EXPECT_THAT(testing::why_not(internal, "a.graphml"), HasSubstr("a.graphml:1: a document type"));
  EXPECT_THAT(testing::why_not("<graphml><graph><node id=\"&b;\"/></graph></graphml>", "a.graphml"),
              HasSubstr("undefined entity"));
}

TEST(GraphMl, EmptyAndWithoutEdges) {
  EXPECT_EQ(read_bytes("<graphml/>", "a.graphml").num_rows, 0);
  EXPECT_EQ(read_bytes("<graphml><graph><node id='a'/><node id='b'/></graph></graphml>", "a.graphml").num_rows, 2);
}

TEST(GraphMl, FilesOfOneLongLine) {
  std::string bytes = "<graphml><graph edgedefault='directed'><node id='a'/><node id='b'/>";
  bytes += "<!--" + std::string((std::size_t{5} << 19), 'x') + "-->";
  bytes += "<edge source='b' target='a'/></graph></graphml>";
  EXPECT_TRUE(read_bytes(bytes, "a.graphml").matrix == (GlobalMatrix<double>{{{1, 0}, 1}}));
  EXPECT_THAT(testing::why_not(bytes + "<", "a.graphml"), HasSubstr("a.graphml:1: "));
}

// -- GML -------------------------------------------------------------------------------------------------------------

TEST(Gml, LabelsAreNames) {
  const Content read = read_bytes(
      "Creator \"me\"\n# a comment\ngraph\n[\n  directed 1\n  node [ id 3 label \"A &amp; B\" graphics [ x 1.0 y [ ] ] "
      "]\n"
      "  node [ id -1 label \"\xc3\xa4&#228;\" ]\n  node [ id 2 label \"c\" ]\n"
      "  edge [ source 3 target -1 weight 0.5 value 7 ]\n  edge [ source 2 target 2 value 3 ]\n]\n",
      "a.gml");
  EXPECT_EQ(read.report.format, Format::gml);
  EXPECT_THAT(read.names, ElementsAre("A & B", "\xc3\xa4\xc3\xa4", "c"));
  EXPECT_TRUE(read.matrix == (GlobalMatrix<double>{{{0, 1}, 0.5}, {{2, 2}, 3}}));
  EXPECT_TRUE(read.has_values);
}

TEST(Gml, UndirectedUnlessItSaysSoAndIdsWhereLabelsAreNotDistinct) {
  const Content read =
      read_bytes("graph [ edge [ source 5 target 4 ] node [ id 4 label \"x\" ] node [ id 5 label \"x\" ] ]", "a.txt");
  EXPECT_THAT(read.names, ElementsAre("4", "5"));
  EXPECT_TRUE(read.matrix == (GlobalMatrix<double>{{{0, 1}, 1}, {{1, 0}, 1}}));
  EXPECT_FALSE(read.has_values);
  EXPECT_THAT(read.report.remarks,
              ElementsAre("is read as GML, as its first bytes say",
                          "vertices are called by their ids: labels are missing, empty or not distinct"));
  EXPECT_EQ(read_bytes("graph [ ]", "a.gml").num_rows, 0);
}

// -- Pajek -----------------------------------------------------------------------------------------------------------

TEST(Pajek, ArcsAndEdges) {
  const Content read = read_bytes(
      "% a comment\r\n*Network n\r\n*Vertices 4\r\n1 \"a b\" 0.1 0.2\r\n2 b ellipse\r\n3 \"c\"\r\n4 \"d\"\r\n"
      "*Arcs :1 \"likes\"\r\n1 2 0.5\r\n*Edges\r\n2 3\r\n*Arcslist\r\n4 1 3\r\n*Edgeslist\r\n4 4\r\n*Partition "
      "x\r\n1\r\n",
      "a.net");
  EXPECT_EQ(read.report.format, Format::pajek);
  EXPECT_THAT(read.names, ElementsAre("a b", "b", "c", "d"));
  EXPECT_TRUE(read.matrix ==
              (GlobalMatrix<double>{{{0, 1}, 0.5}, {{1, 2}, 1}, {{2, 1}, 1}, {{3, 0}, 1}, {{3, 2}, 1}, {{3, 3}, 1}}));
  EXPECT_THAT(read.report.remarks, ElementsAre("left out 1 sections, the first is '*Partition x'"));
}

TEST(Pajek, MatricesAndVerticesWithoutLabels) {
  const Content square = read_bytes("*Vertices 3\n*Matrix\n0 1 0\n0 0 1\n1 0 0\n", "a.txt");
  EXPECT_THAT(square.names, ElementsAre("1", "2", "3"));
  EXPECT_TRUE(square.matrix == (GlobalMatrix<double>{{{0, 1}, 1}, {{1, 2}, 1}, {{2, 0}, 1}}));
  EXPECT_FALSE(square.has_values);
  // Two sets of vertices: rows are those of the first one.
  const Content two = read_bytes("*vertices 3 1\n*matrix\n2 0.5\n", "a.net");
  EXPECT_TRUE(two.matrix == (GlobalMatrix<double>{{{0, 1}, 2}, {{0, 2}, 0.5}}));
  const Content twice = read_bytes("*Vertices 2\n1 \"x\"\n2 \"x\"\n*Edges\n1 2\n", "a.net");
  EXPECT_THAT(twice.names, ElementsAre("1", "2"));
  EXPECT_EQ(twice.report.remarks.size(), 1U);
}

// -- All of them -----------------------------------------------------------------------------------------------------

TEST(Serial, UndirectedEdgesStayOneEdge) {
  const GlobalMatrix<double> expected{{{0, 1}, 3}, {{1, 0}, 3}, {{1, 1}, 2}};
  const std::pair<const char*, const char*> files[] = {
      {"a.graphml",
       "<graphml><key id='w' for='edge' attr.name='weight'/><graph edgedefault='undirected'><node id='a'/><node "
       "id='b'/><edge source='a' target='b'><data key='w'>3</data></edge><edge source='b' target='b'><data "
       "key='w'>2</data></edge></graph></graphml>"},
      {"a.gml",
       "graph [ node [ id 1 ] node [ id 2 ] edge [ source 1 target 2 weight 3 ] edge [ source 2 target 2 weight 2 ] ]"},
      {"a.net", "*Vertices 2\n*Edges\n1 2 3\n2 2 2\n"},
  };
  for (const auto& [name, bytes] : files) {
    for (const Duplicates duplicates : {Duplicates::first, Duplicates::sum, Duplicates::error}) {
      for (const bool undirected : {false, true}) {
        const Content read = read_bytes(bytes, name, {.undirected = undirected, .policy = {duplicates, Loops::keep}});
        EXPECT_TRUE(read.matrix == expected) << name;
        EXPECT_EQ(read.report.entries.duplicates, 0) << name;
      }
    }
  }
  EXPECT_TRUE(read_bytes("*Vertices 3\n*Edgeslist\n1 2 3\n", "a.net",
                         {.undirected = true, .policy = {Duplicates::sum, Loops::keep}})
                  .matrix == (GlobalMatrix<double>{{{0, 1}, 1}, {{0, 2}, 1}, {{1, 0}, 1}, {{2, 0}, 1}}));
}

TEST(Serial, WeightsAreNotRounded) {
  const auto why = [](const std::string& weight) {
    return testing::why_not("*Vertices 2\n*Arcs\n1 2 " + weight + "\n", "a.net");
  };
  EXPECT_THAT(why("9007199254740993"), HasSubstr("a.net:3: weight 9007199254740993 is a whole number that a double"));
  EXPECT_EQ(why("9007199254740994"), "");
  EXPECT_EQ(why("9007199254740993.0"), "");
}

}  // namespace
}  // namespace filigree::io
