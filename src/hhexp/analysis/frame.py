"""Runs as pandas DataFrames, for notebooks; the report builds on the same numbers.

Each function takes a selection (see ``hhexp.analysis.selection.select``) and the store's tracking
URI; by default $MLFLOW_TRACKING_URI, else the local store.
"""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from hhexp.analysis import grid
from hhexp.analysis.claims import ClaimVerdict, judge_claims
from hhexp.analysis.contrasts import bound
from hhexp.analysis.folds import difference_of_folds
from hhexp.analysis.grid import Cell
from hhexp.analysis.metrics import STATISTICS, best_epoch, measure
from hhexp.analysis.predictions import read_predictions
from hhexp.analysis.results import Results
from hhexp.analysis.selection import select
from hhexp.analysis.statistics import Interval, paired_difference
from hhexp.config.check import suggest
from hhexp.errors import UserError
from hhexp.tracking.store import Store, keep_tracking_uri

if TYPE_CHECKING:
    import pandas as pd

SHOWN = ("last", "best", "mean_last_5")


@keep_tracking_uri()
def runs(selection: str, tracking_uri: str | None = None) -> "pd.DataFrame":
    """One row per run.

    Columns: run_id, name, status, cell, seed and fold (Int64, missing where a run has none),
    epochs_done, best_epoch, epoch_s (median seconds of an epoch), total_s, every parameter under
    its name, and for each metric ``last <metric>``, ``best <metric>`` (at the epoch of the highest
    validation accuracy, cross-fitted as ``hhexp.analysis.crossfit`` says where the run has the
    answers of all its epochs; what scikit-learn measures, such as val/f1, is missing then:
    ``compare`` takes its time for it) and ``mean_last_5 <metric>``.

    Raises:
        UserError: nothing matches the selection.
    """
    return tabulate_runs(select(Store.resolve(tracking_uri), selection))


@keep_tracking_uri()
def curves(selection: str, tracking_uri: str | None = None) -> "pd.DataFrame":
    """Tidy and long: one row per run, epoch and metric, without missing values.

    Columns: run_id, cell, seed, fold, epoch (from 1), metric, value.

    Raises:
        UserError: nothing matches the selection.
    """
    return tabulate_curves(select(Store.resolve(tracking_uri), selection))


@keep_tracking_uri()
def compare(
    selection: str,
    first: Mapping[str, object],
    second: Mapping[str, object],
    metric: str = "val/accuracy",
    statistic: str = "last",
    tracking_uri: str | None = None,
) -> Interval:
    """The differences first − second of two cells, paired by seed, with their 95 % interval.

    Where both were trained on folds they are paired by fold, each the mean over its seeds, and the
    interval is corrected for the training images that folds share (``fold_interval``).

    Args:
        selection: holds the runs of both.
        first: a cell, such as ``{"aug": "full", "epochs": 15}``.
        second: the other.
        metric: such as val/accuracy.
        statistic: one of hhexp.analysis.metrics.STATISTICS.
        tracking_uri: the store.

    Raises:
        UserError: nothing matches the selection, a mapping does not name one cell, there is no such
            metric or statistic, or no seed has a run in both cells.
    """
    results = select(Store.resolve(tracking_uri), selection)
    for name, known in ((metric, results.metrics), (statistic, list(STATISTICS))):
        if name not in known:
            raise UserError(f"compare: there is no {name}{suggest(name, known)}")
    cells = [_find_cell(results, cell) for cell in (first, second)]
    if (folds := difference_of_folds(results, cells[0], cells[1], metric, statistic)).count:
        return folds
    one, other = (results.measure_cell(cell, metric, statistic) for cell in cells)
    seeds = [seed for seed in one if seed in other]
    if not seeds:
        raise UserError(f"compare: no seed has {metric} in both {dict(first)} and {dict(second)}")
    return paired_difference([one[seed] for seed in seeds], [other[seed] for seed in seeds])


def _find_cell(results: Results, values: Mapping[str, object]) -> Cell:
    """The one cell that has these values."""
    found = [
        cell
        for cell in results.cells
        if any(
            grid.holds(values, {**result.run.params, **cell})
            for result in results.of(cell).values()
        )
    ]
    if len(found) == 1:
        return found[0]
    problem = f"matches {len(found)} cells" if found else "matches no cell"
    known = "; ".join(map(grid.label, found or results.cells))
    raise UserError(f"compare: {grid.label(values)} {problem}: choose one of {known}")


@keep_tracking_uri()
def claims(
    selection: str, study: str | None = None, tracking_uri: str | None = None
) -> "pd.DataFrame":
    """The verdicts on a study's claims, one row per statement.

    Columns: claim, text, primary, verdict (the claim's), decided_at and judged_at (seeds at that
    look), level (of its p-value there), statement (its number), metric, statistic, effect, low,
    high (95 % over the seeds), low_any_images, high_any_images (over seeds and images), bound,
    direction, p (the stricter test's), ahead (the chance that one run is above one of the other
    cell), seeds, diverged (those left out), effect_size, seeds_needed (for a power of 80 %),
    statement_verdict, reason.

    Args:
        selection: a study, or a sweep or filter to judge by ``study``.
        study: a study's path or name.
        tracking_uri: the store.

    Raises:
        UserError: nothing matches the selection, or there is no study.
    """
    results = select(Store.resolve(tracking_uri), selection, study)
    if results.study is None:
        raise UserError(f"claims: {selection!r} is not a study; name one with study=…")
    return tabulate_claims(judge_claims(results, read_predictions(results)))


def tabulate_runs(results: Results) -> "pd.DataFrame":
    """The table of ``runs`` for results that were read already."""
    import pandas as pd

    rows = []
    for result in results.all:
        history, fit = result.history, results.fits.get(result.run.run_id)
        row: dict[str, object] = {
            "run_id": result.run.run_id,
            "name": result.run.name,
            "status": result.run.status,
            "cell": result.label,
            "epochs_done": max((len(values) for values in history.values()), default=0),
            "best_epoch": best_epoch(history),
            "epoch_s": measure(history, "time/epoch_s", "median"),
            "total_s": measure(history, "time/epoch_s", "total"),
            **result.run.params,
            "seed": result.seed,
            "fold": result.fold,
        }
        for metric in results.metrics:
            for statistic in SHOWN:
                crossed = fit if statistic == "best" else None
                row[f"{statistic} {metric}"] = (
                    crossed.measure(history, metric)
                    if crossed
                    else measure(history, metric, statistic)
                )
        rows.append(row)
    frame = pd.DataFrame(rows)
    return frame.astype(dict.fromkeys(("seed", "fold", "best_epoch"), "Int64"))


def tabulate_curves(results: Results) -> "pd.DataFrame":
    """The table of ``curves`` for results that were read already."""
    import pandas as pd

    rows = [
        (result.run.run_id, result.label, result.seed, result.fold, epoch, metric, value)
        for result in results.all
        for metric, values in result.history.items()
        for epoch, value in enumerate(values, start=1)
        if value == value
    ]
    columns = ["run_id", "cell", "seed", "fold", "epoch", "metric", "value"]
    return pd.DataFrame(rows, columns=columns).astype({"seed": "Int64", "fold": "Int64"})


def tabulate_claims(verdicts: Sequence[ClaimVerdict]) -> "pd.DataFrame":
    """The table of ``claims`` for verdicts that were reached already."""
    import pandas as pd

    rows = [
        {
            "claim": verdict.claim.name,
            "text": verdict.claim.text,
            "primary": verdict.is_primary,
            "verdict": verdict.word,
            "decided_at": verdict.decided_at,
            "judged_at": verdict.judged_at,
            "level": verdict.level,
            "statement": number,
            "metric": each.statement.metric,
            "statistic": each.statement.statistic,
            "effect": each.effect.mean,
            "low": each.effect.low,
            "high": each.effect.high,
            "low_any_images": each.on_any_images.low if each.on_any_images else math.nan,
            "high_any_images": each.on_any_images.high if each.on_any_images else math.nan,
            "bound": bound(each.statement),
            "direction": each.statement.direction,
            "p": each.p,
            "ahead": each.ahead,
            "seeds": each.effect.count,
            "diverged": " ".join(map(str, each.diverged)),
            "effect_size": each.effect.effect_size,
            "seeds_needed": each.seeds_needed,
            "statement_verdict": each.word,
            "reason": each.reason,
        }
        for verdict in verdicts
        for number, each in enumerate(verdict.statements, start=1)
    ]
    whole = dict.fromkeys(("decided_at", "judged_at", "seeds_needed"), "Int64")
    return pd.DataFrame(rows).astype(whole) if rows else pd.DataFrame()
