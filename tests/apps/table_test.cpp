// Tables in every form of text, with names that would tear a row or move a terminal's cursor.
#include "table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "filigree/core/utf8.hpp"
#include "json.hpp"
#include "options.hpp"

namespace filigree::app {
namespace {

using std::string_literals::operator""s;

const std::vector<std::string> hostile{"Anna",
                                       "a\tb",
                                       "a\nb",
                                       "a\rb\r\n",
                                       "nul\0in"s,
                                       "\x1b[31mred\x1b[0m",
                                       "C:\\temp\\x41",
                                       "\\",
                                       "\\t",
                                       "\"quoted\"",
                                       "say \"hi\"",
                                       "Dóra, dr.",
                                       "New York",
                                       " blanks ",
                                       "Jos\xe9",
                                       "\xc2\x9bm",
                                       "\x7f",
                                       "#metoo",
                                       "\xe2\x80\x8bwide",
                                       "日本",
                                       "",
                                       "\xff\xfe\x80\\x80"};

std::string row_of(Form form, const std::string& name) {
  Table table(form, {"query", "rank", "vertex"});
  table.row({name, 7, name});
  return table.take();
}

TEST(Table, EveryRowReadsBackIntoItsFields) {
  for (const std::string& name : hostile) {
    for (const Form form : {Form::tsv, Form::csv}) {
      std::string line = row_of(form, name);
      ASSERT_TRUE(line.ends_with('\n'));
      line.pop_back();
      EXPECT_EQ(fields_of(line, form), (std::vector<std::string>{name, "7", name})) << line;
      EXPECT_TRUE(form == Form::csv || line.find('\n') == std::string::npos) << line;
    }
  }
}

TEST(Table, NothingInARowMovesATerminalOrIsNoUtf8) {
  for (const std::string& name : hostile) {
    for (const Form form : text_forms) {
      const std::string line = row_of(form, name);
      for (std::string_view rest = line; !rest.empty();) {
        const std::size_t size = num_bytes_of_character(rest);
        ASSERT_GT(size, 0U) << line;
        const bool is_break = rest.front() == '\n' || rest.front() == '\t' || rest.front() == '\r';
        EXPECT_TRUE(is_break || !begins_with_control(rest)) << line;
        rest.remove_prefix(size);
      }
    }
  }
}

TEST(Table, FormsAreWrittenAsDocumented) {
  const std::string name = "a\t\"b\", c\\d\x1b";
  EXPECT_EQ(row_of(Form::tsv, name), "a\\t\"b\", c\\\\d\\x1b\t7\ta\\t\"b\", c\\\\d\\x1b\n");
  EXPECT_EQ(row_of(Form::csv, name), "\"a\t\"\"b\"\", c\\d\\x1b\",7,\"a\t\"\"b\"\", c\\d\\x1b\"\n");
  EXPECT_EQ(row_of(Form::jsonl, "a\"\t\x1b\xe9"),
            "{\"query\":\"a\\\"\\t\\u001b\\ufffd\",\"rank\":7,\"vertex\":\"a\\\"\\t\\u001b\\ufffd\"}\n");
  EXPECT_EQ(row_of(Form::tsv, "\"x\""), "\\x22x\"\t7\t\\x22x\"\n");
  EXPECT_EQ(row_of(Form::tsv, "#x y "), "\\x23x y\\x20\t7\t\\x23x y\\x20\n");
  EXPECT_EQ(row_of(Form::tsv, " "), "\\x20\t7\t\\x20\n");

  const auto numbers = [](Form form) {
    Table table(form, {"a", "b", "c", "d"});
    table.head();
    table.row({0.1 + 0.2, std::optional<double>(), std::numeric_limits<double>::infinity(), Field::exactly(0.1 + 0.2)});
    return table.take();
  };
  EXPECT_EQ(numbers(Form::tsv), "a\tb\tc\td\n0.3\t\tinf\t0.30000000000000004\n");
  EXPECT_EQ(numbers(Form::csv), "a,b,c,d\n0.3,,inf,0.30000000000000004\n");
  EXPECT_EQ(numbers(Form::jsonl), "{\"a\":0.3,\"b\":null,\"c\":null,\"d\":0.30000000000000004}\n");
}

TEST(Table, TheFormGoesByTheExtensionInAnyCaseUnlessOneIsAskedFor) {
  const auto form = [](const std::string& path, const std::string& name = "auto") {
    constexpr std::array possible{Form::tsv, Form::csv, Form::jsonl, Form::hdf5};
    return form_of(path, name, possible);
  };
  for (const char* path : {"", "-", "out", "./a.b/out", "x.tsv", "x.TXT", "x.txt.gz", ".hidden", "/dev/null"})
    EXPECT_EQ(form(path), Form::tsv) << path;
  for (const char* path : {"x.csv", "x.CSV", "x.csv.zst", "a.h5/x.Csv.GZ"}) EXPECT_EQ(form(path), Form::csv) << path;
  EXPECT_EQ(form("x.jsonl.gz"), Form::jsonl);
  EXPECT_EQ(form("x.HDF5"), Form::hdf5);
  EXPECT_EQ(form("x.parquet", "csv"), Form::csv);
  EXPECT_EQ(form("", "jsonl"), Form::jsonl);
  for (const char* path : {"x.npy", "x.json", "x.parquet", "x.h5.gz", "x.gz", "x.csv2"}) {
    try {
      form(path);
      ADD_FAILURE() << path;
    } catch (const Leave& leave) {
      EXPECT_EQ(leave.exit_code, 2);
      EXPECT_EQ(leave.message, std::string("--output ") + path +
                                   ": is written as .tsv .txt .csv .jsonl .h5 .hdf5, text also as .gz or .zst; under "
                                   "another name by --output-format");
    }
  }
  EXPECT_THROW(form("", "h5"), Leave);
}

}  // namespace
}  // namespace filigree::app
