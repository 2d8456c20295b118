"""The runs that differ from a run by their seed alone: how far apart chance puts their numbers."""

import contextlib
import functools
import itertools
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, TypeAdapter

from hhexp.errors import UserError
from hhexp.reading import parse_json
from hhexp.reproduction import published
from hhexp.reproduction.record import Record, read_epochs
from hhexp.tracking.query import find_finished
from hhexp.tracking.store import Store
from hhexp.tracking.tags import IDENTITY, tag_contains
from hhexp.training.state import PastEpoch

PARTS = TypeAdapter(dict[str, str | int | float | bool | None], config=ConfigDict(strict=True))
"""The parts of an identity."""
Candidate = tuple[dict[str, Any], Callable[[], list[PastEpoch]]]
"""A run's identity, and how its epochs are read where they are wanted."""

MOST_PARTS = 30
"""Parts of an identity that the store is asked for: each is a join, of which SQLite does 64."""


def find_other_seeds(
    store: Store, experiments: Path, record: Record, epoch: int
) -> list[PastEpoch]:
    """That epoch (from 1) of the same run with each other seed, in the store or published.

    Args:
        store: its finished runs are looked through first.
        experiments: the folder of the studies, each with its ``runs/``.
        record: the run. It is not among the others, and neither are more runs with its seed.
        epoch: which one.
    """
    own_seed, own = _split_seed(record.identity)
    found: dict[object, PastEpoch] = {}
    stored, published_too = _list_stored(store, own), _list_published(experiments)
    for identity, read in itertools.chain(stored, published_too):
        seed, rest = _split_seed(identity)
        if rest == own and seed != own_seed and seed not in found:
            with contextlib.suppress(UserError):  # another run's damage says nothing of this one
                past = read()
                if len(past) >= epoch:
                    found[seed] = past[epoch - 1]
    return list(found.values())


def _list_stored(store: Store, shared: dict[str, Any]) -> Iterator[Candidate]:
    for run in find_finished(store, "run", *_ask_for(shared)):
        with contextlib.suppress(ValueError):  # no tag, or one that was cut
            identity = PARTS.validate_python(parse_json(run.tags.get(IDENTITY, "")))
            yield identity, functools.partial(read_epochs, store, run.run_id)


def _ask_for(shared: dict[str, Any]) -> list[str]:
    """What the store is asked of a run's identity: not all, but what few other runs have.

    Each part is asked for by itself, as a record may have them in another order.
    """
    asked = [
        json.dumps({name: value})[1:-1]
        for name, value in shared.items()
        if not name.startswith("source ")
    ]
    plain = [part for part in asked if not re.search(r"['\\%]", part)]
    return [tag_contains(IDENTITY, part) for part in plain[:MOST_PARTS]]


def _list_published(experiments: Path) -> Iterator[Candidate]:
    for record in _read_published(experiments):
        yield record.identity, functools.partial(list, record.epochs)


@functools.cache
def _read_published(experiments: Path) -> tuple[Record, ...]:
    """The published runs that can be read; once for all runs of a sweep."""
    records = []
    for file in sorted(experiments.glob("*/runs/*.yaml")):
        with contextlib.suppress(UserError):
            records.append(published.read(file))
    return tuple(records)


def _split_seed(identity: dict[str, Any]) -> tuple[object, dict[str, Any]]:
    rest = dict(identity)
    return rest.pop("seed", None), rest
