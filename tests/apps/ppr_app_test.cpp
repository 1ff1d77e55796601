// filigree-ppr as its users meet it: filters, walks against the arcs, streams of queries, dense answers.
#include <sys/stat.h>

#include <map>
#include <sstream>

#include "apps.hpp"
#include "schema.hpp"
#include "support/hdf5_matrix.hpp"

namespace filigree::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string header = "query\trank\tvertex\tscore\n";
const std::string blogs = std::string(DATA) + "/polblogs.txt";

/// The fields of the lines below the header.
std::vector<Words> rows_of(const std::string& table) {
  EXPECT_THAT(table, ::testing::StartsWith(header));
  std::istringstream lines(table.substr(std::min(header.size(), table.size())));
  std::vector<Words> rows;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    Words row;
    for (std::string field; std::getline(fields, field, '\t');) row.push_back(field);
    EXPECT_EQ(row.size(), 4U) << line;
    row.resize(4);
    rows.push_back(row);
  }
  return rows;
}

/// One column of a table.
Words column(const std::string& table, std::size_t i) {
  Words values;
  for (const Words& row : rows_of(table)) values.push_back(row[i]);
  return values;
}

class PprApp : public Apps {
 protected:
  static Words ask(const std::string& how, const Words& more) {
    Words words{how, "--graph", blogs, "--quiet"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  std::string table(int ranks, const std::string& how, const Words& more) const {
    return done(ranks, "ppr", ask(how, more)).out;
  }
};

/// A program whose input is written while it runs.
class Conversation {
 public:
  Conversation(const Words& command, const fs::path& folder)
      : pipe_(make_pipe(folder)), process_(command, folder, pipe_), input_(pipe_) {}

  void say(const std::string& text) { input_ << text << std::flush; }
  /// Whether the program prints so many lines in time.
  bool hears(int lines) {
    const auto start = std::chrono::steady_clock::now();
    while (occurrences(process_.out(), "\n") < lines) {
      if (!process_.is_running() || std::chrono::steady_clock::now() - start > std::chrono::seconds(30)) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
  }
  Process& process() { return process_; }
  Outcome end() {
    input_.close();
    return process_.wait();
  }

 private:
  static std::string make_pipe(const fs::path& folder) {
    const std::string path = folder / "questions";
    if (mkfifo(path.c_str(), 0600) != 0) throw std::runtime_error("cannot make a pipe");
    return path;
  }

  std::string pipe_;
  Process process_;
  std::ofstream input_;
};

// ------------------------------------------------------------------------------------------------ filters

TEST_F(PprApp, FiltersLeaveOutSeedsNeighboursAndOthers) {
  const Words seed{"--sources", "dailykos.com"};
  const auto with = [&](Words more) {
    more.insert(more.end(), seed.begin(), seed.end());
    return more;
  };
  std::map<std::string, std::string> score;  // of everything
  for (const Words& row : rows_of(table(0, "exact", with({})))) score[row[2]] = row[3];
  ASSERT_GT(score.size(), 100U);
  std::istringstream arcs(bytes_of(blogs));
  std::set<std::string> neighbours;
  for (std::string line; std::getline(arcs, line);) {
    if (line.starts_with("dailykos.com\t")) neighbours.insert(line.substr(line.find('\t') + 1));
  }
  ASSERT_GT(neighbours.size(), 5U);
  const Words all = column(table(0, "exact", with({})), 2);
  const auto first_ten = [&](bool seeds, bool near) {
    Words left;
    for (const std::string& name : all) {
      if ((seeds || name != "dailykos.com") && (near || !neighbours.contains(name)) && left.size() < 10)
        left.push_back(name);
    }
    return left;
  };
  EXPECT_EQ(column(table(0, "exact", with({"--top", "10", "--exclude-seeds"})), 2), first_ten(false, true));
  const std::string far = table(2, "exact", with({"--top", "10", "--exclude-seeds", "--exclude-neighbours"}));
  EXPECT_EQ(column(far, 2), first_ten(false, false));
  for (const Words& row : rows_of(far)) EXPECT_EQ(row[3], score[row[2]]);
  EXPECT_EQ(column(table(0, "query", with({"--top", "10", "--exclude-seeds", "--target-error", "1e-9"})), 2),
            first_ten(false, true));

  write("few.txt", "# the ones that count\n\ninstapundit.com\r\n  atrios.blogspot.com \ndailykos.com\n");
  for (const std::string how : {"exact", "query"}) {
    const std::string few = table(3, how, with({"--candidates", "few.txt"}));
    EXPECT_THAT(column(few, 2), ElementsAre("dailykos.com", "atrios.blogspot.com", "instapundit.com"));
    EXPECT_THAT(column(few, 1), ElementsAre("1", "2", "3"));
  }
}

TEST_F(PprApp, CheckExactFiltersTheTruthToo) {
  // With the seeds' own large scores in the truth only, the best ten could not hold half of the mass.
  const Words question = ask("query", {"--sources", "dailykos.com", "instapundit.com", "--top", "10", "--target-error",
                                       "1e-6", "--exclude-seeds", "--check-exact", "--verify", "--json", "r.json"});
  done(2, "ppr", question);
  const Json record = Json::parse(read("r.json"));
  EXPECT_NEAR(record["result"]["mean_rag"].get<double>(), 1, 1e-6);
  EXPECT_TRUE(record["verified"] == true);
  EXPECT_EQ(record["options"]["exclude-seeds"], true);
}

TEST_F(PprApp, BadCandidatesAreNamedByLine) {
  write("stranger.txt", "# some\ndailykos.com\nstranger\n");
  write("twice.txt", "dailykos.com\n\ninstapundit.com\ndailykos.com\n");
  write("none.txt", "# none\n");
  const std::vector<std::pair<std::string, std::string>> bad{
      {"stranger.txt", "error: stranger.txt:3: no vertex is called 'stranger'"},
      {"twice.txt", "error: twice.txt:4: vertex dailykos.com is there twice, first in line 1"},
      {"none.txt", "error: none.txt: names no vertex"},
      {"missing.txt", "error: missing.txt: cannot be opened: No such file or directory"}};
  for (const auto& [path, complaint] : bad) {
    for (const int ranks : {0, 3}) {
      const Outcome outcome = run(ranks, "ppr", ask("query", {"--sources", "dailykos.com", "--candidates", path}));
      EXPECT_EQ(outcome.code, 1);
      EXPECT_EQ(error_line(outcome.err), complaint);
      EXPECT_EQ(outcome.out, "");
    }
  }
  const Outcome questions = run(2, "ppr", ask("exact", {"--sources", "stranger.txt"}));
  EXPECT_EQ(error_line(questions.err), "error: stranger.txt:3: no vertex is called 'stranger'");
}

// ------------------------------------------------------------------------------------------------ seeds

TEST_F(PprApp, AVertexNameMayHaveColonsAndNumbers) {
  // host:8180 is a vertex; host:2 is none, so it is host with a weight.
  write("g.txt", "host a\nhost:8180 b\nhost:8180:3 c\n");
  const auto first = [&](const std::string& query, const std::string& vertex) {
    std::map<std::string, double> scores;
    for (const Words& row : rows_of(done(2, "ppr", {"exact", "--graph", "g.txt", "--quiet", "--sources", query}).out))
      scores[row[2]] = std::stod(row[3]);
    return scores[vertex];
  };
  const double alone = first("host", "host");
  EXPECT_GT(alone, 0.5);
  EXPECT_EQ(first("host:2", "host"), alone);
  EXPECT_EQ(first("host:8180", "host"), 0);
  EXPECT_EQ(first("host:8180", "host:8180"), alone);
  EXPECT_EQ(first("host:8180:2", "host:8180"), alone);
  EXPECT_EQ(first("host:8180:3", "host:8180:3"), alone);
  EXPECT_NEAR(first("host:8180:1 host:3", "host"), 0.75 * alone, 1e-9);
  EXPECT_NEAR(first("host:8180 host:3", "host:8180"), 0.25 * alone, 1e-9);
  const Outcome unknown = run(0, "ppr", {"exact", "--graph", "g.txt", "--sources", "guest:8180"});
  EXPECT_EQ(error_line(unknown.err), "error: no vertex is called 'guest'; nor is there a file of this name");
}

// ------------------------------------------------------------------------------------------------ against the arcs

TEST_F(PprApp, ReverseWalksAgainstTheArcs) {
  // The same graph with every arc turned round.
  std::istringstream arcs(bytes_of(blogs));
  std::string turned;
  for (std::string line; std::getline(arcs, line);) {
    if (const auto tab = line.find('\t'); tab != std::string::npos)
      turned += line.substr(tab + 1) + "\t" + line.substr(0, tab) + "\n";
  }
  write("turned.txt", turned);
  const Words best{"--sources", "dailykos.com", "--top", "20"};
  const auto of_turned = [&](const std::string& how, Words more) {
    more.insert(more.begin(), {how, "--graph", "turned.txt", "--quiet"});
    return done(1, "ppr", more).out;
  };
  Words reversed = best;
  reversed.push_back("--reverse");
  EXPECT_EQ(table(2, "exact", reversed), of_turned("exact", best));
  EXPECT_NE(table(0, "exact", reversed), table(0, "exact", best));

  // Messages are of arcs as they stand in the file.
  write("negative.txt", "a b 1\nb c -2\n");
  EXPECT_THAT(run(3, "ppr", {"exact", "--graph", "negative.txt", "--weights", "--reverse", "--sources", "c"}).err,
              HasSubstr("arc b -> c (negative.txt:2)"));

  // An index is of one direction.
  done(2, "ppr", ask("index", {"--walks", "10", "--reverse", "--output", "back.h5"}));
  done(2, "ppr", ask("index", {"--walks", "10", "--output", "forth.h5"}));
  reversed.insert(reversed.end(), {"--index", "back.h5"});
  Words straight = best;
  straight.insert(straight.end(), {"--index", "back.h5"});
  EXPECT_EQ(table(0, "query", reversed), of_turned("query", straight));
  for (const int ranks : {0, 3}) {
    const Outcome mixed = run(ranks, "ppr", ask("query", straight));
    EXPECT_EQ(mixed.code, 1);
    EXPECT_THAT(error_line(mixed.err), HasSubstr("back.h5: was built for another graph"));
    EXPECT_THAT(error_line(mixed.err), HasSubstr("--reverse"));
    reversed.back() = "forth.h5";
    EXPECT_THAT(error_line(run(ranks, "ppr", ask("query", reversed)).err),
                HasSubstr("forth.h5: was built for another"));
    straight.back() = "missing.h5";
    const Outcome missing = run(ranks, "ppr", ask("query", straight));
    EXPECT_EQ(missing.code, 1);
    EXPECT_EQ(error_line(missing.err), "error: missing.h5: cannot be opened: No such file or directory");
    straight.back() = "back.h5";
  }
}

// ------------------------------------------------------------------------------------------------ placement

TEST_F(PprApp, PartitionedGraphsAnswerAlike) {
  done(2, "ppr", ask("index", {"--walks", "20", "--placement", "partitioned", "--output", "i.h5"}));
  const auto partitioned = [](Words words) {
    words.insert(words.end(), {"--placement", "partitioned"});
    return words;
  };
  // The levels of VERD leave nothing to chance; scores have six digits or more.
  const Words verd{
      "--sources", "dailykos.com",    "instapundit.com",     "--index", "i.h5", "--method", "verd", "--top",
      "20",        "--exclude-seeds", "--exclude-neighbours"};
  for (const int ranks : {0, 1, 3}) {
    const auto expected = rows_of(table(ranks, "query", verd));
    const auto rows = rows_of(table(ranks, "query", partitioned(verd)));
    ASSERT_EQ(rows.size(), expected.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      EXPECT_EQ(rows[i][0], expected[i][0]);
      EXPECT_NEAR(std::stod(rows[i][3]), std::stod(expected[i][3]), 1e-12);
    }
    const Words best{"--sources", "dailykos.com", "--top", "20"};
    EXPECT_EQ(column(table(ranks, "exact", partitioned(best)), 2), column(table(ranks, "exact", best), 2));
    done(ranks, "ppr",
         partitioned(ask("query", {"--sources", "dailykos.com", "instapundit.com", "--index", "i.h5", "--target-error",
                                   "1e-3", "--verify", "--json", "r.json"})));
    const Json record = Json::parse(read("r.json"));
    EXPECT_TRUE(record["verified"] == true);
    EXPECT_EQ(record["options"]["placement"], "partitioned");
    EXPECT_EQ(record["stats"]["bytes_sent"] > 0, ranks > 1);
  }
  write("questions.txt", "dailykos.com\ninstapundit.com\n");
  const Outcome stream =
      run(2, "ppr", partitioned(ask("query", {"--sources", "-", "--index", "i.h5", "--top", "1"})), "questions.txt");
  EXPECT_EQ(stream.code, 0) << stream.err;
  EXPECT_THAT(column(stream.out, 2), ElementsAre("dailykos.com", "instapundit.com"));
  const Outcome mixed =
      run(2, "ppr", partitioned(ask("query", {"--sources", "dailykos.com", "--index", "i.h5", "--reverse"})));
  EXPECT_EQ(mixed.code, 1);
  EXPECT_THAT(error_line(mixed.err), HasSubstr("i.h5: was built for another graph"));
}

// ------------------------------------------------------------------------------------------------ streams

TEST_F(PprApp, AnswersEachLineBeforeTheNextIsAsked) {
  done(2, "ppr", ask("index", {"--walks", "20", "--output", "i.h5"}));
  for (const int ranks : {0, 1, 3}) {
    for (const std::string how : {"query", "exact"}) {
      Words words = ask(how, {"--sources", "-", "--top", "2"});
      if (how == "query") words.insert(words.end(), {"--index", "i.h5", "--target-error", "1e-13"});
      Conversation conversation(command(ranks, "ppr", words), folder_);
      EXPECT_TRUE(conversation.hears(1));  // the header
      int lines = 1;
      for (const std::string question : {"dailykos.com", "instapundit.com dailykos.com:0.5", "atrios.blogspot.com"}) {
        conversation.say(question + "\n# no question\n\n");
        EXPECT_TRUE(conversation.hears(lines += 2)) << question << " on " << ranks;
      }
      const Outcome outcome = conversation.end();
      EXPECT_EQ(outcome.code, 0) << outcome.err;
      EXPECT_EQ(outcome.err, "");
      write("same.txt", "dailykos.com\ninstapundit.com dailykos.com:0.5\natrios.blogspot.com\n");
      Words at_once = words;
      *std::find(at_once.begin(), at_once.end(), "-") = "same.txt";
      EXPECT_EQ(outcome.out, done(ranks, "ppr", at_once).out);
      fs::remove(folder_ / "questions");
    }
  }
}

TEST_F(PprApp, ALineThatIsNoQueryIsToldAndTheStreamGoesOn) {
  write("questions.txt",
        "# five\ndailykos.com\nstranger\n\ndailykos.com:-1\r\ninstapundit.com:nan\n:\ninstapundit.com");
  for (const int ranks : {0, 1, 3}) {
    Words words = ask("query", {"--sources", "-", "--top", "1", "--json", "r.json"});
    const Outcome outcome = run(ranks, "ppr", words, "questions.txt");
    EXPECT_EQ(outcome.code, 1);
    EXPECT_THAT(column(outcome.out, 0), ElementsAre("dailykos.com", "instapundit.com"));
    for (const std::string complaint :
         {"error: standard input:3: no vertex is called 'stranger'\n",
          "error: standard input:5: seed dailykos.com has weight -1, must be finite and above 0\n",
          "error: standard input:6: seed instapundit.com has weight nan, must be finite and above 0\n",
          "error: standard input:7: no vertex is called ':'\n",
          "error: 4 lines of standard input could not be answered\n"})
      EXPECT_EQ(occurrences(outcome.err, complaint), 1) << complaint << outcome.err;
    EXPECT_EQ(occurrences(outcome.err, "error: "), 5);
    const Json record = Json::parse(read("r.json"));
    EXPECT_EQ(complaints(record, Json::parse(bytes_of(SCHEMA))), "");
    EXPECT_EQ(record["result"]["queries"], 2);
    EXPECT_EQ(record["result"]["mistakes"], 4);
    EXPECT_GT(record["result"]["query_seconds_min"], 0);
    EXPECT_GE(record["result"]["query_seconds_mean"], record["result"]["query_seconds_min"]);
    EXPECT_GE(record["result"]["query_seconds_max"], record["result"]["query_seconds_mean"]);
  }
}

TEST_F(PprApp, AnAnswerWithoutVerticesHasALineToo) {
  // From c no other vertex is reached, so that without it nothing is left.
  write("g.txt", "a b\nb c\n");
  write("questions.txt", "a\nc\nb\n");
  for (const int ranks : {0, 1, 3}) {
    for (const std::string source : {"-", "questions.txt"}) {
      const Words words{"query", "--graph", "g.txt", "--quiet", "--sources", source, "--exclude-seeds", "--top", "1"};
      const auto rows = rows_of(run(ranks, "ppr", words, "questions.txt").out);
      ASSERT_EQ(rows.size(), 3U);
      EXPECT_THAT(rows[0], ElementsAre("a", "1", "b", ::testing::_));
      EXPECT_THAT(rows[1], ElementsAre("c", "0", "", "0"));
      EXPECT_THAT(rows[2], ElementsAre("b", "1", "c", ::testing::_));
    }
  }
}

TEST_F(PprApp, AStreamIntoAFileIsThereInTheEnd) {
  // More lines than are answered together.
  const Words names{"dailykos.com", "instapundit.com", "atrios.blogspot.com"};
  std::string questions;
  for (std::size_t i = 0; i < 2500; ++i) questions += names[i % 3] + "\n";
  write("questions.txt", questions);
  write("three.txt", names[0] + "\n" + names[1] + "\n" + names[2] + "\n");
  const std::string three = table(0, "query", {"--sources", "three.txt", "--top", "1"}).substr(header.size());
  for (const int ranks : {0, 3}) {
    const Outcome outcome =
        run(ranks, "ppr", ask("query", {"--sources", "-", "--top", "1", "--output", "a.tsv"}), "questions.txt");
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    const auto rows = rows_of(read("a.tsv"));
    ASSERT_EQ(rows.size(), 2500U);
    const auto expected = rows_of(header + three);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      EXPECT_EQ(rows[i][0], names[i % 3]);
      EXPECT_EQ(rows[i][2], expected[i % 3][2]);
      EXPECT_NEAR(std::stod(rows[i][3]), std::stod(expected[i % 3][3]), 0.01);
    }
    fs::remove(folder_ / "a.tsv");
  }
  Conversation conversation(command(2, "ppr", ask("query", {"--sources", "-", "--output", "a.tsv"})), folder_);
  conversation.say("dailykos.com\n");
  while (conversation.process().is_running() && !has_partial_file())
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  EXPECT_FALSE(fs::exists(folder_ / "a.tsv"));
  EXPECT_EQ(conversation.end().code, 0);
  EXPECT_GT(rows_of(read("a.tsv")).size(), 100U);
}

TEST_F(PprApp, AnEmptyStreamHasNoAnswers) {
  for (const int ranks : {0, 3}) {
    const Outcome outcome = run(ranks, "ppr", ask("query", {"--sources", "-"}));
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(outcome.out, header);
  }
}

TEST_F(PprApp, WhatDoesNotGoWithAStreamIsAUsageError) {
  for (const Words& other : {Words{"--verify"}, Words{"--check-exact"}, Words{"--repeat", "2"}, Words{"--warmup", "1"},
                             Words{"--output", "a.h5"}}) {
    Words words = ask("query", {"--sources", "-"});
    words.insert(words.end(), other.begin(), other.end());
    const Outcome outcome = run(0, "ppr", words);
    EXPECT_EQ(outcome.code, 2);
    EXPECT_THAT(outcome.err, HasSubstr("usage error: --sources -"));
  }
}

// ------------------------------------------------------------------------------------------------ dense answers

TEST_F(PprApp, DenseAnswersHoldEveryVertex) {
  write("questions.txt", "dailykos.com\ninstapundit.com\natrios.blogspot.com\n");
  // All queries alike, so that the order of the vertices is that of a table without --top.
  for (const Words& filter : {Words{}, Words{"--exclude-seeds", "--top", "5"}}) {
    Words words{"--sources", "questions.txt"};
    words.insert(words.end(), filter.begin(), filter.end());
    const auto rows = rows_of(table(1, "exact", words));
    std::map<std::string, std::multiset<std::string>> scores;
    for (const Words& row : rows) scores[row[0]].insert(row[3]);
    words.insert(words.end(), {"--dense", "--output", "1.h5"});
    table(1, "exact", words);
    words.back() = "3.h5";
    table(3, "exact", words);
    const Hdf5Matrix one(folder_ / "1.h5", "/ppr/scores");
    EXPECT_EQ(one.num_cols, 1224U);
    ASSERT_EQ(one.rows.size(), 3U);
    const Words order{"dailykos.com", "instapundit.com", "atrios.blogspot.com"};
    for (std::size_t q = 0; q < 3; ++q) {
      std::multiset<std::string> dense;
      for (double score : one.rows[q]) {
        std::ostringstream digits;
        digits.precision(10);
        digits << score;
        if (score > 0) dense.insert(digits.str());
      }
      EXPECT_EQ(dense, scores[order[q]]);
    }
    EXPECT_TRUE(read("1.h5") == read("3.h5"));
  }
  // Columns are vertices in the order of the graph: 0 -> 1 -> 2, walks of one arc at most.
  write("path.txt", "10 20\n20 30\n");
  done(2, "ppr", {"exact", "--graph", "path.txt", "--sources", "20", "30", "--dense", "--output", "p.h5"});
  const Hdf5Matrix path(folder_ / "p.h5", "/ppr/scores");
  ASSERT_EQ(path.rows.size(), 2U);
  EXPECT_EQ(path.rows[1], (std::vector<double>{0, 0, 1}));
  EXPECT_EQ(path.rows[0][0], 0);
  EXPECT_NEAR(path.rows[0][1], 1 / 1.85, 1e-12);
  EXPECT_NEAR(path.rows[0][2], 0.85 / 1.85, 1e-12);

  const Outcome text = run(0, "ppr", ask("exact", {"--sources", "dailykos.com", "--dense", "--output", "d.tsv"}));
  EXPECT_EQ(text.code, 2);
  EXPECT_THAT(text.err, HasSubstr("usage error: --dense: needs --output"));
}

}  // namespace
}  // namespace filigree::testing
