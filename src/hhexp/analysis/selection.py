"""From a study, an ID or a filter to results: which runs are meant, and the cell of each."""

import re
import shlex
from collections.abc import Collection, Sequence
from pathlib import Path

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
from hhexp.analysis.searches import read_search
from hhexp.analysis.study import Study, find_study_file, read_study
from hhexp.config.catalogue import read_catalogue
from hhexp.errors import UserError
from hhexp.tracking.answers import read_answers
from hhexp.tracking.histories import read_many
from hhexp.tracking.query import StoredRun, find_children, find_matching, find_run, find_runs
from hhexp.tracking.store import Store
from hhexp.tracking.tags import KIND, OVERRIDES, tag_equals

SHAPING = ("model", "optimizer", "lr", "loss", "aug")
"""Groups whose options make another training."""
ALWAYS = {"loss": "cross_entropy"}
"""What older runs were trained with, which have no such parameter."""
OBJECTIVE = "objective"
"""The parameter that says which metric a run was to make best."""
NO_SETTING = re.compile(r"(hydra|tracking|state)\b")
"""Keys that say how runs are trained and kept, and not what they are."""
PER_MACHINE = ("device", "tracking.")
"""Parameters that do not belong to what a run trains."""


def select(store: Store, selection: str, study: str | None = None) -> Results:
    """Find and read the runs.

    Args:
        store: where they are.
        selection: a study's path or its name under experiments/, the ID of a sweep or a run or its
            unique beginning, or a filter in MLflow's search language.
        study: the study whose grid and claims are to be applied to a sweep or a filter's runs.

    Raises:
        UserError: nothing fits, or the study is not valid.
    """
    applied = _read_named_study(study) if study else None
    sweep = None
    if itself := find_study_file(selection):
        applied = read_study(itself)
        records = find_matching(store, tag_equals(KIND, "run"))
    elif re.fullmatch(r"[0-9a-fA-F]{4,32}", selection):
        records = [find_run(store, selection)]
        if records[0].kind in ("sweep", "study"):
            sweep = records[0]
            records = _rank(sweep, _find_sweep_runs(store, sweep))
    elif re.search(r"[=<>]|\b(LIKE|IN)\b", selection, re.IGNORECASE):
        found = find_matching(store, selection)
        records = [record for record in found if record.kind == "run"]
    else:
        raise UserError(
            f"{selection!r} is not a study (a folder with study.yaml), not the ID of a sweep or "
            "run, and not a filter such as \"params.aug = 'full'\""
        )
    shared = find_shared(applied) if applied and itself else {}
    results = _sort_into_cells(store, selection, applied, shared, sweep, records)
    if not any(results.of(cell) for cell in results.cells):
        raise UserError(_explain_nothing(results, records, itself is not None))
    return results


def select_runs(store: Store, run_ids: Sequence[str], metrics: Collection[str]) -> Results:
    """Read some metrics of runs, and their objectives, in cells that their overrides tell apart.

    Args:
        store: where they are.
        run_ids: theirs.
        metrics: what is read of their histories.

    Raises:
        UserError: the store has no such run, or cannot be used.
    """
    records = find_runs(store, run_ids)
    read = {*metrics, *(record.params.get(OBJECTIVE, "") for record in records)}
    return _sort_into_cells(store, "these runs", None, {}, None, records, read)


def find_shared(study: Study) -> Cell:
    """What a study's runs have in common: what it fixes of their settings, and of each group that
    shapes the training and that it does not name, the default option."""
    defaults = read_catalogue().defaults
    shared = {group: defaults[group] for group in SHAPING if group not in study.cells[0]}
    return shared | {key: v for key, v in study.shared.items() if not NO_SETTING.match(key)}


def _read_named_study(name: str) -> Study:
    file: Path | None = find_study_file(name)
    if file is None:
        raise UserError(f"--study {name}: no such study (a folder with study.yaml)")
    return read_study(file)


def _find_sweep_runs(store: Store, sweep: StoredRun) -> list[StoredRun]:
    """The runs that answer a sweep or a study: its own, and older ones that were reused."""
    own = [run for run in find_children(store, sweep.run_id) if run.kind == "run"]
    known = {record.run_id for record in own}
    return own + find_runs(store, [each for each in read_answers(sweep) if each not in known])


def _rank(sweep: StoredRun, records: Sequence[StoredRun]) -> list[StoredRun]:
    """The runs of a search from the best on, without those that it has ended early."""
    search = read_search(sweep)
    if search is None:
        return list(records)
    places = {trial.run_id: place for place, (_, trial) in enumerate(search.ranked)}
    left = [record for record in records if record.outcome != "STOPPED"]
    return sorted(left, key=lambda record: places.get(record.run_id, len(places)))


def _sort_into_cells(
    store: Store,
    selection: str,
    study: Study | None,
    shared: Cell,
    sweep: StoredRun | None,
    records: Sequence[StoredRun],
    metrics: Collection[str] | None = None,
) -> Results:
    """The runs in their cells, with histories; those outside a study's grid are left out.

    Of a store's runs a study takes those that have what its runs share; runs that were named are
    taken without that.
    """
    outsiders: list[str] = []
    if study:
        cells = study.cells
        registered = find_registrations(store, study.name)
        answers = registered[-1].answers if registered else []
        unchanged = find_unchanged_answers(study, registered)
        in_grid = _place_in_grid(cells, shared, records, unchanged)
        placed, outsiders = keep_alike(in_grid, list(cells[0]), answers)
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
    notes = outsiders
    if sweep and (left_out := len(records) - len(in_grid)):
        notes.append(f"{left_out} runs of the sweep are outside the study's grid.")
    if study:
        notes += _note_unplanned(study, results)
    return Results(
        store, selection, study, sweep, cells, results, notes + _note_duplicates(results)
    )


def _note_unplanned(study: Study, results: Sequence[Result]) -> list[str]:
    """A note on the seeds that the study's plan does not have, which decide nothing."""
    known = {result.seed for result in results if result.run.status == "FINISHED"} - {None}
    if not (beyond := sorted(str(seed) for seed in known - set(study.planned))):
        return []
    s = "s" if len(beyond) > 1 else ""
    return [f"Seed{s} {', '.join(beyond)}: not in the study's plan, so no verdict rests on them."]


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


def _explain_nothing(results: Results, records: Sequence[StoredRun], itself: bool) -> str:
    """Why there is nothing to report, and what to do."""
    study = results.study
    if study and not itself and records and not results.all:
        return f"no run of {results.selection!r} is in the grid of {study.name}, {study.grid}"
    if study is None or not itself:
        return f"no finished run in {results.store} for {results.selection!r}"
    near = sum(any(grid.holds(c, record.params) for c in study.cells) for record in records)
    hint = (
        f" ({near} runs match its grid but not its fixed settings {study.fixed}: "
        f"to use them, give their sweep's ID and --study {shlex.quote(results.selection)})"
        if near and study.fixed
        else ""
    )
    return (
        f"no finished run of {study.name} in {results.store}{hint}: train it with {study.command}"
    )
