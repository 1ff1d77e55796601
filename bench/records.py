"""What run.py writes and compare.py and plot.py read: one JSON line a cell, and the rows a figure makes of them."""
import itertools
import json
import re
import sys
import types


def key(record):
    return record["run"], json.dumps(record["cell"], sort_keys=True)


def describe(record):
    """What a person calls a cell."""
    return " ".join([record["run"], *(f"{name}={value}" for name, value in record["cell"].items())])


def read(path):
    """The last record of every cell, by key()."""
    records = {}
    with open(path) as lines:
        for number, line in enumerate(lines, 1):
            try:
                record = json.loads(line)
                records[key(record)] = record
            except (ValueError, KeyError, TypeError):
                sys.exit(f"{path}:{number}: not a record of run.py")
    return records


def attributes(value):
    """JSON objects as attributes, so that an expression may say phases.index_walk.max of {"index.walk": {"max": 1}}."""
    if not isinstance(value, dict):
        return value
    return types.SimpleNamespace(**{re.sub(r"\W", "_", name): attributes(item) for name, item in value.items()})


def evaluate(expressions, names):
    """The first (of a list, or the only one) of a paper's toml whose names are there; None if there is none."""
    for expression in [expressions] if isinstance(expressions, str) else expressions:
        try:
            return eval(expression, {"__builtins__": {}}, names)
        except (AttributeError, NameError):
            continue
    return None


def cells(run):
    """The points of a run's grid, on every graph."""
    grid = run.get("grid", {})
    for graph in run["graphs"]:
        for product in grid if isinstance(grid, list) else [grid]:
            values = [value if isinstance(value, list) else [value] for value in product.values()]
            for point in itertools.product(*values):
                yield {"graph": graph, **dict(zip(product, point))}


def rows(paper, figure, records):
    """[{column: value}] of a figure: of the cells of its runs that have a record, those for which `where` holds."""
    found = []
    for run in figure["runs"]:
        for cell in cells(paper["runs"][run]):
            record = records.get(key({"run": run, "cell": cell}), {"error": "not run"})
            names = vars(attributes(record))
            if "error" not in record and evaluate(figure.get("where", "True"), names):
                found.append({column: evaluate(expression, names) for column, expression in figure["columns"].items()})
    return found


def table(columns, lines):
    """Aligned text; numbers to the right. `lines`: lists of values, one per column."""
    def cell(value):
        if value is None:
            return "-"
        return f"{value:.5g}" if isinstance(value, float) else str(value)

    texts = [[cell(value) for value in line] for line in lines]
    widths = [max(map(len, column)) for column in zip(columns, *texts)]
    is_text = [any(isinstance(value, str) for value in column) for column in zip(*lines)] or [True] * len(widths)
    return "\n".join("  ".join(text.ljust(width) if left else text.rjust(width)
                               for text, width, left in zip(line, widths, is_text)).rstrip()
                     for line in [columns, *texts])
