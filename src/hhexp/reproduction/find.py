"""Find the record of a run by its ID: in a store, or among the published runs."""

import re
from pathlib import Path

from hhexp.errors import UserError
from hhexp.reproduction import fragments, published
from hhexp.reproduction.record import Record, from_store
from hhexp.tracking.query import find_run
from hhexp.tracking.store import Store


def find(store: Store, prefix: str, experiments: Path) -> Record:
    """The run of that ID or unique prefix: in the store, else among the published ones.

    Args:
        store: looked into first.
        prefix: a run's ID or how it starts.
        experiments: the folder of the studies, each with its ``runs/``.

    Raises:
        UserError: it is in neither place, or there is more than one; or its record was edited.
    """
    try:
        return from_store(store, find_run(store, prefix))
    except UserError as missing:
        places = _list_places(experiments, prefix)
        if not places:
            raise UserError(f"{missing}; not among the runs in {experiments}/ either") from missing
        if len(names := sorted({_run_id(place) for place in places})) > 1:
            raise UserError(
                f"{prefix}: several published runs start with it: {', '.join(names)}"
            ) from missing
    place = places[0]
    return published.read(place) if place.suffix else fragments.read_folder(place)


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
