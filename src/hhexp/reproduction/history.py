"""A run's history on record, read back: a verdict can trust it only if it is whole."""

import json
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hhexp.training.state import PastEpoch


class _Epoch(BaseModel):
    """An epoch as ``log_history`` writes it."""

    model_config = ConfigDict(strict=True)

    epoch: int
    metrics: dict[str, float]
    weights: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


def read_history(text: str, epochs: object) -> list[PastEpoch]:
    """The epochs in a text of epochs.json, which other people may have edited.

    Args:
        text: the file's.
        epochs: how many the run's configuration asked for.

    Raises:
        ValueError: in one line, what is missing or is not as a run writes it.
    """
    entries = json.loads(text)
    if not isinstance(entries, list) or len(entries) != epochs:
        raise ValueError(f"it is no list of {epochs} epochs, as the configuration asked for")
    past = [_read(number, entry) for number, entry in enumerate(entries, start=1)]
    for number, each in enumerate(past, start=1):
        if lone := sorted(each.metrics.keys() ^ past[0].metrics.keys()):
            raise ValueError(
                f"not both of the epochs 1 and {number} have {', '.join(map(repr, lone))}"
            )
    return past


def _read(number: int, entry: Any) -> PastEpoch:
    try:
        epoch = _Epoch.model_validate(entry)
    except ValidationError as error:
        first = error.errors()[0]
        place = ", ".join([f"epoch {number}", *map(repr, first["loc"])])
        raise ValueError(f"{place}: {first['msg']}") from error
    if epoch.epoch != number:
        raise ValueError(f"epoch {epoch.epoch} is where epoch {number} should be")
    return PastEpoch(epoch.metrics, epoch.weights)
