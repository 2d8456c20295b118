"""Reproduce a run in a process of its own: with other code, with other packages, or with both."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import hhexp
from hhexp.reproduction import fragments
from hhexp.reproduction.packages import LIST, read_pins
from hhexp.reproduction.record import Record
from hhexp.terminal import say
from hhexp.tracking.address import LOCAL_URI
from hhexp.tracking.store import Store


@dataclass(frozen=True)
class Elsewhere:
    """Other processes that reproduce runs."""

    store: Store
    words: Sequence[str]
    """Further words of the command line, passed on."""
    pythons: Mapping[str, str]
    """The Python of each run, by the run's ID; where there is none, this process's."""

    def run(self, records: Sequence[Record]) -> int:
        """Reproduce each run with the code that is here; the worst exit status."""
        with tempfile.TemporaryDirectory(prefix="hhexp-") as temporary:
            code = Path(temporary)
            # Where the code lies there may be packages that are not to be used.
            (code / "hhexp").symlink_to(Path(hhexp.__file__).parent)
            return max(self.reproduce(each, code) for each in records)

    def reproduce(self, record: Record, code: Path) -> int:
        """Reproduce a run with the package hhexp that is in a folder; the exit status."""
        python = self.pythons.get(record.run_id, sys.executable)
        store = self.store if python == sys.executable else choose_store(self.store, record)
        # The person's own modules may be on the path that is there.
        paths = filter(None, [str(code), os.environ.get("PYTHONPATH")])
        own = {"PYTHONPATH": os.pathsep.join(paths), "MLFLOW_TRACKING_URI": store.uri}
        with tempfile.TemporaryDirectory(prefix="hhexp-") as temporary:
            # The code or its MLflow may be too old to read the run from where it was found.
            fragments.write_folder(record, Path(temporary) / "recorded" / "runs")
            command = [python, "-m", "hhexp.reproduce", record.run_id, "--published", temporary]
            if store != self.store:
                say(f"The recorded MLflow is of another version, and logs into {store}")
            sys.stdout.flush()  # what was said here comes before what is said there
            return subprocess.run([*command, *self.words], env={**os.environ, **own}).returncode


def choose_store(store: Store, record: Record) -> Store:
    """The store for a reproduction with a run's recorded packages.

    An MLflow of another version may refuse this one's database: it gets one of its own, beside it.
    """
    recorded = read_pins(record.files[LIST].splitlines()).get("mlflow")
    if store.is_server or recorded in (None, version("mlflow")):
        return store
    database = store.database if store.is_sqlite else Store(LOCAL_URI).database
    return Store(f"sqlite:///{database.with_name(f'mlflow-{recorded}.db')}")
