"""What differs between two runs' provenance, the most suspicious first."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from hhexp.escape import escape
from hhexp.experiment.identity import BYSTANDERS, PACKAGES, SOURCES
from hhexp.experiment.job import flatten
from hhexp.training.runtime import HUGE_PAGES

if TYPE_CHECKING:
    from rich.table import Table

Provenance = Mapping[str, str]
"""From the name of a file in the artifact folder provenance/ to its text."""

ABSENT = "–"

SILENT_KEYS = ("tracking", "reuse", "explain", "state", "objective", "modules")
"""Keys of the configuration that do not affect the numbers, with all below them."""
MOVING_PACKAGES = (*PACKAGES, "ml-dtypes", "scipy")
LIBRARIES = ("nvidia-", "tensorflow-", "h5py", "hydra-core", "mlflow", "omegaconf", "pydantic")
"""Starts of the names of packages that come next."""
HARDWARE_RANKS = {
    "device": 2,
    "instruction_set": 2,
    "gpus": 3,
    "architecture": 3,
    "cpu": 5,
    "cpu_flags": 5,
    "caches": 5,
    "libc": 6,
    "cores": 6,
    "usable_cores": 6,
    "python": 6,
    "implementation": 6,
    "os": 7,
}


@dataclass(frozen=True)
class Difference:
    """One thing that differs."""

    kind: str
    """code, packages, data, hardware, threads, environment or configuration."""
    name: str
    """A file, a package, a key or a variable."""
    then: str
    now: str
    rank: int
    """How suspicious it is: 1 surely affects the numbers, 9 hardly can."""


def find_differences(then: Provenance, now: Provenance) -> list[Difference]:
    """All that differs between two runs' provenance, the most suspicious first.

    Keys may have the folder's name before the file's. A file that either of them lacks is passed
    over: nothing can be said about it.
    """
    then, now = ({path.rpartition("/")[2]: text for path, text in p.items()} for p in (then, now))
    found = [
        difference
        for name, compare in COMPARISONS.items()
        if name in then and name in now
        for difference in compare(then[name], now[name])
    ]
    return sorted(found, key=lambda d: (d.rank, d.kind, d.name))


def tabulate_differences(
    found: Sequence[Difference], titles: tuple[str, str], most: int = 30
) -> "Table":
    """Differences as a table for the terminal, of which the first ``most`` are shown.

    Args:
        found: the differences, in the order in which they are shown.
        titles: what the two runs are called.
        most: how many are shown.
    """
    from rich.table import Table
    from rich.text import Text

    table = Table(title="Differences, the most suspicious first")
    for title in ("what", "name", *titles):
        table.add_column(title, overflow="fold")
    for each in found[:most]:
        cells = each.kind, each.name, each.then, each.now
        table.add_row(*(Text(escape(cell)) for cell in cells))
    if len(found) > most:
        table.add_row("", f"and {len(found) - most} more", "", "")
    return table


def list_uncompared(then: Provenance, now: Provenance) -> list[str]:
    """The files that are not compared, as one of the two runs lacks them."""
    one, other = ({path.rpartition("/")[2] for path in each} for each in (then, now))
    return [name for name in COMPARISONS if name not in one & other]


def _compare_configuration(then: str, now: str) -> Iterator[Difference]:
    one, other = (flatten(yaml.safe_load(text)) for text in (then, now))
    for name, before, after in _find_pairs(one, other):
        if name == "runtime.threads":
            yield Difference("threads", name, _show(before), _show(after), 1)
        else:
            silent = name.partition(".")[0] in SILENT_KEYS
            # What the same folder of images is called elsewhere says nothing.
            rank = 9 if silent or name == "data.root" else 1
            yield Difference("configuration", name, _show(before), _show(after), rank)


def _compare_data(then: str, now: str) -> Iterator[Difference]:
    one, other = (json.loads(text) for text in (then, now))
    if "files" not in one or "files" not in other:  # a list that cannot be read
        before, after = one.get("fingerprint"), other.get("fingerprint")
        if before != after:
            yield Difference("data", "images", _shorten_hash(before), _shorten_hash(after), 1)
        return
    files = ({file["path"]: file for file in each["files"]} for each in (one, other))
    for path, before, after in _find_pairs(*files):
        yield Difference("data", path, _describe_file(before), _describe_file(after), 1)


def _compare_code(then: str, now: str) -> Iterator[Difference]:
    for name, before, after in _find_pairs(json.loads(then), json.loads(now)):
        yield Difference(
            "code", name, _shorten_hash(before), _shorten_hash(after), _rank_code(name)
        )


def _rank_code(name: str) -> int:
    """The person's own modules and the package's training come first, its other files last."""
    package, _, inside = name.partition("/")
    if package != "hhexp":
        return 2
    trains = inside.startswith(tuple(SOURCES)) and inside not in BYSTANDERS
    return 2 if trains else 7


def _compare_commits(then: str, now: str) -> Iterator[Difference]:
    one, other = (
        {
            f"commit of {', '.join(state['modules'])}": state["commit"]
            for state in [git, *git["others"]]
        }
        for git in (json.loads(then), json.loads(now))
    )
    for name, before, after in _find_pairs(one, other):
        yield Difference("code", name, _shorten_hash(before), _shorten_hash(after), 8)


def _compare_packages(then: str, now: str) -> Iterator[Difference]:
    one, other = (dict(line.split("==", 1) for line in text.splitlines()) for text in (then, now))
    for name, before, after in _find_pairs(one, other):
        rank = 3 if name in MOVING_PACKAGES else 5 if name.startswith(LIBRARIES) else 8
        if name == "hhexp":
            rank = 7  # its files are compared one by one
        yield Difference("packages", name, _show(before), _show(after), rank)


def _compare_hardware(then: str, now: str) -> Iterator[Difference]:
    for name, before, after in _find_pairs(json.loads(then), json.loads(now)):
        if name == "cpu_flags":  # only what one of them lacks
            one, other = set(before or ()), set(after or ())
            before, after = sorted(one - other), sorted(other - one)
        yield Difference("hardware", name, _show(before), _show(after), HARDWARE_RANKS.get(name, 7))


def _compare_environment(then: str, now: str) -> Iterator[Difference]:
    one, other = (_drop_own_variables(json.loads(text)) for text in (then, now))
    for name, before, after in _find_pairs(one, other):
        kind = "threads" if "THREADS" in name else "environment"
        yield Difference(kind, name, _show(before), _show(after), 4)


def _drop_own_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """Without what hhexp sets for its workers and not for this process, which never trains.

    Workers on the CPU have an empty CUDA_VISIBLE_DEVICES, which says no more than none. Their large
    pages of memory move no number.
    """
    tunables = variables.get("GLIBC_TUNABLES", "").split(":")
    asked = ":".join(each for each in tunables if each != HUGE_PAGES)
    return {name: value for name, value in {**variables, "GLIBC_TUNABLES": asked}.items() if value}


COMPARISONS: dict[str, Callable[[str, str], Iterator[Difference]]] = {
    "config.yaml": _compare_configuration,
    "data.json": _compare_data,
    "sources.json": _compare_code,
    "git.json": _compare_commits,
    "packages.txt": _compare_packages,
    "machine.json": _compare_hardware,
    "environment.json": _compare_environment,
}


def _find_pairs(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """The keys whose values differ, with both; None for a value that is not there."""
    for key in dict.fromkeys([*then, *now]):
        if then.get(key) != now.get(key):
            yield key, then.get(key), now.get(key)


def _show(value: Any) -> str:
    if value is None or value == []:
        return ABSENT
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {inner}" for key, inner in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _shorten_hash(value: str | None) -> str:
    return value[:12] if value else ABSENT


def _describe_file(entry: Mapping[str, Any] | None) -> str:
    return f"{entry['sha256'][:12]} ({entry['bytes']:,} bytes)" if entry else ABSENT
