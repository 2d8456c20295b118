"""What a sweep cannot tell, and what would: said where its cells are compared too early."""

import math

import numpy as np

from hhexp.analysis.grid import label
from hhexp.analysis.metrics import mask_infinite
from hhexp.analysis.results import Result, Results
from hhexp.analysis.summary import RECALLS

LEARNING = "train/accuracy"
NEAR_GUESSING = 0.1
"""A cell has learned little whose training accuracy is above guessing by less than this."""
RISING = 0.02
"""A cell still learns whose training accuracy rises by more than this an epoch, on average over the
last quarter of its epochs. All cells of the published studies, of 10 to 30 epochs, are below."""


def say_what_is_open(results: Results) -> list[str]:
    """What the cells of a sweep cannot tell, in a line each; none where nothing is in the way.

    Args:
        results: the sweep's runs, with their training accuracy.
    """
    cells = {label(cell): list(results.of(cell).values()) for cell in results.cells}
    cells = {name: runs for name, runs in cells.items() if runs}
    if len(cells) < 2:
        return []
    return [*_find_lone_seeds(cells), *_find_short(cells)]


def _find_lone_seeds(cells: dict[str, list[Result]]) -> list[str]:
    lone = [name for name, runs in cells.items() if len(runs) == 1 and not runs[0].by_fold]
    if not lone:
        return []
    where = "" if len(lone) == len(cells) else f" of {_name(lone)}"
    return [
        f"One seed{where} cannot tell a difference from chance. Six can: add "
        '"seed=range(0,6)" to the command, or write a study for python -m hhexp.study.'
    ]


def _find_short(cells: dict[str, list[Result]]) -> list[str]:
    guessing = 1 / max(_count_classes(run) for runs in cells.values() for run in runs)
    curves = {name: curve for name, runs in cells.items() if len(curve := _average(runs))}
    rises = {name: _measure_rise(curve, guessing) for name, curve in curves.items()}
    rising = sorted((name for name in rises if rises[name] > RISING), key=lambda name: -rises[name])
    if rising:
        return [
            f"{_name(rising)} still learns: training accuracy rises by "
            f"{100 * rises[rising[0]]:.1f} points an epoch. More epochs would tell what is better, "
            "and not only faster."
        ]
    idle = [name for name, curve in curves.items() if curve[-1] < guessing + NEAR_GUESSING]
    if idle:
        return [
            f"{_name(idle)} has learned little: training accuracy {curves[idle[0]][-1]:.1%}, where "
            f"guessing has {guessing:.1%}. More epochs, or another learning rate, would tell more."
        ]
    return []


def _count_classes(result: Result) -> int:
    """How many classes a run's images have: each has a recall."""
    return max(2, sum(name.startswith(RECALLS[0]) for name in result.run.metrics))


def _average(runs: list[Result]) -> np.ndarray:
    """[E] The mean training accuracy of runs, over the epochs that all have."""
    curves = [mask_infinite(run.history.get(LEARNING, ())) for run in runs]
    shortest = min(map(len, curves))
    return np.mean([curve[:shortest] for curve in curves], axis=0)


def _measure_rise(curve: np.ndarray, guessing: float) -> float:
    """The rise an epoch over the last quarter of the epochs; before the first one it guessed."""
    window = math.ceil(len(curve) / 4)
    start = curve[-1 - window] if len(curve) > window else guessing
    return float(curve[-1] - start) / window


def _name(cells: list[str]) -> str:
    rest = len(cells) - 1
    return f"{cells[0]} (and {rest} more)" if rest else cells[0]
