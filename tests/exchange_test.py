#!/usr/bin/python3
"""Files that SciPy, h5py, anndata and filigree write for each other.

usage: exchange_test.py PROGRAMS MPIEXEC

Skips (exit code 77) where Python's packages are missing.
"""
import pathlib
import subprocess
import sys
import tempfile
import unittest
import warnings

try:
    import h5py
    import numpy as np
    import scipy.sparse as sparse
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)
try:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from anndata.experimental import read_elem
except ImportError:
    read_elem = None

PROGRAMS, MPIEXEC = pathlib.Path(sys.argv[1]), sys.argv[2]


def run(program, *arguments, ranks=1):
    command = [PROGRAMS / f"filigree-{program}", *arguments]
    if ranks > 1:
        command = [MPIEXEC, "-n", str(ranks), *command]
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=60)


class Exchange(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        random = np.random.default_rng(7)
        self.matrix = sparse.random(60, 60, 0.05, format="csr", random_state=7)
        self.matrix.data = random.integers(1, 100, self.matrix.nnz) / 8

    def convert(self, source, target, *options, ranks=1):
        done = run("convert", *options, self.folder / source, self.folder / target, ranks=ranks)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stderr

    def refusal(self, source, *options):
        done = run("convert", *options, self.folder / source, self.folder / "no.npz")
        self.assertEqual(done.returncode, 1)
        return done.stderr

    def expect_same(self, loaded, expected):
        self.assertEqual(loaded.shape, expected.shape)
        self.assertEqual((sparse.csr_matrix(loaded) != sparse.csr_matrix(expected)).nnz, 0)

    def test_npz_of_every_format_comes_back(self):
        tall = sparse.random(50, 20, 0.1, format="csr", random_state=3)
        for ranks in (1, 3):
            for matrix in (self.matrix, tall):
                for form in ("csr", "csc", "coo"):
                    for compressed in (True, False):
                        sparse.save_npz(self.folder / "a.npz", matrix.asformat(form), compressed)
                        self.convert("a.npz", "b.npz", ranks=ranks)
                        self.expect_same(sparse.load_npz(self.folder / "b.npz"), matrix)
                if matrix is tall:
                    break

    def test_npz_types(self):
        for kind in ("f4", "i8", "u1", "i2"):
            matrix = (8 * self.matrix).astype(kind)
            sparse.save_npz(self.folder / "a.npz", matrix)
            self.convert("a.npz", "b.npz")
            self.expect_same(sparse.load_npz(self.folder / "b.npz"), matrix.astype(float))
        sparse.save_npz(self.folder / "a.npz", self.matrix.astype(bool))
        self.convert("a.npz", "b.npz")
        back = sparse.load_npz(self.folder / "b.npz")
        self.assertEqual(back.dtype, bool)
        self.expect_same(back, self.matrix.astype(bool))

    def test_npz_refused(self):
        sparse.save_npz(self.folder / "a.npz", self.matrix.tobsr((2, 2)))
        self.assertIn("SciPy's format 'bsr'; csr, csc and coo are read", self.refusal("a.npz"))
        sparse.save_npz(self.folder / "a.npz", self.matrix.astype(complex))
        self.assertIn("elements of type '<c16'", self.refusal("a.npz"))
        np.savez(self.folder / "a.npz", x=np.arange(3), y=np.eye(2))
        self.assertIn("holds 'x', 'y'; a sparse matrix of SciPy has format", self.refusal("a.npz"))

    def test_edges_npy(self):
        edges = np.array([[5, 9], [9, 7], [7, 5]])
        for array in (edges, np.asfortranarray(edges), edges.astype("u2")):
            np.save(self.folder / "e.npy", array)
            self.convert("e.npy", "e.txt", "--format", "edges-npy", ranks=3)
            self.assertEqual((self.folder / "e.txt").read_text(), "5\t9\n7\t5\n9\t7\n")
        self.assertIn("--format edges-npy", self.convert("e.npy", "e.mtx"))

    def test_product_of_npz(self):
        sparse.save_npz(self.folder / "a.npz", self.matrix)
        sparse.save_npz(self.folder / "b.npz", self.matrix.T.tocsc())
        done = run("spgemm", "--a", self.folder / "a.npz", "--b", self.folder / "b.npz", "--output",
                   self.folder / "c.npz", ranks=3)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.expect_same(sparse.load_npz(self.folder / "c.npz"), self.matrix @ self.matrix.T)

    def test_our_graph_in_h5py_and_anndata(self):
        (self.folder / "g.csv").write_text("Zoë,Bob,0.5\nBob,\"New York\",2\n")
        for options, data in (("--weights",), [2, 0.5]), ((), [1, 1]):
            self.convert("g.csv", "g.h5", *options, ranks=3)
            with h5py.File(self.folder / "g.h5") as file:
                group = file["graph"]
                self.assertEqual(list(group["names"].asstr()), ["Bob", "New York", "Zoë"])
                matrix = sparse.csr_matrix((group["data"][:], group["indices"][:], group["indptr"][:]),
                                           group.attrs["shape"])
                self.assertEqual(matrix[0, 1], data[0])
                self.assertEqual(matrix[2, 0], data[1])
                if read_elem:
                    self.expect_same(read_elem(group), matrix)
            self.convert("g.h5", "back.csv", ranks=3)
            self.assertEqual((self.folder / "back.csv").read_text().splitlines()[0],
                             "Bob,New York" + (",2" if options else ""))

    def write_group(self, file, path, matrix, attributes=True, **options):
        group = file.require_group(path)
        for name in ("data", "indices", "indptr"):
            group.create_dataset(name, data=getattr(matrix, name), **options)
        if attributes:
            group.attrs["encoding-type"] = f"{matrix.format}_matrix"
            group.attrs["encoding-version"] = "0.1.0"
            group.attrs["shape"] = matrix.shape
        return group

    def test_groups_of_others(self):
        cells = [f"cell {i}" for i in range(60)]
        with h5py.File(self.folder / "a.h5ad", "w") as file:
            obs = file.create_group("obs")
            obs.attrs["_index"] = "barcode"
            obs["barcode"] = np.array(cells, dtype=h5py.string_dtype())
            self.write_group(file, "X", self.matrix.astype("f4"), chunks=(32,), compression="gzip")
            self.write_group(file, "obsp/distances", self.matrix.tocsc(), chunks=(16,), compression="gzip", shuffle=True)
        message = self.refusal("a.h5ad")
        self.assertIn("holds 2 matrices, /X, /obsp/distances; choose one by --group", message)
        for ranks in (1, 3):
            for group in ("X", "/obsp/distances"):
                self.convert("a.h5ad", "b.npz", "--group", group, ranks=ranks)
                self.expect_same(sparse.load_npz(self.folder / "b.npz"), self.matrix)
                self.assertEqual((self.folder / "b.npz.names").read_text().splitlines(), cells)
        with h5py.File(self.folder / "c.h5", "w") as file:  # 10x: features x barcodes
            group = self.write_group(file, "matrix", self.matrix[:, :40].tocsc().astype("i4"), attributes=False)
            group["shape"] = np.array([60, 40], dtype="i4")
            group["barcodes"] = np.array([b"AAAC-1"] * 40)
            group.create_group("features")["id"] = np.array([f"ENSG{i}" for i in range(60)], dtype="S8")
        self.convert("c.h5", "b.npz", ranks=3)
        self.expect_same(sparse.load_npz(self.folder / "b.npz"), self.matrix[:, :40].astype("i4"))
        with h5py.File(self.folder / "d.h5", "w") as file:  # only datasets, truths
            self.write_group(file, "deep/er", (self.matrix != 0).tocsr(), attributes=False)
        self.convert("d.h5", "b.npz")
        self.expect_same(sparse.load_npz(self.folder / "b.npz"), (self.matrix != 0).astype(float))

    def test_answers_say_what_they_answer(self):
        (self.folder / "g.csv").write_text("Anna,Bela\nBela,Anna\nBela,\"New York\"\n\"New York\",Anna\n")
        (self.folder / "q.txt").write_text("New York\nAnna\nBela\n")
        for ranks in (1, 3):
            done = run("ppr", "exact", "--graph", self.folder / "g.csv", "--sources", self.folder / "q.txt", "--teleport", "0.5",
                       "--output", self.folder / "a.h5", ranks=ranks)
            self.assertEqual(done.returncode, 0, done.stderr)
            with h5py.File(self.folder / "a.h5") as file:
                queries = list(file["ppr/queries"].asstr())
                names = list(file["graph/names"].asstr())
                group = file["ppr"]
                rows = sparse.csr_matrix((group["data"][:], group["indices"][:], group["indptr"][:]), group.attrs["shape"])
                self.assertEqual(queries, ["New York", "Anna", "Bela"])
                self.assertEqual([names[best] for best in np.asarray(rows.argmax(axis=1)).ravel()], queries)
                if read_elem:
                    self.expect_same(read_elem(group), rows)

    def test_scores_go_with_their_names(self):
        (self.folder / "g.csv").write_text("Anna,Bela\nCili,Bela\nBela,Anna\n")
        done = run("pagerank", "--graph", self.folder / "g.csv", "--output", self.folder / "p.h5")
        self.assertEqual(done.returncode, 0, done.stderr)
        with h5py.File(self.folder / "p.h5") as file:
            scores = dict(zip(file["graph/names"].asstr(), file["pagerank/scores"]))
        self.assertEqual(sorted(scores, key=scores.get), ["Cili", "Anna", "Bela"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
