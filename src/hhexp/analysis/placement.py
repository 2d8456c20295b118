"""The cell of each run, and what a reader has to know of runs that are left out or there twice."""

import re
from collections.abc import Collection, Sequence

from hhexp.analysis import grid
from hhexp.analysis.configuration import keep_alike
from hhexp.analysis.grid import FOLD, FOLDS, SEED, Cell
from hhexp.analysis.metrics import History
from hhexp.analysis.registration import (
    Registration,
    compute_sha256,
    find_registrations,
    write_registered,
)
from hhexp.analysis.results import Result, Results
from hhexp.analysis.study import Study
from hhexp.tracking.histories import read_many
from hhexp.tracking.query import StoredRun
from hhexp.tracking.store import Store
from hhexp.tracking.tags import OVERRIDES

ALWAYS = {"loss": "cross_entropy"}
"""What older runs were trained with, which have no such parameter."""
PER_MACHINE = ("device", "tracking.")
"""Parameters that do not belong to what a run trains."""


def sort_into_cells(
    store: Store,
    selection: str,
    study: Study | None,
    shared: Cell,
    sweep: StoredRun | None,
    records: Sequence[StoredRun],
    metrics: Collection[str] | None = None,
) -> Results:
    """The runs in their cells, with histories; those outside a study's grid are left out.

    Of a store's runs a study takes those that have what its runs share, and a seed of its plan;
    runs that were named are taken without that.
    """
    notes: list[str] = []
    if study:
        cells = study.cells
        registered = find_registrations(store, study.name)
        answers = registered[-1].answers if registered else []
        unchanged = find_unchanged_answers(study, registered)
        in_grid = _place_in_grid(cells, shared, records, unchanged)
        placed, notes = keep_alike(in_grid, list(cells[0]), answers)
        planned = {None, *study.planned}
        beyond = [run for run, _ in placed if _read_number(run, SEED) not in planned]
        if shared:
            placed = [each for each in placed if _read_number(each[0], SEED) in planned]
        notes += _note_unplanned(beyond, left_out=bool(shared))
    else:
        in_grid = placed = _tell_apart(records)
        cells = grid.drop_repeats(cell for _, cell in placed)
    order = {grid.label(cell): number for number, cell in enumerate(cells)}
    histories = read_many(
        store,
        {
            record.run_id: [name for name in record.metrics if metrics is None or name in metrics]
            for record, _ in placed
        },
    )
    results = [_make_result(record, cell, histories[record.run_id]) for record, cell in placed]
    results.sort(
        key=lambda r: (order[r.label], r.seed is None, r.seed or 0, r.fold or 0, r.run.start)
    )
    if sweep and (left_out := len(records) - len(in_grid)):
        notes.append(f"{left_out} runs of the sweep are outside the study's grid.")
    return Results(
        store, selection, study, sweep, cells, results, notes + _note_duplicates(results)
    )


def _note_unplanned(runs: Sequence[StoredRun], *, left_out: bool) -> list[str]:
    """A note on finished runs whose seeds the study's plan does not have."""
    seeds = sorted({_read_number(run, SEED) or 0 for run in runs if run.status == "FINISHED"})
    if not seeds:
        return []
    s, it = ("s", "them") if len(seeds) > 1 else ("", "it")
    named = f"seed{s} {', '.join(map(str, seeds))}"
    if left_out:
        return [f"The store also has runs of {named}, which the study does not plan; left out."]
    return [f"{named.capitalize()}: not in the study's plan, so no verdict rests on {it}."]


def find_unchanged_answers(study: Study, registered: Sequence[Registration]) -> list[str]:
    """The runs that have answered a study as it is now; none where it has been changed since."""
    sha256 = compute_sha256(write_registered(study))
    return registered[-1].answers if registered and registered[-1].sha256 == sha256 else []


def _place_in_grid(
    cells: Sequence[Cell], shared: Cell, records: Sequence[StoredRun], answers: Collection[str]
) -> list[tuple[StoredRun, Cell]]:
    """The runs that a cell of the grid holds and that have what all share, each with its cell.

    Runs that have answered the study need not be asked what they share: one that was trained with
    other words and has the same bits, such as runtime.isa=native on a CPU with AVX2, was reused.
    """
    placed = []
    for record in records:
        cell = next((cell for cell in cells if grid.holds(cell, record.params)), None)
        known = record.run_id in answers or grid.holds(shared, {**ALWAYS, **record.params})
        if cell and known:
            placed.append((record, cell))
    return placed


def _tell_apart(records: Sequence[StoredRun]) -> list[tuple[StoredRun, Cell]]:
    """Each run with the cell that its overrides give it."""
    pairs = [
        (grid.split_overrides(record.tags.get(OVERRIDES, "")), record.params) for record in records
    ]
    return list(zip(records, grid.tell_apart(pairs), strict=True))


def _make_result(record: StoredRun, cell: Cell, history: History) -> Result:
    folds = _read_number(record, FOLDS)
    fold = _read_number(record, FOLD) if folds else None
    return Result(record, cell, _read_number(record, SEED), history, folds, fold)


def _read_number(record: StoredRun, key: str) -> int | None:
    text = record.params.get(key, "")
    return int(text) if re.fullmatch(r"[0-9]{1,10}", text) else None


def _note_duplicates(results: Sequence[Result]) -> list[str]:
    """A note on each cell, seed and fold that several finished runs answer."""
    groups: dict[tuple[str, int | None, int | None, int | None], list[StoredRun]] = {}
    for result in results:
        if result.run.status == "FINISHED":
            key = (result.label, result.seed, result.folds, result.fold)
            groups.setdefault(key, []).append(result.run)
    notes = []
    for (label, seed, _, fold), runs in groups.items():
        if len(runs) > 1:
            keys = sorted({key for run in runs for key in run.params})
            differing = [
                key
                for key in keys
                if len({run.params.get(key) for run in runs}) > 1
                and not key.startswith(PER_MACHINE)
            ]
            of_fold = "" if fold is None else f" fold={fold}"
            same = "they have the same settings"
            reason = f"they differ in {', '.join(differing)}" if differing else same
            notes.append(
                f"{label} seed={seed}{of_fold}: {len(runs)} finished runs, the newest is used; "
                f"{reason}."
            )
    return notes
