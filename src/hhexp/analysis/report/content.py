"""What a report says, gathered from the results: both pages and all files come from this."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hhexp.analysis import grid
from hhexp.analysis.claims import ClaimVerdict, judge_claims
from hhexp.analysis.crossfit import HALVINGS
from hhexp.analysis.folds import FoldDuel, compare_folds
from hhexp.analysis.predictions import (
    Duel,
    DuelSummary,
    Pair,
    Predictions,
    choose_pairs,
    compare_models,
    read_predictions,
    summarise_duels,
)
from hhexp.analysis.registration import describe_registration
from hhexp.analysis.report import numbers, tables
from hhexp.analysis.report.answer import answer
from hhexp.analysis.report.certainty import draw_certainty
from hhexp.analysis.report.charts import draw_charts
from hhexp.analysis.report.citation import Citation, cite
from hhexp.analysis.report.forest import Axis, plot_forest
from hhexp.analysis.report.notes import limit_notes, write_notes
from hhexp.analysis.report.opinions import Opinion, list_opinions
from hhexp.analysis.report.pictures import Overlay, Sheet, make_sheets, read_validation_images
from hhexp.analysis.report.scope import LISTED, Scope, Spread, choose_scope, measure_spread
from hhexp.analysis.report.search import draw_search
from hhexp.analysis.report.vega import Chart
from hhexp.analysis.results import Result, Results
from hhexp.errors import UserError
from hhexp.experiment import NOTHING, Trusted
from hhexp.tracking.tags import COMMAND, LABEL

CERTAINTY = ("roc", "calibration")
SEARCH = ("importances", "parallel")
MOST_SEEDS = 20
"""Seeds that are named."""


@dataclass(frozen=True)
class Content:
    """All of a report."""

    results: Results
    notes: list[str]
    training: tables.Table
    recall: tables.Table | None
    behaviour: tables.Table
    test: tables.Table | None
    views: tables.Table | None
    fold_duels: list[FoldDuel]
    published: list[tables.Published]
    verdicts: list[ClaimVerdict]
    answer: list[str]
    """In plain words."""
    forest: list[Axis]
    duels: list[tuple[Pair, list[Duel]]]
    duel_summaries: list[DuelSummary]
    """Of each pair of cells in ``duels``."""
    charts: Mapping[str, Chart]
    sheets: list[Sheet]
    predictions: Predictions | None
    scope: Scope

    def anchor(self, cell: grid.Cell) -> str:
        """Where on the page the runs of a cell are listed."""
        return f"cell-{self._numbers[grid.label(cell)]}"

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {grid.label(cell): n for n, cell in enumerate(self.results.cells, start=1)}

    def runs(self, cell: grid.Cell) -> list[Result]:
        """A cell's runs, finished or not."""
        return self.results.by_cell.get(grid.label(cell), [])

    @cached_property
    def citation(self) -> Citation:
        """How to cite these runs."""
        return cite(self.results)

    @property
    def halvings(self) -> int:
        """How often the validation images are halved for the best epoch."""
        return HALVINGS

    @property
    def curves(self) -> list[str]:
        """The names of the charts that are learning curves."""
        others = {"validation_accuracy", "accuracy_gap", *CERTAINTY, *self.key_charts}
        return [name for name in self.charts if name not in others]

    @property
    def certainty(self) -> list[str]:
        """The names of the charts of how sure the models are."""
        return [name for name in self.charts if name in CERTAINTY]

    @property
    def key_charts(self) -> list[str]:
        """The names of the charts of what each key does."""
        return [name for name in self.charts if name in SEARCH or name.startswith("by_")]

    @property
    def duels_listed(self) -> list[tuple[Pair, DuelSummary]]:
        """The pairs of cells that are on the page, with what their duels come to."""
        pairs = [pair for pair, _ in self.duels]
        return list(zip(pairs, self.duel_summaries, strict=True))[:LISTED]

    def spread(self, cell: grid.Cell) -> Spread | None:
        """How a cell's runs differ; None where none has a number."""
        return measure_spread(self.results, cell)

    def lines(self, table: tables.Table) -> list[tables.Line]:
        """A table's lines on the page."""
        return [line for line in table.lines if self.is_listed(line.cell)]

    def is_listed(self, cell: grid.Cell) -> bool:
        """Whether the page has an anchor for a cell."""
        return grid.label(cell) in self._listed

    @cached_property
    def _listed(self) -> set[str]:
        return {grid.label(cell) for cell in self.scope.listed}

    def count(self, cell: grid.Cell) -> str:
        """How many seeds a cell's numbers are of, as "n = 5"."""
        found = self.results.of(cell)
        folds = {len(result.by_fold) for result in found.values() if result.by_fold}
        return f"n = {len(found)}" + "".join(f" × {count} folds" for count in sorted(folds))

    @property
    def dot(self) -> str:
        """What is one dot in a figure: a seed, or a fold where seeds have several."""
        found = (each for cell in self.results.cells for each in self.results.of(cell).values())
        return "fold" if any(each.by_fold for each in found) else "seed"

    def opinions(self, path: str) -> list[Opinion]:
        """What the runs said of an image."""
        return list_opinions(self.predictions, path) if self.predictions else []

    def diverged(self, pair: Pair) -> str:
        """Which seeds of two cells diverged, in brackets; empty where none did."""
        seeds = [
            seed
            for cell in (pair.first, pair.second)
            for seed, result in self.results.of(cell).items()
            if any(part.diverged_at for part in result.parts)
        ]
        return f" ({numbers.tell_diverged(sorted(set(seeds)))})" if seeds else ""

    def run_of(self, cell: Mapping[str, object], seed: int) -> Result | None:
        """The run that counts for a cell and seed."""
        return self.results.of(cell).get(seed)

    @property
    def seeds(self) -> list[int]:
        """The seeds that some finished run has."""
        return sorted({seed for cell in self.results.cells for seed in self.results.of(cell)})

    @property
    def epochs(self) -> int:
        """Those of the longest run."""
        return max(
            (len(each.history.get("val/accuracy", ())) for each in self.results.all), default=1
        )

    @property
    def seeds_told(self) -> str:
        """The seeds, or how many they are."""
        known = self.seeds
        if len(known) > MOST_SEEDS:
            return f"{len(known):,} seeds"
        s = "s" if len(known) > 1 else ""
        return f"seed{s} {', '.join(map(str, known))}" if known else ""

    @property
    def devices(self) -> list[str]:
        """What the runs ran on."""
        found = (result.run.params.get("device", "") for result in self.results.all)
        return list(dict.fromkeys(filter(None, found)))

    @property
    def dates(self) -> str:
        """From the first run's day to the last's."""
        days = sorted({result.run.start.date().isoformat() for result in self.results.all})
        return days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"

    @property
    def labels(self) -> list[str]:
        """The words that mark the runs, such as quick."""
        found = (result.run.tags.get(LABEL, "") for result in self.results.all)
        return sorted(set(filter(None, found)))

    @property
    def command(self) -> str:
        """The command that trains all of it; empty where it is not known."""
        if self.results.sweep:
            return self.results.sweep.tags.get(COMMAND, "")
        return self.results.study.command if self.results.study else ""


def gather(results: Results, overlay: Overlay | None = None, trusted: Trusted = NOTHING) -> Content:
    """Compute everything that the report shows.

    Args:
        results: the runs, of which one at least has finished.
        overlay: what to lay over the images of the sheets, such as Grad-CAM.
        trusted: what the person has named of what the runs' records name.
    """
    scope = choose_scope(results)
    predictions = read_predictions(results)
    notes = [*describe_registration(results), *write_notes(results)]
    shown: list[Sheet] = []
    tests: list[tuple[Pair, list[Duel]]] = []
    if predictions is None:
        notes.append(
            "No run has predictions/validation.csv: single images cannot be compared. That of the "
            f"first run should be in {results.all[0].run.artifacts}."
        )
    else:
        notes += limit_notes(predictions.notes)
        images = _read_images(results, predictions, trusted, notes)
        pairs = choose_pairs(results)
        shown = make_sheets(predictions, scope.limit_pairs(pairs), images, overlay)
        asked = [(pair, compare_models(predictions, pair)) for pair in pairs]
        tests = [(pair, found) for pair, found in asked if found]
    verdicts = judge_claims(results, predictions)
    return Content(
        results,
        notes,
        tables.build_training_table(results),
        tables.build_recall_table(results),
        tables.build_behaviour_table(results),
        tables.build_test_table(results),
        tables.build_views_table(results),
        compare_folds(results, choose_pairs(results)),
        tables.compare_published(results),
        verdicts,
        answer(results.study, verdicts),
        plot_forest(verdicts),
        tests,
        summarise_duels(predictions, tests) if predictions else [],
        {
            **draw_charts(results, scope),
            **draw_certainty(results, scope.drawn),
            **(draw_search(results) if scope.has_many_cells else {}),
        },
        shown,
        predictions,
        scope,
    )


def _read_images(
    results: Results, predictions: Predictions, trusted: Trusted, notes: list[str]
) -> dict[str, np.ndarray]:
    """The validation images; none, and a note, where they are not here."""
    try:
        return read_validation_images(results, predictions, trusted)
    except UserError as error:
        notes.append(f"The images are listed by name only: {error}.")
        return {}
