#!/usr/bin/python3
"""Draws a figure of a paper's toml from the records of run.py.

usage: bench/plot.py PAPER.toml RECORDS.jsonl --figure F --output FILE.svg|FILE.png

[figures.F] of the toml names columns (see run.py) and what to draw of them:

  plot = {x = "R", y = "RAG", series = ["T"], panel = "graph", kind = "line", log = "xy"}

a line (or bars, kind = "bar") for every value of the `series` columns, a panel for every value of `panel` (left out:
one panel), axes named after their columns, those in `log` logarithmic. Needs python3-matplotlib.
"""
import argparse
import pathlib
import sys
import textwrap
import tomllib

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

import records

# Okabe and Ito's colours, told apart by colour-blind eyes too; markers and dashes help where colours run out.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
MARKERS = "osD^vPX"
DASHES = ["-", "--", ":"]


def grouped(rows, columns):
    """{values of the columns: rows}, in order of appearance."""
    groups = {}
    for row in rows:
        groups.setdefault(tuple(row[column] for column in columns), []).append(row)
    return groups


def draw_lines(axes, number, rows, name, plot, **_):
    points = sorted((row[plot["x"]], row[plot["y"]]) for row in rows)
    return axes.plot(*zip(*points), label=name, color=COLOURS[number % 7], marker=MARKERS[number % 7], markersize=5,
                     linestyle=DASHES[number // 7 % 3])[0]


def draw_bars(axes, number, rows, name, plot, places, count):
    width = 0.8 / count
    offset = (number - (count - 1) / 2) * width
    axes.set_xticks(range(len(places)), places)
    return axes.bar([places.index(row[plot["x"]]) + offset for row in rows], [row[plot["y"]] for row in rows], width,
                    label=name, color=COLOURS[number % 7], hatch=["", "//", ".."][number // 7 % 3])


def draw(figure, rows):
    plot = figure["plot"]
    is_bar = plot.get("kind", "line") == "bar"
    log = plot.get("log", "")
    # A logarithmic axis has no place for 0 (a RAG of exactly 1 has 1 - RAG = 0).
    rows = [row for row in rows if all(row[plot[axis]] is not None and (axis not in log or row[plot[axis]] > 0)
                                       for axis in ("xy" if not is_bar else "y"))]
    if not rows:
        sys.exit("no records to draw")
    panels = grouped(rows, [plot["panel"]] if "panel" in plot else [])
    series = plot.get("series", [])
    all_series = list(grouped(rows, series))  # the same colour in every panel
    places = list(dict.fromkeys(row[plot["x"]] for row in rows))
    columns = min(len(panels), 3)
    lines = -(-len(panels) // columns)
    drawing, grid = plt.subplots(lines, columns, figsize=(4.6 * columns + 1, 3.6 * lines), squeeze=False,
                                 layout="constrained")
    for axes in grid.flat[len(panels):]:
        axes.remove()
    drawn = {}
    for axes, (panel, members) in zip(grid.flat, panels.items()):
        for values, group in grouped(members, series).items():
            name = ", ".join(value if isinstance(value, str) else f"{column} = {value}"
                             for column, value in zip(series, values))
            drawn[name] = (draw_bars if is_bar else draw_lines)(
                axes, all_series.index(values), group, name, plot, places=places, count=len(all_series))
        if "x" in log and not is_bar:
            axes.set_xscale("log")
        if "y" in log:
            axes.set_yscale("log")
        axes.set(xlabel=plot["x"], ylabel=plot["y"], title="".join(map(str, panel)))
        axes.grid(True, color="#dddddd")
        axes.set_axisbelow(True)
    if series:
        grid[0, columns - 1].legend(drawn.values(), drawn.keys(), loc="upper left", bbox_to_anchor=(1.02, 1))
    drawing.suptitle(textwrap.fill(figure["title"], 50 * columns))
    return drawing


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paper")
    parser.add_argument("records")
    parser.add_argument("--figure", required=True)
    parser.add_argument("--output", required=True)
    options = parser.parse_args()
    paper = tomllib.loads(pathlib.Path(options.paper).read_text())
    with_plot = [name for name, figure in paper["figures"].items() if "plot" in figure]
    if options.figure not in with_plot:
        sys.exit(f"--figure {options.figure}: there are {', '.join(with_plot)}")
    figure = paper["figures"][options.figure]
    # No date and no random ids: equal records make equal files.
    plt.rcParams["svg.hashsalt"] = "filigree"
    draw(figure, records.rows(paper, figure, records.read(options.records))).savefig(
        options.output, dpi=150, metadata={"Date": None} if options.output.endswith(".svg") else None)


if __name__ == "__main__":
    sys.exit(main())
