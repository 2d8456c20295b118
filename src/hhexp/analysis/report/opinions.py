"""What each run said of an image."""

import math
from dataclasses import dataclass

from hhexp.analysis.predictions import Predictions

NAMED = 100
"""Runs that are told one by one, at most."""


@dataclass(frozen=True)
class Opinion:
    """What some of a cell's runs took an image for."""

    cell: str
    name: str
    """Of the class."""
    is_right: bool
    count: int
    of: int
    """The runs of the cell."""
    runs: str
    """Their seeds, each with the probability that it gave the class; empty where they are many."""


def list_opinions(predictions: Predictions, path: str) -> list[Opinion]:
    """What the runs said of an image, cell by cell, the class of the most runs first."""
    image = predictions.index[path]
    by_cell: dict[str, dict[str, list[str]]] = {}
    for each in predictions.runs:
        sure = each.sure[image] if each.sure else math.nan
        told = f"{each.result.seed}" + ("" if math.isnan(sure) else f" ({sure:.0%})")
        names = by_cell.setdefault(each.result.label, {})
        names.setdefault(each.predicted[image], []).append(told)
    few = len(predictions.runs) <= NAMED
    return [
        Opinion(
            *(cell, name, name == predictions.true[image], len(seeds)),
            sum(map(len, names.values())),
            ", ".join(seeds) if few else "",
        )
        for cell, names in by_cell.items()
        for name, seeds in sorted(names.items(), key=lambda item: -len(item[1]))
    ]
