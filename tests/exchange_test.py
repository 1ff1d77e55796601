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


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
