"""From a study, an ID or a filter to results: which runs are meant."""

import re
import shlex
from collections.abc import Collection, Sequence

from hhexp.analysis import grid
from hhexp.analysis.grid import Cell
from hhexp.analysis.placement import sort_into_cells
from hhexp.analysis.results import Results
from hhexp.analysis.searches import read_search
from hhexp.analysis.study import Study
from hhexp.analysis.study_file import find_study_file, read_study, require_study_file
from hhexp.config.catalogue import read_catalogue
from hhexp.errors import UserError
from hhexp.tracking.answers import find_answering
from hhexp.tracking.query import StoredRun, find_matching, find_run, find_runs
from hhexp.tracking.store import Store
from hhexp.tracking.tags import KIND, tag_equals

SHAPING = ("model", "optimizer", "lr", "loss", "aug")
"""Groups whose options make another training."""
OBJECTIVE = "objective"
"""The parameter that says which metric a run was to make best."""
NO_SETTING = re.compile(r"(hydra|tracking|state)\b")
"""Keys that say how runs are trained and kept, and not what they are."""


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
            records = _rank(sweep, find_answering(store, sweep))
    elif re.search(r"[=<>]|\b(LIKE|IN)\b", selection, re.IGNORECASE):
        found = find_matching(store, selection)
        records = [record for record in found if record.kind == "run"]
    else:
        raise UserError(
            f"{selection!r} is not a study (a folder with study.yaml), not the ID of a sweep or "
            "run, and not a filter such as \"params.aug = 'full'\""
        )
    shared = find_shared(applied) if applied and itself else {}
    results = sort_into_cells(store, selection, applied, shared, sweep, records)
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
    return sort_into_cells(store, "these runs", None, {}, None, records, read)


def find_shared(study: Study) -> Cell:
    """What a study's runs have in common: what it fixes of their settings, and of each group that
    shapes the training and that it does not name, the default option."""
    defaults = read_catalogue().defaults
    shared = {group: defaults[group] for group in SHAPING if group not in study.cells[0]}
    return shared | {key: v for key, v in study.shared.items() if not NO_SETTING.match(key)}


def _read_named_study(name: str) -> Study:
    return read_study(require_study_file(name, "--study "))


def _rank(sweep: StoredRun, records: Sequence[StoredRun]) -> list[StoredRun]:
    """The runs of a search from the best on, without those that it has ended early."""
    search = read_search(sweep)
    if search is None:
        return list(records)
    places = {trial.run_id: place for place, (_, trial) in enumerate(search.ranked)}
    left = [record for record in records if record.outcome != "STOPPED"]
    return sorted(left, key=lambda record: places.get(record.run_id, len(places)))


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
