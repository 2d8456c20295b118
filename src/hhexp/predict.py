"""``python -m hhexp.predict``: ask a run's model about image files."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hhexp.atomic import replace_file
from hhexp.console import entry
from hhexp.errors import UserError
from hhexp.options import add_tracking_uri, check_output
from hhexp.prediction.answers import Answers, ask, unscaled
from hhexp.prediction.gradcam import overlay
from hhexp.prediction.photographs import Photograph, read_photograph
from hhexp.prediction.sheet import photograph_sheet
from hhexp.tracking.models import class_names, load_model
from hhexp.tracking.query import find_run
from hhexp.tracking.store import Store
from hhexp.training.runtime import start_tensorflow

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure
    from rich.table import Table

PICTURED = 40
"""Photographs in the figure; the table has all."""
DOTS_PER_INCH = 200
SUFFIXES = (".png", ".pdf", ".svg")

UNSCALED_NOTE = (
    "Unscaled: what the same model says where 0 … 255 reach its layers without the scaling that it "
    "was trained with. All in it is then hundreds of times too large, so that it tends to be sure "
    "of whatever it says. hhexp scales in the model's first layer, where nobody forgets it."
)


@entry
def main(argv: list[str] | None = None) -> int:
    """Print the class of each file and draw what speaks for it.

    Returns 1 if some of the files cannot be read, 2 if none can.
    """
    from rich.console import Console

    options = arguments(argv)
    files = [Path(file) for file in options.files]
    store = Store.resolve(options.tracking_uri)
    run = find_run(store, options.run_id)
    output = check_figure(options.output or f"predictions-{run.run_id[:8]}.png", files)
    console = Console()
    with console.status("loading the model"):
        classes = class_names(store, run.run_id)
        start_tensorflow(
            device="auto",
            threads=int(run.params.get("runtime.threads", 2)),
            precision="float32",  # of new layers; the model's keep theirs
            isa=run.params.get("runtime.isa", "native"),
        )
        model = load_model(store, run.run_id)
        height, width = checked_size(model, classes)
    photographs = read(files, height, width)
    if not photographs:
        return 2
    images = np.stack([photograph.pixels for photograph in photographs])
    answers = [ask(model, images, classes, PICTURED)]
    if options.unscaled:
        answers.append(ask(model, unscaled(model, images), classes, PICTURED))
    console.print(f"Run {run.run_id[:8]}, {run.name}", style="bold", markup=False, highlight=False)
    console.print(table(photographs, answers))
    if options.unscaled:
        console.print(unscaled_note(answers), highlight=False)
    save(figure(photographs, answers), output)
    print(f"Pictures, with what speaks for the class (Grad-CAM): {output}")
    return 0 if len(photographs) == len(files) else 1


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line's options."""
    parser = argparse.ArgumentParser(
        prog="hhexp.predict",
        description="Ask a run's model about image files: the class and its probability in a "
        "table, and a figure that shows where in each image Grad-CAM finds what speaks for it.",
    )
    parser.add_argument("run_id", metavar="RUN_ID", help="the run, or the beginning of its ID")
    parser.add_argument("files", metavar="FILE", nargs="+", help="an image of any size")
    add_tracking_uri(parser)
    parser.add_argument(
        "--unscaled",
        action="store_true",
        help="show as well what becomes of the answer if 0 … 255 are not scaled as in training",
    )
    parser.add_argument(
        "--output",
        metavar="FIG.png",
        help="where to draw the figure; default: predictions-<run>.png in the current folder",
    )
    return parser.parse_args(argv)


def check_figure(output: str, files: Sequence[Path]) -> Path:
    """The figure's path.

    Raises:
        UserError: nothing can be drawn there, or it is one of the files asked about.
    """
    path = check_output(output, SUFFIXES)
    if path.resolve() in {file.resolve() for file in files}:
        raise UserError(f"--output {output}: that is one of the images, which it would replace")
    return path


def checked_size(model: "keras.Model", classes: Sequence[str]) -> tuple[int, int]:
    """The height and width of a model's images, in pixels.

    Raises:
        UserError: it takes no images of one size, or does not tell the classes apart.
    """
    shape, outputs = model.input_shape, model.output_shape[-1]
    if len(shape) != 4 or None in shape[1:] or shape[3] != 3:
        raise UserError(f"the run's model takes {shape}, no RGB images of one size")
    if len(classes) != (2 if outputs == 1 else outputs):
        raise UserError(f"the run's model has {outputs} outputs for {len(classes)} classes")
    return shape[1], shape[2]


def read(files: Sequence[Path], height: int, width: int) -> list[Photograph]:
    """The files that can be read; a line on stderr for each other."""
    photographs = []
    for file in files:
        try:
            photographs.append(read_photograph(file, height, width))
        except UserError as error:
            print(f"hhexp: {error}", file=sys.stderr)
    return photographs


def table(photographs: Sequence[Photograph], answers: Sequence[Answers]) -> "Table":
    """A row a photograph: the class and its probability, by each of the answers."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    rows = Table(box=box.SIMPLE_HEAD)
    rows.add_column("file", overflow="fold")
    for heading in ("class", "unscaled")[: len(answers)]:
        rows.add_column(heading, overflow="fold")
        rows.add_column("", justify="right", no_wrap=True)
    for number, photograph in enumerate(photographs):
        cells = [Text(printable(photograph.path))]
        for found in answers:
            cells += [Text(word) for word in found.said(number)]
        rows.add_row(*cells)
    return rows


def unscaled_note(answers: Sequence[Answers]) -> str:
    """What the unscaled answers are, and how many differ from the right way's."""
    right, slip = answers
    changed = int((right.predicted != slip.predicted).sum())
    return f"{UNSCALED_NOTE} Classes that differ: {changed} of {len(right.predicted)}."


def figure(photographs: Sequence[Photograph], answers: Sequence[Answers]) -> "Figure":
    """Each photograph, and beside it, for each of the answers, what speaks for the class."""
    rows = []
    for number, photograph in enumerate(photographs[:PICTURED]):
        picture = photograph.picture
        row = [(picture, printable(Path(photograph.path.name)))]
        for found, prefix in zip(answers, ("", "unscaled: "), strict=False):
            heat = found.heat[number]
            caption = prefix + " ".join(found.said(number))
            caption += "" if heat.any() else " (nothing found)"
            row.append((overlay(picture, heat), caption))
        rows.append(row)
    title = "What speaks for the class (Grad-CAM)"
    if len(photographs) > PICTURED:
        title += f": the first {PICTURED} of {len(photographs)}"
    return photograph_sheet(rows, title, DOTS_PER_INCH)


def save(drawn: "Figure", output: Path) -> None:
    """Write a figure, whole or not at all.

    Raises:
        UserError: it cannot be written.
    """
    import warnings

    try:
        with (
            replace_file(output) as unfinished,
            warnings.catch_warnings(action="ignore"),  # letters that the font lacks
        ):
            drawn.savefig(unfinished)
    except OSError as error:
        raise UserError(f"--output {output}: cannot be written: {error.strerror}") from error


def printable(path: Path) -> str:
    """A path with what is no UTF-8 in it replaced."""
    return os.fsencode(path).decode(errors="replace")


if __name__ == "__main__":
    sys.exit(main())
