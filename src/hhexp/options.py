"""Options that several commands share."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from hhexp.errors import UserError


def add_tracking_uri(parser: argparse.ArgumentParser) -> None:
    """Let a command take ``--tracking-uri``."""
    parser.add_argument(
        "--tracking-uri",
        help="where the runs are stored; default: $MLFLOW_TRACKING_URI, else "
        "sqlite:///mlruns/mlflow.db",
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    """Let a command take ``--json`` (``hhexp.json_document``)."""
    parser.add_argument(
        "--json",
        action="store_true",
        help="print the results as one JSON document, and everything else to the standard error",
    )


def add_published(parser: argparse.ArgumentParser) -> None:
    """Let a command that finds runs take ``--published``."""
    parser.add_argument(
        "--published",
        type=Path,
        default=Path("experiments"),
        help="the folder of published studies; default: experiments",
    )


def add_trusted(parser: argparse.ArgumentParser) -> None:
    """Let a command that takes up recorded configurations take what of them may be used."""
    add_modules(parser)
    parser.add_argument(
        "--addresses",
        nargs="*",
        default=[],
        help="addresses that the runs' data may be downloaded from; others that only a record "
        "names are not asked",
    )
    parser.add_argument("--data-root", help="where the data lies now, if not where it was")


def add_modules(parser: argparse.ArgumentParser) -> None:
    """Let a command that needs a person's own functions or layers take ``--modules``."""
    parser.add_argument(
        "--modules",
        nargs="*",
        default=[],
        help="your own modules that the runs need; those that only a record names are not imported",
    )


def add_epoch(parser: argparse.ArgumentParser) -> None:
    """Let a command that asks a run's model take ``--epoch``."""
    parser.add_argument(
        "--epoch",
        choices=("last", "best"),
        default="last",
        help="the model after the run's last epoch (default), or after its best by its objective",
    )


def check_output(output: str, suffixes: Sequence[str]) -> Path:
    """The path that ``--output`` names, where a file can be written.

    Raises:
        UserError: its name ends with none of the suffixes, or its folder does not exist.
    """
    path = Path(output)
    if path.suffix.lower() not in suffixes:
        raise UserError(f"--output {output}: the file name must end with {' or '.join(suffixes)}")
    if not path.parent.is_dir():
        raise UserError(f"--output {output}: the folder {path.parent} does not exist")
    return path
