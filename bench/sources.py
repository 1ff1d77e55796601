#!/usr/bin/python3
"""Sources of queries for a benchmark, spread over out-degrees.

usage: bench/sources.py --programs DIR --graph FILE [options to read it] [--per-bucket K] [--bucket I] [--count N]
                        [--uniform] [--seed S] [--output FILE]

Bucket I holds the vertices with 2^(I-1) <= out-degree < 2^I, I = 1, 2, ... Takes one vertex of every bucket in turn:
at most K of each, N in all. --uniform makes one bucket of all vertices with out-arcs. When N are asked and there are
fewer, they come again. Writes a vertex a line, as filigree-ppr reads it. The choice depends on names, degrees and S
only, not on the machine or the order of the file. The graph is read by filigree-convert, with its options
(--undirected, --drop-loops, ...).
"""
import argparse
import collections
import contextlib
import hashlib
import itertools
import os
import subprocess
import sys
import tempfile


def convert(programs, graph, edges, reading=()):
    """The graph as lines `tail head [weight]`, separated by tabs, each arc once."""
    try:
        subprocess.run([os.path.join(programs, "filigree-convert"), graph, edges, "--quiet", *reading], check=True)
    except OSError as error:
        sys.exit(f"error: {error.filename}: {error.strerror}")
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)


def out_degrees(edges):
    """{vertex: arcs that leave it} of vertices that have some."""
    with open(edges) as lines:
        return collections.Counter(line.split("\t", 1)[0] for line in lines if not line.startswith("#"))


def written(vertex):
    """As a line of --sources, where a colon begins a weight and blanks part seeds unless there is a tab."""
    return vertex + (":1" if ":" in vertex else "") + ("\t" if " " in vertex else "")


def read(path):
    """The vertices that written() wrote, or a person, without weights."""
    with open(path) as lines:
        return [line.rstrip("\n\t").removesuffix(":1") for line in lines]


def choose(degrees, per_bucket=None, bucket=None, count=None, uniform=False, seed=1):
    buckets = collections.defaultdict(list)
    for vertex, degree in degrees.items():
        buckets[1 if uniform else degree.bit_length()].append(vertex)
    if bucket is not None:
        buckets = {bucket: buckets.get(bucket, [])}
    shuffled = [sorted(vertices, key=lambda vertex: hashlib.sha256(f"{seed} {vertex}".encode()).digest())[:per_bucket]
                for _, vertices in sorted(buckets.items())]
    turns = itertools.zip_longest(*shuffled)
    chosen = [vertex for turn in turns for vertex in turn if vertex is not None]
    return list(itertools.islice(itertools.cycle(chosen), count)) if count is not None else chosen


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
                                     allow_abbrev=False)
    parser.add_argument("--programs", required=True)
    parser.add_argument("--graph", required=True)
    parser.add_argument("--per-bucket", type=int)
    parser.add_argument("--bucket", type=int)
    parser.add_argument("--count", type=int)
    parser.add_argument("--uniform", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output")
    options, reading = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as folder:
        edges = os.path.join(folder, "edges.tsv")
        convert(options.programs, options.graph, edges, reading)
        degrees = out_degrees(edges)
    chosen = choose(degrees, options.per_bucket, options.bucket, options.count, options.uniform, options.seed)
    if not chosen:
        sys.exit("error: no vertex has such an out-degree")
    with open(options.output, "w") if options.output else contextlib.nullcontext(sys.stdout) as output:
        output.writelines(written(vertex) + "\n" for vertex in chosen)
    return 0


if __name__ == "__main__":
    sys.exit(main())
