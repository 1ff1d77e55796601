#!/usr/bin/python3
"""Every program's outputs read back by what people read them with: pandas, SciPy, h5py, NumPy, networkx, json.

usage: readers_test.py PROGRAMS HOSTILE_GRAPH MPIEXEC [Class.test ...]

HOSTILE_GRAPH writes the graph of tests/apps/hostile_graph.cpp.
"""
import gzip
import json
import os
import pathlib
import re
import select
import subprocess
import sys
import tempfile
import unittest

try:
    import h5py
    import networkx
    import numpy
    import pandas
    import scipy.io
    import scipy.sparse
except ImportError as missing:
    print(f"skipped: {missing}; scripts/install_dependencies --dev installs it")
    sys.exit(77)

PROGRAMS, HOSTILE_GRAPH, MPIEXEC = sys.argv[1:4]
NAMES = [b"a\tb", b"x\ny 1 2", b"c\r\nd", b"nul\0in", b"\x1b]0;gone\x07", b"\xc2\x9bm", b"Jos\xe9", b'say "hi"', b'"begun',
         b"D\xc3\xb3ra, dr.", b"C:\\new\\x41", b"New York", b" blank ", b"#metoo", b"plain"]
TEXTS = [name.decode("utf-8", "replace") for name in NAMES]


def command(name, *words, ranks=0):
    launcher = [MPIEXEC, "-n", str(ranks)] if ranks else []
    return [*launcher, f"{PROGRAMS}/filigree-{name}", *map(str, words)]


def run(name, *words, ranks=0, code=0):
    done = subprocess.run(command(name, *words, "--quiet", ranks=ranks), capture_output=True, stdin=subprocess.DEVNULL)
    assert done.returncode == code, f"{words}: exit {done.returncode}: {done.stderr.decode()}"
    return done.stdout.decode() if code == 0 else done.stderr.decode()


def unescaped(field, form):
    """The bytes that a field of a table stands for."""
    letters = {b"t": b"\t", b"n": b"\n", b"r": b"\r", b"\\": b"\\"} if form == "tsv" else {}
    pattern = rb"\\(x[0-9a-f]{2}|[tnr\\])" if form == "tsv" else rb"\\(x[0-9a-f]{2})"
    return re.sub(pattern, lambda m: letters.get(m[1]) or bytes([int(m[1][1:], 16)]), field.encode())


def read_table(path, names=("vertex",)):
    """A table as pandas reads it by default, empty fields kept; the columns `names` as bytes (jsonl: texts)."""
    form = path.suffixes[0][1:]
    if form == "jsonl":
        return pandas.read_json(path, lines=True, dtype=False, convert_dates=False)
    table = pandas.read_csv(path, sep="," if form == "csv" else "\t", keep_default_na=False)
    for name in names:
        table[name] = [unescaped(str(field), form) for field in table[name]]
    return table


class Readers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temporary.name)
        cls.hostile = cls.folder / "hostile.h5"
        subprocess.run([HOSTILE_GRAPH, cls.hostile], check=True)

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def tables(self, program, *words, forms=("tsv", "csv", "jsonl"), names=("vertex",)):
        """The table of a program in every form, with the names that are right in it."""
        for i, form in enumerate(forms):
            path = self.folder / f"table.{form}"
            run(program, *words, "--output", path, ranks=(0, 3)[i % 2])
            yield read_table(path, names), TEXTS if form == "jsonl" else NAMES

    def test_pagerank(self):
        scores = None
        for table, names in self.tables("pagerank", "--graph", self.hostile, forms=("tsv", "csv", "jsonl", "csv.gz")):
            self.assertEqual(list(table.columns), ["vertex", "score"])
            self.assertEqual(list(table["vertex"]), names)
            scores = table["score"]
            self.assertTrue(numpy.allclose(scores, 1 / len(NAMES)))
        run("pagerank", "--graph", self.hostile, "--output", self.folder / "scores.NPY", ranks=2)
        self.assertTrue(numpy.allclose(numpy.load(self.folder / "scores.NPY"), scores))
        run("pagerank", "--graph", self.hostile, "--output", self.folder / "scores.h5")
        with h5py.File(self.folder / "scores.h5") as file:
            self.assertTrue(numpy.allclose(file["pagerank/scores"], scores))

    def test_ppr(self):
        queries = self.folder / "queries.txt"
        queries.write_bytes(b"New York\n#metoo\n# comment\nplain\tD\xc3\xb3ra, dr.:2\nJos\xe9\nZoe\n")
        words = ("exact", "--graph", self.hostile, "--sources", queries, "--skip-unknown", "--top", 3)
        for table, names in self.tables("ppr", *words, forms=("tsv", "csv"), names=("query", "vertex")):
            self.assertEqual(list(table.columns), ["query", "rank", "vertex", "score", "error"])
            asked = [b"New York", b"#metoo", b"plain\tD\xc3\xb3ra, dr.:2", b"Jos\xe9"]
            self.assertEqual(list(table["query"]), [query for query in asked for _ in range(3)] + [b"Zoe"])
            self.assertEqual(table["rank"].tolist(), [1, 2, 3] * 4 + [0])
            self.assertLessEqual(set(table["vertex"][:-1]), set(NAMES))
            self.assertIn("no vertex is called 'Zoe'", table["error"].iloc[-1])
        run("ppr", *words, "--output", self.folder / "answers.jsonl", ranks=3)
        lines = [json.loads(line) for line in (self.folder / "answers.jsonl").read_text().splitlines()]
        self.assertEqual([line["query"] for line in lines],
                         ["New York", "#metoo", "plain\tD\u00f3ra, dr.:2", "Jos\ufffd", "Zoe"])
        self.assertEqual([name for name, _ in lines[0]["answers"]],
                         [name.decode("utf-8", "replace") for name in table["vertex"][:3]])
        run("ppr", *words, "--output", self.folder / "answers.h5", ranks=2)
        with h5py.File(self.folder / "answers.h5") as file:
            rows = scipy.sparse.csr_matrix((file["ppr/data"], file["ppr/indices"], file["ppr/indptr"]),
                                           shape=(5, len(NAMES)))
        self.assertEqual(rows.getnnz(axis=1).tolist(), [3, 3, 3, 3, 0])
        self.assertEqual(NAMES[rows[0].argmax()], b"New York")

    def test_a_client_of_the_stream_never_waits(self):
        for ranks in (0, 2):
            words = ("query", "--graph", self.hostile, "--sources", "-", "--output-format", "jsonl", "--quiet", "--top", 2)
            client = subprocess.Popen(command("ppr", *words, ranks=ranks), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      stderr=subprocess.DEVNULL, bufsize=0)
            try:
                for question, answers in [("New York", 2), ("Zoe", None), ("", None), ("# no query", None), ("#metoo", 2),
                                          ("plain:-1", None), ("plain\tNew York", 2), ("a\\tb", None)]:
                    client.stdin.write(question.encode() + b"\n")
                    ready, _, _ = select.select([client.stdout], [], [], 30)
                    self.assertTrue(ready, f"no answer to {question!r}")
                    line = json.loads(client.stdout.readline())
                    self.assertEqual(line["query"], question)
                    if answers is None:
                        self.assertEqual(list(line), ["query", "error"])
                    else:
                        self.assertEqual(list(line), ["query", "error_bound", "ms", "answers"])
                        self.assertEqual(len(line["answers"]), answers)
                client.stdin.close()
                self.assertEqual(client.stdout.read(), b"")
                self.assertEqual(client.wait(), 1)  # some lines were no query
            finally:
                client.kill()
                client.wait()
                client.stdout.close()

    def test_summary(self):
        summary = self.folder / "s.h5"
        run("summary", "build", "--graph", self.hostile, "--size-ratio", 1, "--output", summary)
        degree = ("query", "--summary", summary, "--kind", "degree")
        for table, names in self.tables("summary", *degree):
            self.assertEqual(list(table["vertex"]), names)
        bfs = ("query", "--summary", summary, "--kind", "bfs", "--vertices", "New York")
        for table, names in self.tables("summary", *bfs, names=("source", "vertex")):
            self.assertEqual(list(table.columns), ["source", "vertex", "steps"])
            self.assertLessEqual(set(table["vertex"]), set(names))
        for table, _ in self.tables("summary", "evaluate", "--graph", self.hostile, "--summary", summary,
                                    names=()):
            self.assertEqual(table["measure"].tolist()[:2], ["supernodes", "superedges"])
        run("summary", "export", "--summary", summary, "--output", self.folder / "s.txt")
        members = (self.folder / "s.txt").read_text().split("<Superedge info>")[0].splitlines()[1:]
        self.assertEqual(sorted(unescaped(name, "tsv") for line in members for name in line.split("\t")[1:]), sorted(NAMES))

    def test_communities(self):
        tree = self.folder / "t.h5"
        labels = self.folder / "labels.txt"
        labels.write_text("0\n" * 5 + "1\n" * 5 + "2\n" * 5)
        for extension in ("npy", "csv"):
            run("communities", "detect", "--graph", self.hostile, "--labels", labels, "--output", tree,
                "--csv", self.folder / "levels.csv.gz", "--linkage-matrix", self.folder / f"z.{extension}")
        z = numpy.load(self.folder / "z.npy")
        self.assertEqual(z.shape, (2, 4))
        self.assertTrue(numpy.array_equal(pandas.read_csv(self.folder / "z.csv").to_numpy(), z))
        self.assertEqual(list(read_table(self.folder / "levels.csv.gz")["vertex"]), NAMES)
        for table, names in self.tables("communities", "cut", "--tree", tree, "--clusters", 3):
            self.assertEqual(list(table["vertex"]), names)
            self.assertEqual(len(set(table["cluster"])), 3)
        lines = run("communities", "cut", "--tree", tree, "--clusters", 3).splitlines()[1:]
        self.assertEqual([unescaped(line.split("\t")[0], "tsv") for line in lines], NAMES)
        # What cut wrote is read as labels again.
        run("communities", "cut", "--tree", tree, "--clusters", 3, "--output", self.folder / "cut.tsv")
        for table, _ in self.tables("communities", "compare", "--tree", tree, "--truth", self.folder / "cut.tsv",
                                    forms=("csv", "jsonl"), names=()):
            self.assertEqual(table["ari"].tolist(), [1, 1])

    def test_what_is_in_a_graph(self):
        for form in ("csv", "jsonl", "tsv"):
            run("convert", "--info", self.hostile, "--output", self.folder / f"info.{form}")
            table = read_table(self.folder / f"info.{form}", names=())
            figures = dict(zip(table["figure"], table["value"]))
            self.assertEqual(int(figures["vertices"]), len(NAMES))

    def test_unknown_extensions_are_refused_before_the_work(self):
        for words in (("pagerank", "--graph", "missing.txt"), ("ppr", "exact", "--graph", "missing.txt", "--sources", "x"),
                      ("summary", "query", "--summary", "missing.h5"), ("convert", "--info", "missing.txt"),
                      ("communities", "cut", "--tree", "missing.h5", "--level", 1), ("convert", "missing.txt"),
                      ("spgemm", "--a", "missing.mtx"), ("generate", "rmat"),
                      ("communities", "compare", "--tree", "missing.h5", "--truth", "missing.txt"),
                      ("svd-clustering", "evaluate", "--input", "missing.h5", "--clusters", "missing.h5")):
            self.assertRegex(run(*words, "--output", "x.parquet", code=2), r"usage error: .*x\.parquet: .*\.csv")


class Graphs(unittest.TestCase):
    """Graphs in every format that is written, as others read it."""

    ARCS = [(0, 1), (1, 0), (1, 2), (2, 1), (2, 3), (3, 2), (3, 0), (0, 3), (1, 3), (3, 1)]

    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.temporary.name)
        self.addCleanup(self.temporary.cleanup)
        (self.folder / "g.txt").write_text("".join(f"{u} {v}\n" for u, v in self.ARCS))
        self.matrix = numpy.zeros((4, 4))
        for u, v in self.ARCS:
            self.matrix[u, v] = 1

    def written(self, name):
        run("convert", self.folder / "g.txt", self.folder / name, ranks=2)
        return self.folder / name

    def test_mtx(self):
        for name in ("g.mtx", "g.MTX.gz"):
            path = self.written(name)
            with (gzip.open if name.endswith("gz") else open)(path, "rb") as file:
                self.assertTrue(numpy.array_equal(scipy.io.mmread(file).toarray(), self.matrix))

    def test_npy(self):
        self.assertTrue(numpy.array_equal(numpy.load(self.written("g.npy")), self.matrix))

    def test_npz(self):
        self.assertTrue(numpy.array_equal(scipy.sparse.load_npz(self.written("g.npz")).toarray(), self.matrix))

    def test_hdf5(self):
        with h5py.File(self.written("g.h5")) as file:
            graph = file["graph"]
            data = graph["data"][:] if "data" in graph else numpy.ones(len(graph["indices"]))
            rows = scipy.sparse.csr_matrix((data, graph["indices"], graph["indptr"]), shape=tuple(graph.attrs["shape"]))
        self.assertTrue(numpy.array_equal(rows.toarray(), self.matrix))

    def test_edge_lists(self):
        for name in ("g.txt.el", "g.tsv", "h.txt", "g.edges", "g.tsv.gz"):
            graph = networkx.read_edgelist(self.written(name), nodetype=int, create_using=networkx.DiGraph)
            self.assertEqual(set(graph.edges), set(self.ARCS), name)
        table = pandas.read_csv(self.written("g.csv"), header=None)
        self.assertEqual({(u, v) for u, v, *_ in table.itertuples(index=False)}, set(self.ARCS))

    def test_metis(self):
        head, *rows = self.written("g.graph").read_text().splitlines()
        self.assertEqual(head.split()[:2], ["4", "5"])
        self.assertEqual({(u, int(v) - 1) for u, row in enumerate(rows) for v in row.split()}, set(self.ARCS))

    def test_dimacs(self):
        lines = [line.split() for line in self.written("g.gr").read_text().splitlines()]
        self.assertIn(["p", "sp", "4", "10"], lines)
        self.assertEqual({(int(line[1]) - 1, int(line[2]) - 1) for line in lines if line[0] == "a"}, set(self.ARCS))

    def test_gap(self):
        for name in ("g.sg", "g.wsg"):
            path = self.written(name)
            run("convert", path, self.folder / "back.npy")
            self.assertTrue(numpy.array_equal(numpy.load(self.folder / "back.npy") != 0, self.matrix != 0))


if __name__ == "__main__":
    os.environ["OMP_NUM_THREADS"] = "1"
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]])
