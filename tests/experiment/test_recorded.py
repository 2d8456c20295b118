"""A published run is the run that was published, byte by byte."""

import json
from pathlib import Path

from hhexp.experiment.recorded import Recorded, from_folder, write

EPOCH = {"epoch": 1, "metrics": {"val/loss": 0.5}, "weights": "a" * 64}


def recorded(**files: str) -> Recorded:
    """A run of one epoch; ``changes`` and ``data`` give it further files."""
    needed = {
        "config.yaml": "epochs: 1\n",
        "overrides.txt": "",
        "epochs.json": json.dumps([EPOCH]),
        "identity.json": "{}",
    }
    further = {{"changes": "changes.patch", "data": "data.json"}[k]: v for k, v in files.items()}
    return Recorded("0" * 32, "a store", "a run", {**needed, **further})


def test_what_was_published_is_read_with_its_line_ends(tmp_path: Path) -> None:
    run = recorded(changes="+one\r\n+two\n+\rthree\n", data='{"files": []}\r\n')
    assert from_folder(write(run, tmp_path / "study" / "runs")).files == run.files
