#!/usr/bin/python3
"""Personalized PageRank of filigree-ppr exact beside igraph and SciPy: milliseconds per query and distance.

usage: bench/peers/ppr.py --programs DIR --graph FILE [options to read it] [--sources FILE | --count N] [--teleport C]
                          [--tolerance T] [--limit S] [--repeat N] [--json FILE]

One query after the other, each by all three, one thread: filigree-ppr exact, igraph's only solver (PRPACK) and power
iteration with SciPy's sparse product until its L1 error is below T (1e-12). Reading and building the graph are
excluded; a query counts its fastest of N runs. PRPACK gets S seconds (10) a query, then it is stopped, counted as a
time-out and, in the median, as S. --count takes that many sources spread over out-degrees (20; see sources.py). The
graph goes through filigree-convert with the options given (--undirected, --weights, --drop-loops, ...), so that all
three solve the same one.

Prints median and largest milliseconds, the largest L1 residual |p - f(p)|_1 of each, the largest difference of any
score from SciPy's, and the ratio of medians. filigree's scores are read from text of ten digits, which is what their
residual and difference show; the bound that it gives itself is printed too. Exits 1 if a difference passes 1e-10.
Needs python3-igraph, python3-scipy (scripts/install_dependencies --peers).
"""
import argparse
import functools
import json
import multiprocessing
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import igraph
import numpy as np
import scipy.sparse

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))
import sources  # noqa: E402

DIFFERENCE = 1e-10


class Problem:
    """The graph of an edge list as SciPy and igraph want it, and personalized PageRank as a fixed point."""

    def __init__(self, edges, teleport):
        self.teleport = teleport
        with open(edges) as lines:
            fields = [line.rstrip("\n").split("\t") for line in lines if not line.startswith("#")]
        self.number = {}
        ends = [[self.number.setdefault(row[side], len(self.number)) for row in fields] for side in (0, 1)]
        self.weighted = len(fields[0]) > 2
        weights = np.array([float(row[2]) for row in fields]) if self.weighted else np.ones(len(fields))
        self.n = len(self.number)
        matrix = scipy.sparse.csr_matrix((weights, ends), shape=(self.n, self.n))
        out = np.asarray(matrix.sum(axis=1)).ravel()
        self.dangling = np.flatnonzero(out == 0)
        self.backwards = (scipy.sparse.diags(1 / np.where(out == 0, 1, out)) @ matrix).T.tocsr()
        self.igraph = igraph.Graph(n=self.n, edges=list(zip(*ends)), directed=True)
        self.igraph.es["weight"] = weights

    def step(self, scores, source):
        """f(p) = c e_s + (1-c) (p A + mass on dangling vertices x e_s)."""
        image = (1 - self.teleport) * (self.backwards @ scores)
        image[source] += self.teleport + (1 - self.teleport) * scores[self.dangling].sum()
        return image

    def by_scipy(self, source, tolerance):
        scores = np.zeros(self.n)
        scores[source] = 1
        while True:
            image = self.step(scores, source)
            change = np.abs(image - scores).sum()
            scores = image
            if change * (1 - self.teleport) / self.teleport <= tolerance:
                return scores

    def by_igraph(self, source):
        return np.array(self.igraph.personalized_pagerank(damping=1 - self.teleport, reset_vertices=source,
                                                          weights="weight" if self.weighted else None))


def fastest(repeat, solve):
    """(answer, seconds of the fastest run)"""
    answer, best = None, np.inf
    for _ in range(repeat):
        start = time.perf_counter()
        answer = solve()
        best = min(best, time.perf_counter() - start)
    return answer, best


def limited(seconds, solve):
    """What solve() returns, or None after so many seconds. PRPACK cannot be interrupted: it runs in a copy of this
    process, which is killed."""
    receiver, sender = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.get_context("fork").Process(target=lambda: sender.send(solve()), daemon=True)
    child.start()
    sender.close()
    try:
        return receiver.recv() if receiver.poll(seconds) else None
    finally:
        child.kill()
        child.join()


def by_filigree(options, edges, problem, source, folder):
    """Scores, the seconds of the solver, and its bound of the L1 error."""
    record, output = os.path.join(folder, "record.json"), os.path.join(folder, "scores.tsv")
    subprocess.run([os.path.join(options.programs, "filigree-ppr"), "exact",
                    "--graph", edges, *problem.weighted * ["--weights"], "--sources", sources.written(source),
                    "--tolerance", str(options.tolerance), "--teleport", str(options.teleport), "--threads", "1",
                    "--repeat", str(options.repeat), "--quiet", "--json", record, "--output", output], check=True)
    scores = np.zeros(problem.n)
    with open(output) as lines:
        next(lines)
        for line in lines:
            _, _, vertex, score = line.rstrip("\n").rsplit("\t", 3)
            scores[problem.number[vertex]] = float(score)
    with open(record) as text:
        said = json.load(text)
    return scores, said["phases"]["exact"]["max"], said["result"]["mean_error_bound"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
                                     allow_abbrev=False)
    parser.add_argument("--programs", required=True)
    parser.add_argument("--graph", required=True)
    parser.add_argument("--sources")
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--teleport", type=float, default=0.15)
    parser.add_argument("--tolerance", type=float, default=1e-12)
    parser.add_argument("--limit", type=float, default=10)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--json")
    options, reading = parser.parse_known_args()

    seconds = {"filigree": [], "igraph": [], "scipy": []}
    residual = dict.fromkeys(seconds, 0.0)
    difference = dict.fromkeys(seconds, 0.0)
    timeouts = 0
    bound = 0
    with tempfile.TemporaryDirectory() as folder:
        edges = os.path.join(folder, "edges.tsv")
        sources.convert(options.programs, options.graph, edges, reading)
        problem = Problem(edges, options.teleport)
        queries = (sources.read(options.sources) if options.sources else
                   sources.choose(sources.out_degrees(edges), count=options.count))
        for query in queries:
            source = problem.number[query]
            answers = {}
            answers["filigree"], spent, error = by_filigree(options, edges, problem, query, folder)
            bound = max(bound, error)
            seconds["filigree"].append(spent)
            by_igraph = functools.partial(problem.by_igraph, source)
            solved = limited(options.limit, lambda: fastest(1, by_igraph))
            if solved is not None:
                answers["igraph"], first = solved
                spent = min(first, fastest(options.repeat - 1, by_igraph)[1])
            else:
                spent = options.limit
                timeouts += 1
            seconds["igraph"].append(spent)
            answers["scipy"], spent = fastest(options.repeat, lambda: problem.by_scipy(source, options.tolerance))
            seconds["scipy"].append(spent)
            for name, scores in answers.items():
                residual[name] = max(residual[name], np.abs(scores - problem.step(scores, source)).sum())
                difference[name] = max(difference[name], np.abs(scores - answers["scipy"]).max())

    median = {name: float(np.median(all)) for name, all in seconds.items()}
    print(f"{os.path.basename(options.graph)}: {problem.n} vertices, {problem.backwards.nnz} arcs, "
          f"{len(queries)} queries, teleport {options.teleport}, L1 error at most {options.tolerance:g}")
    for name, all in seconds.items():
        remark = f"   bound {bound:7.1e}" if name == "filigree" else ""
        if name == "igraph" and timeouts:
            remark = f"   {timeouts} time-outs of {options.limit:g} s"
        print(f"  {name:9} median {1e3 * median[name]:9.3f} ms   largest {1e3 * max(all):9.3f} ms   "
              f"residual {residual[name]:7.1e}   difference {difference[name]:7.1e}{remark}")
    print(f"  igraph / filigree {median['igraph'] / median['filigree']:.1f} x, "
          f"SciPy / filigree {median['scipy'] / median['filigree']:.1f} x")
    worst = max(difference.values())
    if options.json:
        result = {f"{name}_seconds": value for name, value in median.items()}
        result |= {"igraph_timeouts": timeouts, "largest_difference": worst}
        with open(options.json, "w") as output:
            json.dump({"stats": {}, "result": result}, output)
    if worst > DIFFERENCE:
        sys.exit(f"error: scores differ by {worst:.1e}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
