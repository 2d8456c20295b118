"""Links lead somewhere, commands run, and no text names one person's machine."""

import functools
import importlib.util
import itertools
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from hydra import compose, initialize_config_module
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException

from benchmarks.command import read_options
from hhexp.errors import UserError
from hhexp.launching import composition
from hhexp.launching.composer import take_apart

ROOT = Path(__file__).parents[1]
MADE_HERE = {"build", "dist", "mlruns", "multirun", "outputs"}
RUN_FLAGS = {
    "-m",
    "--multirun",
    "--json",
    "--help",
    "-h",
    "--cfg",
    "--info",
    "--hydra-help",
    "--resolve",
}

FENCE = re.compile(r"^ *(```+|~~~+)[^\n]*\n(.*?)^ *\1 *$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(<?([^)\s>]+)>?(?: \"[^\"]*\")?\)|^\[[^\]]+\]: +(\S+)", re.MULTILINE)
COMMAND = re.compile(r"^(?:\$ +)?(?:\S*python3? -m +(?:hhexp\.|benchmarks\b)|hhexp |make\b)")
MACHINE_PATH = re.compile(r"(?<![\w.$}~/])/(?:work|root|home/\w+|Users/\w+)(?:/|\b)")
INDEX_ADDRESS = re.compile(
    r"https?://\S*(?:/simple\b|pythonhosted)|--(?:extra-)?index-url|find-links="
)


def texts(*patterns: str) -> list[Path]:
    """The project's own files, but what tools make in it."""
    found = (path for pattern in patterns for path in ROOT.rglob(pattern))
    own = (path.relative_to(ROOT) for path in found if path.is_file())
    return sorted(
        path
        for path in own
        if path.parts[0] not in MADE_HERE
        and not any(part.startswith(".") and part not in (".ci", ".github") for part in path.parts)
    )


DOCUMENTS = texts("*.md")


# Links


def anchors(document: str) -> set[str]:
    """The anchors that GitHub gives to a document's headings."""
    made: set[str] = set()
    for heading in re.findall(r"^#+ +(.+?) *#*$", FENCE.sub("", document), re.MULTILINE):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        slug = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
        numbered = (f"{slug}-{number}" for number in itertools.count(1))
        made.add(next(name for name in itertools.chain([slug], numbered) if name not in made))
    return made | set(re.findall(r"<a (?:id|name)=\"([^\"]+)\"", document))


def dead_links(path: Path) -> list[str]:
    """A document's relative links that lead nowhere."""
    document = path.read_text(encoding="utf-8")
    prose = re.sub(r"`[^`\n]*`", "", FENCE.sub("", document))
    dead = []
    for target in (first or second for first, second in LINK.findall(prose)):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        to = path.parent / file if file else path
        if not to.exists():
            dead.append(f"{target}: no such file")
        elif anchor and to.suffix == ".md" and anchor not in anchors(to.read_text("utf-8")):
            dead.append(f"{target}: no such heading")
    return dead


@pytest.mark.parametrize("path", DOCUMENTS, ids=str)
def test_links_lead_somewhere(path: Path) -> None:
    assert dead_links(ROOT / path) == []


def test_a_dead_link_is_found(tmp_path: Path) -> None:
    (tmp_path / "there.md").write_text("# A `title`, twice\n# A title, twice\n")
    document = tmp_path / "document.md"
    document.write_text(
        "[a](there.md#a-title-twice) [b](there.md#a-title-twice-1) [c](https://example.org/x)\n"
        "[d](nowhere.md) [e](there.md#a-title) [f](#none) `[g](code.md)`\n[h]: gone.md\n"
    )
    assert dead_links(document) == [
        "nowhere.md: no such file",
        "there.md#a-title: no such heading",
        "#none: no such heading",
        "gone.md: no such file",
    ]


# The guide to the code

GUIDE = ROOT / "CONTRIBUTING.md"
PACKAGE = ROOT / "src/hhexp"
PLACES = (ROOT, PACKAGE, ROOT / "tests", ROOT / "benchmarks", ROOT / "experiments/ablation")


def missing_files(guide: str) -> list[str]:
    """The files that a guide names and that are not there.

    Each is relative to one of ``PLACES``, or to the room that starts its table's row.
    """
    missing = []
    for line in FENCE.sub("", guide).splitlines():
        room = re.match(r"\| `([\w/]+)/` \|", line)
        places = [*PLACES, *([PACKAGE / room[1]] if room else [])]
        for name in re.findall(r"`([\w/.]+\.(?:py|yaml|j2))`", line):
            if "NAME" not in name and not any((place / name).is_file() for place in places):
                missing.append(name)
    return missing


def missing_names(guide: str) -> list[str]:
    """The names that a guide gives behind a file, as in `data/order.py` (`epoch_order`), and that
    the file does not define."""
    missing = []
    for file, names in re.findall(r"`([\w/]+\.py)`\s+\(((?:`[\w.]+`(?:,\s+)?)+)\)", guide):
        code = (PACKAGE / file).read_text(encoding="utf-8")
        for name in re.findall(r"[\w.]+", names):
            missing += [
                f"{file}: {part}"
                for part in name.split(".")
                if not re.search(rf"^ *(?:def|class) {part}\b", code, re.MULTILINE)
            ]
    return missing


def test_the_guide_names_files_and_functions_that_are_there() -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    assert missing_files(guide) == []
    assert missing_names(guide) == []
    assert guide.count("`training/loop.py` (`train`)") > 1


def test_a_wrong_name_in_the_guide_is_found() -> None:
    guide = (
        "| `data/` | images | `order.py`, `sorting.py` |\n"
        "`run.py` (`main`,\n`mean`) and `launching/sweep.py` (`Sweep.run`, `Sweep.walk`)"
    )
    assert missing_files(guide) == ["sorting.py"]
    assert missing_names(guide) == ["run.py: mean", "launching/sweep.py: walk"]


# Commands


@dataclass(frozen=True)
class Command:
    """One command that a document shows."""

    where: str
    text: str

    def __str__(self) -> str:
        return f"{self.where}: {self.text}"


def commands(path: Path) -> Iterator[Command]:
    """The commands of this project and make in a document's code, and a Makefile's lines."""
    text = path.read_text(encoding="utf-8").replace("\\\n", " ")
    if path.name == "Makefile":
        lines = [line.strip() for line in text.replace("$(RUN)", "python -m").splitlines()]
        lines = [line.replace("$(ARGS)", "") for line in lines if line.startswith("python -m")]
    else:
        blocks = [match[2] for match in FENCE.finditer(text)]
        lines = [line.strip() for block in blocks for line in block.splitlines()]
        lines += re.findall(r"`([^`\n]+)`", FENCE.sub("", text))
    for line in dict.fromkeys(lines):
        if COMMAND.match(line):
            yield Command(path.name, line.removeprefix("$ ").strip())


def make_targets() -> set[str]:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z][a-z-]*):", text, re.MULTILINE))


def check_command(text: str) -> None:
    """Fail where a command names what does not exist."""
    words = shlex.split(text, comments=True)
    words = list(itertools.takewhile(lambda word: word not in (">", "|"), words))
    if words[0] == "make":
        given = dict(word.split("=", 1) for word in words[1:] if re.match(r"[A-Z_]+=", word))
        targets = [word for word in words[1:] if "=" not in word and not word.startswith("-")]
        assert set(targets) <= make_targets()
        if set(targets) & {"study", "quick"}:
            check_overrides(shlex.split(given.get("ARGS", "")))
        if "bench" in targets:
            read_options(shlex.split(given.get("ARGS", "")))
        return
    if words[0] == "hhexp":
        module, arguments = f"hhexp.{words[1]}", words[2:]
    else:
        module, arguments = words[2], words[3:]
    assert importlib.util.find_spec(module), f"there is no module {module}"
    if module == "hhexp.run":
        check_overrides(arguments)
    elif module == "benchmarks":
        read_options(arguments)
    else:
        flags = {word.partition("=")[0] for word in arguments if word.startswith("--")}
        assert flags <= flags_of(module)


@functools.cache
def flags_of(module: str) -> set[str]:
    """The long options that a command's help shows."""
    done = subprocess.run(
        [sys.executable, "-m", module, "--help"], capture_output=True, text=True, check=True
    )
    return set(re.findall(r"--[a-z][a-z-]*", done.stdout))


def check_overrides(words: Sequence[str]) -> None:
    """Compose and check each job that a command line of hhexp.run asks for; of a search the first.

    What needs a configuration of the reader's own is left to other tests.
    """
    if any(word.startswith(("--config-dir", "modules=")) for word in words):
        return
    if "hydra/sweeper=search" in words:
        words = draw_trial(words)
    flags = {word for word in words if word.startswith("-")}
    assert flags <= RUN_FLAGS
    if "--cfg" in words:
        words = [word for word in words if word not in ("job", "hydra", "all")]
    of_hydra = [word for word in words if re.match(r"hydra(?!/launcher=)", word)]
    given = [word for word in words if word not in flags and word not in of_hydra]
    choices = [
        override.sweep_string_iterator() if override.is_sweep_override() else [word]
        for word, override in zip(
            given, OverridesParser.create().parse_overrides(given), strict=True
        )
    ]
    keys = [word.partition("=")[0] for word in given]
    jobs = list(itertools.product(*choices))
    assert len(jobs) == 1 or flags & {"-m", "--multirun"}, "several values make a sweep: add -m"
    for job in jobs:
        overrides = [
            value if value.startswith(f"{key}=") else f"{key}={value}"
            for key, value in zip(keys, job, strict=True)
        ]
        with initialize_config_module("hhexp.conf", version_base="1.3"):
            config = compose("config", overrides, return_hydra_config=True)
        composition.make_job(take_apart(config, config.hydra))


def draw_trial(words: Sequence[str]) -> list[str]:
    """The words of a search's first trial."""
    pytest.importorskip("optuna", minversion="4")
    from hhexp.launching.search.settings import Settings
    from hhexp.launching.search.space import read_space
    from hhexp.launching.search.trials import Trials

    of_hydra = [word for word in words if word.startswith("hydra")]
    with initialize_config_module("hhexp.conf", version_base="1.3"):
        config = compose("config", of_hydra, return_hydra_config=True)
    own = {k: v for k, v in config.hydra.sweeper.items() if k not in ("_target_", "params")}
    given = [word for word in words if word not in of_hydra and not word.startswith("-")]
    space = read_space({}, given)
    return space.write_overrides(Trials(space, Settings.check(own), "val/loss").ask().params)


SHOWN = [command for path in [*DOCUMENTS, Path("Makefile")] for command in commands(ROOT / path)]


@pytest.mark.parametrize("command", SHOWN, ids=str)
def test_a_command_runs_what_exists(command: Command) -> None:
    check_command(command.text)


def test_commands_are_found_in_blocks_in_the_text_and_in_a_makefile(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(
        "Run `make study`, which makes sure.\n\n"
        "```sh\n$ python -m hhexp.run -m \\\n  epochs=1,2\nhhexp ui --port 1\n"
        "python -m benchmarks --full\nls\n```\n"
    )
    (tmp_path / "Makefile").write_text("quick: setup\n\t$(RUN) hhexp.run epochs=2 $(ARGS)\n")
    found = [c.text.split() for name in ("a.md", "Makefile") for c in commands(tmp_path / name)]
    assert [" ".join(words) for words in found] == [
        "python -m hhexp.run -m epochs=1,2",
        "hhexp ui --port 1",
        "python -m benchmarks --full",
        "make study",
        "python -m hhexp.run epochs=2",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "make nothing",
        'make study ARGS="epoch=1"',
        "python -m hhexp.nothing",
        "python -m hhexp.run epoch=1",
        "python -m hhexp.run -m aug=none,everything",
        "python -m hhexp.run -m epochs=1,0",
        "python -m hhexp.run epochs=1,2",
        "python -m hhexp.run --nothing",
        "python -m hhexp.run -m hydra/sweeper=search epochs=5",
        "python -m hhexp.run -m hydra/sweeper=search hydra.sweeper.n_jobs=2 seed=0,1",
        "python -m hhexp.run -m hydra/sweeper=search lr.rate=0,1",
        "python -m hhexp.ui --nothing",
        "python -m benchmarks --nothing",
        "python -m benchmarks --only nothing",
        'make bench ARGS="--only nothing"',
    ],
)
def test_a_command_that_cannot_run_is_found(text: str) -> None:
    with pytest.raises((AssertionError, SystemExit, UserError, HydraException)):
        check_command(text)


# One person's machine


@pytest.mark.parametrize(
    "path", texts("*.md", "*.toml", "*.yaml", "*.lock", "Makefile", "run", "*.py"), ids=str
)
def test_no_file_names_a_machines_paths_or_a_package_index(path: Path) -> None:
    if ROOT / path != Path(__file__):
        text = (ROOT / path).read_text(encoding="utf-8")
        assert not MACHINE_PATH.search(text)
        assert not INDEX_ADDRESS.search(text)


@pytest.mark.parametrize("text", ["see /home/ada/x", "in /work/main", '"/Users/ada"'])
def test_a_machines_path_is_found(text: str) -> None:
    assert MACHINE_PATH.search(text)


@pytest.mark.parametrize("text", ["~/work/x", "$HOME/work/x", "https://example.org/work/", "/data"])
def test_other_paths_pass(text: str) -> None:
    assert not MACHINE_PATH.search(text)


def test_the_lock_holds_pinned_versions_alone() -> None:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.lstrip().startswith("#")]
    assert pins
    assert [pin for pin in pins if not re.fullmatch(r"[a-z0-9-]+==[\w.+]+( ; .+)?", pin)] == []
