"""The command line: what to measure, on which images, and where the table goes."""

import argparse
import shlex
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.composition import compose_config
from benchmarks.conditions import Conditions
from benchmarks.figure import Figure
from benchmarks.figures import FIGURES, explain_absence
from benchmarks.images import Source, find_source
from benchmarks.measurements import Measurements
from benchmarks.table import RENDERERS, build_table, list_notes, write_figures
from hhexp.config.check import suggest
from hhexp.console import entry
from hhexp.errors import UserError
from hhexp.options import check_output


@entry
def main(argv: list[str] | None = None) -> int:
    """Measure, print a table, and write it to a file if one is named."""
    from rich.console import Console

    words = sys.argv[1:] if argv is None else argv
    options = read_options(words)
    output = None if options.output is None else check_output(options.output, list(RENDERERS))
    source = find_source(options.data, str(compose_config([]).data.arguments["sha256"]))
    conditions = Conditions.observe(
        command=shlex.join(["python", "-m", "benchmarks", *words]),
        images=f"{sum(map(len, source.files.values())):,} images: {source.label}",
        form="the full form" if options.full else "the short form",
        rounds=options.rounds,
        repeats=options.repeats,
    )
    console = Console(highlight=False, markup=False)
    for line in conditions.describe():
        console.print(line, soft_wrap=True)
    figures = measure(options, source, console.print)
    console.print(build_table(figures))
    for note in list_notes(figures):
        console.print(note, soft_wrap=True)
    if output:
        write_figures(output, figures, conditions)
        console.print(f"Written to {output}", soft_wrap=True)
    return 0


def measure(
    options: argparse.Namespace, source: Source, show: Callable[[str], None]
) -> list[Figure]:
    """Measure the wanted figures, in the table's order, and print each step with its time."""
    names = [name for name in FIGURES if name in (options.only or FIGURES)]
    began = time.monotonic()

    def say(text: str) -> None:
        minutes, seconds = divmod(round(time.monotonic() - began), 60)
        show(f"{minutes}:{seconds:02}  {text}")

    with tempfile.TemporaryDirectory(prefix="hhexp-benchmarks-") as folder:
        measurements = Measurements(
            source=source,
            folder=Path(folder),
            wanted={name for name in names if explain_absence(name) is None},
            full=options.full,
            rounds=options.rounds,
            repeats=options.repeats,
            say=say,
        )
        figures = [FIGURES[name](measurements) for name in names]
    say("done")
    return figures


def read_options(words: Sequence[str]) -> argparse.Namespace:
    """The command line's options.

    Raises:
        UserError: a figure or a number is not one that can be asked for.
    """
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure hhexp against a plain Keras program on this machine. The two train "
        "epochs in turn, on half of the images, and the short form extrapolates from them to whole "
        "programs (the table says where). It takes some minutes. Run nothing else on the machine "
        "at the same time.",
    )
    parser.add_argument(
        "--full", action="store_true", help="train the whole study with both programs: takes hours"
    )
    parser.add_argument(
        "--rounds",
        type=count_reader("--rounds", 1),
        default=9,
        help="how often both programs train an epoch in turn; from 6 on the table gives 95 %% "
        "intervals; default: 9",
    )
    parser.add_argument(
        "--repeats",
        type=count_reader("--repeats", 1),
        help="how often to run whole programs; default: 3, or 1 with --full",
    )
    parser.add_argument(
        "--only",
        action="append",
        type=read_figure_name,
        metavar="NAME",
        help=f"measure only this figure; can be repeated. One of: {', '.join(FIGURES)}",
    )
    parser.add_argument(
        "--data",
        metavar="DIR",
        help="a folder with the published PNG files in train/ and validation/; default: "
        "$HHEXP_DATA, else the bundled images, written as PNG",
    )
    parser.add_argument(
        "--output", metavar="FILE", help="write the table to this .json or .md file"
    )
    options = parser.parse_args(words)
    options.repeats = options.repeats or (1 if options.full else 3)
    return options


def count_reader(option: str, least: int) -> Callable[[str], int]:
    """A function that reads an option's whole number."""

    def read_count(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise UserError(f"{option} {text}: must be a whole number of at least {least}")
        return int(text)

    return read_count


def read_figure_name(text: str) -> str:
    """The name of a figure."""
    if text not in FIGURES:
        raise UserError(f"--only {text}: no such figure{suggest(text, FIGURES)}")
    return text
