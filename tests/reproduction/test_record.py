"""A published run is the run that was published, byte by byte, or it is refused."""

import json
from pathlib import Path

import pytest

from hhexp.errors import UserError
from hhexp.reproduction.record import Recorded, from_folder, write

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


@pytest.mark.parametrize("text", ["[]", "{", json.dumps([{**EPOCH, "weights": ""}])])
def test_an_edited_history_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    folder = write(recorded(), tmp_path / "runs")
    (folder / "epochs.json").write_text(text)
    with pytest.raises(UserError, match=r"epochs\.json was edited or is damaged") as error:
        from_folder(folder)
    assert "\n" not in str(error.value)
