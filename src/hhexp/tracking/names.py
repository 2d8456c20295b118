"""Names of metrics and parameters as MLflow takes them, no two of a run's the same."""

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterable

LENGTH = 250
"""Letters that MLflow takes in a name."""
HASH_LENGTH = 8
"""Hex digits of a name's SHA-256 that tell it from another which would become the same."""


def make_valid(name: str) -> str:
    """A name with what MLflow refuses replaced, such as a class's "#", and cut if need be."""
    parts = re.sub(r"[^\w.\-/ ]", "_", name).split("/")
    safe = "/".join("_" if part in ("", ".", "..") else part for part in parts)
    return safe if len(safe) <= LENGTH else _add_hash(safe, name)


def make_names(names: Iterable[str]) -> dict[str, str]:
    """MLflow's name for each of the names that a run logs together.

    Of names that would become the same, such as those of the classes "a#" and "a%", each that had
    to be changed gets the start of its SHA-256.
    """
    valid = {name: make_valid(name) for name in names}
    counts = Counter(valid.values())
    return {
        name: safe if safe == name or counts[safe] == 1 else _add_hash(safe, name)
        for name, safe in valid.items()
    }


def find_name(name: str, logged: Collection[str]) -> str | None:
    """The name that a run has logged another one under; None where it has not."""
    valid = make_valid(name)
    return next((each for each in (_add_hash(valid, name), valid) if each in logged), None)


def _add_hash(safe: str, name: str) -> str:
    mark = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:HASH_LENGTH]
    return f"{safe[: LENGTH - HASH_LENGTH - 1]}-{mark}"
