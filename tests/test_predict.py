"""Asking a run's model about files, through the command line."""

import csv
import io
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hhexp import predict
from hhexp.errors import UserError
from hhexp.tracking.query import find_recent
from hhexp.tracking.store import Store

RED, BLUE = (200, 40, 40), (40, 40, 200)


def blob(file: Path, colour: tuple[int, int, int], seed: int, mode: str = "RGB") -> None:
    """Draw a coloured square somewhere on grey noise."""
    random = np.random.default_rng(seed)
    image = random.integers(90, 160, (40, 40, 3), np.uint8)
    top, left = random.integers(0, 20, 2)
    image[top : top + 20, left : left + 20] = colour
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).convert(mode).save(file)


def command(folder: Path, module: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", module, *words],
        cwd=folder,
        env={**os.environ, "HHEXP_CACHE": str(folder / "cache"), "MLFLOW_TRACKING_URI": ""},
        capture_output=True,
        text=True,
        timeout=300,
    )


@dataclass(frozen=True)
class Trained:
    folder: Path
    run_id: str

    def ask(self, *words: str) -> subprocess.CompletedProcess[str]:
        return command(self.folder, "hhexp.predict", self.run_id[:8], *words)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A small network that was trained to tell red squares from blue ones."""
    folder = tmp_path_factory.mktemp("trained")
    for split, count in (("train", 12), ("validation", 4)):
        for name, colour in (("blue", BLUE), ("red", RED)):
            for number in range(count):
                blob(folder / "squares" / split / name / f"{number}.png", colour, number)
    words = ["data=folder", "data.root=squares", "data.image_size=32", "model.filters=[8,8]"]
    done = command(folder, "hhexp.run", *words, "model.dense_units=16", "epochs=8")
    assert done.returncode == 0, done.stderr
    store = Store.resolve(f"sqlite:///{folder}/mlruns/mlflow.db")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", "")
        return Trained(folder, find_recent(store, 1)[0].run_id)


def logged_probabilities(trained: Trained) -> dict[str, str]:
    """What the run itself said of its validation images, as the table would print it."""
    (file,) = (trained.folder / "mlruns").rglob("validation.csv")
    rows = csv.DictReader(io.StringIO(file.read_text()))
    return {row["path"]: f"{max(float(row['p/blue']), float(row['p/red'])):.1%}" for row in rows}


@pytest.mark.slow
def test_each_file_gets_its_class_a_probability_and_a_picture(trained: Trained) -> None:
    for name, colour, mode in (
        ("red photo.png", RED, "RGBA"),
        ("blue$1$[x].jpg", BLUE, "CMYK"),
        ("red.gif", RED, "P"),
    ):
        blob(trained.folder / name, colour, 99, mode)
    (trained.folder / "notes.txt").write_text("no image")
    done = trained.ask(
        "red photo.png", "notes.txt", "blue$1$[x].jpg", "gone.png", "red.gif", "--unscaled"
    )
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "hhexp: notes.txt: not an image that Pillow can read",
        "hhexp: gone.png: cannot be read: No such file or directory",
    ]
    words = {line[:17].strip(): line[17:].split() for line in done.stdout.splitlines()}
    assert words["red photo.png"][0] == words["red.gif"][0] == "red"
    assert words["blue$1$[x].jpg"][0] == "blue"
    assert all(len(words[name]) == 4 for name in ("red photo.png", "blue$1$[x].jpg", "red.gif"))
    assert "without the scaling" in " ".join(done.stdout.split())
    assert all(len(line) <= 80 for line in done.stdout.splitlines())
    figure = f"predictions-{trained.run_id[:8]}.png"
    assert figure in done.stdout
    with Image.open(trained.folder / figure) as picture:
        assert np.asarray(picture.convert("RGB")).std() > 10


@pytest.mark.slow
def test_the_answers_are_those_that_the_run_logged(trained: Trained) -> None:
    files = [f"squares/validation/{name}/{n}.png" for name in ("blue", "red") for n in range(4)]
    done = trained.ask(*files, "--output", "sheet.svg")
    assert (done.returncode, done.stderr) == (0, "")
    logged = logged_probabilities(trained)
    for file in files:
        (line,) = [line for line in done.stdout.splitlines() if file in line]
        probability = line.split()[-1]
        said = logged[file.removeprefix("squares/")]
        assert probability == (said if said != "100.0%" else ">99.9%")
    assert "<svg" in (trained.folder / "sheet.svg").read_text()
    assert not list(trained.folder.glob(".*"))


@pytest.mark.slow
def test_where_no_file_can_be_read_nothing_is_drawn(trained: Trained) -> None:
    done = trained.ask("gone.png", "--output", "none.png")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "hhexp: gone.png: cannot be read: No such file or directory\n"
    assert not (trained.folder / "none.png").exists()


@pytest.mark.slow
def test_a_run_that_is_not_there_is_said(trained: Trained) -> None:
    done = command(trained.folder, "hhexp.predict", "0" * 32, "a.png")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("hhexp: no run in sqlite:///mlruns/mlflow.db")
    done = command(trained.folder, "hhexp.predict", "abc", "a.png", "--tracking-uri", "sqlite:///x")
    assert "there is no tracking store at x" in done.stderr


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("figure.doc", r"must end with \.png or \.pdf or \.svg"),
        ("nowhere/figure.png", "the folder nowhere does not exist"),
        ("photo.png", "this would overwrite one of the images"),
        ("./photo.png", "this would overwrite one of the images"),
    ],
)
def test_a_figure_that_cannot_be_drawn_is_refused_first(output: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        predict.check_figure(output, [Path("photo.png")])
