#!/usr/bin/python3
"""Draws a figure of a paper's toml from the records of run.py, or a roofline from those of filigree-bench-spgemm.

usage: bench/plot.py PAPER.toml RECORDS.jsonl --figure F --output FILE.svg|FILE.png
       bench/plot.py --roofline RECORDS.jsonl --output FILE.svg|FILE.png

[figures.F] of the toml names columns (see run.py) and what to draw of them:

  plot = {x = "R", y = "RAG", series = ["T"], panel = "graph", kind = "line", log = "xy"}

a line (or bars, kind = "bar") for every value of the `series` columns, a panel for every value of `panel` (left out:
one panel), axes named after their columns, those in `log` logarithmic. Needs python3-matplotlib.

--roofline draws, for every matrix, the GFLOP/s of our product and of the fastest other library (rows sorted, but where
only unsorted ones were made) over 2 x products / bytes of A, B and C. What would read A and B and write C once and do
nothing else is on the roof, the bandwidth of the best triad in the file. Of a matrix the last record counts.
"""
import argparse
import json
import math
import pathlib
import sys
import textwrap
import tomllib

import matplotlib
import matplotlib.ticker

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


def draw_figure(options):
    paper = tomllib.loads(pathlib.Path(options.paper).read_text())
    with_plot = [name for name, figure in paper["figures"].items() if "plot" in figure]
    if options.figure not in with_plot:
        sys.exit(f"--figure {options.figure}: there are {', '.join(with_plot)}")
    figure = paper["figures"][options.figure]
    return draw(figure, records.rows(paper, figure, records.read(options.records)))


def read_products(path):
    """The last record of each matrix where libraries took turns."""
    found = {}
    with open(path) as lines:
        for number, line in enumerate(lines, 1):
            try:
                record = json.loads(line)
                if record["contest"] == "libraries":
                    found[record["matrix"]] = record
            except (ValueError, KeyError, TypeError):
                sys.exit(f"{path}:{number}: not a record of filigree-bench-spgemm")
    return list(found.values())


def spread(places, gap):
    """Ascending places in [0, 1], moved as little as keeps `gap` between neighbours, if there is room for all."""
    gap = min(gap, 1 / len(places))
    for number in range(1, len(places)):
        places[number] = max(places[number], places[number - 1] + gap)
    limit = 1
    for number in reversed(range(len(places))):
        places[number] = min(places[number], limit)
        limit = places[number] - gap
    return places


def draw_roofline(products):
    points = []  # (flops a byte, matrix, ours, best of the others or None)
    others = set()
    for record in products:
        rows = "/s" if "filigree/s" in record["gflops"] else "/u"
        speeds = {name.removesuffix(rows): speed for name, speed in record["gflops"].items() if name.endswith(rows)}
        ours = speeds.pop("filigree")
        speeds.pop("planned", None)
        others |= speeds.keys()
        points.append((2 * record["products"] / record["bytes"], record["matrix"], ours,
                       max(speeds.values(), default=None)))
    if not points:
        sys.exit("no records to draw")
    points.sort()
    bandwidth = max(record["triad_bytes_per_second"] for record in products) / 1e9
    left, right = points[0][0] / 1.5, points[-1][0] * 1.5
    speeds = [speed for point in points for speed in point[2:] if speed]
    drawing, axes = plt.subplots(figsize=(8, 6))
    drawing.subplots_adjust(left=0.1, right=0.97, bottom=0.1, top=0.74)  # names of matrices stand above
    axes.set(xscale="log", yscale="log", xlim=(left, right), ylim=(min(speeds) / 1.5, bandwidth * right * 1.2),
             xlabel="flop a byte of A, B and C", ylabel="GFLOP/s")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(matplotlib.ticker.LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter(lambda value, _: f"{value:g}")
        axis.set_minor_formatter(matplotlib.ticker.NullFormatter())
    axes.grid(True, color="#dddddd")
    axes.set_axisbelow(True)
    axes.plot([left, right], [bandwidth * left, bandwidth * right], color=COLOURS[-1], label=f"{bandwidth:.1f} GB/s")
    with_other = [point for point in points if point[3]]
    if with_other:
        axes.scatter([point[0] for point in with_other], [point[3] for point in with_other], color=COLOURS[1],
                     marker="s", zorder=3, label="fastest of " + ", ".join(sorted(others)))
    axes.scatter([point[0] for point in points], [point[2] for point in points], color=COLOURS[0], marker="o",
                 zorder=3, label="filigree")
    places = spread([math.log(point[0] / left) / math.log(right / left) for point in points], 0.025)
    for place, (intensity, matrix, ours, _) in zip(places, points):
        axes.annotate(matrix, (intensity, ours), xytext=(place, 1.03), textcoords=axes.transAxes, rotation=90,
                      ha="center", va="bottom", fontsize=9,
                      arrowprops={"arrowstyle": "-", "color": "#999999", "linewidth": 0.6})
    axes.legend(loc="upper left")  # above the roof
    drawing.suptitle("C = A B; ranks x threads: " + ", ".join(sorted({f"{record['ranks']} x {record['threads']}"
                                                                      for record in products})))
    return drawing


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paper", nargs="?")
    parser.add_argument("records")
    chosen = parser.add_mutually_exclusive_group(required=True)
    chosen.add_argument("--figure")
    chosen.add_argument("--roofline", action="store_true")
    parser.add_argument("--output", required=True)
    options = parser.parse_args()
    if options.roofline == (options.paper is not None):
        parser.error("a figure is of a paper, a roofline is not")
    # No date and no random ids: equal records make equal files.
    plt.rcParams["svg.hashsalt"] = "filigree"
    drawing = draw_roofline(read_products(options.records)) if options.roofline else draw_figure(options)
    drawing.savefig(options.output, dpi=150, metadata={"Date": None} if options.output.endswith(".svg") else None)


if __name__ == "__main__":
    sys.exit(main())
