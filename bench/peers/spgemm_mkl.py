#!/usr/bin/env python3
"""Products of sparse matrices by filigree-spgemm beside MKL: seconds and distance.

usage: bench/peers/spgemm_mkl.py PROGRAMS MATRIX ... [--threads T] [--repeat N]

C = A A of doubles (A A^T where A is not square), rows sorted on both sides, alternating, best of N; reading is excluded. Prints
nonzeros, the largest difference relative to the largest value, and MKL / filigree. Exits 1 if C differs by more than 1e-12.

Needs pip's sparse_dot_mkl with mkl, and SciPy; exits 77 where they are missing. Python must be the one that has them.
"""
import argparse
import glob
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("programs", type=pathlib.Path)
parser.add_argument("matrix", nargs="+")
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--repeat", type=int, default=3)
options = parser.parse_args()

# MKL takes its threads from the environment, and sparse_dot_mkl looks for the library under the name without a version.
os.environ["MKL_NUM_THREADS"] = str(options.threads)
for library in glob.glob(sys.prefix + "/lib/libmkl_rt.so*"):
    os.environ.setdefault("MKL_RT", library)
try:
    import numpy as np
    import scipy.sparse
    import sparse_dot_mkl
except ImportError as error:
    print(f"left out: {error}")
    sys.exit(77)


def seconds_of(work):
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


failed = False
print(f"{'matrix':24} {'nonzeros of C':>14} {'filigree s':>11} {'MKL s':>9} {'MKL / filigree':>15} {'difference':>11}")
with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    for matrix in options.matrix:
        factor, product, record = folder / "a.npz", folder / "c.npz", folder / "record.json"
        subprocess.run([options.programs / "filigree-convert", "--quiet", matrix, factor], check=True)
        a = scipy.sparse.load_npz(factor).astype(np.float64)
        square = a.shape[0] == a.shape[1]
        b = a if square else a.T.tocsr()
        best = {"filigree": np.inf, "mkl": np.inf}
        for turn in range(options.repeat):
            output = ["--output", product] if turn == 0 else []
            subprocess.run([options.programs / "filigree-spgemm", factor, *([] if square else [factor, "--transpose-b"]), "--quiet",
                            "--values", "real", "--threads", str(options.threads), "--json", record, *output], check=True)
            best["filigree"] = min(best["filigree"], json.loads(record.read_text())["phases"]["spgemm"]["max"])
            spent, c = seconds_of(lambda: sparse_dot_mkl.dot_product_mkl(a, b, reorder_output=True))
            best["mkl"] = min(best["mkl"], spent)
        ours = scipy.sparse.load_npz(product)
        difference = abs(ours - c).max() / abs(c).max()
        failed |= not difference <= 1e-12
        print(f"{pathlib.Path(matrix).name:24} {c.nnz:14} {best['filigree']:11.4f} {best['mkl']:9.4f} "
              f"{best['mkl'] / best['filigree']:15.2f} {difference:11.1e}")
sys.exit(failed)
