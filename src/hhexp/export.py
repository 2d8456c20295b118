"""``python -m hhexp.export RUN_ID --to FORMAT``: write a run's model for use without hhexp."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from hhexp.console import entry
from hhexp.errors import UserError
from hhexp.json_document import print_document
from hhexp.options import add_epoch, add_json, add_tracking_uri, add_trusted
from hhexp.terminal import say

TO = ("keras", "saved_model", "onnx", "tflite")
"""The formats; ``hhexp.exporting.formats`` has how they are written."""
CARD = "README.md"
CLASSES = "classes.json"


@entry
def main(argv: list[str] | None = None) -> int:
    """Write the model with its classes and its card, and compare it with the original."""
    options = build_parser().parse_args(argv)
    with print_document(options.json) as document:
        document |= _export(options)
    return 0


def _export(options: argparse.Namespace) -> dict[str, Any]:
    """Write the folder; what there is to say of it."""
    from hhexp.atomic import replace_file
    from hhexp.config.registry import import_modules
    from hhexp.experiment import Trusted
    from hhexp.exporting import formats
    from hhexp.exporting.card import Check, write_card
    from hhexp.exporting.comparison import find_sample, measure_difference
    from hhexp.prediction.predictor import open_predictor
    from hhexp.tracking.query import find_run
    from hhexp.tracking.store import Store

    formats.check_installed(options.to)
    store = Store.resolve(options.tracking_uri)
    run = find_run(store, options.run_id)
    target = check_target(options.out or f"export-{run.run_id[:8]}-{options.to}")
    predictor = open_predictor(store, run.run_id, options.modules, options.epoch)
    import_modules(options.modules)
    trusted = Trusted(tuple(options.modules), tuple(options.addresses), options.data_root)
    sample = find_sample(store, run, predictor.image_size, trusted)
    with replace_file(target) as folder:
        folder.mkdir()
        model = formats.wrap(predictor.model, *predictor.image_size)
        exported = formats.write(options.to, model, folder)
        difference = measure_difference(predictor.opened, exported, sample.images)
        card = write_card(store, run, predictor, options.to, Check(sample.source, difference))
        (folder / CARD).write_text(card, "utf-8")
        classes = json.dumps(predictor.classes, ensure_ascii=False)
        (folder / CLASSES).write_text(f"{classes}\n", "utf-8")
    reason = f" ({sample.reason})" if sample.reason else ""
    say(f"Compared with the original on {sample.source}{reason}.")
    say(f"The largest difference of a probability: {difference:.2g}")
    say(f"The model, its classes and its card: {target}")
    return {
        "run_id": run.run_id,
        "epoch": options.epoch,
        "format": options.to,
        "folder": target,
        "classes": predictor.classes,
        "images": sample.source,
        "largest_difference": difference,
    }


def check_target(out: str) -> Path:
    """The folder to write.

    Raises:
        UserError: it is there already, or the folder that it belongs in is not.
    """
    target = Path(out)
    if target.exists() or target.is_symlink():
        raise UserError(f"--out {out}: is there already; choose another name")
    if not target.parent.is_dir():
        raise UserError(f"--out {out}: the folder {target.parent} does not exist")
    return target


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = argparse.ArgumentParser(
        prog="hhexp.export",
        description="Write a run's model into a folder, for use without hhexp: with its scaling "
        "inside, its classes, and a model card. The written file is asked about the run's "
        "validation images, and must answer as the original does.",
    )
    parser.add_argument("run_id", metavar="RUN_ID", help="the run's ID, or its first digits")
    parser.add_argument("--to", required=True, choices=TO, help="the format")
    add_epoch(parser)
    parser.add_argument(
        "--out",
        metavar="FOLDER",
        help="the folder to write, which must not exist; default: export-<run>-<format>",
    )
    add_trusted(parser)
    add_tracking_uri(parser)
    add_json(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
