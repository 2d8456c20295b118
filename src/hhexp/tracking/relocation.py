"""A store that was moved or copied: MLflow keeps absolute paths of its artifacts in the database.

They lie beside the database, wherever that is now. Where the database names another folder, every
path in it is changed, in one transaction: MLflow then reads and writes beside the database, in its
UI too, and a copy never writes into the folder that it was copied from.
"""

import contextlib
import os
import sqlite3
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path, PurePosixPath

from hhexp.terminal import say

LOCATIONS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "storage_location"),
)
"""The tables and columns of MLflow's that name places of artifacts."""


def find_artifacts(database: Path) -> Path:
    """The folder of a SQLite store's artifacts, beside its database."""
    return database.parent / "artifacts"


def bring_along(connection: sqlite3.Connection, database: Path) -> None:
    """Make a database name the artifacts beside it, if it names their former place.

    What lies on a server, or in a folder that was never this store's own, keeps its place. So does
    everything where the folder is the same by another name, such as through a symbolic link.

    Args:
        connection: to the database.
        database: its file.
    """
    here = os.path.abspath(find_artifacts(database))
    for root in sorted(set(_find_former_roots(connection, database))):
        try:
            _replace_root(connection, root, here)
        except sqlite3.OperationalError as error:
            _warn(f"the artifacts in {here} are not found: the store still names {root}: {error}")
        else:
            say(
                f"the store has moved: its artifacts are in {here}, no longer in {root}", sys.stderr
            )


def _replace_root(connection: sqlite3.Connection, root: str, here: str) -> None:
    with connection:
        for table, column in LOCATIONS:
            connection.execute(
                f"UPDATE {table} SET {column} = :here || substr({column}, length(:root) + 1) "
                f"WHERE substr({column}, 1, length(:root) + 1) = :root || '/'",
                {"here": here, "root": root},
            )


def _find_former_roots(connection: sqlite3.Connection, database: Path) -> Iterator[str]:
    """The folders of artifacts that were beside this database before, as its experiments tell.

    A folder was if an experiment's artifacts have come along, or if the database that this one is a
    copy of is still beside it.
    """
    artifacts = find_artifacts(database)
    experiments: list[tuple[int, str | None]] = []
    with contextlib.suppress(sqlite3.OperationalError):  # it is not MLflow's
        asked = "SELECT experiment_id, artifact_location FROM experiments"
        experiments = connection.execute(asked).fetchall()
    for number, location in experiments:
        place = PurePosixPath(location or "")
        root = Path(place.parent)
        if place.name != str(number) or root.name != artifacts.name or not root.is_absolute():
            continue
        if root.parent.exists() and os.path.samefile(root.parent, artifacts.parent):
            continue
        if (artifacts / place.name).is_dir() or (root.parent / database.name).is_file():
            yield str(root)


@cache
def _warn(text: str) -> None:
    """Say something once in a process."""
    say(text, sys.stderr)
