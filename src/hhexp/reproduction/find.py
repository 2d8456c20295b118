"""Find the record of a run by its ID: in a store, or among the published runs."""

import re
from collections.abc import Sequence
from pathlib import Path

from hhexp.errors import UserError
from hhexp.reproduction import fragments, published
from hhexp.reproduction.record import Record, from_store
from hhexp.tracking.query import NoSuchRunError, StoredRun, find_run
from hhexp.tracking.store import Store


def find(store: Store, prefix: str, experiments: Path) -> Record:
    """The run with that ID or unique prefix: in the store, else among the published ones.

    A run that the store has, but damaged, is an error: its published copy could be another run's.

    Args:
        store: looked into first.
        prefix: a run's ID or how it starts.
        experiments: the folder of the studies, each with its ``runs/``.

    Raises:
        UserError: it is in neither place, or there is more than one; or its record was edited.
    """
    places = _list_places(experiments, prefix)
    try:
        run = find_run(store, prefix)
    except NoSuchRunError as missing:
        if not places:
            raise UserError(f"{missing}; not among the runs in {experiments}/ either") from missing
        return _read_published(places, prefix)
    _refuse_another(run, places, prefix, store)
    return from_store(store, run)


def _read_published(places: Sequence[Path], prefix: str) -> Record:
    if len(names := sorted({_run_id(place) for place in places})) > 1:
        raise UserError(f"{prefix}: several published runs start with it: {', '.join(names)}")
    place = places[0]
    return published.read(place) if place.suffix else fragments.read_folder(place)


def _refuse_another(run: StoredRun, places: Sequence[Path], prefix: str, store: Store) -> None:
    """Refuse a prefix that is also that of another run, which was published."""
    if others := [place for place in places if _run_id(place) != run.run_id]:
        raise UserError(
            f"{prefix}: run {run.run_id} in {store} and the published run {others[0]} start with "
            "it: give more digits"
        )


def _list_places(experiments: Path, prefix: str) -> list[Path]:
    """The files of the published runs whose ID starts so, before folders of the former form."""
    start = prefix.strip().lower()
    if not re.fullmatch("[0-9a-f]+", start):
        return []
    found = sorted(
        experiments.glob(f"*/runs/{start}*"), key=lambda place: (not place.suffix, place)
    )
    return [place for place in found if re.fullmatch("[0-9a-f]{32}", _run_id(place))]


def _run_id(place: Path) -> str:
    return place.name.removesuffix(".yaml")
