#!/usr/bin/python3
"""Compares two files of run.py cell by cell: counted work exactly, seconds as ratios.

usage: bench/compare.py BEFORE.jsonl AFTER.jsonl

Prints every count that changed and, where both files have seconds, per run and phase the ratio after / before
(geometric mean over cells, smallest, largest). Exits 1 if a count changed or a cell is in one file only; seconds
never decide.
"""
import argparse
import math
import sys

import records


def changed_counts(before, after):
    """[cell, count, before, after, ratio] of what is not the same."""
    for name in sorted(before["stats"].keys() | after["stats"].keys()):
        old, new = before["stats"].get(name), after["stats"].get(name)
        if old != new:
            yield [records.describe(after), name, old, new, new / old if old and new is not None else None]


def seconds(before, after):
    """{(run, phase): [after / before of every cell]}"""
    ratios = {}
    for key in before.keys() & after.keys():
        old, new = before[key].get("phases", {}), after[key].get("phases", {})
        for phase in old.keys() & new.keys():
            if old[phase]["max"] > 0 and new[phase]["max"] > 0:
                ratios.setdefault((key[0], phase), []).append(new[phase]["max"] / old[phase]["max"])
    return ratios


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before")
    parser.add_argument("after")
    options = parser.parse_args()
    before, after = ({key: record for key, record in records.read(path).items() if "error" not in record}
                     for path in (options.before, options.after))

    ratios = seconds(before, after)
    if ratios:
        print(records.table(["run", "phase", "cells", "after/before", "least", "most"],
                            [[*name, len(all), math.exp(sum(map(math.log, all)) / len(all)), min(all), max(all)]
                             for name, all in sorted(ratios.items())]))
    alone = [[records.describe(only[key]), name] for name, only, other in
             (("before", before, after), ("after", after, before)) for key in only if key not in other]
    if alone:
        print(records.table(["cell", "only in"], alone))
    changes = [line for key in before if key in after for line in changed_counts(before[key], after[key])]
    if changes:
        print(records.table(["cell", "count", "before", "after", "after/before"], changes))
    both = len(before.keys() & after.keys())
    different = len({change[0] for change in changes})
    print(f"{both} cells in both files, {different} with other counts, {len(alone)} in one only")
    return 1 if changes or alone else 0


if __name__ == "__main__":
    sys.exit(main())
