"""The runs that differ from a run by their seed alone: how far apart chance puts their numbers."""

import contextlib
import functools
import itertools
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
from hhexp.tracking.tags import IDENTITY
from hhexp.training.state import PastEpoch

PARTS = TypeAdapter(dict[str, str | int | float | bool | None], config=ConfigDict(strict=True))
"""The parts of an identity."""
Candidate = tuple[dict[str, Any], Callable[[], list[PastEpoch]]]
"""A run's identity, and how its epochs are read where they are wanted."""


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
    for identity, read in itertools.chain(_list_stored(store), _list_published(experiments)):
        seed, rest = _split_seed(identity)
        if rest == own and seed != own_seed and seed not in found:
            with contextlib.suppress(UserError):  # another run's damage says nothing of this one
                past = read()
                if len(past) >= epoch:
                    found[seed] = past[epoch - 1]
    return list(found.values())


def _list_stored(store: Store) -> Iterator[Candidate]:
    for run in find_finished(store, "run"):
        with contextlib.suppress(ValueError):  # no tag, or one that was cut
            identity = PARTS.validate_python(parse_json(run.tags.get(IDENTITY, "")))
            yield identity, functools.partial(read_epochs, store, run.run_id)


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
