"""The git repositories that a run's sources live in: commit, branch, and what is uncommitted."""

import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from hhexp.provenance.git import run_git

CAP = 1_000_000
"""Most bytes of a repository's patch."""
SOURCE_SUFFIXES = {".py", ".pyi", ".toml", ".yaml", ".yml"}
"""Untracked files of other kinds, which may be anything, are never read."""
NAMED = 50
"""Most files that are named as left out."""

DIFF = (
    *("diff", "--binary", "--full-index", "--no-renames", "--ignore-submodules=dirty"),
    # Whatever the person's own settings are, git apply must be able to read it.
    *("--no-color", "--no-ext-diff", "--no-textconv", "--src-prefix=a/", "--dst-prefix=b/"),
)

WRITTEN = tuple(f":(exclude,glob)**/experiments/*/{folder}/**" for folder in ("report", "runs"))
"""What hhexp itself writes into a study: no source, since no later run depends on it."""


@dataclass(frozen=True)
class State:
    """How a repository stood when a run was trained."""

    modules: tuple[str, ...]
    """The top-level modules that live in it."""
    repository: str | None
    """The name of its folder; None where the modules live in none."""
    commit: str | None
    branch: str | None
    """None on a detached HEAD."""
    dirty: bool | None
    """Whether something is uncommitted; None where that cannot be told."""
    patch: str | None
    """The file with the uncommitted changes; ``git apply`` on the commit restores them."""
    cut: bool
    """Whether the patch lacks something."""
    left_out: tuple[str, ...]
    """Changed files that the patch lacks, with the reason."""
    note: str
    """Why something of this is missing."""


def read_repositories(
    files: Mapping[str, Mapping[str, Path]],
) -> tuple[list[State], dict[str, str]]:
    """The state of each repository that sources live in, hhexp's first, and the patches by name.

    It is the sources' own folders that are asked for their repository, never the current folder:
    that is where a run was started, which says nothing about the code that trained it. An
    installed hhexp lies in no repository, even where its environment's folder is inside one: git
    ignores it there, or at least does not track it.

    Args:
        files: for each top-level module its source files, as ``source_files`` finds them.
    """
    homes: dict[Path | str, list[str]] = {}
    for module, named in files.items():
        start = next(iter(named.values()))
        homes.setdefault(_find_home(start, must_be_tracked=module == "hhexp"), []).append(module)
    states, patches = [], {}
    for number, (home, modules) in enumerate(homes.items(), start=1):
        if isinstance(home, str):
            states.append(State(tuple(modules), None, None, None, None, None, False, (), home))
            continue
        name = "changes.patch" if number == 1 else f"changes-{number}.patch"
        state, patch = _read_state(home, tuple(modules), name)
        states.append(state)
        if patch:
            patches[name] = patch
    return states, patches


def _find_home(file: Path, must_be_tracked: bool) -> Path | str:
    """The top folder of the repository that a file belongs to; else why there is none."""
    try:
        top = Path(_git(file.parent, "rev-parse", "--show-toplevel").rstrip("\n"))
        listed = [] if must_be_tracked else ["--others", "--exclude-standard"]
        known = _git(file.parent, "ls-files", "--cached", *listed, "--", file.name)
    except FileNotFoundError:
        return "git is not installed"
    except subprocess.TimeoutExpired:
        return "git did not answer"
    except subprocess.CalledProcessError as error:
        if b"not a git repository" in error.stderr:
            return "in no git repository"
        return "git: " + (error.stderr.decode(errors="replace").strip().splitlines() or ["?"])[0]
    return top if known else "in no git repository that tracks it"


def _read_state(top: Path, modules: tuple[str, ...], name: str) -> tuple[State, str]:
    """A repository's state and its patch, called ``name`` unless it is empty."""
    left_out: list[str] = []
    commit = branch = dirty = None
    note = patch = ""
    try:
        branch = _git(top, "branch", "--show-current").strip() or None
        commit = _git(top, "rev-parse", "HEAD").strip()
        pieces = list(_list_changes(top, left_out))
        patch = _join(pieces, left_out)
        dirty = bool(pieces or left_out)
    except subprocess.CalledProcessError:
        note = "git cannot read it" if commit else "it has no commit yet"
    except subprocess.TimeoutExpired:
        note = "git took too long"
    if len(left_out) > NAMED:
        left_out[NAMED:] = [f"and {len(left_out) - NAMED} more"]
    where = name if patch else None
    cut = bool(left_out)
    return State(modules, top.name, commit, branch, dirty, where, cut, tuple(left_out), note), patch


def _list_changes(top: Path, left_out: list[str]) -> Iterator[tuple[str, bytes]]:
    """Each changed file and its patch: first of tracked files, then of untracked sources."""
    whole = run_git(top, *DIFF, "HEAD", "--", ".", *WRITTEN)
    # Inside a patch no line starts so: content lines start with a sign, binary ones have no space.
    for piece in re.split(rb"(?m)^(?=diff --git )", whole)[1:]:
        yield _read_name(piece), piece
    for path in _git(
        top, "ls-files", "--others", "--exclude-standard", "-z", "--", ".", *WRITTEN
    ).split("\0"):
        file = top / path
        if Path(path).suffix not in SOURCE_SUFFIXES:
            continue
        if file.is_symlink() or not file.is_file():
            left_out.append(f"{path}: no plain file")
        elif file.stat().st_size > CAP:
            left_out.append(f"{path}: too large")
        else:
            # It ends with 1 where the two differ.
            words = (*DIFF, "--no-index", "--", "/dev/null", path)
            yield path, run_git(top, *words, fine=(0, 1))


def _join(pieces: Iterable[tuple[str, bytes]], left_out: list[str]) -> str:
    """One patch of all that fits into it."""
    kept, size = [], 0
    for path, piece in pieces:
        if size + len(piece) > CAP:
            left_out.append(f"{path}: the patch would have more than {CAP:,} bytes")
            continue
        try:
            kept.append(piece.decode())
            size += len(piece)
        except UnicodeDecodeError:
            left_out.append(f"{path}: not UTF-8")
    return "".join(kept)


def _read_name(piece: bytes) -> str:
    """The path in a patch's first line, ``diff --git a/PATH b/PATH``."""
    first = piece.partition(b"\n")[0].decode(errors="replace").removeprefix("diff --git ")
    return first[: len(first) // 2].strip('"').removeprefix("a/")


def _git(folder: Path, *words: str) -> str:
    return run_git(folder, *words).decode(errors="surrogateescape")
