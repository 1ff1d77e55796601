#!/usr/bin/env python3
"""Writes the data sets of this folder that come from Debian's python3-graph-tool, from the package itself.

    apt-get download python3-graph-tool        (45 MB; needs no installation)
    data/from_graph_tool.py python3-graph-tool_*.deb data/

The .gt files inside are read as graph-tool's documentation describes them: 6 bytes of magic, version, byte order, a
comment, a directed flag, the number of vertices, out-neighbours of each vertex, then typed property maps.
"""
import gzip
import pathlib
import struct
import subprocess
import sys

FOLDER = "./usr/lib/python3/dist-packages/graph_tool/collection/"


class Reader:
    """The bytes of one .gt file, read from front to back."""

    SCALARS = {0: "B", 1: "h", 2: "i", 3: "q", 4: "d"}

    def __init__(self, data):
        self.data = data
        if data[:6] != b"\xe2\x9b\xbe gt":
            raise ValueError("not a .gt file")
        self.order = ">" if data[7] else "<"
        self.at = 8
        self.string()  # a comment

    def take(self, code, count=1):
        values = struct.unpack_from(f"{self.order}{count}{code}", self.data, self.at)
        self.at += struct.calcsize(f"{self.order}{count}{code}")
        return values

    def string(self):
        (length,) = self.take("Q")
        self.at += length
        return self.data[self.at - length:self.at].decode("utf-8", "replace")

    def value(self, kind):
        if kind in self.SCALARS:
            return self.take(self.SCALARS[kind])[0]
        if kind == 6:
            return self.string()
        if 7 <= kind <= 11:  # vectors of the scalars
            (length,) = self.take("Q")
            return self.take(self.SCALARS[kind - 7], length)
        if kind == 13:  # a vector of strings
            return [self.string() for _ in range(self.take("Q")[0])]
        raise ValueError(f"a property of type {kind}, which no data set used here has")

    def graph(self):
        directed = bool(self.take("B")[0])
        (num_vertices,) = self.take("Q")
        code = next(c for c, bits in (("B", 8), ("H", 16), ("I", 32), ("Q", 64)) if num_vertices < 2**bits)
        edges = []
        for v in range(num_vertices):
            edges += [(v, w) for w in self.take(code, self.take("Q")[0])]
        properties = [{}, {}, {}]  # of the graph, its vertices, its edges
        for _ in range(self.take("Q")[0]):
            (scope,) = self.take("B")
            name = self.string()
            (kind,) = self.take("B")
            count = (1, num_vertices, len(edges))[scope]
            properties[scope][name] = [self.value(kind) for _ in range(count)]
        return directed, num_vertices, edges, properties


def load(package, name):
    tar = subprocess.run(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE, check=True).stdout
    member = subprocess.run(["tar", "-xO", FOLDER + name + ".gt.gz"], input=tar, stdout=subprocess.PIPE, check=True)
    return Reader(gzip.decompress(member.stdout)).graph()


def edge_list(graph, about, names=True, weights=False):
    """Lines `from<TAB>to[<TAB>weight]`; an undirected edge once. Names have no blanks: "WITTEN, E" is WITTEN_E."""
    directed, num_vertices, edges, (_, of_vertex, of_edge) = graph
    label = range(num_vertices)
    if names:
        label = ["_".join(text.replace(",", " ").split()) for text in of_vertex["label"]]
        if len(set(label)) != num_vertices:
            raise ValueError("two vertices of one name")
    num_linked = len({v for edge in edges for v in edge})
    kind = "arcs, directed" if directed else "edges, undirected, each once"
    yield f"# {about}: {num_linked} vertices, {len(edges)} {kind}"
    for k, (v, w) in enumerate(edges):
        weight = f"\t{of_edge['value'][k]:g}" if weights else ""
        yield f"{label[v]}\t{label[w]}{weight}"


CONFERENCES = ("Atlantic_Coast Big_East Big_Ten Big_Twelve Conference_USA Independents Mid-American Mountain_West "
               "Pacific_Ten Southeastern Sun_Belt Western_Athletic").split()


def conferences(graph, about):
    """Lines `vertex<TAB>label`, labels as the data set's own note tells them."""
    _, num_vertices, _, (_, of_vertex, _) = graph
    yield f"# {about}"
    for v in range(num_vertices):
        yield f"{of_vertex['label'][v]}\t{CONFERENCES[of_vertex['value'][v]]}"


def matrix_market(graph, about):
    directed, num_vertices, edges, (_, _, of_edge) = graph
    yield f"%%MatrixMarket matrix coordinate real {'general' if directed else 'symmetric'}"
    yield f"% {about}"
    yield f"{num_vertices} {num_vertices} {len(edges)}"
    for k, (v, w) in enumerate(edges):
        yield f"{v + 1} {w + 1} {of_edge['value'][k]:g}"


def metis(graph, about):
    _, num_vertices, edges, _ = graph
    neighbours = [[] for _ in range(num_vertices)]
    for v, w in edges:
        neighbours[v].append(w + 1)
        neighbours[w].append(v + 1)
    yield f"% {about}"
    yield f"{num_vertices} {len(edges)}"
    for row in neighbours:
        yield " ".join(map(str, sorted(row)))


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    package, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    outputs = {
        "polblogs.txt": edge_list(load(package, "polblogs"), "links between US political blogs, 2005"),
        "hep-th.txt": edge_list(load(package, "hep-th"), "coauthors in high-energy theory, weighted", weights=True),
        "lesmis.txt": edge_list(load(package, "lesmis"), "characters met together, Les Miserables", weights=True),
        "karate.txt": edge_list(load(package, "karate"), "friends in a karate club", names=False),
        "football.txt": edge_list(load(package, "football"), "games of American college football, autumn 2000"),
        "football_conferences.txt": conferences(load(package, "football"), "conference of each team in football.txt"),
        "celegansneural.mtx": matrix_market(load(package, "celegansneural"), "neurons of C. elegans, by synapses"),
        "power.graph": metis(load(package, "power"), "power grid of the western United States"),
    }
    for name, lines in outputs.items():
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
