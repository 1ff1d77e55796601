// Formats are told by content first, then by extension; what cannot be read is refused by its name.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "filigree/io/format.hpp"
#include "io/packed.hpp"
#include "io/reading.hpp"

namespace filigree::io {
namespace {

using filigree::testing::Content;
using filigree::testing::message_of;
using filigree::testing::read_bytes;
using filigree::testing::why_not;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using namespace std::string_view_literals;

constexpr std::string_view matrix = "%%MatrixMarket matrix coordinate real general\n3 3 2\n1 2 5.0\n2 3 1.5\n";

TEST(Detect, ContentBeforeExtension) {
  for (const std::string name : {"a.mtx", "a.MTX", "a.Mtx", "a.txt", "a", "a.foo", "a.tsv", "a.h5"}) {
    const Content read = read_bytes(matrix, name);
    EXPECT_EQ(read.report.format, Format::matrix_market) << name;
    EXPECT_EQ(read.num_rows, 3) << name;
    EXPECT_EQ(read.matrix, (testing::GlobalMatrix<double>{{{0, 1}, 5.0}, {{1, 2}, 1.5}})) << name;
  }
  EXPECT_EQ(read_bytes(pack(Packing::gzip, matrix), "a.txt.gz").report.format, Format::matrix_market);
  EXPECT_EQ(read_bytes(pack(Packing::gzip, matrix), "a.MTX.GZ").report.format, Format::matrix_market);
  EXPECT_THAT(read_bytes(matrix, "a.txt").report.remarks,
              ::testing::ElementsAre("is read as MatrixMarket, as its first bytes say"));
  EXPECT_THAT(read_bytes(matrix, "a.MTX").report.remarks, ::testing::IsEmpty());
  EXPECT_EQ(read_bytes("c x\n\np sp 2 1\na 1 2 7\n", "a.txt").report.format, Format::dimacs);
  EXPECT_EQ(read_bytes("3 2\n2\n1 3\n2\n", "a.GRAPH").report.format, Format::metis);
}

TEST(Detect, InsistingReadsWithoutALook) {
  EXPECT_EQ(read_bytes(matrix, "a.txt", {.format = Format::edge_list}).num_rows, 3);
  EXPECT_EQ(read_bytes("1 2\n2 3 4\n", "h.hgr", {.format = Format::edge_list}).num_rows, 3);
}

TEST(Detect, RefusalsOfTextSayHowToInsist) {
  const std::string_view bytes = "# a\nb 1\n# b\nc 1\n";
  EXPECT_THAT(why_not(bytes, "a.txt"), HasSubstr("; if it is an edge list all the same, say --format edges"));
  EXPECT_EQ(read_bytes(bytes, "a.txt", {.format = Format::edge_list}).num_rows, 3);
}

/// Plain edge lists with content that could mislead.
TEST(Detect, EdgeListsStayEdgeLists) {
  const std::pair<std::string_view, Global> lists[] = {
      {"# a comment\n# b\n1 2\n2 3\n", 3},
      {"c d\na b\n", 4},
      {"p q\nc d\n", 4},
      {"p sp\ngraph theory\n", 4},
      {"graph theory\n{x y\n", 4},
      {"PAR1 F2\nBZh9 BZhang\n", 4},
      {"[deleted] bob\n", 2},
      {"<a> <b>\n", 2},
      {"host:80 host:90\n", 2},
      {"1 80:90\n2 81:91\n", 4},
      {"dl n=4\n", 2},
      {"# one\n1 2\n# two\n2 3\n", 3},
      {"# users\n# items\nalice 12\nbob 7\n", 4},
  };
  for (const auto& [bytes, num_vertices] : lists) {
    const Content read = read_bytes(bytes, "a.txt");
    EXPECT_EQ(read.report.format, Format::edge_list) << bytes;
    EXPECT_EQ(read.num_rows, num_vertices) << bytes;
  }
}

TEST(Detect, WeightsByExtension) {
  const Content read = read_bytes("0 1 5\n1 2 3\n", "g.wel");
  EXPECT_TRUE(read.has_values);
  EXPECT_EQ(read.matrix, (testing::GlobalMatrix<double>{{{0, 1}, 5.0}, {{1, 2}, 3.0}}));
}

TEST(Detect, ForeignFormatsAreNamed) {
  struct Foreign {
    std::string name;
    std::string_view bytes;
    const char* is;
  };
  std::string tar(512, '\0');
  tar.replace(0, 5, "g.txt").replace(257, 5, "ustar");
  std::string matlab_7(600, '\0');
  matlab_7.replace(512, 8, "\x89HDF\r\n\x1a\n");
  const Foreign files[] = {
      {"a.lz4", "\x04\x22\x4d\x18\x64\x40", "lz4"},
      {"a.xz", "\xfd\x37zXZ\0\0\4"sv, "xz"},
      {"a.txt", "BZh91AY&SY\1\2", "bzip2"},
      {"a.7z", "7z\xbc\xaf\x27\x1c\0"sv, "7z"},
      {"a.txt", tar, "tar archive"},
      {"a.mat", "MATLAB 5.0 MAT-file Platform: posix", "MATLAB"},
      {"a.mat", matlab_7, "MATLAB 7.3"},
      {"a.parquet", "PAR1\x15\x04", "Parquet"},
      {"a.arrow", "ARROW1\0\0"sv, "Arrow"},
      {"a.rds", "X\n\0\0\0\3"sv, "R"},
      {"a.zip", "PK\x03\x04 and more", "zip archive"},
      {"a.pkl", "\x80\x04\x95 and more", "pickle"},
      {"a.txt",
       "\xff\xfe"
       "1\0 \0002\0\n\0"sv,
       "UTF-16"},
      {"a.txt", "1\0 \0002\0\n\0"sv, "UTF-16LE"},
      {"a.txt", "\0001\0 \0002\0\n"sv, "UTF-16BE"},
      {"a.txt", "\xff\xfe\0\0001\0\0\0"sv, "UTF-32"},
      {"a.dot", "/* a */ digraph g {\n a -> b;\n}\n", "DOT"},
      {"a.gv", "strict graph {\n a -- b\n}\n", "DOT"},
      {"a.nt", "<http://a> <http://b> <http://c> .\n", "RDF"},
      {"a.json", "{\"nodes\": []}", "JSON"},
      {"a.txt", "[[0, 1], [1, 2]]", "JSON"},
      {"a.txt", "(1, 2)\n(2, 3)\n", "brackets"},
      {"a.txt", "1 3:0.5 7:1\n-1 2:1\n", "svmlight"},
      {"a.lgl", "# a\nb 1.0\nc 2.0\n# b\nc 1.5\n", "LGL"},
      {"a.txt", "# a\nb\nc\n# b\nc\n", "LGL"},
      {"a.hgr", "2 4\n1 2\n2 3 4\n", "hMETIS"},
      {"a.gexf", "<?xml version='1.0'?>\n<!-- x -->\n<gexf version='1.2'>", "GEXF"},
      {"a.xml", "<?xml version='1.0'?>\n<svg>", "XML, but not GraphML"},
      {"a.rb", "Title KEY\n 3 1 1 1\nrua 3 3 4 0\n(4I8) (4I8) (4E20.12)\n 1 2 3 5\n 1 2 3 1\n 1.0 2.0 3.0 4.0\n",
       "Rutherford-Boeing"},
      {"a.txt", "1 2\n\0\1"sv, "no text"},
  };
  for (const Foreign& file : files) {
    const std::string message = why_not(file.bytes, file.name);
    EXPECT_THAT(message, StartsWith(file.name + ": ")) << file.bytes;
    EXPECT_THAT(message, HasSubstr(file.is)) << file.name;
    // Packed too, except what is no file of its own then.
    EXPECT_THAT(why_not(pack(Packing::gzip, file.bytes), file.name + ".gz"), HasSubstr(file.is)) << file.name;
  }
}

/// What looks at the first bytes never looks behind the last.
TEST(Detect, CutFilesAreReadOrRefusedByName) {
  const std::string_view files[] = {
      "%%MatrixMarket matrix coordinate pattern general\n1 1 1\n1 1\n",
      "BZh91AY&SY\1\2",
      "\x04\x22\x4d\x18\x64\x40",
      "\xfd\x37zXZ\0\0\4"sv,
      "\x50\x2a\x4d\x18\0\0\0\0"sv,
      "\x28\xb5\x2f\xfd\x04\x58",
      "\x1f\x8b\x08\0\0"sv,
      "\x93NUMPY\1\0v\0{'descr': '<i8'}"sv,
      "PK\x03\x04 and more, up to the name of the first member",
      "\x89HDF\r\n\x1a\n\0\0"sv,
      "<?xml version='1.0'?>\n<!-- x -->\n<a:graphml>",
      "[[0, 1], [1, 2]]",
      "strict graph {\n a -- b\n}\n",
      "\xef\xbb\xbf"
      "1 2\n",
      "\xff\xfe\0\0001\0\0\0"sv,
      "p sp 3 1\na 1 2 5\n",
      "*Vertices 2\n1 \"a\"\n2 \"b\"\n*Arcs\n1 2\n",
  };
  for (const std::string_view file : files) {
    for (std::size_t length = 0; length <= file.size(); ++length) {
      for (const std::string name : {"a.txt", "a.mtx", "a"}) {
        try {
          read_bytes(file.substr(0, length), name);
        } catch (const Error& error) {
          EXPECT_THAT(error.what(), HasSubstr("/" + name)) << file << ", " << length << " bytes";
          EXPECT_THAT(error.what(), ::testing::Not(HasSubstr("basic_string"))) << file << ", " << length << " bytes";
        }
      }
    }
  }
}

TEST(Detect, FormatsByExtension) {
  EXPECT_EQ(format_of("a.MTX.gz"), Format::matrix_market);
  EXPECT_EQ(format_of("a.tsv"), Format::edge_list);
  EXPECT_EQ(format_of("folder.d/a"), Format::edge_list);
  EXPECT_EQ(format_of("a.H5"), Format::hdf5);
  EXPECT_EQ(format_of("a.foo"), Format::automatic);
  EXPECT_EQ(format_to_write("a.foo", Format::metis), Format::metis);
  EXPECT_EQ(format_to_write("-"), Format::edge_list);
  for (const char* name : {"x.gexf", "x.mat", "x.parquet", "x.txt.bz2", "x.json", "x.mtx.xz"}) {
    const std::string message = message_of<InvalidArgument>([&] { format_to_write(name); });
    EXPECT_THAT(message, HasSubstr(name));
    EXPECT_THAT(message, HasSubstr(".mtx"));
  }
  EXPECT_THAT(message_of<IoError>([] { format_to_write("x.h5.gz"); }), HasSubstr("only text formats"));
}

}  // namespace
}  // namespace filigree::io
