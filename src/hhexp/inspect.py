"""``python -m hhexp.inspect``: look at a data set before any training."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hhexp.console import entry
from hhexp.data import Dataset, find_doubts, open_dataset
from hhexp.data.splits import NoValidationError
from hhexp.escape import escape_line
from hhexp.json_document import print_document
from hhexp.options import add_json, check_output
from hhexp.terminal import Terminal, say

if TYPE_CHECKING:
    from rich.table import Table

SIDE = 96
"""Side in pixels to which the images are resized, where the person does not say."""
SHARE = 0.2
"""Of all images: what validates where there are no validation images, and the person says none."""
NAMED = 10
"""Files of a finding that are listed."""


@entry
def main(argv: list[str] | None = None) -> int:
    """Print the splits, the sizes and what may be wrong; draw some images of each class.

    Returns 1 if the checks find something.
    """
    options = build_parser().parse_args(argv)
    with print_document(options.json) as document:
        return _inspect(options, document)


def _inspect(options: argparse.Namespace, document: dict[str, Any]) -> int:
    """Look at the data, and put what is found into the document; the exit status."""
    from hhexp.figures.sheets import draw_samples
    from hhexp.launching.composition import compose_data
    from hhexp.prediction.sheet import SUFFIXES, save_figure

    output = check_output(options.output, SUFFIXES)
    data = compose_data(_list_overrides(options.words))
    side = data.image_size  # what is too small for it is found only where the person says it
    changes = {"image_size": side or SIDE, "skip_bad": True, "strict": False}
    data = data.model_copy(update=changes)
    try:
        dataset = open_dataset(data)
    except NoValidationError:
        say(f"No validation images: shown as cut by data.validation_share={SHARE}.")
        data = data.model_copy(update={"validation_share": SHARE})
        dataset = open_dataset(data)
    console = Terminal()
    console.print(_tabulate_counts(dataset))
    sizes = _find_sizes(dataset)
    say(_describe_sizes(*sizes))
    found = {
        finding.text: finding.files
        for finding in find_doubts(dataset, data.model_copy(update={"image_size": side}))
    }
    if dataset.skipped:
        found = {f"bad files ({len(dataset.skipped):,})": dataset.skipped, **found}
    for text, files in found.items():
        console.print(f"{text}:", style="bold")
        more = [f"… and {len(files) - NAMED:,} more"] if len(files) > NAMED else []
        for line in [*files[:NAMED], *more]:
            say(f"  {escape_line(line)}")
    if not found:
        say("The checks find nothing.")
    save_figure(draw_samples(dataset.splits, dataset.classes, dataset.name), output)
    say(f"Some images of each class: {output}")
    document |= {
        "data": dataset.name,
        "fingerprint": dataset.fingerprint,
        "classes": dataset.classes,
        "counts": dataset.counts,
        "sizes": dict(zip(("smallest", "median", "largest"), sizes, strict=True)),
        "findings": [{"text": text, "files": files} for text, files in found.items()],
        "figure": output,
    }
    return 1 if found else 0


def _list_overrides(words: Sequence[str]) -> list[str]:
    """The words for Hydra; a first one without a = is a folder."""
    if not words or ("=" in words[0] and not Path(words[0]).is_dir()):
        return list(words)
    quoted = words[0].replace("\\", "\\\\").replace('"', '\\"')
    return ["data=folder", f'data.root="{quoted}"', *words[1:]]


def _tabulate_counts(dataset: Dataset) -> "Table":
    """A table of the images of each class in each split."""
    from rich.table import Table

    counts = dataset.counts
    table = Table("", *counts, title=f"{dataset.name}, fingerprint {dataset.fingerprint[:12]}")
    for column in table.columns[1:]:
        column.justify = "right"
    for name in dataset.classes:
        table.add_row(name, *(f"{by_class[name]:,}" for by_class in counts.values()))
    table.add_row("all", *(f"{sum(by_class.values()):,}" for by_class in counts.values()))
    return table


def _find_sizes(dataset: Dataset) -> list[tuple[int, int]]:
    """Width and height in pixels of the smallest, the median and the largest picture."""
    facts = np.concatenate([split.facts for split in dataset.splits.values()])
    order = np.argsort(facts["width"].astype(np.int64) * facts["height"], kind="stable")
    chosen = [facts[order[place]] for place in (0, len(order) // 2, -1)]
    return [(int(each["width"]), int(each["height"])) for each in chosen]


def _describe_sizes(*sizes: tuple[int, int]) -> str:
    """One line on how large the pictures in the files are."""
    smallest, middle, largest = (f"{width}×{height}" for width, height in sizes)
    if smallest == largest:
        return f"All pictures have {smallest} pixels."
    return (
        f"The smallest picture has {smallest} pixels, the median {middle}, the largest {largest}."
    )


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = argparse.ArgumentParser(
        prog="hhexp.inspect",
        description="Look at a data set: its splits and sizes, what may be wrong with it, and some "
        "images of each class. Trains nothing.",
    )
    parser.add_argument(
        "words",
        metavar="ROOT | KEY=VALUE",
        nargs="*",
        help="a folder of images, as for data=folder; and words as for hhexp.run, such as "
        "data.validation_share=0.2; default: the data of the configuration",
    )
    parser.add_argument(
        "--output",
        metavar="FIG.png",
        default="inspect.png",
        help="file for the images; default: inspect.png in the current folder",
    )
    add_json(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
