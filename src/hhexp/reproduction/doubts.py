"""What speaks against a record: parts of it that disagree, with each other or with the store.

A reproduction goes by the record's ``epochs.json``. People look at the metrics in the store.
"""

import hashlib
import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hhexp.experiment.stages import name_first_stage
from hhexp.reproduction.history import is_counted
from hhexp.reproduction.record import Record
from hhexp.tracking.names import make_names
from hhexp.tracking.query import (
    NoSuchRunError,
    StoredRun,
    find_run,
    read_histories,
    read_last_values,
)
from hhexp.tracking.store import Store
from hhexp.tracking.tags import FIRST_STAGE

ROUNDING = 1e-9
"""Some databases and servers pass a number on as text; an edit is larger than this share of it."""


def find_doubts(store: Store, record: Record) -> list[str]:
    """All that speaks against a record, each in one line; empty where nothing does.

    Args:
        store: its metrics of the run are compared, where it has the run.
        record: the run, wherever its record was found.

    Raises:
        UserError: the store cannot be used.
    """
    doubts = [*_check_images(record), *_check_sources(record)]
    try:
        run = find_run(store, record.run_id)
    except NoSuchRunError:
        return doubts
    doubts += _check_stage(run, record)
    histories = read_histories(store, run.run_id)
    doubts += compare_metrics(record, histories, read_last_values(store, run.run_id))
    return doubts


def compare_metrics(
    record: Record, histories: Mapping[str, Sequence[float]], last: Mapping[str, float]
) -> list[str]:
    """The first disagreement of each metric between a store and the record's epochs.

    Args:
        record: the run.
        histories: the store's values of each metric, from epoch 1 on; charts show them.
        last: the store's last value of each; MLflow keeps it apart, and tables of runs show it.
    """
    doubts: list[str] = []
    names = make_names(record.epochs[0].metrics if record.epochs else ())
    for name, stored in names.items():
        if not is_counted(name):
            continue
        recorded = [epoch.metrics[name] for epoch in record.epochs]
        doubts += _compare_metric(name, recorded, histories.get(stored, ()), last.get(stored))
    return doubts


def _compare_metric(
    name: str, recorded: Sequence[float], stored: Sequence[float], last: float | None
) -> Iterator[str]:
    if not stored:
        yield f"the store has no metric {name}, but the record has"
        return
    if len(stored) > len(recorded):
        yield f"the store's metric {name} goes on to epoch {len(stored)}, after the record's end"
    padded = [*stored, *[math.nan] * len(recorded)]
    pairs = enumerate(zip(padded, recorded, strict=False), start=1)
    wrong = [(epoch, now, then) for epoch, (now, then) in pairs if not _is_same(now, then)]
    if wrong:
        epoch, now, then = wrong[0]
        more = f" ({len(wrong)} epochs disagree)" if len(wrong) > 1 else ""
        yield (
            f"the store's metric {name} of epoch {epoch} is {now!r}, but the record says "
            f"{then!r}{more}"
        )
    elif last is not None and not _is_same(last, recorded[-1]):
        yield f"the store's last {name} is {last!r}, but the record says {recorded[-1]!r}"


def _is_same(stored: float, recorded: float) -> bool:
    if math.isnan(recorded):
        return math.isnan(stored)
    # MLflow's databases keep the largest float there is in place of an infinity.
    most = sys.float_info.max
    return math.isclose(stored, min(max(recorded, -most), most), rel_tol=ROUNDING)


def _check_images(record: Record) -> Iterator[str]:
    """Whether the identity's fingerprint is that of the images listed in data.json."""
    text, fingerprint = record.files.get("data.json"), record.identity.get("data")
    if text is None or fingerprint is None:
        return
    listed: Any = json.loads(text)
    if "files" not in listed:
        return
    lines = sorted(f"{file['sha256']}  {file['path']}\n" for file in listed["files"])
    found = hashlib.sha256("".join(lines).encode()).hexdigest()
    if {found, listed.get("fingerprint", found)} != {fingerprint}:
        yield (
            f"the images listed in data.json have the fingerprint {found[:12]}, but the record's "
            f"identity says {str(fingerprint)[:12]}"
        )


def _check_sources(record: Record) -> Iterator[str]:
    """Whether the identity's hashes of hhexp's source files are those in sources.json."""
    text = record.files.get("sources.json")
    if text is None:
        return
    sources: dict[str, str] = json.loads(text)
    own = {
        name.removeprefix("source "): str(sha256)
        for name, sha256 in record.identity.items()
        if name.startswith("source hhexp/")
    }
    # The identity has the first half of each hash.
    wrong = [name for name, half in own.items() if sources.get(name, "")[: len(half)] != half]
    if wrong:
        more = f" ({len(wrong)} files disagree)" if len(wrong) > 1 else ""
        yield f"sources.json and the record's identity have different hashes of {wrong[0]}{more}"


def _check_stage(run: StoredRun, record: Record) -> Iterator[str]:
    """Whether the tag that names the run's first stage is the hash of its identity."""
    tag = run.tags.get(FIRST_STAGE)
    if tag is not None and tag != name_first_stage(record.identity):
        yield f"the run's tag {FIRST_STAGE} is not the hash of its identity on record"
