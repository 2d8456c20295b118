"""The runs' predictions, image by image: which are wrong, and what changes between cells."""

import itertools
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from hhexp.analysis import grid
from hhexp.analysis.grid import Cell
from hhexp.analysis.results import Result, Results
from hhexp.analysis.statistics import McNemar, correct_p_values, mcnemar
from hhexp.csv_text import parse_csv
from hhexp.experiment.artifacts import COLUMNS
from hhexp.reading import damaged
from hhexp.tracking.artifacts import read_texts, say_lost

if TYPE_CHECKING:
    import pandas as pd

ARTIFACT = "predictions/validation.csv"


@dataclass(frozen=True, eq=False)
class RunPredictions:
    """A run's prediction for each validation image, after its last epoch.

    Of a seed with several folds: for each image that of the model that was not trained on it.
    """

    result: Result
    right: np.ndarray
    """[N] bool."""
    predicted: tuple[str, ...]
    sure: tuple[float, ...] = ()
    """The probability of each predicted class; NaN where the table has none."""


@dataclass(frozen=True, eq=False)
class Predictions:
    """The predictions of all runs on the same images."""

    paths: tuple[str, ...]
    true: tuple[str, ...]
    runs: list[RunPredictions]
    notes: list[str]

    def of(self, cell: Cell) -> list[RunPredictions]:
        """Those of a cell's runs, by seed."""
        return self._by_cell.get(grid.label(cell), [])

    @cached_property
    def index(self) -> dict[str, int]:
        """The number of each image, by its path."""
        return {path: number for number, path in enumerate(self.paths)}

    @cached_property
    def _by_cell(self) -> dict[str, list[RunPredictions]]:
        found: dict[str, list[RunPredictions]] = {}
        for each in self.runs:
            found.setdefault(each.result.label, []).append(each)
        return found

    def wrong_share(self, runs: Sequence[RunPredictions]) -> np.ndarray:
        """[N] float64: the share of these runs that has each image wrong."""
        right = np.array([each.right for each in runs], dtype=np.float64)
        return np.asarray(1 - right.mean(axis=0))


@dataclass(frozen=True)
class Duel:
    """Two runs of one seed on the same images."""

    first: Result
    second: Result
    test: McNemar


@dataclass(frozen=True)
class DuelSummary:
    """What the duels of two cells come to."""

    seeds: int
    only_first: float
    """Median over the seeds of the images that only the first model has right."""
    only_second: float
    p: float
    """Of McNemar's test on all seeds together, corrected for the pairs that are compared."""


@dataclass(frozen=True)
class Pair:
    """Two cells that are compared image by image; the first is what the second is held against."""

    first: Cell
    second: Cell

    @property
    def words(self) -> tuple[str, str, str]:
        """What differs, in the first and in the second, and what they share."""
        differing = [key for key in self.first if self.first[key] != self.second.get(key)]
        shared = {key: value for key, value in self.first.items() if key not in differing}
        told = [
            grid.label({key: cell[key] for key in differing}) for cell in (self.first, self.second)
        ]
        return told[0], told[1], grid.label(shared) if shared else ""


def read_predictions(results: Results) -> Predictions | None:
    """Read the predictions of every finished run; None where no run has any.

    Runs that were validated on other images than the first are left out, with a note.

    Raises:
        UserError: a run's predictions are damaged.
    """
    found: list[RunPredictions] = []
    notes: list[str] = []
    paths: tuple[str, ...] = ()
    true: tuple[str, ...] = ()
    asked = [result for cell in results.cells for result in results.of(cell).values()]
    runs = [part.run for result in asked for part in result.parts]
    places = {run.run_id: run.artifacts for run in runs}
    tables = zip(runs, read_texts(results.store, places, ARTIFACT), strict=True)
    for result in asked:
        rows: list[tuple[str, str, str, float]] = []
        own_tables = list(itertools.islice(tables, len(result.parts)))
        for run, text in own_tables:
            if text is not None:
                rows += _read_table(text, run.run_id)
        if lost := [run for run, text in own_tables if text is None]:
            notes += [f"{run.name}: {say_lost(run, [ARTIFACT])}." for run in lost]
            continue
        own, labels, predicted = zip(*(row[:3] for row in rows), strict=True)
        if not paths:
            paths, true = own, labels
        if own != paths:
            notes.append(
                f"{result.run.name} ({result.run.run_id[:8]}) was validated on other images; "
                "its predictions are left out."
            )
            continue
        right = np.array([one == other for one, other in zip(predicted, true, strict=True)])
        # Kept once for all runs.
        names = tuple(map(sys.intern, predicted))
        found.append(RunPredictions(result, right, names, tuple(row[3] for row in rows)))
    return Predictions(paths, true, found, notes) if found else None


def _read_table(text: str, run_id: str) -> list[tuple[str, str, str, float]]:
    """The path, the class, the predicted class and its probability of each image.

    Raises:
        UserError: the table is damaged.
    """
    try:
        rows = parse_csv(text, COLUMNS)[1:]
        if not rows:
            raise ValueError("has no images")
        if len({row[0] for row in rows}) < len(rows):
            raise ValueError("has an image twice")
        sure = [max(map(float, row[len(COLUMNS) :]), default=math.nan) for row in rows]
    except ValueError as error:
        raise damaged(f"{ARTIFACT} of run {run_id}", error) from error
    return [(row[0], row[1], row[2], own) for row, own in zip(rows, sure, strict=True)]


def choose_pairs(results: Results) -> list[Pair]:
    """The cells to compare image by image.

    Those that a study's claims on validation accuracy compare; where there are none, those that
    differ in one key only, each against the first value of that key.
    """
    asked = []
    if study := results.study:
        asked = [
            Pair(study.cell(each.versus), study.cell(each.cell))
            for claim in study.claims
            for each in claim.statements
            if each.metric == "val/accuracy" and each.versus
        ]
    if not asked and results.cells:
        asked = [pair for key in results.cells[0] for pair in _pair_by(key, results.cells)]
    return list({str(pair): pair for pair in asked}.values())


def _pair_by(key: str, cells: Sequence[Cell]) -> Iterator[Pair]:
    """The cells that differ in a key alone, each against the one with the key's first value."""

    def name_rest(cell: Cell) -> str:
        return grid.label({other: cell[other] for other in cell if other != key})

    alike: dict[str, list[Cell]] = {}
    for cell in cells:
        alike.setdefault(name_rest(cell), []).append(cell)
    for first in cells:
        if first[key] == cells[0][key]:
            others = (cell for cell in alike[name_rest(first)] if cell[key] != first[key])
            yield from (Pair(first, second) for second in others)


def compare_models(predictions: Predictions, pair: Pair) -> list[Duel]:
    """McNemar's test of the pair's two models, for each seed that both cells have."""
    second = {each.result.seed: each for each in predictions.of(pair.second)}
    return [
        Duel(
            each.result,
            second[each.result.seed].result,
            mcnemar(each.right, second[each.result.seed].right),
        )
        for each in predictions.of(pair.first)
        if each.result.seed in second
    ]


def summarise_duels(
    predictions: Predictions, fought: Sequence[tuple[Pair, Sequence[Duel]]]
) -> list[DuelSummary]:
    """What the duels of each pair of cells come to, all seeds taken together.

    The p-values are corrected for the number of pairs.
    """
    pooled = [_pool(predictions, pair) for pair, _ in fought]
    return [
        DuelSummary(
            len(duels),
            float(np.median([duel.test.only_first for duel in duels])),
            float(np.median([duel.test.only_second for duel in duels])),
            p,
        )
        for (_, duels), p in zip(fought, correct_p_values([test.p for test in pooled]), strict=True)
    ]


def _pool(predictions: Predictions, pair: Pair) -> McNemar:
    """The test of two cells on the seeds that both have."""
    first = {each.result.seed: each.right for each in predictions.of(pair.first)}
    second = {each.result.seed: each.right for each in predictions.of(pair.second)}
    seeds = [seed for seed in first if seed in second]
    return mcnemar(
        np.array([first[seed] for seed in seeds]), np.array([second[seed] for seed in seeds])
    )


def find_fixed_and_broken(predictions: Predictions, pair: Pair) -> tuple[list[int], list[int]]:
    """The images that the pair's second cell fixes, and those that it breaks.

    An image is fixed where more than half of the first cell's runs have it wrong and more than half
    of the second's have it right; broken the other way round. Both by how far the shares move.
    """
    first, second = predictions.of(pair.first), predictions.of(pair.second)
    if not first or not second:
        return [], []
    before, after = predictions.wrong_share(first), predictions.wrong_share(second)
    order = np.argsort(-np.abs(before - after), kind="stable")
    fixed = [int(i) for i in order if before[i] > 0.5 and after[i] < 0.5]
    broken = [int(i) for i in order if before[i] < 0.5 and after[i] > 0.5]
    return fixed, broken


def tabulate_duels(
    fought: Sequence[tuple[Pair, Sequence[Duel]]], summaries: Sequence[DuelSummary]
) -> "pd.DataFrame":
    """One row per duel: its cells, seed, images that only one model has right, p, both runs.

    ``p`` is of the seed alone and not corrected; ``p_of_all_seeds`` is of all together, and is.
    """
    import pandas as pd

    return pd.DataFrame(
        {
            "first": grid.label(pair.first),
            "second": grid.label(pair.second),
            "seed": duel.first.seed,
            "only_first_right": duel.test.only_first,
            "only_second_right": duel.test.only_second,
            "p": duel.test.p,
            "p_of_all_seeds": summary.p,
            "first_run_id": duel.first.run.run_id,
            "second_run_id": duel.second.run.run_id,
        }
        for (pair, duels), summary in zip(fought, summaries, strict=True)
        for duel in duels
    )


def tabulate_images(predictions: Predictions, results: Results) -> "pd.DataFrame":
    """One row per image: path, true class, by cell how many of its runs have it wrong, and for each
    pair of cells whether the second fixes or breaks it."""
    import pandas as pd

    columns: dict[str, Any] = {"path": predictions.paths, "true": predictions.true}
    for cell in results.cells:
        if runs := predictions.of(cell):
            wrong = predictions.wrong_share(runs) * len(runs)
            columns[f"wrong of {len(runs)}: {grid.label(cell)}"] = np.rint(wrong).astype(int)
    for pair in choose_pairs(results):
        fixed, broken = find_fixed_and_broken(predictions, pair)
        words = np.full(len(predictions.paths), "", dtype=object)
        words[fixed], words[broken] = "fixed", "broken"
        columns[f"{grid.label(pair.second)} against {grid.label(pair.first)}"] = words
    return pd.DataFrame(columns)
