"""The blocks of code of every page run, from top to bottom, as a reader would run them.

A page's commands run in a folder of their own, which has the finished runs of a sweep and a few
pictures. They are the page's own words; only what makes them slow is small: the pictures are drawn,
and the network is tiny, wherever the page does not say otherwise (``shrink``). ``RUN_ID``,
``OTHER_ID`` and ``SWEEP_ID`` stand for what the commands before have printed.

A comment above a block, which no reader sees, says what else there is to know of it:

- ``<!-- not run: REASON -->``: it needs what no test has, such as a second machine.
- ``<!-- planned: REASON -->``: its runs are composed, checked and planned (``explain=true``), not
  trained.
- ``<!-- ends with 1: REASON -->``: its exit status.
- ``<!-- shown exactly -->``: above what a command prints: it does print that.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import hhexp
from tests.conftest import draw_pictures

ROOT = Path(__file__).parents[1]
PAGES = [
    *sorted(ROOT.glob("docs/**/*.md")),
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "benchmarks/README.md")),
    *sorted(ROOT.glob("experiments/*/README.md")),
]
BLOCK = re.compile(
    r"^(?P<indent> *)```(?P<kind>[^\n]*)\n(?P<text>.*?)^(?P=indent)```$", re.DOTALL | re.MULTILINE
)
MARK = re.compile(r"<!-- (not run|planned|ends with 1|shown exactly)(?:: ([^\n]+))? -->\s*$")
FILE = re.compile(
    r"`([\w./-]+\.(?:py|yaml))`[^`\n]*:\s*(?:<!--.*-->\s*)?$|^# ([\w./-]+\.(?:py|yaml))\n"
)
RUNS = ("sh", "python", "yaml")
"""What is run, or written into the file that the page names."""
TINY = {"model.filters": "[8,8]", "model.dense_units": "8", "batch_size": "8"}


@dataclass(frozen=True)
class Block:
    """A block of code of a page."""

    kind: str
    text: str
    mark: str = ""
    reason: str = ""
    file: str = ""
    """Where its content belongs."""

    @property
    def is_code(self) -> bool:
        """Whether it is something to run or to write down, and no output or picture."""
        return self.kind != "text"


def read_blocks(page: str) -> Iterator[Block]:
    """The blocks of a page, in their order."""
    for match in BLOCK.finditer(page):
        before = page[: match.start()].rstrip()
        text = re.sub(rf"^{match['indent']}", "", match["text"], flags=re.MULTILINE)
        mark = MARK.search(before)
        named = FILE.search(before) or FILE.match(text)
        yield Block(
            match["kind"],
            text,
            mark[1] if mark else "",
            (mark[2] or "") if mark else "",
            (named[1] or named[2]) if named else "",
        )


ALL = [(page, block) for page in PAGES for block in read_blocks(page.read_text("utf-8"))]
CODE = [(page, block) for page, block in ALL if block.is_code]
LEFT = [(page, block) for page, block in CODE if block.mark == "not run"]


# Words


def shrink(command: str, pictures: Path) -> str:
    """A command of ``hhexp.run`` with drawn pictures, a tiny network, and no second process, as far
    as it names none itself."""
    given = {word.partition("=")[0] for word in shlex.split(command, comments=True)}
    added = {"hydra/launcher": "inline", "batch_size": TINY["batch_size"]}
    if "data" not in given and "data.root" not in given:
        added |= {"data": "folder", "data.root": str(pictures)}
    if "model" not in given:
        added |= TINY
    words = [f"{key}={value}" for key, value in added.items() if key not in given]
    head, run, tail = re.split(r"(hhexp[. ]run)\b", command, maxsplit=1)
    return f"{head}{run} {' '.join(words)}{tail}"


def expand_make(line: str) -> str:
    """A line that calls make for one of the Makefile's targets that call hhexp as what it calls."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    if not (asked := re.match(r"make (\w+)(?: ARGS=\"([^\"]*)\")?", line)):
        return line
    recipe = re.search(rf"^{asked[1]}:.*\n\t(\$\(RUN\).*)$", makefile, re.MULTILINE)
    assert recipe, f"{line}: cannot be run by a test: mark the block"
    return recipe[1].replace("$(RUN)", "python -m").replace("$(ARGS)", asked[2] or "")


def prepare(block: Block, known: dict[str, str], pictures: Path) -> str:
    """The commands of a block as they are run."""
    lines = []
    for line in re.sub(r"\\\n\s*", "", block.text).splitlines():
        line = expand_make(line)
        if re.match(r"(python -m hhexp\.|hhexp )run\b", line):
            line = shrink(line, pictures)
            if block.mark == "planned" and "explain=" not in line:
                line = re.sub(r"(hhexp[. ]run)\b", r"\1 explain=true", line, count=1)
        lines.append(line)
    text = "\n".join(lines)
    for name, value in known.items():
        text = re.sub(rf"\b{name}\b", value, text)
    return text


def learn(said: str, known: dict[str, str]) -> None:
    """Note the IDs that commands have printed."""
    for name, command in (("SWEEP_ID", "report"), ("RUN_ID", "predict")):
        for found in re.findall(rf"hhexp\.{command} ([0-9a-f]{{8}})\b", said):
            if name == "RUN_ID" and found != known.get(name):
                known["OTHER_ID"] = known.get(name, found)
            known[name] = found


# Folders


@dataclass(frozen=True)
class Folder:
    """Where the commands of a page run."""

    path: Path
    cache: Path
    pictures: Path

    @property
    def environment(self) -> dict[str, str]:
        """The variables of its commands, none of which leads out of it."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW_", "HHEXP_"))}
        own = {
            "PYTHONPATH": str(Path(hhexp.__file__).parents[1]),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HHEXP_CACHE": str(self.cache),
            "HHEXP_JOURNAL": str(self.path / "journal"),
            "COLUMNS": "100",
        }
        return {**kept, **own}

    def run(self, command: str) -> tuple[int, str]:
        """Run a shell's commands; what they ask is answered by yes.

        Returns:
            the exit status, and what was printed.
        """
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=self.path,
            env=self.environment,
            input="y\n" * 9,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=900,
        )
        return done.returncode, done.stdout


class Interpreter:
    """Python, in which a page's programs run one after the other, as in a notebook."""

    LOOP = """
import sys, traceback
names = {"__name__": "__main__"}
for line in sys.stdin:
    try:
        exec(compile(eval(line), "the page", "exec"), names)
        print("\\n\\x04 0", flush=True)
    except BaseException:
        traceback.print_exc()
        print("\\n\\x04 1", flush=True)
"""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._process: subprocess.Popen[str] | None = None

    def run(self, program: str) -> tuple[int, str]:
        """Run a program after those before; as ``Folder.run``."""
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-c", self.LOOP],
                cwd=self._folder.path,
                env=self._folder.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(repr(program) + "\n")
        self._process.stdin.flush()
        said = []
        for line in self._process.stdout:
            if line.startswith("\x04"):
                return int(line[1:]), "".join(said)
            said.append(line)
        return 1, "".join(said)

    def end(self) -> None:
        """End it, and what it left."""
        if self._process:
            self._process.communicate(timeout=60)


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> tuple[Folder, str]:
    """A folder with a finished sweep of two runs, and what the command said."""
    folder = Folder(
        tmp_path_factory.mktemp("start") / "project",
        tmp_path_factory.mktemp("cache"),
        draw_pictures(tmp_path_factory.mktemp("pictures"), per_class=12, side=96),
    )
    folder.path.mkdir()
    for name in ("horse.jpg", "photograph.jpg"):
        shutil.copy(folder.pictures / "train/suns/suns00.png", folder.path / name)
    command = shrink("python -m hhexp.run -m aug=none,flip epochs=2", folder.pictures)
    status, said = folder.run(command)
    assert status == 0, said
    return folder, said


@pytest.fixture
def folder(started: tuple[Folder, str], tmp_path: Path) -> Folder:
    """A copy of it."""
    first, _ = started
    shutil.copytree(first.path, tmp_path / "project")
    return Folder(tmp_path / "project", first.cache, first.pictures)


def supply(folder: Folder, page: Path) -> None:
    """Add what a page says that the reader has: pictures in folders, studies, a table of labels."""
    text = page.read_text("utf-8")
    if "my_images" in text:
        shutil.copytree(folder.pictures, folder.path / "my_images")
    if "pictures" in text and "make_pictures.py" not in text:
        shutil.copytree(folder.pictures / "train", folder.path / "pictures")
    if "labels.csv" in text:
        rows = [
            f"{path.parent.parent.name},{path.relative_to(folder.pictures)},{path.parent.name}\n"
            for path in sorted(folder.pictures.rglob("*.png"))
        ]
        table = "".join(["split,file,label\n", *rows])
        (folder.path / "my_images/labels.csv").write_text(table, "utf-8")
    if "experiments/" in text or "--study" in text or "hhexp.study" in text:
        for study in ROOT.glob("experiments/*/study.yaml"):
            copy = folder.path / "experiments" / study.parent.name
            copy.mkdir(parents=True)
            shutil.copy(study, copy)


# Tests


@pytest.mark.page
@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, id=str(page.relative_to(ROOT)))
        for page in PAGES
        if any(of == page and block.mark != "not run" for of, block in CODE)
    ],
)
def test_the_blocks_of_a_page_run(page: Path, folder: Folder, started: tuple[Folder, str]) -> None:
    known: dict[str, str] = {}
    learn(started[1], known)
    supply(folder, page)
    interpreter, said = Interpreter(folder), ""
    for block in (block for of, block in ALL if of == page):
        if block.mark == "not run" or (block.kind == "text" and block.mark != "shown exactly"):
            continue
        if block.mark == "shown exactly":
            # The first line has a hash of all bytes.
            assert strip(said)[1:] == strip(block.text)[1:]
        elif block.file:
            file = folder.path / block.file
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(shrink_study(block.text, folder.pictures), "utf-8")
        else:
            text = prepare(block, known, folder.pictures)
            status, said = (folder if block.kind == "sh" else interpreter).run(text)
            assert status == (block.mark == "ends with 1"), f"{text}\n{said}"
            learn(said, known)
    interpreter.end()
    if page.name == "own-pictures.md":
        check_reports(folder.path)


def shrink_study(text: str, pictures: Path) -> str:
    """A page's file; a study's runs have drawn pictures and a tiny network."""
    tiny = " ".join(f"{key}={value}" for key, value in TINY.items())
    return re.sub(r"^(fixed: [^#\n]*?)(\s*#.*)?$", rf"\1 data=folder data.root={pictures} {tiny}",
        text, flags=re.MULTILINE)  # fmt: skip


def check_reports(folder: Path) -> None:
    """The pages about arrows find what docs/own-pictures.md says."""
    for name, words in (
        ("arrows", ("Test images", "right61.jpg")),
        ("arrows_folds", ("Nadeau and Bengio", "n = 1 × 3 folds")),
    ):
        page = (folder / name / "report.html").read_text("utf-8")
        assert all(word in page for word in words)


def strip(text: str) -> list[str]:
    """The lines of a text without the blanks at their ends, and without empty lines."""
    return [line.rstrip() for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize(
    "block",
    [
        pytest.param(
            block,
            id=f"{page.relative_to(ROOT)}: {block.text.strip().partition(chr(10))[0][:50]}",
            marks=[pytest.mark.skip(block.reason)] if block.mark == "not run" else [],
        )
        for page, block in CODE
    ],
)
def test_a_block_is_of_a_kind_that_is_run(block: Block) -> None:
    """The blocks that are not run are listed as skipped, with the reason."""
    assert block.kind in RUNS


def test_most_blocks_run_and_the_others_say_why_not() -> None:
    assert all(block.reason for _, block in LEFT)
    assert len(LEFT) < len(CODE) / 3


def test_a_file_that_a_page_writes_is_used_by_a_command_below() -> None:
    for page in PAGES:
        blocks = list(read_blocks(page.read_text("utf-8")))
        for number, block in enumerate(blocks):
            if block.file:
                names = {Path(block.file).stem, Path(block.file).parent.name}
                later = " ".join(each.text for each in blocks[number:] if each.kind == "sh")
                assert names & set(re.findall(r"\w+", later)), f"{page}: {block.file}"


def test_a_block_is_read_with_its_file_its_mark_and_its_reason() -> None:
    page = (
        "The file `a/b.yaml`:\n\n```yaml\nx: 1\n```\n\n"
        "- In a list:\n\n    ```sh\n    ls\n    ```\n\n"
        "<!-- not run: no cluster -->\n```sh\nsrun\n```\n```python\n# c.py\nx = 1\n```\n"
        "```text\nout\n```\n"
    )
    listed, command, left, module, output = read_blocks(page)
    assert (listed.kind, listed.file, listed.text) == ("yaml", "a/b.yaml", "x: 1\n")
    assert (command.text, command.mark, command.file) == ("ls\n", "", "")
    assert (left.mark, left.reason) == ("not run", "no cluster")
    assert (module.file, module.is_code, output.is_code) == ("c.py", True, False)


def test_a_page_keeps_its_own_words_where_it_has_some() -> None:
    command = "python -m hhexp.run -m data=mine model=other batch_size=4 epochs=1,2  # both"
    assert shrink(command, Path("drawn")) == (
        "python -m hhexp.run hydra/launcher=inline -m data=mine model=other batch_size=4 epochs=1,2"
        "  # both"
    )
    assert "data.root=drawn" in shrink("hhexp run epochs=2", Path("drawn"))


def test_ids_follow_what_commands_print() -> None:
    known = {"RUN_ID": "0" * 8}
    learn("  python -m hhexp.report 11112222  …\n  python -m hhexp.predict 33334444 FILE", known)
    block = Block("sh", "python -m hhexp.diff RUN_ID OTHER_ID\nmake quick\n", "planned")
    text = prepare(block, known, Path("drawn"))
    assert known["SWEEP_ID"] == "11112222"
    assert text.startswith(
        "python -m hhexp.diff 33334444 00000000\npython -m hhexp.run explain=true"
    )
