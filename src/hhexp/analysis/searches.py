"""Searches: what each has tried, and where the best of many is compared with one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from hhexp.analysis import grid
from hhexp.analysis.grid import Cell
from hhexp.config.objective import is_minimised
from hhexp.reading import damaged, parse_json
from hhexp.tracking.query import StoredRun, find_if_there, find_matching
from hhexp.tracking.store import Store
from hhexp.tracking.tags import SEARCH, SEARCH_SETTINGS, tag_contains
from hhexp.tracking.trials import StoredTrial, read_trials

if TYPE_CHECKING:
    import pandas as pd

LISTED = 20
"""Trials that are on a page."""
APART = (*grid.REPEATED, "epochs", "device", "objective", "parameters")
"""Parameters in which runs of one configuration may differ; and those of ``tracking``."""


class Settings(BaseModel):
    """What a search was asked for, as far as it is shown."""

    model_config = ConfigDict(strict=True, extra="ignore")

    objective: str
    space: dict[str, Any]


@dataclass(frozen=True)
class Search:
    """A search in a store."""

    run: StoredRun
    settings: Settings
    trials: list[StoredTrial]

    @property
    def better(self) -> str:
        """Which values of the objective are better."""
        return "low" if is_minimised(self.settings.objective) else "high"

    @property
    def ended(self) -> int:
        """How many configurations were tried."""
        return sum(trial.ended for trial in self.trials)

    @property
    def title(self) -> str:
        """The search in one line."""
        return (
            f"A search for {self.better} {self.settings.objective} over "
            f"{', '.join(self.settings.space)}"
        )

    @cached_property
    def ranked(self) -> list[tuple[int, StoredTrial]]:
        """The trials with their numbers: the best first, then those that have no whole value."""
        sign = 1 if self.better == "low" else -1

        def rank(numbered: tuple[int, StoredTrial]) -> tuple[bool, float, int]:
            number, trial = numbered
            whole = trial.state == "complete" and trial.value is not None
            return not whole, sign * (trial.value or 0.0) if whole else 0.0, number

        return sorted(enumerate(self.trials), key=rank)

    @property
    def listed(self) -> list[tuple[int, StoredTrial]]:
        """The first of them."""
        return self.ranked[:LISTED]

    def tabulate(self) -> "pd.DataFrame":
        """All of them, one a row."""
        import pandas as pd

        return pd.DataFrame(
            {
                "trial": number,
                "state": trial.state,
                self.settings.objective: trial.value,
                "epochs": trial.epochs,
                **trial.params,
                "run_id": trial.run_id,
                "note": trial.note,
            }
            for number, trial in self.ranked
        )


def read_search(run: StoredRun) -> Search | None:
    """The search that a run is of; None where it is of none.

    Raises:
        UserError: it was edited or is damaged.
    """
    if SEARCH not in run.tags:
        return None
    try:
        settings = Settings.model_validate(parse_json(run.tags.get(SEARCH_SETTINGS, "")))
    except ValueError as error:
        raise damaged(f"what the search {run.run_id} was asked for", error) from error
    return Search(run, settings, read_trials(run))


def note_search(search: Search) -> Iterator[str]:
    """What a reader must know of a search's numbers."""
    whole = sum(trial.state == "complete" for trial in search.trials)
    yield (
        f"A search: the best of {search.ended} trials, of which {whole} trained all their epochs, "
        "looks better than it is, as the images that chose it also judge it. Train it with seeds "
        "that the search has not seen, or look at test images."
    )


def note_tuning(store: Store, cells: Mapping[str, StoredRun]) -> Iterator[str]:
    """Where one side of a comparison was chosen from more configurations than another.

    Args:
        store: where searches are looked for.
        cells: of each cell's label a run.
    """
    if len(cells) < 2:
        return
    found = (read_search(run) for run in find_matching(store, tag_contains(SEARCH, "")))
    searches = [search for search in found if search]
    tried: dict[str, tuple[int, str]] = {}
    for label, run in cells.items():
        of = [(s.ended, s.run.run_id) for s in searches if _has_tried(store, s, run.params)]
        tried[label] = max(of, default=(1, ""))
    counts = {count for count, _ in tried.values()}
    if len(counts) == 1:
        return
    least = min(counts)
    others = [label for label, (count, _) in tried.items() if count == least]
    for label, (count, run_id) in tried.items():
        if count > least:
            told = "one configuration" if least == 1 else f"one of {least} configurations"
            yield (
                f"{label} is one of {count} configurations that a search has tried "
                f"({run_id[:8]}), {others[0]} is {told}. The best of many looks better than it is "
                "on the images that chose it: search all sides alike, or compare them on test "
                "images."
            )


def _has_tried(store: Store, search: Search, params: Mapping[str, str]) -> bool:
    """Whether a trial had the configuration of a run with these parameters, the seed apart."""
    near = [t.run_id for t in search.trials if t.run_id and grid.holds(_strip(t.params), params)]
    for run_id in near:
        if any(_select(r.params) == _select(params) for r in find_if_there(store, run_id)):
            return True
    return False


def _strip(params: Mapping[str, object]) -> Cell:
    return {key.lstrip("+"): str(value) for key, value in params.items()}


def _select(params: Mapping[str, str]) -> dict[str, str]:
    return {
        key: grid.normalise(value)
        for key, value in params.items()
        if key not in APART and not key.startswith(("tracking", "state.", "stopping.", "reuse"))
    }
