"""What waits on disk for stores that are away: a folder for each run, with a folder an entry."""

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from hhexp.atomic import replace_file
from hhexp.errors import UserError
from hhexp.reading import parse_json
from hhexp.tracking.entries import Entry
from hhexp.tracking.store import Store

REFUSED = "refused.txt"
ENTRY = "entry.json"


def find_root() -> Path:
    """``$HHEXP_JOURNAL``, else hhexp's folder in the platform's folder for states of programs."""
    import platformdirs

    chosen = os.environ.get("HHEXP_JOURNAL")
    return (
        Path(chosen).expanduser() if chosen else platformdirs.user_state_path("hhexp") / "journal"
    )


@dataclass(frozen=True)
class Header:
    """Of which run a folder is."""

    store: str
    """The store's address, without a password."""
    run_id: str


HEADERS = TypeAdapter(Header)


@dataclass(frozen=True)
class Waiting:
    """The folder of a run's entries."""

    folder: Path
    run_id: str

    @classmethod
    def of(cls, store: Store, run_id: str) -> "Waiting":
        """The folder of a run, which may not exist."""
        return cls(find_root() / run_id, run_id)

    def create(self, store: Store) -> None:
        """Make the folder, unless it exists; only its owner may look into it.

        Raises:
            OSError: it cannot be written.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with replace_file(self.folder / "run.json") as file:
            file.write_text(json.dumps({"store": str(store), "run_id": self.run_id}))

    @contextlib.contextmanager
    def lock(self) -> Iterator[bool]:
        """Keep other processes from sending; False where one is at it. A dead process has none."""
        try:
            file = (self.folder / "lock").open("a")
        except FileNotFoundError:  # all was sent
            yield False
            return
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True

    @property
    def numbers(self) -> list[int]:
        """Of the entries that wait, in their order."""
        with contextlib.suppress(FileNotFoundError):
            return sorted(int(each.name) for each in self.folder.iterdir() if each.name.isdigit())
        return []

    @property
    def refused(self) -> str | None:
        """Why the store takes the first entry no more; None where it was not refused."""
        with contextlib.suppress(FileNotFoundError):
            return (self.folder / REFUSED).read_text().strip()
        return None

    def put(self, entry: Entry) -> int:
        """Add an entry, with a copy of its file; its number.

        Raises:
            OSError: it cannot be written.
        """
        number = max(self.numbers, default=0) + 1
        with replace_file(self.folder / f"{number:06}") as new:
            new.mkdir()
            name = entry.file.name if entry.file else None
            known = {"kind": entry.kind, "values": entry.values, "file": name}
            (new / ENTRY).write_text(json.dumps(known))
            if entry.file and entry.file.is_dir():
                shutil.copytree(entry.file, new / entry.file.name)
            elif entry.file:
                shutil.copyfile(entry.file, new / entry.file.name)
        return number

    def get(self, number: int) -> Entry:
        """An entry.

        Raises:
            UserError: it is gone or damaged.
        """
        folder = self._find(number)
        try:
            known = parse_json((folder / ENTRY).read_text())
            file = folder / known["file"] if known["file"] else None
            return Entry(known["kind"], known["values"], file)
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise UserError(f"{folder}: damaged: {error}") from error

    def drop(self, number: int) -> None:
        """Delete an entry."""
        shutil.rmtree(self._find(number))

    def refuse(self, why: str) -> None:
        """Note why the store does not take the first entry."""
        with replace_file(self.folder / REFUSED) as file:
            file.write_text(f"{why}\n")

    def remove(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _find(self, number: int) -> Path:
        return self.folder / f"{number:06}"


def list_waiting(store: Store) -> list[Waiting]:
    """The runs of a store of which something waits here."""
    found = []
    for file in sorted(find_root().glob("*/run.json")):
        with contextlib.suppress(OSError, ValueError):  # another process sends the last of it
            header = HEADERS.validate_python(parse_json(file.read_text()))
            if header.store == str(store):
                found.append(Waiting(file.parent, header.run_id))
    return found
