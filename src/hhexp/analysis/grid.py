"""Cells of a grid: what the runs of one combination share, seeds and folds apart."""

import itertools
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence

Cell = dict[str, str]
"""Parameters and their values, such as ``{"aug": "full", "epochs": "15"}``."""

SEED = "seed"
FOLDS, FOLD = "data.folds", "data.fold"
REPEATED = (SEED, FOLD)
"""What the runs of one cell differ in."""


def normalise(value: object) -> str:
    """A value such that Hydra's, YAML's and MLflow's spellings of it are the same text: Hydra
    writes ``[f1]`` and ``C\\:x`` for what is ``['f1']`` and ``C:x`` in a run's parameters."""
    text = re.sub(r"[\s'\"\\]", "", str(value))
    if text.lower() in ("none", "null", "true", "false"):
        return text.lower().replace("null", "none")
    try:
        return repr(float(text)).removesuffix(".0")
    except ValueError:
        return text


def label(cell: Mapping[str, object]) -> str:
    """A cell as overrides: ``aug=full epochs=15``, also where YAML has read ``null`` as None."""
    return " ".join(f"{key}={_write(value)}" for key, value in cell.items()) or "all runs"


def _write(value: object) -> str:
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    return str(value)


def holds(cell: Mapping[str, object], params: Mapping[str, str]) -> bool:
    """Whether a run, or another cell, has all of a cell's values."""
    return all(key in params and normalise(params[key]) == normalise(cell[key]) for key in cell)


def combine(values: Mapping[str, Sequence[str]]) -> list[Cell]:
    """Every combination, in the order in which Hydra trains them; folds make no cells."""
    told = {key: each for key, each in values.items() if key != FOLD}
    return [
        dict(zip(told, combination, strict=True))
        for combination in itertools.product(*told.values())
    ]


def split_overrides(text: str) -> dict[str, str]:
    """The keys and values of overrides that were joined by blanks, as in the tag of a run."""
    pairs = [word.partition("=") for word in _split_words(text) if "=" in word]
    return {key.lstrip("+~"): value for key, _, value in pairs}


def compose_command(text: str) -> str:
    """The command that trains a run of these overrides, for a shell."""
    return shlex.join(["python", "-m", "hhexp.run", *_split_words(text)])


def tell_apart(runs: Sequence[tuple[Mapping[str, str], Mapping[str, str]]]) -> list[Cell]:
    """For each run its cell: the keys that some override names and whose values differ.

    Args:
        runs: each one's overrides and parameters.
    """
    keys = dict.fromkeys(key for overrides, _ in runs for key in overrides if key not in REPEATED)
    cells = [
        {key: params.get(key, overrides.get(key, "default")) for key in keys}
        for overrides, params in runs
    ]
    told = [key for key in keys if len({normalise(cell[key]) for cell in cells}) > 1]
    return [{key: cell[key] for key in told} for cell in cells]


def drop_repeats(cells: Iterable[Cell]) -> list[Cell]:
    """Each cell once, in the order in which they come first."""
    return list({label(cell): cell for cell in cells}.values())


def _split_words(text: str) -> list[str]:
    return re.split(r"\s+(?=[\w./@~+-]+=)", text.strip()) if text.strip() else []
