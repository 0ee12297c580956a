"""
What things cost, as multiples of a floor that is measured in the same run.

Prints a table and writes `build/bench.jsonl`, a line a figure. A figure is the median of several
rounds, each of which times the thing and its floor one after the other. Nothing here fails for
being slow: read the ratios. Name families (`transfers crowd release`) to measure only those.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from typing import TextIO

from tests.bench import crowd, release, transfers
from tests.bench.timing import ROOT, Figure

FAMILIES: dict[str, Callable[[], Iterator[Figure]]] = {
    "transfers": transfers.measure,
    "crowd": crowd.measure,
    "release": release.measure,
}


def main(families: list[str]) -> None:
    """Print the table and write the lines."""
    target = ROOT / "build/bench.jsonl"
    target.parent.mkdir(exist_ok=True)
    print(f"{'figure':<30} {'value':>14} {'floor':>14} {'ratio':>8}")
    with target.open("w") as file:
        for name in families or FAMILIES:
            for figure in FAMILIES[name]():
                write(figure, file)


def write(figure: Figure, file: TextIO) -> None:
    """Write one figure as a line of JSON, and print it as a line of the table."""
    line = {"name": figure.name, "value": figure.value, "unit": figure.unit, "floor": figure.floor}
    file.write(json.dumps({**line, "ratio": figure.ratio}) + "\n")
    floor = "" if figure.floor is None else f"{figure.floor:>11,.3f} {figure.unit:<3}"
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    value = f"{figure.value:>11,.3f} {figure.unit:<3}"
    print(f"{figure.name:<30} {value} {floor:>15} {ratio:>8}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
