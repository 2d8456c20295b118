"""``python -m hhexp.predict``: ask a run's model about image files."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hhexp.console import entry
from hhexp.errors import UserError
from hhexp.json_document import print_document
from hhexp.options import add_epoch, add_json, add_modules, add_tracking_uri, check_output
from hhexp.prediction.answers import ask, undo_scaling
from hhexp.prediction.model import check_image_size, open_model
from hhexp.prediction.photographs import read_photographs
from hhexp.prediction.sheet import PICTURED, SUFFIXES, draw_answers, save_figure
from hhexp.prediction.table import build_table, describe_unscaled, list_answers, list_unread
from hhexp.terminal import Terminal, say
from hhexp.tracking.query import find_run
from hhexp.tracking.store import Store


@entry
def main(argv: list[str] | None = None) -> int:
    """Print the class of each file and draw the regions that speak for it.

    Returns 1 if some of the files cannot be read, 2 if none can.
    """
    options = build_parser().parse_args(argv)
    with print_document(options.json) as document:
        return _answer(options, document)


def _answer(options: argparse.Namespace, document: dict[str, Any]) -> int:
    """Answer, and put the answers into the document; the exit status."""
    files = [Path(file) for file in options.files]
    store = Store.resolve(options.tracking_uri)
    run = find_run(store, options.run_id)
    output = check_figure(options.output or f"predictions-{run.run_id[:8]}.png", files)
    console = Terminal()
    with console.status("loading the model"):
        model = open_model(store, run.run_id, options.modules, options.epoch)
        size = check_image_size(model)
    photographs = read_photographs(files, *size)
    document |= {"run_id": run.run_id, "epoch": options.epoch, "classes": model.classes}
    document |= {"images": [], "unread": list_unread(files, photographs), "figure": None}
    if not photographs:
        return 2
    images = np.stack([photograph.pixels for photograph in photographs])
    answers = [ask(model, images, PICTURED)]
    if options.unscaled:
        answers.append(ask(model, undo_scaling(model.network, images), PICTURED))
    told = f"Run {run.run_id[:8]}, {run.name}, {options.epoch} epoch"
    console.print(told, style="bold")
    console.print(build_table(photographs, answers))
    if options.unscaled:
        console.print(describe_unscaled(*answers))
    save_figure(draw_answers(photographs, answers), output)
    document |= {"images": list_answers(photographs, answers), "figure": output}
    if answers[0].has_regions:
        say(f"Regions that speak for the class (Grad-CAM): {output}")
    else:
        say(f"The pictures, without regions, since no layer of this model has a map: {output}")
    return 0 if len(photographs) == len(files) else 1


def check_figure(output: str, files: Sequence[Path]) -> Path:
    """The figure's path.

    Raises:
        UserError: nothing can be drawn there, or it is one of the files asked about.
    """
    path = check_output(output, SUFFIXES)
    if path.resolve() in {file.resolve() for file in files}:
        raise UserError(f"--output {output}: this would overwrite one of the images")
    return path


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = argparse.ArgumentParser(
        prog="hhexp.predict",
        description="Ask a run's model about image files. Prints the class of each image and its "
        "probability, and draws the regions that speak for that class (Grad-CAM).",
    )
    parser.add_argument("run_id", metavar="RUN_ID", help="the run's ID, or its first digits")
    parser.add_argument("files", metavar="FILE", nargs="+", help="an image of any size")
    add_modules(parser)
    add_tracking_uri(parser)
    add_json(parser)
    add_epoch(parser)
    parser.add_argument(
        "--unscaled",
        action="store_true",
        help="also show the answers when pixels of 0 … 255 are not scaled as in training",
    )
    parser.add_argument(
        "--output",
        metavar="FIG.png",
        help="file for the figure; default: predictions-<run>.png in the current folder",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
