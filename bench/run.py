#!/usr/bin/python3
"""Runs the grids that a paper's toml describes; prints its figures and tables as text.

usage: bench/run.py PAPER.toml [--programs DIR] [--data DIR] [--graph NAME=PATH ...] [--only FIGURE ...]
                    [--output FILE.jsonl] [--counts-only]

Every cell of a grid is one run of a program; its --json record becomes a line of FILE.jsonl, with what was run added:
"run", "cell" (the values of the grid), "recipe" (the command without paths). Cells that are there already are not run
again, so an interrupted run goes on where it stopped; start a new file for a new build. A cell that fails leaves a
line with "error", is tried again next time, and makes the exit code 1. --counts-only keeps nothing of a record but
its counted work: what does not depend on the machine. Graphs are made if [prepare] says how, else looked for in data/,
then in --data; cells of those that are not there are left out with a note.

PAPER.toml says

  [graphs]                     NAME = {file = "g.txt", options = "--undirected"}        the file may also be g.txt.gz
  [prepare]                    "index.h5" = "filigree-ppr index {graph} --walks {walks} --output {output}"
  [runs.NAME]                  graphs = ["g"]
                               grid = {walks = [10, 100], levels = [0, 1, 2]}           or a list of such grids
                               command = "filigree-ppr query {graph} --index {index.h5} --levels {levels} ..."
  [figures.NAME]               title, note, runs = ["NAME"], columns = {R = "cell.walks", RAG = "result.mean_rag"},
                               where = "cell.levels > 0"                                which records, if not all
                               plot = {...}                                             see plot.py

A command may use {graph}: --graph and the options to read it, or {a}, which says --a instead; the values of its cell;
{output}: a file that it makes and whose size the record gets as "output_bytes"; {programs}; and the files under
[prepare], each made once for all cells that ask for the same. Programs are those of --programs, scripts (*.py) those of
this folder. A value called `ranks` runs the program under mpirun. Columns are expressions of the record, dots in its
names written as _; or a list of them, of which the first counts whose names the record has.
"""
import argparse
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import time
import tomllib

import records

BENCH = pathlib.Path(__file__).resolve().parent
PROJECT = BENCH.parent


class Failed(Exception):
    """What went wrong, and the command if there was one."""


class Bench:
    def __init__(self, paper, options, folder):
        self.prepare = paper.get("prepare", {})
        self.programs = pathlib.Path(options.programs)
        self.folder = pathlib.Path(folder)
        self.made = {}  # recipe -> file
        self.reading = {name: graph.get("options", "") for name, graph in paper["graphs"].items()}
        places = [PROJECT / "data"] + [pathlib.Path(place) for place in options.data]
        self.graphs = {}
        for name, graph in paper["graphs"].items():
            if graph["file"] in self.prepare:
                self.graphs[name] = graph["file"]
                continue
            there = [place / file for place in places for file in (graph["file"], graph["file"] + ".gz")
                     if (place / file).exists()]
            if there:
                self.graphs[name] = there[0]
        for given in options.graph:
            name, separator, path = given.partition("=")
            if name not in self.reading or not separator:
                sys.exit(f"--graph {given}: write NAME=PATH with one of {', '.join(self.reading)}")
            self.graphs[name] = pathlib.Path(path)

    def fill(self, template, cell, meaning):
        """`template` with its {placeholders} replaced: by the values of the cell, the others by meaning(name)."""
        return re.sub(r"{([\w.-]+)}",
                      lambda match: shlex.quote(str(cell[match[1]])) if match[1] in cell and match[1] != "graph"
                      else meaning(match[1]), template)

    def recipe(self, template, cell):
        """What a command does, apart from where files are: equal recipes make equal files."""
        def meaning(name):
            if name in ("graph", "a"):
                file = self.graphs[cell["graph"]]
                made = f"({self.recipe(self.prepare[file], cell)})" if file in self.prepare else cell["graph"]
                return f"--{name} {made} {self.reading[cell['graph']]}".rstrip()
            if name in self.prepare:
                return f"({self.recipe(self.prepare[name], cell)})"
            if name in ("output", "programs"):
                return name.upper()
            raise Failed(f"{{{name}}} is no value of the grid and nothing prepared")
        return self.fill(template, cell, meaning)

    def execute(self, template, cell, output, *more):
        def meaning(name):
            if name in ("graph", "a"):
                file = self.graphs[cell["graph"]]
                path = self.prepared(file, cell) if file in self.prepare else file
                return f"--{name} {shlex.quote(str(path))} {self.reading[cell['graph']]}"
            known = {"output": output, "programs": self.programs}
            return shlex.quote(str(known[name] if name in known else self.prepared(name, cell)))
        words = [*shlex.split(self.fill(template, cell, meaning)), *map(str, more)]
        words[0] = str((BENCH if words[0].endswith(".py") else self.programs) / words[0])
        if cell.get("ranks", 1) > 1:
            words = ["mpirun", "-n", str(cell["ranks"]), *words]
        try:
            done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                  text=True)
        except OSError as error:
            raise Failed(f"{error.filename}: {error.strerror}")
        if done.returncode != 0:
            lines = [line for line in done.stderr.splitlines() if line.strip("- ")]
            said = [line for line in lines if line.startswith("error: ")][:1] or lines[-2:]
            raise Failed(" ".join(said) or f"exit code {done.returncode}", shlex.join(words))

    def prepared(self, name, cell):
        recipe = self.recipe(self.prepare[name], cell)
        if recipe not in self.made:
            path = self.folder / f"{len(self.made)}-{name}"
            self.execute(self.prepare[name], {**cell, "ranks": 1}, path)
            self.made[recipe] = path
        return self.made[recipe]

    def measure(self, run, cell):
        """The record of one run, with the size of the file that it made."""
        record, output = self.folder / "record.json", self.folder / "output"
        self.execute(run["command"], cell, output, "--json", record)
        measured = json.loads(record.read_text())
        if output.exists():
            measured["output_bytes"] = output.stat().st_size
            output.unlink()
        return measured


def shown(paper, figures, run, cell):
    """Whether a figure may show this cell, as far as `where` can tell before it was run."""
    names = {"cell": records.attributes(cell)}
    return any(run in figure["runs"] and records.evaluate(figure.get("where", "True"), names) in (True, None)
               for figure in (paper["figures"][name] for name in figures))


def show(paper, figures, known):
    for name in figures:
        figure = paper["figures"][name]
        lines = records.rows(paper, figure, known)
        print(f"\n{name}: {figure['title']}")
        if "note" in figure:
            print(figure["note"].strip())
        if lines:
            print(records.table(list(figure["columns"]), [list(line.values()) for line in lines]))
        else:
            print("  no records")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paper")
    parser.add_argument("--programs", default=PROJECT / "build/release/apps")
    parser.add_argument("--data", action="append", default=[])
    parser.add_argument("--graph", action="append", default=[])
    parser.add_argument("--only", action="append", default=[], metavar="FIGURE")
    parser.add_argument("--output")
    parser.add_argument("--counts-only", action="store_true")
    options = parser.parse_args()
    paper = tomllib.loads(pathlib.Path(options.paper).read_text())
    if not os.path.isdir(options.programs):
        sys.exit(f"--programs {options.programs}: no such folder")
    for name in options.only:
        if name not in paper["figures"]:
            sys.exit(f"--only {name}: there are {', '.join(paper['figures'])}")
    figures = options.only or list(paper.get("figures", {}))
    wanted = [(name, cell) for name, run in paper["runs"].items() for cell in records.cells(run)
              if not options.only or shown(paper, figures, name, cell)]
    path = options.output or pathlib.Path(options.paper).stem + ".jsonl"
    known = records.read(path) if os.path.exists(path) else {}

    with tempfile.TemporaryDirectory(prefix="filigree-bench-") as folder, open(path, "a") as output:
        bench = Bench(paper, options, folder)
        missing = {cell["graph"] for _, cell in wanted} - bench.graphs.keys()
        for graph in sorted(missing):
            print(f"left out: {graph}, no file {paper['graphs'][graph]['file']} (--data DIR, --graph {graph}=PATH)")
        wanted = [(name, cell) for name, cell in wanted if cell["graph"] not in missing]
        for number, (name, cell) in enumerate(wanted, 1):
            run = paper["runs"][name]
            line = {"run": name, "cell": cell}
            try:
                line["recipe"] = bench.recipe(run["command"], cell)
                before = known.get(records.key(line), {"error": "not run"})
                if "error" not in before and before.get("recipe", line["recipe"]) == line["recipe"]:
                    continue
                print(f"[{number}/{len(wanted)}] {records.describe(line)}", end=" ", flush=True)
                start = time.perf_counter()
                measured = bench.measure(run, cell)
                line |= measured
                if options.counts_only:
                    line = {kept: line[kept] for kept in ("run", "cell", "stats")}
                print(f"{time.perf_counter() - start:.1f} s", flush=True)
            except Failed as failure:
                line["error"] = failure.args[0]
                print("FAILED:", "\n  ".join(failure.args), flush=True)
            known[records.key(line)] = line
            output.write(json.dumps(line) + "\n")
            output.flush()
    show(paper, figures, known)
    failed = {}  # error -> cells
    for name, cell in wanted:
        record = known[records.key({"run": name, "cell": cell})]
        if "error" in record:
            failed.setdefault(record["error"], []).append(records.describe(record))
    for error, described in failed.items():
        more = f" and {len(described) - 1} more" if len(described) > 1 else ""
        print(f"failed: {described[0]}{more}: {error}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
