"""Options that several commands share."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from hhexp.errors import UserError


def add_tracking_uri(parser: argparse.ArgumentParser) -> None:
    """Let a command take ``--tracking-uri``."""
    parser.add_argument(
        "--tracking-uri",
        help="the store; default: $MLFLOW_TRACKING_URI, else sqlite:///mlruns/mlflow.db",
    )


def check_output(output: str, suffixes: Sequence[str]) -> Path:
    """The path that ``--output`` names, to which a file can be written.

    Raises:
        UserError: its name ends in none of the suffixes, or its folder is missing.
    """
    path = Path(output)
    if path.suffix.lower() not in suffixes:
        raise UserError(f"--output {output}: its name must end in one of {', '.join(suffixes)}")
    if not path.parent.is_dir():
        raise UserError(f"--output {output}: there is no folder {path.parent}")
    return path
