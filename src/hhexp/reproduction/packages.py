"""The packages that a run was trained with, in a virtual environment of their own.

The names and versions on record are other people's input, and what an index has under these names
is other people's code: it is shown first, and installed by consent.
"""

import hashlib
import json
import platform
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from hhexp.data.cache import cache_folder, open_or_build
from hhexp.errors import UserError
from hhexp.provenance.packages import list_packages
from hhexp.reproduction import uv
from hhexp.reproduction.consent import ask_consent
from hhexp.reproduction.record import Record
from hhexp.reproduction.requirements import find_lacking
from hhexp.terminal import Terminal

LIST = "packages.txt"
"""The recorded packages; and in an environment, what says that it is complete."""
OWN = "hhexp"
"""It comes with the code, and not from an index."""


@dataclass(frozen=True)
class Environment:
    """Packages of certain versions, for a certain Python."""

    pins: tuple[str, ...]
    """Such as numpy==2.1.0, one for each package."""
    added: tuple[str, ...]
    """Those of them that are not on record, since the code of that time did without."""
    interpreter: str
    """The Python that the environment is made from."""
    version: str
    """That Python's version."""

    @property
    def differing(self) -> dict[str, tuple[str, str | None]]:
        """From the name of a package that is not here as it was to its version then and now."""
        here = dict(line.split("==", 1) for line in list_packages().splitlines())
        then = read_pins(pin for pin in self.pins if pin not in self.added)
        return {name: (v, here.get(name)) for name, v in then.items() if v != here.get(name)}

    @property
    def is_here(self) -> bool:
        """Whether this very process has all of it."""
        return self.interpreter == sys.executable and not self.differing

    @property
    def folder(self) -> Path:
        """Its place in the cache."""
        text = "\n".join([self.version, *self.pins])
        return cache_folder() / "environments" / hashlib.sha256(text.encode()).hexdigest()[:32]

    def open(self, folder: Path) -> str | None:
        """The Python of the environment in a folder; None where it is not there as a whole."""
        python, complete = folder / "bin" / "python", folder / LIST
        return str(python) if python.exists() and complete.is_file() else None

    def build(self, folder: Path) -> None:
        """Make the environment in an empty folder."""
        uv.make_environment(folder, self.interpreter, self.pins)
        (folder / LIST).write_text("\n".join(self.pins), "utf-8")


def provide(
    records: Sequence[Record], console: Terminal, *, code: str, consent: bool, dry_run: bool
) -> dict[str, str]:
    """Find or make, for each run, a Python that has its recorded packages.

    Args:
        records: the runs.
        console: where to show the packages and to ask.
        code: current or recorded; current code may need more packages.
        consent: whether the person has already agreed to install and run them.
        dry_run: show them, and install nothing.

    Returns:
        from a run's ID to its Python; with ``dry_run`` nothing.

    Raises:
        UserError: they cannot be had, or the person does not agree.
    """
    wanted = {record.run_id: read_environment(record, code) for record in records}
    unbuilt = [
        environment
        for environment in dict.fromkeys(wanted.values())
        if not environment.is_here and environment.open(environment.folder) is None
    ]
    for environment in unbuilt:
        _refuse_missing(environment)
    for environment in dict.fromkeys(wanted.values()):
        _show(environment, environment in unbuilt, console)
    if dry_run:
        return {}
    if unbuilt:
        ask_consent("install and run packages of the recorded names", consent, console)
    with console.status("installing the recorded packages, which may take some minutes"):
        return {run_id: _make(environment) for run_id, environment in wanted.items()}


def read_environment(record: Record, code: str) -> Environment:
    """The environment that a run was trained in, and what else the code needs; hhexp left out.

    Raises:
        UserError: it is not on record, or a Python of its minor version is not here.
    """
    run = f"run {record.run_id[:8]}"
    if LIST not in record.files:
        raise UserError(f"{run}: its packages are not on record, so use --packages current")
    try:
        recorded = read_pins(record.files[LIST].splitlines())
    except ValueError as error:
        raise UserError(f"{run}: {LIST}: {error}") from error
    recorded.pop(OWN, None)
    added = find_lacking(set(recorded)) if code == "current" else {}
    return Environment(_list_pins(recorded | added), _list_pins(added), *_choose_python(record))


def read_pins(lines: Iterable[str]) -> dict[str, str]:
    """The versions by name in lines such as numpy==2.1.0.

    Raises:
        ValueError: a name or a version can be none, such as one that is an address or an option.
    """
    from packaging.utils import canonicalize_name
    from packaging.version import Version

    pins = {}
    for line in lines:
        name, _, version = line.partition("==")
        try:
            Version(version)  # which takes spaces, and letters beyond ASCII that look like its own
            if not re.fullmatch(r"[\w.!+-]+", version, re.ASCII):
                raise ValueError(version)
            pins[str(canonicalize_name(name, validate=True))] = version
        except ValueError as error:
            raise ValueError(f"{line!r}: not a package and its version") from error
    return pins


def _list_pins(versions: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(f"{name}=={version}" for name, version in sorted(versions.items()))


def _choose_python(record: Record) -> tuple[str, str]:
    """A Python of the recorded version, else of its minor version, and its version.

    Raises:
        UserError: there is none here.
    """
    here = platform.python_version()
    machine = json.loads(record.files.get("machine.json", "{}"))
    # An address in its place would be run by uv.
    found = re.match(r"(\d+\.\d+)\.\d+", str(machine.get("python")), re.ASCII)
    recorded, minor = (found[0], found[1]) if found else (here, here)
    if recorded == here:
        return sys.executable, here
    if exact := uv.find_python(recorded):
        return exact
    if here.startswith(f"{minor}."):
        return sys.executable, here
    if near := uv.find_python(minor):
        return near
    raise UserError(
        f"--packages recorded: they are for Python {minor}, which is not here: install it, for "
        f"example with 'uv python install {minor}'"
    )


def _refuse_missing(environment: Environment) -> None:
    if missing := uv.find_missing(environment.pins, environment.interpreter):
        raise UserError(
            f"these recorded packages cannot be installed for Python {environment.version} here: "
            f"{', '.join(missing)}; put files of them where uv looks (UV_FIND_LINKS), or use "
            "--packages current"
        )


def _show(environment: Environment, is_new: bool, console: Terminal) -> None:
    """Say what is installed, and how it differs from what is here."""
    say = console.print
    if environment.is_here:
        return say("All recorded packages are here in their versions, so no others are needed.")
    if differing := environment.differing:
        table = Table("package", "recorded", "here", title="Packages that are not here as recorded")
        for name, (then, now) in differing.items():
            table.add_row(name, then, now or "–")
        say(table)
    if environment.added:
        say(f"Not on record, but needed by this code: {', '.join(environment.added)}")
    state = f"are to be installed in {environment.folder}"
    if not is_new:
        state = f"are in {environment.folder}"
    say(f"{len(environment.pins)} packages for Python {environment.version} {state}")


def _make(environment: Environment) -> str:
    if environment.is_here:
        return sys.executable
    return open_or_build(environment.folder, environment.open, environment.build)
