"""The trials of a search, as tags of the search's own run: the search goes on from them."""

import itertools
import json
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from hhexp.errors import UserError
from hhexp.reading import damaged, parse_json
from hhexp.tracking import heartbeat
from hhexp.tracking.claims import claim
from hhexp.tracking.process import describe
from hhexp.tracking.query import StoredRun, find_matching
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store
from hhexp.tracking.tags import SEARCH, SEARCH_SETTINGS, TRIAL, tag_equals
from hhexp.tracking.watch import Watch


class StoredTrial(BaseModel):
    """What is kept of a trial; the values of its epochs are metrics of its run."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    state: Literal["asked", "complete", "pruned", "diverged", "failed"]
    """asked where it has not ended: it trains, or was interrupted."""
    params: dict[str, str | int | float]
    """The values of the searched keys."""
    run_id: str | None = None
    epochs: int = Field(default=0, ge=0)
    """How many led to its value."""
    value: float | None = None
    """The objective at its last epoch; None where the trial failed, or has not ended."""
    note: str = ""
    """Why it has no value or not all epochs, in one line."""

    @property
    def ended(self) -> bool:
        """Whether anything is left to train."""
        return self.state != "asked"


def write_trial(search: TrackedRun, number: int, trial: StoredTrial) -> None:
    """Keep a trial on the search's run, in place of what was kept of it before."""
    search.set_tags({f"{TRIAL}{number}": trial.model_dump_json(exclude_defaults=True)})


def read_trials(search: StoredRun) -> list[StoredTrial]:
    """A search's trials by their numbers, from 0 on.

    Raises:
        UserError: one was edited or is damaged.
    """
    numbered = (f"{TRIAL}{number}" for number in itertools.count())
    texts = (search.tags.get(name) for name in numbered)
    try:
        return [
            StoredTrial.model_validate(parse_json(text))
            for text in itertools.takewhile(lambda text: text is not None, texts)
            if text is not None
        ]
    except ValueError as error:
        raise damaged(f"a trial of the search {search.run_id}", error) from error


def find_search(store: Store, sha256: str) -> StoredRun | None:
    """The newest run of the search that was asked for this."""
    found = find_matching(store, tag_equals(SEARCH, sha256))
    return found[-1] if found else None


def take_up_search(store: Store, run: StoredRun) -> TrackedRun:
    """Go on with a search, which this process then owns.

    Raises:
        UserError: another process has it.
    """
    watch = Watch()
    trainer = watch.find_trainer(run.run_id, run.status, run.tags)
    if trainer is None and run.status == "FINISHED":
        store.client().update_run(run.run_id, status="KILLED")  # else nobody may claim it
    if trainer or not claim(store, run.run_id, watch):
        by = describe(trainer) if trainer else "another process has just taken it up"
        raise UserError(
            f"this search is run {run.run_id[:8]}, and {by}: wait until it has ended, or start "
            "another one by hydra.sweeper.seed=…"
        )
    heartbeat.own(store, run.run_id)
    return TrackedRun.resume(store, run.run_id)


def make_search_tags(sha256: str, settings: Mapping[str, Any]) -> dict[str, str]:
    """The tags by which the same command finds its search again, and people what it was."""
    return {SEARCH: sha256, SEARCH_SETTINGS: json.dumps(settings)}
