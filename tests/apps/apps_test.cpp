// The programs as users meet them: exit codes, what goes to which stream, files, records, ends by force.
#include "apps.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <sstream>
#include <thread>

#include "schema.hpp"

namespace filigree::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

// ------------------------------------------------------------------------------------------------ the command line

TEST_F(Apps, HelpAndVersion) {
  for (const std::string program : {"convert", "generate", "pagerank", "ppr", "spgemm", "svd-clustering"}) {
    const Outcome help = run(0, program, {"--help"});
    EXPECT_EQ(help.code, 0);
    EXPECT_THAT(help.out, HasSubstr("Examples:\n  filigree-" + program));
    EXPECT_EQ(help.err, "");
    const Outcome version = run(0, program, {"--version"});
    EXPECT_EQ(version.code, 0);
    EXPECT_THAT(version.out, MatchesRegex("filigree-" + program + " [0-9]+\\.[0-9]+\\.[0-9]+\n"));
  }
  const Outcome subcommand = run(2, "ppr", {"query", "--help"});
  EXPECT_EQ(subcommand.code, 0);
  for (const std::string option : {"--sources", "--undirected", "--threads", "--seed", "--repeat", "--warmup",
                                   "--verify", "--json", "--quiet", "--progress", "-o,--output"}) {
    EXPECT_EQ(occurrences(subcommand.out, "\n  " + option + " "), 1) << option;
  }
}

TEST_F(Apps, HelpAndMistakesNeedNoMpi) {
  // MPI does not start here; the second also where it cannot have a folder.
  for (const auto& [name, value] : {std::pair{"OMPI_MCA_btl", "nonexistent"}, {"TMPDIR", "/proc"}}) {
    const Environment broken(std::map<std::string, std::string>{{name, value}});
    EXPECT_EQ(run(0, "ppr", {"query", "--help"}).code, 0);
    const Outcome version = run(0, "pagerank", {"--version"});
    EXPECT_EQ(version.code, 0);
    EXPECT_THAT(version.out, StartsWith("filigree-pagerank "));
    EXPECT_EQ(version.err, "");
    const Outcome mistake = run(0, "convert", {"--nonsense"});
    EXPECT_EQ(mistake.code, 2);
    EXPECT_THAT(mistake.err, StartsWith("usage error: unknown option --nonsense\n"));
  }
  // One rank alone prints, and the launcher has nothing to add.
  const Outcome help = run(3, "ppr", {"--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_EQ(occurrences(help.out, "Examples:"), 1);
  EXPECT_EQ(help.err, "");
}

TEST_F(Apps, MistakesAreNamed) {
  small_graph();
  const std::vector<std::tuple<std::string, Words, std::string>> mistakes{
      {"ppr", {"querry", "--graph", "g.txt"}, "unknown subcommand 'querry'; did you mean query?"},
      {"ppr", {}, "give one of the subcommands index, query, exact\n"},
      {"pagerank", {"g.txt", "--top"}, "--top: its value is missing\n"},
      {"ppr", {"magic"}, "unknown subcommand 'magic'; there are index, query, exact"},
      {"ppr", {"query", "--grap", "g.txt"}, "unknown option --grap; did you mean --graph?"},
      {"ppr", {"query", "--tpo=5", "g.txt", "--sources", "1"}, "unknown option --tpo; did you mean --top?"},
      {"ppr", {"exact", "g.txt", "--target-error", "1"}, "option --target-error is of query"},
      {"ppr", {"--graph", "g.txt", "query"}, "option --graph is of index, query, exact and stands behind that word"},
      {"ppr",
       {"query", "--graph", "g.txt", "--sources", "1", "--method", "pusj"},
       "--method: 'pusj' is none of push|verd; did you mean push?"},
      {"pagerank", {"--undirecte", "--graph", "g.txt"}, "unknown option --undirecte; did you mean --undirected?"},
      {"pagerank", {"--xyzzy", "5", "--graph", "g.txt"}, "unknown option --xyzzy"},
      {"pagerank", {"--graph", "g.txt", "stray"}, "nothing takes the argument 'stray'"},
      {"pagerank", {"g.txt", "--top", "ten"}, "--top: 'ten' is no whole number"},
      {"pagerank", {"g.txt", "--top", ""}, "--top: '' is no whole number"},
      {"pagerank", {"g.txt", "--top", "-1"}, "--top: -1 must be at least 0"},
      {"pagerank",
       {"g.txt", "--top", "9223372036854775808"},
       "--top: '9223372036854775808' must lie between -9223372036854775808 and 9223372036854775807"},
      {"pagerank",
       {"g.txt", "--seed", "18446744073709551616"},
       "--seed: '18446744073709551616' must lie between 0 and 18446744073709551615"},
      {"pagerank", {"g.txt", "--seed", "-1"}, "--seed: '-1' is no whole number of at least 0"},
      {"pagerank", {"g.txt", "--tolerance", "inf"}, "--tolerance: 'inf' is no finite number"},
      {"pagerank", {"g.txt", "--tolerance", "nan"}, "--tolerance: 'nan' is no finite number"},
      {"pagerank", {"g.txt", "--tolerance", "1e"}, "--tolerance: '1e' is no number"},
      {"pagerank", {"g.txt", "--tolerance", ""}, "--tolerance: '' is no number"},
      {"pagerank", {"g.txt", "--tolerance", "0"}, "--tolerance: 0 must be above 0"},
      {"pagerank", {"missing.txt", "--teleport", "85"}, "--teleport: 85 must be in [0.0001, 1)"},
      {"pagerank", {"missing.txt", "--damping", "1"}, "--damping: 1 must be in (0, 0.9999]"},
      {"ppr", {"index", "--graph", "missing.txt", "--walks", "0"}, "--walks: 0 must be at least 1"},
      {"ppr", {"exact", "missing.txt", "--sources", "1", "--tolerance", "2"}, "--tolerance: 2 must be in [1e-15, 2)"},
      {"summary", {"build", "missing.txt", "--size-ratio", "1.5"}, "--size-ratio: 1.5 must be in (0, 1]"},
      {"summary", {"build", "missing.txt", "--bits=-1"}, "--bits: -1 must be at least 0"},
      {"svd-clustering", {"cluster", "--input", "missing", "--rank", "0"}, "--rank: 0 must be at least 1"},
      {"svd-clustering", {"cluster", "--input", "missing", "--error", "1"}, "--error: 1 must be in (0, 1)"},
      {"spgemm", {"--a", "g.txt", "--memory-budget", "1e-300"}, "--memory-budget: '1e-300' is no size; "},
      {"spgemm", {"--a", "g.txt", "--memory-budget", ""}, "--memory-budget: '' is no size; "},
  };
  for (const auto& [program, arguments, what] : mistakes) {
    const Outcome outcome = run(0, program, arguments);
    EXPECT_EQ(outcome.code, 2) << program << ::testing::PrintToString(arguments);
    EXPECT_THAT(outcome.err, StartsWith("usage error: " + what));
    EXPECT_EQ(outcome.out, "");
  }
  // The message is there although a launcher ends all ranks when one fails.
  for (int again = 0; again < 3; ++again) {
    const Outcome outcome = run(3, "pagerank", {"--grap", "g.txt"});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_EQ(occurrences(outcome.err, "usage error: unknown option --grap; did you mean --graph?\n"), 1)
        << outcome.err;
  }
}

TEST_F(Apps, RangesAreCheckedBeforeAnythingIsRead) {
  const std::vector<std::tuple<std::string, Words, std::string>> mistakes{
      {"ppr", {"query", "none.txt", "--sources", "1", "--top", "-1"}, "--top: -1 must be at least 0"},
      {"summary", {"build", "none.txt", "-o", "s.h5", "--size-ratio", "0"}, "--size-ratio: 0 must be in (0, 1]"},
      {"summary", {"build", "none.txt", "-o", "s.h5", "--size-ratio", "1.5"}, "--size-ratio: 1.5 must be in (0, 1]"},
      {"summary", {"build", "none.txt", "-o", "s.h5", "--bits=-1"}, "--bits: -1 must be at least 0"},
      {"summary", {"build", "none.txt", "-o", "s.h5", "--rounds", "0"}, "--rounds: 0 must be at least 1"},
      {"svd-clustering", {"cluster", "none", "--rank", "0"}, "--rank: 0 must be at least 1"},
      {"svd-clustering", {"cluster", "none", "--error", "1"}, "--error: 1 must be in (0, 1)"},
      {"svd-clustering", {"cluster", "none", "--error", "0"}, "--error: 0 must be in (0, 1)"},
      {"svd-clustering", {"svd", "none", "--tolerance", "2"}, "--tolerance: 2 must be in (0, 1)"},
      {"communities", {"detect", "none.txt", "-k", "-1"}, "--communities: -1 must be at least 0"},
      {"communities", {"cut", "none.h5", "--height", "1.5"}, "--height: 1.5 must be in [0, 1]"},
      {"spgemm", {"none.mtx", "--fetch-bytes", "0"}, "--fetch-bytes: 0 must be at least 1"},
  };
  for (const auto& [program, arguments, what] : mistakes) {
    const Outcome outcome = run(0, program, arguments);
    EXPECT_EQ(outcome.code, 2) << program << ::testing::PrintToString(arguments);
    EXPECT_THAT(outcome.err, StartsWith("usage error: " + what + "\n"));
  }
}

TEST_F(Apps, TheInputMayStandAlone) {
  small_graph();
  const std::string named = done(0, "pagerank", {"--graph", "g.txt", "--top", "2"}).out;
  EXPECT_EQ(done(0, "pagerank", {"g.txt", "--top", "2"}).out, named);
  EXPECT_EQ(done(0, "pagerank", {"--top", "2", "g.txt", "--seed", "18446744073709551615"}).out, named);
  done(0, "ppr", {"index", "g.txt", "--walks", "5", "-o", "g.ppr.h5"});
  done(0, "ppr", {"query", "g.txt", "--index", "g.ppr.h5", "--sources", "1"});
  done(0, "spgemm", {"g.txt", "--estimate"});
  done(0, "summary", {"build", "g.txt", "-o", "g.sum.h5"});
  done(0, "summary", {"query", "g.sum.h5", "--kind", "degree"});
  done(0, "generate", {"blocks", "--count", "2", "-o", "b.h5"});
  done(0, "svd-clustering", {"svd", "b.h5", "--rank", "2"});
}

TEST_F(Apps, ThreadsAreThoseOfTheEnvironment) {
  small_graph();
  const auto layout = [&](const std::map<std::string, std::string>& environment, Words more = {}) {
    const Environment scope(environment);
    more.insert(more.begin(), {"g.txt", "-o", "x.tsv"});
    const std::string err = done(0, "pagerank", more).err;
    return err.substr(0, err.find('\n'));
  };
  EXPECT_EQ(layout({{"OMP_NUM_THREADS", "3"}}), "1 rank x 3 threads");
  EXPECT_EQ(layout({{"OMP_NUM_THREADS", "3,2"}}), "1 rank x 3 threads");
  EXPECT_EQ(layout({{"OMP_NUM_THREADS", "3"}}, {"--threads", "2"}), "1 rank x 2 threads");
  EXPECT_EQ(layout({{"OMP_NUM_THREADS", ""}, {"SLURM_CPUS_PER_TASK", "1"}}), "1 rank x 1 thread");
  EXPECT_EQ(layout({{"OMP_NUM_THREADS", "3"}, {"SLURM_CPUS_PER_TASK", "1"}}), "1 rank x 3 threads");
}

TEST_F(Apps, BindingIsToldWhereMpirunBinds) {
  small_graph();
  const auto warning = [&](const std::string& policy, int ranks) {
    const Environment scope({{"OMPI_MCA_hwloc_base_binding_policy", policy}, {"OMP_NUM_THREADS", "1"}});
    return occurrences(done(ranks, "pagerank", {"g.txt"}).err, "cores that mpirun may use; mpirun --bind-to none");
  };
  const bool one_core = std::thread::hardware_concurrency() == 1;
  EXPECT_EQ(warning("core", 1), one_core ? 0 : 1);
  EXPECT_EQ(warning("none", 1), 0);
  EXPECT_EQ(warning("core", 0), 0);
  const Words alone{"-c", "taskset -c $(taskset -cp $$ | grep -o '[0-9]*$') " PROGRAMS "/filigree-pagerank g.txt"};
  Words command{"sh"};
  command.insert(command.end(), alone.begin(), alone.end());
  EXPECT_EQ(occurrences(Process(command, folder_).wait().err, "bound"), 0);
}

TEST_F(Apps, AJobOfAnotherLauncherIsRefused) {
  small_graph();
  // What a launcher of another MPI leaves in the environment of its two processes.
  for (const std::string rank : {"0", "1"}) {
    const Environment scope({{"PMI_RANK", rank}, {"PMI_SIZE", "2"}});
    const Outcome outcome = run(0, "pagerank", {"g.txt", "-o", "scores.tsv"});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_EQ(occurrences(outcome.err, "error: 2 copies were started (PMI_SIZE), but each sees itself alone"), 1)
        << outcome.err;
    EXPECT_THAT(files(), ::testing::ElementsAre("g.txt"));
  }
  {
    const Environment step({{"SLURM_PROCID", "0"}, {"SLURM_STEP_NUM_TASKS", "4"}});
    EXPECT_EQ(run(0, "pagerank", {"g.txt"}).code, 1);
  }
  // The script of a job of four tasks runs one process itself.
  const Environment script({{"SLURM_JOB_ID", "7"}, {"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "4"}});
  EXPECT_EQ(run(0, "pagerank", {"g.txt"}).code, 0);
  const Environment one({{"PMI_RANK", "0"}, {"PMI_SIZE", "1"}});
  EXPECT_EQ(run(0, "pagerank", {"g.txt"}).code, 0);
}

TEST_F(Apps, AProcessAloneSpeaksWhateverRankItsEnvironmentHolds) {
  const Environment left_over(std::map<std::string, std::string>{{"PMIX_RANK", "3"}});
  EXPECT_THAT(run(0, "pagerank", {"--version"}).out, StartsWith("filigree-pagerank "));
  EXPECT_THAT(run(0, "pagerank", {"--top", "x"}).err, StartsWith("usage error: --top: 'x' is no whole number"));
}

TEST_F(Apps, UsageErrorsExitWith2) {
  small_graph();
  const std::vector<std::pair<std::string, Words>> mistakes{
      {"ppr", {}},
      {"ppr", {"walk"}},
      {"ppr", {"query", "--graph", "g.txt"}},
      {"ppr", {"index", "--graph", "g.txt"}},
      {"ppr", {"query", "--graph", "g.txt", "--sources", "1", "--method", "magic"}},
      {"pagerank", {"--graph", "g.txt", "--nonsense"}},
      {"pagerank", {"--graph", "g.txt", "--top", "many"}},
      {"pagerank", {"--graph", "g.txt", "--repeat", "0"}},
      {"pagerank", {"--graph", "g.txt", "--threads", "-1"}},
      {"pagerank", {"--graph", "g.txt", "--seed", "-1"}},
      {"convert", {"g.txt"}},
      {"convert", {"g.txt", "--info", "--verify"}},
      {"generate", {"grid2d", "3", "--output", "x.txt"}},
      {"generate", {"rmat", "--scale", "3"}},
      {"generate", {"grid2d", "2", "3", "--output", "x.parquet"}},
      {"convert", {"g.txt", "x.gexf"}},
      {"convert", {"g.txt", "x.gml"}},
      {"convert", {"g.txt", "x.txt.bz2"}},
      {"spgemm", {"--a", "g.txt", "--output", "x.mat"}},
  };
  for (const auto& [program, arguments] : mistakes) {
    const Outcome outcome = run(0, program, arguments);
    EXPECT_EQ(outcome.code, 2) << program << ::testing::PrintToString(arguments);
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, StartsWith("usage error: "));
    EXPECT_EQ(occurrences(outcome.err, "\n"), 2) << outcome.err;
  }
  const Outcome outcome = run(3, "pagerank", {"--graph", "g.txt", "--nonsense"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(occurrences(outcome.err, "usage error: "), 1) << outcome.err;
  EXPECT_THAT(files(), ::testing::ElementsAre("g.txt"));
}

// ------------------------------------------------------------------------------------------------ streams and files

TEST_F(Apps, StandardOutputCarriesResultsOnly) {
  small_graph();
  const Words question{"query", "--graph", "g.txt", "--sources", "1", "--top", "2"};
  const Outcome alone = done(0, "ppr", question);
  EXPECT_THAT(alone.out, MatchesRegex("query\trank\tvertex\tscore\n1\t1\t1\t0\\.[0-9]+\n1\t2\t[59]\t0\\.[0-9]+\n"));
  EXPECT_THAT(alone.err, HasSubstr("1 rank x "));
  EXPECT_THAT(alone.err, HasSubstr("g.txt: 5 vertices, 7 arcs; 1 duplicate left out; 1 loop kept\ng.txt: skipped 1 "
                                   "header line before the first edge: 'from to'\n"));

  const Outcome together = done(3, "ppr", question);
  EXPECT_EQ(together.out, alone.out);
  EXPECT_EQ(occurrences(together.err, "3 ranks x 1 thread\n"), 1) << together.err;
  EXPECT_EQ(occurrences(together.err, "5 vertices"), 1);

  Words quiet = question;
  quiet.push_back("--quiet");
  const Outcome silent = done(3, "ppr", quiet);
  EXPECT_EQ(silent.out, alone.out);
  EXPECT_EQ(silent.err, "");

  Words to_file = question;
  to_file.insert(to_file.end(), {"--output", "top.tsv"});
  EXPECT_EQ(done(0, "ppr", to_file).out, "");
  EXPECT_EQ(read("top.tsv"), alone.out);
  EXPECT_THAT(files(), ::testing::UnorderedElementsAre("g.txt", "top.tsv"));
}

TEST_F(Apps, Progress) {
  done(0, "generate", {"rmat", "--scale", "13", "--output", "g.h5"});
  const auto shown = [&](const std::string& how) {
    Words arguments{"index", "--graph", "g.h5", "--walks", "1000", "--output", "i.h5"};
    if (!how.empty()) arguments.insert(arguments.end(), {"--progress", how});
    return done(2, "ppr", arguments).err;
  };
  const std::string bar = shown("bar");
  EXPECT_THAT(bar, ::testing::ContainsRegex("\r[^\n]*\\[#*\\.*\\] +[0-9]+ %"));
  EXPECT_THAT(bar, MatchesRegex("(.|\n|\r)*\r\x1B\\[K[0-9.]+ M walks, [^\r\n]*\n"));  // it is gone before the last line
  for (const std::string how : {"", "lines", "off"}) EXPECT_EQ(occurrences(shown(how), "\r"), 0) << how;
  EXPECT_EQ(occurrences(shown("off"), "%"), 0);
}

TEST_F(Apps, FilesHoldTheSameBytesOnAnyRanks) {
  small_graph();
  // Writes NAME once without mpirun and once on 3 ranks.
  const auto same = [&](const std::string& program, Words arguments, const std::string& name) {
    arguments.insert(arguments.end(), {"--quiet", "--output"});
    Words second = arguments;
    arguments.push_back("1-" + name);
    second.push_back("3-" + name);
    done(0, program, arguments);
    done(3, program, second);
    EXPECT_GT(read("1-" + name).size(), 20U);
    EXPECT_EQ(read("1-" + name), read("3-" + name)) << name;
  };
  same("generate", {"rmat", "--scale", "9"}, "rmat.h5");
  same("generate", {"rmat", "--scale", "9", "--undirected", "--drop-loops"}, "rmat.graph");
  same("generate", {"uniform", "--vertices", "300", "--columns", "200", "--edges", "1000", "--seed", "7"},
       "uniform.mtx");
  same("generate", {"grid3d", "5", "6", "7"}, "grid.txt");
  same("generate", {"stencil27", "4", "3", "5"}, "stencil.mtx");
  same("convert", {"g.txt"}, "converted.h5");
  same("convert", {"1-rmat.h5", "--undirected"}, "converted.txt");
  same("convert", {"1-rmat.h5", "--info"}, "info.txt");
  same("ppr", {"index", "--graph", "1-rmat.h5", "--walks", "20"}, "index.h5");
  same("ppr",
       {"query", "--graph", "1-rmat.h5", "--index", "1-index.h5", "--sources", "5", "8", "30", "200", "--top", "9"},
       "top.tsv");
  same("pagerank", {"--graph", "1-rmat.h5", "--top", "20"}, "pagerank.tsv");
  // Real numbers agree to rounding only, but on one vertex that is all there is.
  write("loop.txt", "4711 4711\n");
  same("ppr", {"exact", "--graph", "loop.txt", "--sources", "4711"}, "exact.h5");
  same("pagerank", {"--graph", "loop.txt"}, "pagerank.h5");
}

TEST_F(Apps, EdgeListsAreReadAsTheirUsersMeanThem) {
  write("multi.txt", "a b\na b\na c\nb a\nc a\n");
  write("neg.txt", "ann bob 1\nbob cat -2\ncat ann 1\n");
  write("neg.mtx", "%%MatrixMarket matrix coordinate real general\n2 2 2\n1 2 -4\n2 1 3\n");
  write("big.txt", "1 2 1e308\n1 3 1e308\n2 1 1\n3 1 1\n");
  write("calls.csv", "day|who|whom\n7|3|5\n8|5|3\n");
  write("all.txt", "2\n3\n4\n5\n");
  for (const int ranks : {0, 3}) {
    EXPECT_THAT(done(ranks, "pagerank", {"--graph", "multi.txt", "--duplicates", "sum"}).out,
                ::testing::EndsWith("a\t0.4864864865\nb\t0.3256756757\nc\t0.1878378378\n"));
    const auto refusal = [&](const Words& input) {
      const Outcome outcome = run(ranks, "pagerank", input);
      EXPECT_EQ(outcome.code, 1);
      return error_line(outcome.err);
    };
    EXPECT_EQ(refusal({"--graph", "neg.txt", "--weights"}),
              "error: arc bob -> cat (neg.txt:2) has weight -2; weights must be finite and at least 0");
    EXPECT_EQ(refusal({"--graph", "neg.mtx"}),
              "error: arc 0 -> 1 (neg.mtx: row 1, column 2) has weight -4; weights must be finite and at least 0");
    EXPECT_EQ(refusal({"--graph", "big.txt", "--weights"}),
              "error: the weights of the arcs from 1 sum to inf, which cannot be divided by");
    // Through a pipe, with columns by name and vertices of a list.
    const Outcome piped =
        run(ranks, "convert", {"--info", "-", "--source", "who", "--target", "whom", "--vertices", "all.txt"},
            (folder_ / "calls.csv").string());
    EXPECT_EQ(piped.code, 0) << piped.err;
    EXPECT_THAT(piped.out, HasSubstr("vertices      4\narcs          2\n"));
  }
}

TEST_F(Apps, NamesOfVerticesSurvive) {
  write("names.csv", "follower,followed\nAda,Bob Moran\nAda,Eve\nBob Moran,Ada\nEve,Bob Moran\n");
  write("queries.txt", "# who?\nAda\n\nEve:3\tBob Moran:1\n");
  const Outcome all = done(2, "ppr", {"exact", "--graph", "names.csv", "--sources", "queries.txt", "--top", "1"});
  EXPECT_THAT(all.out, HasSubstr("\nAda\t1\tAda\t0."));
  EXPECT_THAT(all.out, HasSubstr("\nEve:3\\tBob Moran:1\t1\t"));
  EXPECT_EQ(occurrences(all.out, "\n"), 3) << all.out;
  // Into HDF5 and out again.
  done(2, "convert", {"names.csv", "names.h5"});
  const Outcome again = done(1, "ppr", {"exact", "--graph", "names.h5", "--sources", "queries.txt", "--top", "1"});
  EXPECT_EQ(again.out, all.out);
}

TEST_F(Apps, Info) {
  small_graph();
  const std::string expected =
      "format        edge list\n"
      "vertices      5\n"
      "arcs          7\n"
      "direction     directed, 33.3 % of arcs have a reverse\n"
      "weights       none\n"
      "loops         1\n"
      "duplicates    1, left out\n"
      "header lines  1\n"
      "comments      1\n"
      "isolated      0\n"
      "out-degree    min 0, 25% 1, median 2, 75% 2, 99% 2, max 2\n"
      "in-degree     min 1, 25% 1, median 1, 75% 2, 99% 2, max 2\n"
      "components    1, largest 5 (100 %)\n"
      "names         ids\n"
      "hash          ";
  for (const int ranks : {0, 3}) {
    EXPECT_THAT(done(ranks, "convert", {"--info", "g.txt"}).out, StartsWith(expected)) << ranks;
  }
}

TEST_F(Apps, InfoOfMatricesOfEveryKind) {
  // Lines that a file's information must and must not hold, on 1 and 3 ranks.
  const auto info = [&](Words arguments, const Words& lines, const Words& absent) {
    arguments.push_back("--info");
    const Outcome alone = done(0, "convert", arguments);
    for (const std::string& line : lines) EXPECT_THAT("\n" + alone.out, HasSubstr("\n" + line + "\n"));
    for (const std::string& label : absent) EXPECT_EQ(occurrences("\n" + alone.out, "\n" + label), 0) << alone.out;
    EXPECT_EQ(done(3, "convert", arguments).out, alone.out);
  };
  const std::string header = "%%MatrixMarket matrix coordinate ";
  write("rectangle.mtx", header + "real general\n3 4 4\n1 1 0.5\n1 2 -2\n3 2 1\n1 2 7\n");
  info({"rectangle.mtx", "--duplicates", "sum"},
       {"rows           3", "columns        4", "nonzeros       3", "values         min 0.5, max 5, sum 6.5",
        "on diagonal    1", "duplicates     1, added up", "empty rows     1", "empty columns  2",
        "in a row       min 0, 25% 0, median 1, 75% 2, 99% 2, max 2",
        "in a column    min 0, 25% 0, median 0, 75% 1, 99% 2, max 2", "names          numbers"},
       {"vertices", "arcs", "direction", "isolated", "components"});
  write("symmetric.mtx", header + "integer symmetric\n6 6 4\n2 1 3\n3 2 4\n5 5 1\n6 4 -2\n");
  info({"symmetric.mtx"},
       {"vertices      6", "arcs          7", "direction     symmetric", "edges         3, each as two arcs",
        "weights       min -2, max 4, sum 11", "loops         1", "isolated      0",
        "components    3, largest 3 (50 %)"},
       {"rows", "empty"});
  info({"symmetric.mtx", "--drop-loops"}, {"loops         0 of 1 in the file", "isolated      1"}, {});
  write("skew.mtx", header + "integer skew-symmetric\n3 3 2\n2 1 3\n3 2 4\n");
  info({"skew.mtx"}, {"direction     directed by its weights alone: every arc has a reverse"}, {"edges"});
  write("nothing.mtx", header + "pattern general\n0 0 0\n");
  info({"nothing.mtx"}, {"vertices      0", "arcs          0", "components    0, largest 0 (0 %)"}, {});
  write("names.txt", "Ada\tBob\nBob\tAda\nCleo\tDan\nEve\tDan\n");
  info({"names.txt"}, {"names         texts", "components    2, largest 3 (60 %)"}, {});
  info({"names.txt", "--undirected"}, {"edges         3, each as two arcs", "duplicates    2, left out"}, {});
}

TEST_F(Apps, IsolatedVerticesTakeFewBytes) {
  write("keep.txt", "1 2\n2 4000000\n2 1\n7 7\n");
  for (const int ranks : {1, 3}) {
    const Outcome outcome = done(ranks, "convert", {"--info", "--ids", "keep", "keep.txt", "--json", "r.json"});
    EXPECT_THAT(outcome.out,
                HasSubstr("isolated      3999997\nout-degree    min 0, 25% 0, median 0, 75% 0, 99% 0, max 2\n"
                          "in-degree     min 0, 25% 0, median 0, 75% 0, 99% 0, max 1\n"
                          "components    3999999, largest 3 (0 %)\n"));
    const auto record = nlohmann::json::parse(read("r.json"));
    EXPECT_LT(record.at("peak_rss_bytes").get<double>(), 60e6 + 24 * 4000001.0 / ranks);
  }
  const Outcome none = done(2, "convert", {"--info", "--ids", "keep", write("none.txt", "# nothing\n")});
  EXPECT_THAT(none.out, HasSubstr("vertices      0\n"));
}

TEST_F(Apps, InfoIsInTheRecordToo) {
  small_graph();
  Json results;
  for (const int ranks : {0, 3}) {
    done(ranks, "convert", {"--info", "g.txt", "--json", "record.json"});
    const Json record = Json::parse(read("record.json"));
    EXPECT_EQ(complaints(record, Json::parse(bytes_of(SCHEMA))), "");
    for (const std::string phase : {"read", "info", "info.components"}) {
      EXPECT_TRUE(record["phases"].contains(phase)) << phase;
    }
    if (ranks > 0) {
      EXPECT_EQ(record["result"], results);
    }
    results = record["result"];
  }
  const Json expected = {{"format", "edge list"},  {"vertices", 5},      {"arcs", 7},          {"symmetric", false},
                         {"weighted", false},      {"loops", 1},         {"duplicates", 1},    {"header_lines", 1},
                         {"isolated_vertices", 0}, {"loops_in_file", 1}, {"in_degree_q75", 2}, {"out_degree_min", 0},
                         {"out_degree_median", 2}, {"components", 1},    {"names", "ids"},     {"in_degree_min", 1},
                         {"largest_component", 5}};
  for (const auto& [name, value] : expected.items()) EXPECT_EQ(results[name], value) << name;
  EXPECT_NEAR(results["reciprocated"], 1.0 / 3, 1e-12);
}

TEST_F(Apps, ConvertTellsWhatIsLostAndVerifiesTheRest) {
  const std::string pattern = "%%MatrixMarket matrix coordinate pattern symmetric\n";
  write("gaps.mtx", pattern + "7 7 2\n3 1\n6 3\n");  // 2, 4, 5 and 7 are isolated
  write("names.txt", "Ada\tBob\nBob\tAda\nCleo\t007\n007\tCleo\n");
  write("weighted.csv", "10,20,0.25\n20,10,0.25\n20,30,-1\n");
  const auto convert = [&](const std::string& from, const std::string& to, const Words& how = {}) {
    Words arguments{from, to, "--verify"};
    arguments.insert(arguments.end(), how.begin(), how.end());
    const std::string err = done(3, "convert", arguments).err;
    EXPECT_EQ(occurrences(err, "verified: "), 1) << err;
    return err;
  };
  EXPECT_THAT(convert("gaps.mtx", "gaps.txt"),
              HasSubstr("4 vertices without arcs are lost: an edge list cannot hold them"));
  for (const std::string to : {"gaps.h5", "gaps.graph", "again.mtx"}) {
    EXPECT_EQ(occurrences(convert("gaps.mtx", to), " lost"), 0) << to;
  }
  for (const std::string to : {"n.h5", "n.tsv", "n.mtx", "n.graph"}) {
    EXPECT_EQ(occurrences(convert("names.txt", to), " lost"), 0) << to;
  }
  EXPECT_EQ(read("n.tsv"), "007\tCleo\nAda\tBob\nBob\tAda\nCleo\t007\n");
  for (const std::string to : {"w.h5", "w.txt", "w.mtx"}) convert("weighted.csv", to, {"--weights"});

  // Columns of a rectangular matrix are no vertices that could be lost.
  write("rect.mtx", "%%MatrixMarket matrix coordinate real general\n2 5 2\n2 4 0.5\n1 5 2\n");
  for (const int ranks : {0, 3}) {
    EXPECT_EQ(error_line(run(ranks, "convert", {"rect.mtx", "rect.txt"}).err),
              "error: rect.txt: edge lists hold square matrices only; this one has 2 rows and 5 columns");
  }

  // Digits are names here, and none may change: the edge list must be read as names again.
  write("digits.txt", "007\t8\n8\t7\n");
  convert("digits.txt", "d.txt", {"--ids", "names"});
  convert("digits.txt", "d.h5", {"--ids", "names"});
}

// ------------------------------------------------------------------------------------------------ results

/// The scores of a table by the columns before, except the rank of an answer.
std::map<std::string, double> scores(const std::string& table) {
  std::map<std::string, double> rows;
  std::istringstream lines(table);
  std::string line;
  std::getline(lines, line);
  const bool has_ranks = line == "query\trank\tvertex\tscore";
  while (std::getline(lines, line)) {
    const auto last = line.rfind('\t');
    std::string key = line.substr(0, last);
    if (has_ranks) {
      const auto vertex = key.rfind('\t');
      key = key.substr(0, key.rfind('\t', vertex - 1)) + key.substr(vertex);
    }
    rows[key] = std::stod(line.substr(last + 1));
  }
  return rows;
}

TEST_F(Apps, AnswersOfTwoVerticesByHand) {
  // 1 -> 2 and 2 dangling: q = (c, c (1-c)); `source` scales it to sum 1, `self` leaves the rest at 2.
  write("arc.txt", "1 2\n");
  const double c = 0.2;
  for (const auto& [dangling, first, second] :
       {std::tuple{"source", 1 / (2 - c), (1 - c) / (2 - c)}, {"self", c, 1 - c}, {"drop", c, c * (1 - c)}}) {
    const Outcome answer =
        done(2, "ppr", {"exact", "--graph", "arc.txt", "--sources", "1", "--teleport", "0.2", "--dangling", dangling});
    const auto rows = scores(answer.out);
    ASSERT_EQ(rows.size(), 2U) << answer.out;
    EXPECT_NEAR(rows.at("1\t1"), first, 1e-9) << dangling;
    EXPECT_NEAR(rows.at("1\t2"), second, 1e-9) << dangling;
    const auto iterated = scores(
        done(1, "pagerank", {"--graph", "arc.txt", "--seeds", "1:3", "--teleport", "0.2", "--dangling", dangling}).out);
    EXPECT_NEAR(iterated.at("1"), first, 1e-9) << dangling;
    EXPECT_NEAR(iterated.at("2"), second, 1e-9) << dangling;
  }
}

TEST_F(Apps, PageRankOnRanksWithoutGhosts) {
  struct Case {
    const char* edges;
    int ranks;
    std::map<std::string, double> scores;
  };
  const std::vector<Case> cases{
      {"0 1\n1 2\n2 0\n3 0\n", 3, {{"0", 0.332604470}, {"1", 0.320213800}, {"2", 0.309681730}, {"3", 0.0375}}},
      {"1 2\n", 3, {{"1", 0.350877193}, {"2", 0.649122807}}},
      {"1 5\n1 6\n2 5\n3 6\n3 7\n4 7\n",
       2,
       {{"1", 0.096153846},
        {"2", 0.096153846},
        {"3", 0.096153846},
        {"4", 0.096153846},
        {"5", 0.21875},
        {"6", 0.177884615},
        {"7", 0.21875}}}};
  for (const auto& [edges, ranks, expected] : cases) {
    const auto found = scores(done(ranks, "pagerank", {"--graph", write("g.txt", edges), "--tolerance", "1e-12"}).out);
    ASSERT_EQ(found.size(), expected.size()) << edges;
    for (const auto& [vertex, score] : expected) EXPECT_NEAR(found.at(vertex), score, 1e-8) << edges << vertex;
  }
}

TEST_F(Apps, WeightsOfArcsAndSeedsCount) {
  write("weighted.txt", "1 2 3.0\n1 3 1.0\n2 1 1\n3 1 1\n");
  const Words exact{"exact", "--graph", "weighted.txt", "--sources", "1"};
  const auto plain = scores(done(0, "ppr", exact).out);
  Words with_weights = exact;
  with_weights.push_back("--weights");
  const auto weighted = scores(done(0, "ppr", with_weights).out);
  EXPECT_NEAR(plain.at("1\t2"), plain.at("1\t3"), 1e-9);
  EXPECT_NEAR(weighted.at("1\t2"), 3 * weighted.at("1\t3"), 1e-9);

  // Answers are linear in the seeds where nothing dangles.
  const auto mixed = scores(done(2, "ppr", {"exact", "--graph", "weighted.txt", "--sources", "2:0.75 3:0.25"}).out);
  const auto from_2 = scores(done(2, "ppr", {"exact", "--graph", "weighted.txt", "--sources", "2"}).out);
  const auto from_3 = scores(done(2, "ppr", {"exact", "--graph", "weighted.txt", "--sources", "3"}).out);
  EXPECT_NEAR(mixed.at("2:0.75 3:0.25\t1"), 0.75 * from_2.at("2\t1") + 0.25 * from_3.at("3\t1"), 1e-9);
}

// ------------------------------------------------------------------------------------------------ the record

TEST_F(Apps, RecordsFollowTheirSchema) {
  small_graph();
  const Json schema = Json::parse(bytes_of(SCHEMA));
  const auto record_of = [&](int ranks, const std::string& program, Words arguments) {
    arguments.insert(arguments.end(), {"--json", "record.json", "--verify", "--repeat", "2", "--warmup", "1"});
    done(ranks, program, arguments);
    const Json record = Json::parse(read("record.json"), nullptr, false);
    EXPECT_EQ(complaints(record, schema), "");
    EXPECT_EQ(record.value("app", ""), "filigree-" + program);
    EXPECT_EQ(record.value("ranks", 0), std::max(ranks, 1));
    EXPECT_GT(record.value("peak_rss_bytes", 0), 1 << 20);
    EXPECT_EQ(record["options"].value("repeat", 0), 2);
    return record;
  };
  const Json generated = record_of(2, "generate", {"rmat", "--scale", "6", "--output", "r.h5", "--seed", "9"});
  EXPECT_TRUE(generated["verified"] == true);
  EXPECT_EQ(generated["seed"], 9);
  EXPECT_TRUE(generated["input"]["path"].is_null());
  EXPECT_EQ(generated["input"]["rows"], 64);
  EXPECT_EQ(generated["input"]["nnz"].get<int>() + generated["result"]["duplicates"].get<int>(), 64 * 16);

  const Json converted = record_of(0, "convert", {"r.h5", "r.mtx"});
  EXPECT_TRUE(converted["verified"] == true);
  EXPECT_EQ(converted["input"]["hash"], generated["input"]["hash"]);
  EXPECT_TRUE(record_of(3, "convert", {"r.h5", "r.txt"})["verified"] == true);

  for (const std::string dangling : {"source", "self", "uniform", "drop"}) {
    const Json ranked = record_of(2, "pagerank", {"--graph", "r.mtx", "--top", "1", "--dangling", dangling});
    EXPECT_TRUE(ranked["verified"] == true);
    EXPECT_EQ(ranked["options"]["dangling"], dangling);
    EXPECT_LT(ranked["result"]["error_bound"], 1e-10);
    EXPECT_GT(ranked["stats"]["iterations"], 5);
    EXPECT_TRUE(ranked["phases"].contains("pagerank.iterate"));
  }
  const Json index = record_of(2, "ppr", {"index", "--graph", "r.h5", "--output", "i.h5"});
  EXPECT_TRUE(index["verified"] == true);
  EXPECT_EQ(index["options"]["subcommand"], "index");
  EXPECT_EQ(index["stats"]["walks"], 6400);
  const Json query = record_of(2, "ppr",
                               {"query", "--graph", "r.h5", "--index", "i.h5", "--sources", "1", "2", "3", "--top",
                                "10", "--target-error", "0.3", "--output", "top.tsv"});
  EXPECT_TRUE(query["verified"] == true);
  EXPECT_EQ(query["result"]["queries"], 3);
  EXPECT_GT(query["result"]["mean_rag"], 0.9);
  EXPECT_GT(query["result"]["mean_index_share"], 0.05);
  EXPECT_EQ(query["options"]["sources"], Json({1, 2, 3}));
  const Json exact = record_of(0, "ppr", {"exact", "--graph", "r.h5", "--sources", "1", "--output", "e.h5"});
  EXPECT_TRUE(exact["verified"].is_null());
}

TEST_F(Apps, RecordsHoldTheNumbersThatWereUsed) {
  small_graph();
  for (const int ranks : {0, 3}) {
    const Outcome outcome =
        done(ranks, "pagerank",
             {"g.txt", "--damping", "0.3", "--top", "010", "--seed", "010", "--json", "record.json", "-o", "top.tsv"});
    EXPECT_EQ(occurrences(outcome.err, "--teleport"), 0) << outcome.err;  // not what was given
    const Json record = Json::parse(read("record.json"));
    EXPECT_EQ(record["options"]["teleport"], 0.7);
    EXPECT_FALSE(record["options"].contains("damping"));
    EXPECT_EQ(record["options"]["top"], 10);
    EXPECT_EQ(record["seed"], 10);
  }
  done(0, "pagerank", {"g.txt", "--top", "08", "--json", "record.json"});
  const Json record = Json::parse(read("record.json"));
  EXPECT_EQ(record["options"]["top"], 8);
  EXPECT_EQ(record["options"]["teleport"], 0.15);
  EXPECT_THAT(run(0, "pagerank", {"g.txt", "--teleport", "0.7"}).err, HasSubstr("given by --damping 0.7"));
}

TEST_F(Apps, TheSchemaRefusesBrokenRecords) {
  const Json schema = Json::parse(bytes_of(SCHEMA));
  done(0, "generate", {"grid2d", "3", "3", "--output", "g.txt", "--json", "record.json"});
  const Json good = Json::parse(read("record.json"));
  ASSERT_EQ(complaints(good, schema), "");
  const auto refused = [&](const std::function<void(Json&)>& breaking) {
    Json record = good;
    breaking(record);
    return !complaints(record, schema).empty();
  };
  for (const auto& [name, value] : good.items()) {
    EXPECT_TRUE(refused([&, n = name](Json& r) { r.erase(n); })) << name;
    EXPECT_TRUE(refused([&, n = name](Json& r) { r[n] = Json::array(); })) << name;
  }
  EXPECT_TRUE(refused([](Json& r) { r["surprise"] = 1; }));
  EXPECT_TRUE(refused([](Json& r) { r["date"] = "yesterday"; }));
  EXPECT_TRUE(refused([](Json& r) { r["ranks"] = 0; }));
  EXPECT_TRUE(refused([](Json& r) { r["ranks"] = 1.5; }));
  EXPECT_TRUE(refused([](Json& r) { r["phases"]["generate"].erase("mean"); }));
  EXPECT_TRUE(refused([](Json& r) { r["stats"]["steps"] = 0.5; }));
  EXPECT_TRUE(refused([](Json& r) { r["input"]["hash"] = "none"; }));
}

// ------------------------------------------------------------------------------------------------ failures

TEST_F(Apps, FailuresExitWith1AndOneMessage) {
  small_graph();
  write("other.txt", "1 2\n2 3\n");
  std::string lines = "# many lines, so that the bad one is some rank's own\n";
  for (int i = 1; i < 30000; ++i) lines += std::to_string(i) + " " + std::to_string(i + 1) + "\n";
  write("bad_line.txt", lines + "17 x\n");
  write("overflow.txt", lines + "17 99999999999999999999\n");
  write("empty.txt", "");
  write("no_queries.txt", "# none\n\n");
  done(0, "ppr", {"index", "--graph", "g.txt", "--walks", "5", "--output", "g.ppr.h5", "--quiet"});
  write("cut.h5", read("g.ppr.h5").substr(0, read("g.ppr.h5").size() / 2));

  const std::vector<std::tuple<std::string, Words, std::string>> failures{
      {"pagerank", {"--graph", "missing.txt"}, "missing.txt: "},
      {"pagerank", {"--graph", "bad_line.txt"}, "bad_line.txt:30001: "},
      {"pagerank", {"--graph", "overflow.txt"}, "overflow.txt:30001: "},
      {"pagerank", {"--graph", "empty.txt"}, "no vertices"},
      {"pagerank", {"--graph", "g.txt", "--seeds", "77"}, "77"},
      {"pagerank", {"--graph", "g.txt", "--duplicates", "error"}, "twice"},
      {"pagerank", {"--graph", "g.txt", "--format", "mtx"}, "g.txt:1: "},
      {"pagerank", {"--graph", "cut.h5"}, "cut.h5: "},
      {"ppr", {"query", "--graph", "g.txt", "--index", "g.txt", "--sources", "1"}, "g.txt: "},
      {"ppr", {"query", "--graph", "g.txt", "--index", "cut.h5", "--sources", "1"}, "cut.h5: "},
      {"ppr", {"query", "--graph", "other.txt", "--index", "g.ppr.h5", "--sources", "1"}, "graph"},
      {"ppr", {"query", "--graph", "g.txt", "--index", "g.ppr.h5", "--teleport", "0.3", "--sources", "1"}, "teleport"},
      {"ppr", {"query", "--graph", "g.txt", "--sources", "no_queries.txt"}, "no_queries.txt: holds no query"},
      {"ppr", {"query", "--graph", "g.txt", "--sources", "1", "2"}, "2"},
      {"ppr", {"query", "--graph", "g.txt", "--sources", "1:-1"}, "weight"},
      {"generate", {"rmat", "--scale", "45"}, "out of memory"},
      {"generate", {"rmat", "-a", "2"}, "rmat: probabilities 2, "},
      {"convert", {"g.txt", "--output", "nowhere/result"}, "nowhere/result: "},
  };
  const auto before = files();
  for (auto [program, arguments, what] : failures) {
    if (arguments.back() != "nowhere/result") arguments.insert(arguments.end(), {"--output", "result"});
    const std::string called = program + " " + ::testing::PrintToString(arguments);
    const Outcome alone = run(0, program, arguments);
    EXPECT_EQ(alone.code, 1) << called << alone.err;
    EXPECT_THAT(error_line(alone.err), HasSubstr(what)) << called;
    const Outcome together = run(3, program, arguments);
    EXPECT_EQ(together.code, 1) << called;
    EXPECT_EQ(occurrences(together.err, "error: "), 1) << called << together.err;
    // Only memory differs from rank to rank.
    if (what != "out of memory") {
      EXPECT_EQ(error_line(together.err), error_line(alone.err)) << called;
    }
    EXPECT_LT(together.seconds, 5) << called;
    EXPECT_EQ(alone.out + together.out, "") << called;
    EXPECT_EQ(files(), before) << called;
  }
}

TEST_F(Apps, BrokenFilesAreRefusedWithPathAndLine) {
  std::ifstream table(MALFORMED "/expected.tsv");
  constexpr int stride = 15;  // from every reader some; io_malformed_test reads them all
  int number = 0;
  int tried = 0;
  for (std::string file, options, message; std::getline(table, file, '\t');) {
    std::getline(table, options, '\t');
    std::getline(table, message);
    if (message.find("finite") != std::string::npos) continue;  // filigree-convert takes NaN and infinity
    if (number++ % stride != 0) continue;
    ++tried;
    std::istringstream words(options);
    Words arguments{std::istream_iterator<std::string>(words), {}};
    arguments.insert(arguments.end(), {"--quiet", std::string(MALFORMED "/") + file, "out.h5"});
    for (int ranks : {0, 3}) {
      const Outcome outcome = run(ranks, "convert", arguments);
      EXPECT_EQ(outcome.code, 1) << file;
      EXPECT_EQ(error_line(outcome.err), "error: " MALFORMED "/" + message);
      EXPECT_EQ(occurrences(outcome.err, "error: "), 1) << outcome.err;
      if (ranks == 0) {  // mpirun adds words of its own
        EXPECT_EQ(outcome.err, error_line(outcome.err) + "\n");
      }
      EXPECT_EQ(outcome.out, "") << file;
      EXPECT_LT(outcome.seconds, 5) << file;
      EXPECT_THAT(files(), ::testing::IsEmpty()) << file;
    }
  }
  EXPECT_GE(tried, 12);
}

TEST_F(Apps, AnOldFileStaysWhenItsSuccessorFails) {
  small_graph();
  write("result", "old");
  EXPECT_EQ(run(2, "convert", {"missing.txt", "result"}).code, 1);
  EXPECT_EQ(read("result"), "old");
  fs::create_directory(folder_ / "folder");
  EXPECT_EQ(run(2, "convert", {"g.txt", "folder"}).code, 1);
  EXPECT_TRUE(fs::is_directory(folder_ / "folder"));
  EXPECT_THAT(files(), ::testing::UnorderedElementsAre("g.txt", "result", "folder"));
}

TEST_F(Apps, WhatARunReadsItDoesNotWriteOver) {
  small_graph();
  const std::string graph = read("g.txt");
  write("q.txt", "1\n");
  write("m.mtx", "%%MatrixMarket matrix coordinate pattern general\n2 2 1\n1 2\n");
  write("m.mtx.names", "a\nb\n");
  fs::create_hard_link(folder_ / "g.txt", folder_ / "hard.txt");
  fs::create_symlink("g.txt", folder_ / "soft.txt");
  struct Case {
    std::string program;
    Words arguments;
    std::string message;
  };
  const std::string ending = ", and no input is written over; give another name";
  const std::vector<Case> cases{
      {"ppr",
       {"index", "--graph", "g.txt", "--output", "g.txt"},
       "--output g.txt is the same file as --graph g.txt" + ending},
      {"convert", {"g.txt", "hard.txt"}, "OUT hard.txt is the same file as IN g.txt" + ending},
      {"pagerank",
       {"--graph", "g.txt", "--json", "soft.txt"},
       "--json soft.txt is the same file as --graph g.txt" + ending},
      {"ppr",
       {"exact", "--graph", "g.txt", "--sources", "q.txt", "--output", "./q.txt"},
       "--output ./q.txt is the same file as --sources q.txt" + ending},
      {"spgemm",
       {"--a", "m.mtx", "--json", "m.mtx.names"},
       "--json m.mtx.names is the same file as --a m.mtx.names" + ending},
      {"pagerank",
       {"--graph", "g.txt", "--output", "new", "--json", "./new"},
       "--json ./new and --output new are the same file; give one of them another name"},
  };
  for (const auto& [program, arguments, message] : cases) {
    const auto outcome = run(program == "ppr" ? 3 : 0, program, arguments);
    EXPECT_EQ(outcome.code, 2) << message;
    EXPECT_THAT(outcome.err, ::testing::HasSubstr("usage error: " + message + "\n"));
  }
  EXPECT_EQ(read("g.txt"), graph);
  EXPECT_TRUE(fs::is_symlink(folder_ / "soft.txt"));
  EXPECT_FALSE(fs::exists(folder_ / "new"));
  done(0, "pagerank", {"--graph", "g.txt", "--output", "/dev/null", "--json", "/dev/null"});
}

// ------------------------------------------------------------------------------------------------ ends by force

class Killed : public Apps, public ::testing::WithParamInterface<const char*> {
 protected:
  /// Stops a generator in the middle of its writing, lets `strike` end it, and expects that nothing is left; if
  /// it may finish, the whole file.
  void expect_clean_end(int ranks, const std::function<void(const Process&, const std::vector<int>&)>& strike,
                        bool may_finish = false) {
    const std::string output = GetParam();
    // A machine may be so fast, or so busy, that the file is complete before anybody looks: then a larger graph.
    for (const std::string scale : {"17", "18", "19", "20", "21"}) {
      Process job(command(ranks, "generate", {"rmat", "--scale", scale, "--quiet", "--output", output}), folder_);
      while (job.is_running() && !has_partial_file()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      const std::vector<int> processes = ranks > 0 ? job.children() : std::vector<int>{job.pid()};
      for (int process : processes) kill(process, SIGSTOP);
      if (!job.is_running() || !has_partial_file() || fs::exists(folder_ / output)) {
        for (int process : processes) kill(process, SIGCONT);
        job.wait();
        fs::remove(folder_ / output);
        continue;
      }
      ASSERT_EQ(processes.size(), static_cast<std::size_t>(std::max(ranks, 1)));
      const auto start = std::chrono::steady_clock::now();
      strike(job, processes);
      if (ranks == 0) kill(job.pid(), SIGCONT);  // mpirun wakes its ranks itself, to end them
      const Outcome outcome = job.wait();
      EXPECT_NE(outcome.code, 0);
      EXPECT_LT(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), 5);
      if (may_finish && fs::exists(folder_ / output)) {
        done(0, "generate", {"rmat", "--scale", scale, "--quiet", "--output", "whole-" + output});
        EXPECT_TRUE(read(output) == read("whole-" + output)) << "a half-written file has its final name";
        fs::remove(folder_ / output);
        fs::remove(folder_ / ("whole-" + output));
      }
      EXPECT_THAT(files(), ::testing::IsEmpty());
      return;
    }
    FAIL() << "the program was never caught writing";
  }
};
INSTANTIATE_TEST_SUITE_P(Formats, Killed, ::testing::Values("r.txt", "r.h5"));

TEST_P(Killed, OneRankOfThree) {
  for (std::size_t rank : {0u, 2u}) {
    expect_clean_end(3, [&](const Process&, const std::vector<int>& ranks) { kill(ranks[rank], SIGKILL); });
  }
}

TEST_P(Killed, ByControlC) {
  const auto interrupt = [](const Process& job, const std::vector<int>&) { kill(job.pid(), SIGINT); };
  expect_clean_end(0, interrupt);
  // mpirun lets its ranks run for another second before it passes the end on.
  expect_clean_end(3, interrupt, true);
}

}  // namespace
}  // namespace filigree::testing
