#!/usr/bin/python3
"""Tests of bench/run.py, compare.py, plot.py and sources.py with programs that only pretend.

usage: bench_test.py [Class.test ...]
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import textwrap
import unittest

BENCH = pathlib.Path(__file__).resolve().parent.parent / "bench"
sys.dont_write_bytecode = True
sys.path.append(str(BENCH))
import sources  # noqa: E402

# Notes every call in the file `calls`; fails while the file `broken` is there; work = 10 * --size + --more.
PRETENDER = """#!/usr/bin/python3
import argparse, json, pathlib, sys
folder = pathlib.Path(__file__).parent
with open(folder / "calls", "a") as calls:
    calls.write(" ".join(sys.argv[1:]) + "\\n")
parser = argparse.ArgumentParser()
for name in ("--graph", "--a", "--size", "--more", "--input", "--output", "--json"):
    parser.add_argument(name)
options = parser.parse_args()
if (folder / "broken").exists() and options.json:
    sys.exit("error: it broke")
if options.output:
    pathlib.Path(options.output).write_text("made of " + options.size)
work = 10 * int(options.size or 0) + int(options.more or 0)
if options.json:
    read = pathlib.Path(options.input).read_text() if options.input else ""
    pathlib.Path(options.json).write_text(json.dumps({
        "stats": {"work": work, "bytes": 3}, "phases": {"go": {"max": 0.5}, "go.part": {"max": 0.25}},
        "result": {"read": read}}))
"""

PAPER = """
[graphs]
there = {file = "there.txt"}
absent = {file = "absent.txt"}

[prepare]
"thing.h5" = "pretend --size {size} --output {output}"

[runs.first]
graphs = ["there", "absent"]
grid = [{size = [1, 2], more = [3, 4]}, {size = 7, more = 0}]
command = "pretend {graph} --size {size} --more {more} --input {thing.h5}"

[runs.second]
graphs = ["there"]
grid = {size = 5}
command = "pretend --size {size} --output {output}"

[figures.work]
title = "work by size"
runs = ["first"]
where = "cell.size < 7"
plot = {x = "size", y = "work", series = ["more"], log = "y"}
[figures.work.columns]
size = "cell.size"
more = "cell.more"
work = "stats.work"
half = ["phases.gone.max", "phases.go_part.max / 1"]
read = "result.read"
none = "result.nothing"

[figures.bytes]
title = "bytes"
runs = ["second"]
columns = {size = "cell.size", bytes = "output_bytes"}
plot = {x = "size", y = "bytes", kind = "bar"}
"""


class Scripts(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        program = self.folder / "pretend"
        program.write_text(PRETENDER)
        program.chmod(0o755)
        (self.folder / "there.txt").write_text("0 1\n")
        (self.folder / "paper.toml").write_text(PAPER)

    def call(self, script, *arguments, exits=0):
        """What the script says."""
        done = subprocess.run([BENCH / script, *map(str, arguments)], cwd=self.folder, capture_output=True, text=True,
                              env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
        self.assertEqual(done.returncode, exits, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def run_paper(self, *more, output="out.jsonl", exits=0):
        return self.call("run.py", "paper.toml", "--programs", self.folder, "--data", self.folder, "--output", output,
                         *more, exits=exits)

    def calls(self):
        path = self.folder / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def records(self, name="out.jsonl"):
        return [json.loads(line) for line in (self.folder / name).read_text().splitlines()]


class Run(Scripts):
    def test_every_cell_once_and_what_they_share_once(self):
        said = self.run_paper()
        self.assertIn("left out: absent", said)
        records = self.records()
        self.assertEqual([record["cell"] for record in records if record["run"] == "first"],
                         [{"graph": "there", "size": size, "more": more}
                          for size, more in ((1, 3), (1, 4), (2, 3), (2, 4), (7, 0))])
        self.assertEqual([record["stats"]["work"] for record in records], [13, 14, 23, 24, 70, 50])
        self.assertEqual(records[2]["result"]["read"], "made of 2")
        self.assertEqual(records[-1]["output_bytes"], len("made of 5"))
        made = [call for call in self.calls() if "--json" not in call]
        self.assertEqual(len(made), 3)  # one thing for each size

    def test_a_graph_is_made_once(self):
        (self.folder / "paper.toml").write_text(PAPER.replace('"absent.txt"', '"made.txt"').replace(
            "[prepare]", '[prepare]\n"made.txt" = "pretend --size 9 --output {output}"'))
        said = self.run_paper("--only", "work")
        self.assertNotIn("left out", said)
        self.assertEqual(len([call for call in self.calls() if call.startswith("--size 9 ")]), 1)
        cells = [call.split()[1] for call in self.calls() if call.startswith("--graph ")]
        self.assertEqual(len(cells), 8)
        self.assertTrue(all(path.endswith("-made.txt") for path in cells[4:]), cells)
        self.assertIn("pretend --size 9", self.records()[-1]["recipe"])

    def test_a_graph_as_a_factor(self):
        (self.folder / "paper.toml").write_text(PAPER.replace('command = "pretend {graph}', 'command = "pretend {a}'))
        self.run_paper("--only", "work")
        self.assertEqual({call.split()[0] for call in self.calls() if "--json" in call}, {"--a"})
        self.assertTrue(all(record["recipe"].startswith("pretend --a there ") for record in self.records()))

    def test_tables(self):
        lines = self.run_paper().splitlines()
        at = lines.index("work: work by size")
        self.assertEqual([line.split() for line in lines[at + 1:at + 7]],
                         [["size", "more", "work", "half", "read", "none"]] +
                         [[str(size), str(more), str(10 * size + more), "0.25", "made", "of", str(size), "-"]
                          for size in (1, 2) for more in (3, 4)] + [[]])
        self.run_paper("--only", "work", output="only.jsonl")
        self.assertEqual(len(self.records("only.jsonl")), 4)  # neither the other run nor what `where` leaves out

    def test_goes_on_where_it_stopped(self):
        self.run_paper()
        lines = (self.folder / "out.jsonl").read_text().splitlines(keepends=True)
        (self.folder / "out.jsonl").write_text("".join(lines[:2]))
        (self.folder / "calls").unlink()
        self.run_paper()
        self.assertEqual([line.split()[3] for line in self.calls() if "--more" in line], ["2", "2", "7"])
        self.assertEqual([record["cell"] for record in self.records()], [json.loads(line)["cell"] for line in lines])
        (self.folder / "calls").unlink()
        self.run_paper()
        self.assertEqual(self.calls(), [])

    def test_another_command_is_another_cell(self):
        self.run_paper("--only", "bytes")
        (self.folder / "paper.toml").write_text(PAPER.replace("--size {size} --output {output}\"\n\n[figures",
                                                              "--size {size} --more 1 --output {output}\"\n\n[figures"))
        self.run_paper("--only", "bytes")
        self.assertEqual([record["stats"]["work"] for record in self.records()], [50, 51])

    def test_failures_are_remembered_and_tried_again(self):
        (self.folder / "broken").touch()
        said = self.run_paper("--only", "bytes", exits=1)
        self.assertIn("error: it broke", said)
        self.assertIn("error: it broke", self.records()[0]["error"])
        (self.folder / "broken").unlink()
        self.run_paper("--only", "bytes")
        self.assertEqual(self.records()[1]["stats"]["work"], 50)

    def test_mistakes(self):
        self.assertIn("there are work, bytes", self.run_paper("--only", "wrok", exits=1))
        self.assertIn("NAME=PATH", self.run_paper("--graph", "unknown=x", exits=1))
        (self.folder / "paper.toml").write_text(PAPER.replace("--more {more}", "--more {mroe}"))
        self.assertIn("{mroe} is no value of the grid", self.run_paper("--only", "work", exits=1))
        (self.folder / "out.jsonl").write_text("{\n")
        self.assertIn("out.jsonl:1: not a record", self.run_paper(exits=1))

    def test_a_graph_elsewhere(self):
        (self.folder / "elsewhere.txt").write_text("0 1\n")
        self.run_paper("--graph", f"absent={self.folder}/elsewhere.txt", "--only", "work")
        self.assertEqual({record["cell"]["graph"] for record in self.records()}, {"there", "absent"})
        self.assertTrue(any("elsewhere.txt" in call for call in self.calls()))


class Compare(Scripts):
    def test_equal_counts_and_a_changed_one(self):
        self.run_paper("--counts-only", output="before.jsonl")
        self.assertEqual(set(self.records("before.jsonl")[0]), {"run", "cell", "stats"})
        self.run_paper(output="after.jsonl")
        self.assertIn("0 with other counts", self.call("compare.py", "before.jsonl", "after.jsonl"))

        records = self.records("after.jsonl")
        records[3]["stats"]["work"] += 1
        (self.folder / "changed.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
        said = self.call("compare.py", "before.jsonl", "changed.jsonl", exits=1)
        self.assertRegex(said, r"first graph=there size=2 more=4 +work +24 +25 +1.0417\n")
        self.assertIn("1 with other counts", said)

    def test_cells_and_counts_of_one_side_only(self):
        self.run_paper(output="before.jsonl")
        records = self.records("before.jsonl")
        (self.folder / "fewer.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records[1:]))
        for pair, side in ((("before.jsonl", "fewer.jsonl"), "before"), (("fewer.jsonl", "before.jsonl"), "after")):
            self.assertRegex(self.call("compare.py", *pair, exits=1), rf"first graph=there size=1 more=3 +{side}\n")
        del records[0]["stats"]["bytes"]
        (self.folder / "poorer.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
        self.assertRegex(self.call("compare.py", "before.jsonl", "poorer.jsonl", exits=1), r"bytes +3 +-")

    def test_seconds_are_ratios_and_never_decide(self):
        self.run_paper(output="before.jsonl")
        records = self.records("before.jsonl")
        for record, factor in zip(records, (2, 2, 2, 2, 32, 1)):
            record["phases"]["go"]["max"] *= factor
        (self.folder / "slower.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
        self.assertRegex(self.call("compare.py", "before.jsonl", "slower.jsonl"), r"first +go +5 +3.4822 +2 +32\n")


class Plot(Scripts):
    @classmethod
    def setUpClass(cls):
        if subprocess.run(["/usr/bin/python3", "-c", "import matplotlib"], capture_output=True).returncode:
            raise unittest.SkipTest("no python3-matplotlib")

    def test_lines_and_bars_as_svg_and_png(self):
        self.run_paper()
        for figure in ("work", "bytes"):
            for name, begins in (("f.svg", b"<?xml"), ("f.png", b"\x89PNG")):
                self.call("plot.py", "paper.toml", "out.jsonl", "--figure", figure, "--output", name)
                self.assertTrue((self.folder / name).read_bytes().startswith(begins))
        self.call("plot.py", "paper.toml", "out.jsonl", "--figure", "work", "--output", "f.svg")
        drawn = (self.folder / "f.svg").read_text()
        for text in ("work by size", "more = 3", "more = 4"):
            self.assertIn(f"<!-- {text} -->", drawn)
        self.call("plot.py", "paper.toml", "out.jsonl", "--figure", "work", "--output", "again.svg")
        self.assertEqual(drawn, (self.folder / "again.svg").read_text())

    def test_mistakes(self):
        self.run_paper()
        said = self.call("plot.py", "paper.toml", "out.jsonl", "--figure", "x", "--output", "f.svg", exits=1)
        self.assertIn("there are work, bytes", said)
        (self.folder / "empty.jsonl").touch()
        said = self.call("plot.py", "paper.toml", "empty.jsonl", "--figure", "work", "--output", "f.svg", exits=1)
        self.assertIn("no records", said)
        said = self.call("plot.py", "out.jsonl", "--output", "f.svg", exits=2)
        self.assertIn("--figure --roofline is required", said)
        said = self.call("plot.py", "out.jsonl", "--figure", "work", "--output", "f.svg", exits=2)
        self.assertIn("a figure is of a paper", said)

    def products(self, *changes):
        record = {"contest": "libraries", "ranks": 1, "threads": 2, "products": 600, "bytes": 2400,
                  "triad_bytes_per_second": 2e10, "gflops": {"filigree/s": 1.5, "planned/s": 3, "eigen/s": 0.5,
                                                             "scipy/s": 0.75, "scipy/u": 1.25}}
        lines = [json.dumps({**record, **change}) + "\n" for change in changes]
        (self.folder / "products.jsonl").write_text("".join(lines))

    def test_roofline(self):
        self.products({"matrix": "early", "triad_bytes_per_second": 1e10}, {"matrix": "late", "products": 1200},
                      {"matrix": "alone", "gflops": {"filigree/u": 2}}, {"matrix": "other", "contest": "triangles"})
        self.call("plot.py", "--roofline", "products.jsonl", "--output", "f.svg")
        drawn = (self.folder / "f.svg").read_text()
        for text in ("early", "late", "alone", "20.0 GB/s", "filigree", "fastest of eigen, scipy", "GFLOP/s"):
            self.assertIn(f"<!-- {text} -->", drawn)
        self.assertNotIn("<!-- other -->", drawn)
        self.call("plot.py", "--roofline", "products.jsonl", "--output", "f.png")

    def test_points_of_a_roofline(self):
        self.products({"matrix": "twice", "products": 1}, {"matrix": "late", "products": 1200},
                      {"matrix": "alone", "gflops": {"filigree/u": 2}}, {"matrix": "twice"})
        found = subprocess.run(["/usr/bin/python3", "-c", textwrap.dedent("""
            import plot
            axes = plot.draw_roofline(plot.read_products("products.jsonl")).axes[0]
            print([sorted(points.get_offsets().tolist()) for points in axes.collections])
            (line,) = axes.lines
            print([round(y / x, 9) for x, y in line.get_xydata()])
            print(plot.spread([0.5, 0.5, 0.99, 1.0], 0.25), plot.spread([0.1, 0.2], 0.05))
            """)], cwd=self.folder, capture_output=True, text=True,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(BENCH)})
        theirs = [[0.5, 0.75], [1.0, 0.75]]
        ours = [[0.5, 1.5], [0.5, 2.0], [1.0, 1.5]]
        self.assertEqual(found.stdout.splitlines(),
                         [str([theirs, ours]), "[20.0, 20.0]", "[0.25, 0.5, 0.75, 1] [0.1, 0.2]"], found.stderr)

    def test_mistakes_in_a_roofline(self):
        self.products({"matrix": "other", "contest": "accumulators"})
        said = self.call("plot.py", "--roofline", "products.jsonl", "--output", "f.svg", exits=1)
        self.assertIn("no records", said)
        (self.folder / "products.jsonl").write_text("{}\n")
        said = self.call("plot.py", "--roofline", "products.jsonl", "--output", "f.svg", exits=1)
        self.assertIn("products.jsonl:1: not a record", said)


class Sources(unittest.TestCase):
    degrees = {f"v{degree}.{i}": degree for degree in (1, 2, 3, 4, 7, 8) for i in range(20)}

    def test_buckets_hold_their_degrees_and_take_turns(self):
        chosen = sources.choose(self.degrees, per_bucket=10)
        self.assertEqual(len(chosen), 40)
        self.assertEqual(len(set(chosen)), 40)
        self.assertEqual([self.degrees[vertex].bit_length() for vertex in chosen], [1, 2, 3, 4] * 10)
        third = sources.choose(self.degrees, per_bucket=10, bucket=3)
        self.assertEqual(third, chosen[2::4])
        self.assertEqual({self.degrees[vertex] for vertex in third}, {4, 7})
        self.assertEqual(sources.choose(self.degrees, count=6), sources.choose(self.degrees, per_bucket=10)[:6])

    def test_depends_on_names_and_seed_only(self):
        backwards = dict(reversed(self.degrees.items()))
        self.assertEqual(sources.choose(backwards, count=9), sources.choose(self.degrees, count=9))
        self.assertNotEqual(sources.choose(self.degrees, count=9, seed=2), sources.choose(self.degrees, count=9))
        self.assertEqual(sources.choose({"a": 1, "b": 1, "c": 2}, uniform=True), ["c", "a", "b"])

    def test_names_with_colons_and_blanks(self):
        with tempfile.NamedTemporaryFile("w") as file:
            file.writelines(sources.written(name) + "\n" for name in ("12", "host:80", "A. Name"))
            file.flush()
            self.assertEqual(pathlib.Path(file.name).read_text(), "12\nhost:80:1\nA. Name\t\n")
            self.assertEqual(sources.read(file.name), ["12", "host:80", "A. Name"])

    def test_more_than_there_are(self):
        chosen = sources.choose(self.degrees, count=250, uniform=True)
        self.assertEqual(len(chosen), 250)
        self.assertEqual(chosen[120:240], chosen[:120])
        self.assertEqual(set(chosen), set(self.degrees))
        self.assertEqual(sources.choose(self.degrees, bucket=9), [])


if __name__ == "__main__":
    unittest.main()
