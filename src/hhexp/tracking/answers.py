"""Which runs answer a sweep, as the tags of its own run list them."""

import itertools
from collections.abc import Iterable

from hhexp.tracking.query import NoSuchRunError, StoredRun, find_children, find_run, find_runs
from hhexp.tracking.store import Store
from hhexp.tracking.tags import RUNS

ANSWERS_A_TAG = 150
"""IDs that fit into a tag, with commas, whatever the store."""


def find_sweep_runs(store: Store, prefix: str) -> list[str]:
    """The IDs of the finished runs that answer a sweep or a study; empty where there is none.

    Raises:
        UserError: several runs in the store start with it, or the store cannot be used.
    """
    try:
        run = find_run(store, prefix)
    except NoSuchRunError:
        return []
    if run.kind not in ("sweep", "study"):
        return []
    listed = read_answers(run)  # missing where it was ended before its end
    return listed or [
        each.run_id for each in find_answering(store, run) if each.status == "FINISHED"
    ]


def find_answering(store: Store, sweep: StoredRun) -> list[StoredRun]:
    """The runs that answer a sweep or a study: its own, those of a study's sweeps, and older ones
    that were reused."""
    found: dict[str, StoredRun] = {}
    for child in find_children(store, sweep.run_id):
        runs = find_answering(store, child) if child.kind == "sweep" else [child]
        found |= {run.run_id: run for run in runs if run.kind == "run"}
    reused = [run_id for run_id in read_answers(sweep) if run_id not in found]
    return [*found.values(), *find_runs(store, reused)]


def read_answers(sweep: StoredRun) -> list[str]:
    """The IDs of the runs that answer a sweep, as its tags list them."""
    texts = (sweep.tags.get(_name_answers_tag(number), "") for number in itertools.count(1))
    return [run_id for text in itertools.takewhile(bool, texts) for run_id in text.split(",")]


def make_answer_tags(run_ids: Iterable[str]) -> dict[str, str]:
    """The tags that list the runs which answer a sweep, each run once."""
    listed = list(dict.fromkeys(run_ids))
    parts = range(0, len(listed), ANSWERS_A_TAG)
    return {
        _name_answers_tag(number): ",".join(listed[start : start + ANSWERS_A_TAG])
        for number, start in enumerate(parts, start=1)
    }


def _name_answers_tag(number: int) -> str:
    return RUNS if number == 1 else f"{RUNS}.{number}"
