// Compressed matrices in groups of HDF5 files, as AnnData, 10x and plain programs keep them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "filigree/io/hdf5.hpp"
#include "filigree/io/write.hpp"
#include "io/reading.hpp"

namespace filigree::io {
namespace {

using filigree::testing::Content;
using filigree::testing::GlobalMatrix;
using filigree::testing::message_of;
using filigree::testing::read_on_any_ranks;
using filigree::testing::TempFolder;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Makes files of others and reads them. Collective.
class Groups {
 public:
  explicit Groups(const std::string& name) : path_(folder_ / name), file_(comm_, path_) {}

  template <class T>
  void list(const std::string& dataset, const std::vector<T>& values) {
    file_.write(dataset, std::span<const T>(values).first(comm_.is_root() ? values.size() : 0));
  }
  /// [0 1.5 0; 2 0 -1], by rows.
  void csr(const std::string& group) {
    list<std::int32_t>(group + "/indptr", {0, 1, 3});
    list<std::int32_t>(group + "/indices", {1, 0, 2});
    list<double>(group + "/data", {1.5, 2, -1});
  }
  template <class T>
  void attribute(const std::string& group, const std::string& name, const T& value) {
    file_.attribute(group, name, value);
  }
  void texts(const std::string& dataset, const std::vector<std::string>& values) {
    Strings mine;
    for (std::size_t i = 0; comm_.is_root() && i < values.size(); ++i) mine.push_back(values[i]);
    write_texts(comm_, file_, dataset, mine);
  }
  Content read(const std::string& group = "") {
    file_.commit();
    return read_on_any_ranks(path_, {.group = group});
  }
  /// Without the folder.
  std::string why_not(const std::string& group = "") {
    file_.commit();
    const std::string message = message_of<IoError>([&] { io::read(comm_, path_, {.group = group}); });
    EXPECT_EQ(message, message_of<IoError>([&] { io::read(Comm::self(), path_, {.group = group}); }));
    return message.substr(std::min(message.size(), folder_.path().size() + 1));
  }

 private:
  Comm comm_ = Comm::world();
  TempFolder folder_{comm_};
  std::string path_;
  Hdf5Writer file_;
};

using Shape = std::vector<std::int64_t>;
const GlobalMatrix<double> expected{{{0, 1}, 1.5}, {{1, 0}, 2}, {{1, 2}, -1}};

TEST(CsrGroups, AnnData) {
  Groups file("a.h5ad");
  file.csr("/X");
  file.attribute("/X", "encoding-type", std::string("csr_matrix"));
  file.attribute("/X", "shape", Shape{2, 4});
  file.attribute("/obs", "_index", std::string("cell"));
  file.texts("/obs/cell", {"AAAC", "AAAG"});
  const Content content = file.read();
  EXPECT_TRUE(content.matrix == expected);
  EXPECT_EQ(content.num_rows, 2);
  EXPECT_EQ(content.num_cols, 4);
  EXPECT_THAT(content.names, ElementsAre("AAAC", "AAAG"));
  EXPECT_EQ(content.report.format, Format::hdf5);
  EXPECT_THAT(content.report.remarks, Contains("is the csr matrix of /X"));
}

TEST(CsrGroups, ColumnsOfTenX) {
  Groups file("a.h5");
  file.csr("/matrix");  // three features, two barcodes
  file.list<std::int32_t>("/matrix/shape", {3, 2});
  file.texts("/matrix/barcodes", {"c1", "c2"});
  file.texts("/matrix/features/id", {"ENSG1", "ENSG2", "ENSG3"});
  const Content content = file.read();
  EXPECT_TRUE(content.matrix == (GlobalMatrix<double>{{{0, 1}, 2}, {{1, 0}, 1.5}, {{2, 1}, -1}}));
  EXPECT_EQ(content.num_rows, 3);
  EXPECT_EQ(content.num_cols, 2);
  EXPECT_THAT(content.names, ElementsAre("ENSG1", "ENSG2", "ENSG3"));
}

TEST(CsrGroups, OnlyDatasets) {
  Groups file("a.h5");
  file.csr("");
  const Content content = file.read();
  EXPECT_TRUE(content.matrix == expected);
  EXPECT_EQ(content.num_rows, 2);
  EXPECT_EQ(content.num_cols, 3);
  EXPECT_THAT(content.report.remarks, Contains("/ has no shape: read as square unless an index is larger"));
}

TEST(CsrGroups, WithoutDataAllValuesAreOne) {
  Groups file("a.h5");
  file.list<std::int64_t>("/g/indptr", {0, 1, 2});
  file.list<std::uint32_t>("/g/indices", {1, 0});
  const Content content = file.read();
  EXPECT_TRUE(content.matrix == (GlobalMatrix<double>{{{0, 1}, 1}, {{1, 0}, 1}}));
  EXPECT_EQ(content.num_cols, 2);
  EXPECT_FALSE(content.has_values);
}

TEST(CsrGroups, OneOfSeveralIsChosenByName) {
  const auto two = [](Groups& file) {
    file.csr("/obsp/near");
    file.list<std::int32_t>("/obsp/far/indptr", {0, 1, 1});
    file.list<std::int32_t>("/obsp/far/indices", {1});
  };
  Groups none("a.h5");
  two(none);
  EXPECT_EQ(none.why_not(), "a.h5: holds 2 matrices, /obsp/far, /obsp/near; choose one by --group");
  Groups wrong("a.h5");
  two(wrong);
  EXPECT_EQ(wrong.why_not("/obsp"), "a.h5: has no matrix '/obsp'; there are /obsp/far, /obsp/near");
  for (const char* const name : {"/obsp/near", "obsp/near/"}) {
    Groups right("a.h5");
    two(right);
    EXPECT_TRUE(right.read(name).matrix == expected);
  }
}

TEST(CsrGroups, DamageIsNamed) {
  const auto why_not = [](auto make) {
    Groups file("a.h5");
    make(file);
    return file.why_not();
  };
  EXPECT_EQ(why_not([](Groups& file) { file.list<std::int32_t>("/x", {1}); }),
            "a.h5: holds no graph of filigree and no group with a compressed matrix (datasets indptr, indices, data)");
  EXPECT_EQ(why_not([](Groups& file) {
              file.csr("/X");
              file.attribute("/X", "shape", Shape{3, 3});
              file.attribute("/X", "encoding-type", std::string("csr_matrix"));
            }),
            "a.h5: /X: is 3 x 3, but indptr has 3 elements");
  EXPECT_EQ(why_not([](Groups& file) {
              file.csr("/X");
              file.attribute("/X", "shape", Shape{2, 2});
            }),
            "a.h5: /X/indices: element 2 is 2, must be in [0, 2)");
  EXPECT_EQ(why_not([](Groups& file) {
              file.list<std::int32_t>("/X/indptr", {0, 1});
              file.list<std::int64_t>("/X/indices", {std::numeric_limits<std::int64_t>::max()});
            }),
            "a.h5: /X/indices: element 0 is 9223372036854775807, must be in [0, 9223372036854775807)");
  EXPECT_EQ(why_not([](Groups& file) {
              file.list<std::int32_t>("/X/indptr", {0, 2, 1});
              file.list<std::int32_t>("/X/indices", {0});
            }),
            "a.h5: /X/indptr: element 1 is 2 after 0; they must ascend from 0 to the number of entries, 1");
  EXPECT_EQ(why_not([](Groups& file) {
              file.list<std::int32_t>("/X/indptr", {0, 1, 2});
              file.list<double>("/X/indices", {0, 1});
            }),
            "a.h5: /X/indices: holds float64, expected integers");
  EXPECT_EQ(why_not([](Groups& file) {
              file.list<std::int32_t>("/X/indptr", {0, 1, 2});
              file.list<std::int32_t>("/X/indices", {0, 1});
              file.list<std::int64_t>("/X/data", {1, (std::int64_t{1} << 53) + 1});
            }),
            "a.h5: /X/data: element 1 is a number that a double cannot hold exactly");
}

TEST(CsrGroups, NamesThatAreNoneAreTold) {
  const auto with_names = [](const std::vector<std::string>& names) {
    Groups file("a.h5ad");
    file.csr("/X");
    file.attribute("/X", "shape", Shape{2, 3});
    file.texts("/obs/_index", names);
    return file.read();
  };
  EXPECT_THAT(with_names({"a", "a"}).report.remarks,
              Contains("/obs/_index has a name twice; rows are called by their numbers"));
  const Content content = with_names({"a"});
  EXPECT_THAT(content.report.remarks, Contains("/obs/_index has other than 2 names; rows are called by their numbers"));
  EXPECT_THAT(content.names, ElementsAre("0", "1"));
}

}  // namespace
}  // namespace filigree::io
