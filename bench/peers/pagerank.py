#!/usr/bin/env python3
"""PageRank of filigree beside igraph, scikit-network, NetworKit and networkx: distance and seconds.

usage: bench/peers/pagerank.py PROGRAMS GRAPH [--weights] [--undirected] [--seed VERTEX] [--repeat N]

PROGRAMS is the folder with filigree-pagerank and filigree-ppr; GRAPH a plain edge list. Prints the largest difference of
any score for PageRank and, with --seed, for personalized PageRank (filigree-pagerank and filigree-ppr exact), and the seconds
of each peer's solver (igraph: PRPACK, its one method today) beside ours in one run, alternating, one thread, best of N; reading
and building the graph are excluded on all sides. The residuals |p - f(p)|_1 of all answers are printed too, so that speed is
compared at equal residual. Exits 1 if a difference passes 1e-10.

Needs SciPy, and compares with those of the others that Python has: python3-igraph, python3-networkx
(scripts/install_dependencies --peers), scikit-network, networkit (pip). Exits 77 if there is none.
"""
import argparse
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time

import numpy as np
import scipy.sparse

TOLERANCE = 1e-10
TELEPORT = 0.15


def read_arcs(path, weights, undirected):
    """(tail, head) -> weight, the first of duplicates; with `undirected` both ways."""
    arcs = {}
    with open(path) as lines:
        for line in lines:
            if line.startswith(("#", "%")):
                continue
            fields = line.split()
            weight = float(fields[2]) if weights else 1.0
            arcs.setdefault((fields[0], fields[1]), weight)
            if undirected:
                arcs.setdefault((fields[1], fields[0]), weight)
    return arcs


def run(program, arguments):
    """Scores by vertex name, and the record."""
    with tempfile.TemporaryDirectory() as folder:
        record = os.path.join(folder, "record.json")
        output = subprocess.run([program, *arguments, "--quiet", "--json", record],
                                check=True, capture_output=True, text=True).stdout
        rows = (line.split("\t") for line in output.splitlines()[1:])
        return {row[-2]: float(row[-1]) for row in rows}, json.load(open(record))


def residual(scores, transition, dangling, teleport):
    """L1 norm of p - (c t + (1-c) (p A + mass on dangling vertices x t))."""
    image = TELEPORT * teleport + (1 - TELEPORT) * (transition.T @ scores + scores[dangling].sum() * teleport)
    return np.abs(scores - image).sum()


def igraph_solver(igraph, matrix, tails, heads, weight):
    graph = igraph.Graph(n=matrix.shape[0], edges=list(zip(tails.tolist(), heads.tolist())), directed=True)
    graph.es["weight"] = weight

    def solve(teleport, uniform):
        if uniform:
            return graph.pagerank(damping=1 - TELEPORT, weights="weight")
        return graph.personalized_pagerank(damping=1 - TELEPORT, weights="weight", reset=teleport.tolist())
    return solve


def sknetwork_solver(ranking, matrix, *_):
    # Its scores of a graph with dangling vertices are those of another model.
    if (np.diff(matrix.indptr) == 0).any():
        return lambda teleport, uniform: None
    solver = ranking.PageRank(damping_factor=1 - TELEPORT, solver="piteration", n_iter=1000, tol=1e-13)
    return lambda teleport, uniform: solver.fit_predict(matrix, weights=teleport)


def networkit_solver(networkit, matrix, tails, heads, weight):
    networkit.setNumberOfThreads(1)
    graph = networkit.GraphFromCoo((weight, (tails, heads)), n=matrix.shape[0], weighted=True, directed=True)

    def solve(teleport, uniform):
        if not uniform:
            return None  # it knows no other teleport distribution
        centrality = networkit.centrality
        ranks = centrality.PageRank(graph, damp=1 - TELEPORT, tol=1e-13,
                                    distributeSinks=centrality.SinkHandling.DistributeSinks)
        ranks.run()
        return ranks.scores()
    return solve


def networkx_solver(networkx, matrix, tails, heads, weight):
    n = matrix.shape[0]
    graph = networkx.DiGraph()
    graph.add_nodes_from(range(n))
    graph.add_weighted_edges_from(zip(tails.tolist(), heads.tolist(), weight.tolist()))

    def solve(teleport, uniform):
        chosen = None if uniform else dict(enumerate(teleport.tolist()))
        scores = networkx.pagerank(graph, alpha=1 - TELEPORT, tol=1e-12 / n, max_iter=1000, personalization=chosen)
        return [scores[v] for v in range(n)]
    return solve


PEERS = {"igraph": ("igraph", igraph_solver), "scikit-network": ("sknetwork.ranking", sknetwork_solver),
         "NetworKit": ("networkit", networkit_solver), "networkx": ("networkx", networkx_solver)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs")
    parser.add_argument("graph")
    parser.add_argument("--weights", action="store_true")
    parser.add_argument("--undirected", action="store_true")
    parser.add_argument("--seed")
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()

    arcs = read_arcs(options.graph, options.weights, options.undirected)
    names = sorted({name for arc in arcs for name in arc})
    number = {name: i for i, name in enumerate(names)}
    tails = np.array([number[tail] for tail, _ in arcs])
    heads = np.array([number[head] for _, head in arcs])
    weight = np.array(list(arcs.values()))
    n = len(names)
    matrix = scipy.sparse.csr_matrix((weight, (tails, heads)), shape=(n, n))
    out = np.asarray(matrix.sum(axis=1)).ravel()
    dangling = out == 0
    transition = scipy.sparse.diags(np.where(dangling, 0, 1 / np.where(dangling, 1, out))) @ matrix
    solvers = {}
    for name, (module, make) in PEERS.items():
        try:
            solvers[name] = make(importlib.import_module(module), matrix, tails, heads, weight)
        except ImportError:
            print(f"{name} is left out: no module {module}")
    if not solvers:
        return 77

    shared = ["--graph", options.graph] + options.weights * ["--weights"] + options.undirected * ["--undirected"]
    pagerank = os.path.join(options.programs, "filigree-pagerank")
    failed = False
    for seed in [None] + ([options.seed] if options.seed else []):
        teleport = np.full(n, 1 / n)
        if seed is not None:
            teleport = np.zeros(n)
            teleport[number[seed]] = 1
        seeds = [] if seed is None else ["--seeds", seed]

        def ours():
            scores, record = run(pagerank, [*shared, *seeds, "--tolerance", "1e-12", "--threads", "1", "--output", "-"])
            return np.array([scores.get(name, 0.0) for name in names]), record["phases"]["pagerank"]["max"]

        best = {"filigree": np.inf}
        answers = {}
        for _ in range(options.repeat):
            answers["filigree"], seconds = ours()
            best["filigree"] = min(best["filigree"], seconds)
            for name, solve in solvers.items():
                start = time.perf_counter()
                answer = solve(teleport, seed is None)
                if answer is not None:
                    answers[name] = np.asarray(answer)
                    best[name] = min(best.get(name, np.inf), time.perf_counter() - start)
        if seed is not None:
            exact, _ = run(os.path.join(options.programs, "filigree-ppr"),
                           ["exact", *shared, "--sources", seed, "--tolerance", "1e-13"])
            answers["filigree-ppr exact"] = np.array([exact.get(name, 0.0) for name in names])

        title = "PageRank" if seed is None else f"personalized PageRank of {seed}"
        print(f"{title}, {os.path.basename(options.graph)}: {n} vertices, {len(arcs)} arcs")
        for name, answer in answers.items():
            difference = np.abs(answer - answers["filigree"]).max()
            failed |= not difference < TOLERANCE
            seconds = f"{best[name]:9.4f} s   {best[name] / best['filigree']:7.2f} x" if name in best else ""
            print(f"  {name:20} largest difference {difference:8.1e}   residual "
                  f"{residual(answer, transition, dangling, teleport):8.1e}   {seconds}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
