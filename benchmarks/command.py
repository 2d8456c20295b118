"""``python -m benchmarks``: the project's speed, against a plain Keras program, here."""

import argparse
import shlex
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.composition import configuration
from benchmarks.figures import FIGURES, measurable
from benchmarks.measurements import Measurements
from benchmarks.images import source
from benchmarks.table import Conditions, notes, table, write
from hhexp.console import entry
from hhexp.errors import UserError

SUFFIXES = (".json", ".md")


@entry
def main(argv: list[str] | None = None) -> int:
    """Measure, print a table, and write it where that is asked for."""
    from rich.console import Console

    words = sys.argv[1:] if argv is None else argv
    options = arguments(words)
    output = checked_output(options.output)
    names = [name for name in FIGURES if name in (options.only or FIGURES)]
    console, began = Console(), time.monotonic()

    def say(text: str) -> None:
        seconds = round(time.monotonic() - began)
        console.print(f"{seconds // 60}:{seconds % 60:02}  {text}", highlight=False, markup=False)

    sha256 = str(configuration([]).data.arguments["sha256"])
    images = source(options.data, sha256)
    count = sum(map(len, images.files.values()))
    conditions = Conditions.here(
        command=shlex.join(["python", "-m", "benchmarks", *words]),
        images=f"{count:,} images: {images.label}",
        form="the full form" if options.full else "the short form",
        repeats=options.repeats,
    )
    for line in conditions.lines():
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    with tempfile.TemporaryDirectory(prefix="hhexp-bench-") as folder:
        measurements = Measurements(
            source=images,
            folder=Path(folder),
            wanted=set(filter(measurable, names)),
            full=options.full,
            epochs=options.epochs,
            repeats=options.repeats,
            say=say,
        )
        figures = [FIGURES[name](measurements) for name in names]
    say("done")
    console.print(table(figures))
    for note in notes(figures):
        console.print(note, highlight=False, markup=False, soft_wrap=True)
    if output:
        write(output, figures, conditions)
        print(f"Written: {output}")
    return 0


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """The command line's options."""
    parser = argparse.ArgumentParser(
        prog="benchmarks",
        description="Measure hhexp against a plain Keras program on this machine. The short form "
        "trains a few epochs on an eighth of the images, extrapolates, says where it does, and "
        "takes some minutes; the machine should have nothing else to do.",
    )
    parser.add_argument(
        "--full", action="store_true", help="run the whole study in both ways: up to some hours"
    )
    parser.add_argument(
        "--epochs", type=several, default=2, help="epochs that the short form trains; default: 2"
    )
    parser.add_argument(
        "--repeats", type=positive, help="times that each is measured; default: 3, with --full 1"
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=FIGURES,
        metavar="NAME",
        help=f"measure this figure only; may be given again. One of: {', '.join(FIGURES)}",
    )
    parser.add_argument(
        "--data",
        metavar="DIR",
        help="a folder with the published PNG files in train/ and validation/; default: "
        "$HHEXP_DATA, else the bundled copy, written as PNG",
    )
    parser.add_argument("--output", metavar="FILE", help="where to write the table, .json or .md")
    options = parser.parse_args(argv)
    options.repeats = options.repeats or (1 if options.full else 3)
    return options


def positive(text: str) -> int:
    """A whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text}: not a whole number of at least 1")
    return int(text)


def several(text: str) -> int:
    """A whole number of at least 2: the first epoch, which sets things up, is no measure."""
    if positive(text) < 2:
        raise argparse.ArgumentTypeError(f"{text}: not a whole number of at least 2")
    return int(text)


def checked_output(output: str | None) -> Path | None:
    """Where the table goes.

    Raises:
        UserError: it cannot be written there, or in no form that is known.
    """
    if output is None:
        return None
    path = Path(output)
    if path.suffix not in SUFFIXES:
        raise UserError(f"--output {output}: its name must end in {' or '.join(SUFFIXES)}")
    if not path.parent.is_dir():
        raise UserError(f"--output {output}: there is no folder {path.parent}")
    return path


if __name__ == "__main__":
    sys.exit(main())
