"""The SQLite file of a local store: created completely, or not at all."""

import contextlib
import sqlite3
from functools import cache
from pathlib import Path
from typing import Any

from hhexp.atomic import create_file
from hhexp.errors import UserError
from hhexp.tracking.quiet import quieten
from hhexp.tracking.relocation import bring_along

PATIENCE_S = 60
"""How long to wait while another process writes to the database, in seconds. A slow disk can keep
one for longer than the 5 s that Python waits by itself."""

GROWTH = 10
"""How many times as many runs make SQLite's statistics stale."""
SAMPLE = 1000
"""Rows of an index that they are taken from: enough, and a store of any size takes moments."""


def create(database: Path, artifacts: Path) -> None:
    """Create MLflow's database, unless it exists.

    MLflow's own first use of a database takes seconds, and fails where two processes do it at
    once. So each makes its own; the first to be ready puts it in place, and the others drop theirs.

    Raises:
        UserError: the folder cannot be written.
    """
    if database.exists():
        return
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        with create_file(database) as made:
            _initialise(made, artifacts)
    except OSError as error:
        raise UserError(
            f"cannot create the tracking store {database}: {error.strerror or error}; "
            "choose another place with tracking.uri or --tracking-uri"
        ) from error


def check(database: Path) -> None:
    """Make sure that a file is a database, which MLflow would find out in minutes of retries.

    It is opened to be written, as only so does SQLite roll back what a killed writer left half
    done. Of a file that the person may only read, SQLite does no more than read. What it says of
    its artifacts follows it where it was moved.

    Raises:
        UserError: it is missing, unreadable or not a SQLite database.
    """
    if not database.exists():
        raise UserError(
            f"there is no tracking store at {database} yet: train a run first, or name another "
            "store with --tracking-uri"
        )
    try:
        connection = sqlite3.connect(
            f"{database.absolute().as_uri()}?mode=rw", timeout=PATIENCE_S, uri=True
        )
        try:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            bring_along(connection, database)
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise UserError(f"the tracking store {database} cannot be read: {error}") from error


def find_ids(database: Path, pattern: str, most: int, stage: str = "active") -> list[str]:
    """The IDs of at most so many runs that are LIKE a pattern, of the active or the deleted.

    Raises:
        UserError: it cannot be read, or is not MLflow's.
    """
    asked = "run_uuid LIKE ? AND lifecycle_stage = ? ORDER BY start_time LIMIT ?"
    try:
        with contextlib.closing(sqlite3.connect(database, timeout=PATIENCE_S)) as connection:
            values = [pattern, stage, most]
            found = connection.execute(f"SELECT run_uuid FROM runs WHERE {asked}", values)
            return [run_id for (run_id,) in found]
    except sqlite3.Error as error:
        raise UserError(f"the tracking store {database} cannot be read: {error}") from error


@cache
def keep_statistics(database: Path) -> None:
    """Let SQLite count what its indexes hold, where the runs have become ten times as many.

    Without statistics SQLite reads a metric of all runs to find that of one. To be called before
    MLflow opens the database. Of one that may only be read, or is being written, nothing changes.
    """
    with (
        contextlib.suppress(sqlite3.OperationalError),
        contextlib.closing(sqlite3.connect(database, timeout=1)) as connection,
    ):
        (runs,) = connection.execute("SELECT count(*) FROM runs").fetchone()
        if runs > GROWTH * _read_counted(connection):
            connection.execute(f"PRAGMA analysis_limit = {SAMPLE}")
            connection.execute("ANALYZE")


def _read_counted(connection: sqlite3.Connection) -> int:
    """The runs that there were when SQLite last counted."""
    known = "SELECT count(*) FROM sqlite_master WHERE name = 'sqlite_stat1'"
    if connection.execute(known).fetchone() == (0,):
        return 0
    counted = "SELECT max(CAST(stat AS INTEGER)) FROM sqlite_stat1 WHERE tbl = 'runs'"
    return connection.execute(counted).fetchone()[0] or 0


@cache
def wait_for_writers() -> None:
    """Let every statement that MLflow executes in this process wait as long as ``PATIENCE_S``."""
    from sqlalchemy import Engine, event

    patience = f"PRAGMA busy_timeout = {1000 * PATIENCE_S}"

    @event.listens_for(Engine, "connect")
    def connected(connection: Any, _record: Any) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.execute(patience)

    @event.listens_for(Engine, "before_cursor_execute", retval=True)
    def executing(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> tuple[str, Any]:
        # MLflow begins each of its sessions with 20 s.
        return patience if "busy_timeout" in statement else statement, parameters


def _initialise(database: Path, artifacts: Path) -> None:
    quieten()
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    store = SqlAlchemyStore(f"sqlite:///{database}", str(artifacts))
    store.engine.dispose()
