#!/usr/bin/python3
"""SciPy's sparse product, for filigree-bench-spgemm, which starts this and talks to it in lines.

usage: bench/peers/spgemm_scipy.py sorted|unsorted

Says which FOLDER it has made for the matrices, then answers each line of standard input with one until there is none:
  prepare M K N   reads A (M x K) and B (K x N) from FOLDER: a.row_ptr, a.col (int32), a.val (double), b alike -> "done"
  multiply        C = A B, and its rows sorted if asked for                              -> seconds
  nonzeros        entries of C                                                           -> their number
  result          writes C to FOLDER                                                     -> "done"
  release         frees C                                                                -> "done"
"""
import gc
import pathlib
import sys
import tempfile
import time

import numpy as np
import scipy.sparse


def read(folder, name, shape):
    parts = [np.fromfile(folder / f"{name}.{part}", kind)
             for part, kind in (("val", np.float64), ("col", np.int32), ("row_ptr", np.int32))]
    matrix = scipy.sparse.csr_matrix(tuple(parts), shape=shape)
    matrix.has_sorted_indices = True
    return matrix


def serve(rows, folder):
    a = b = c = None
    gc.disable()
    print(folder, flush=True)
    for line in sys.stdin:
        command, *sizes = line.split()
        answer = "done"
        if command == "prepare":
            m, k, n = map(int, sizes)
            a, b = read(folder, "a", (m, k)), read(folder, "b", (k, n))
        elif command == "multiply":
            begin = time.perf_counter()
            c = a @ b
            if rows == "sorted":
                c.sort_indices()
            answer = repr(time.perf_counter() - begin)
        elif command == "nonzeros":
            answer = str(c.nnz)
        elif command == "result":
            c.data.tofile(folder / "c.val")
            c.indices.astype(np.int32).tofile(folder / "c.col")
            c.indptr.astype(np.int64).tofile(folder / "c.row_ptr")
        elif command == "release":
            c = None
        print(answer, flush=True)


with tempfile.TemporaryDirectory(prefix="filigree-spgemm-") as name:
    serve(sys.argv[1], pathlib.Path(name))
