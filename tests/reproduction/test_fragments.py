"""A run that was published in the former form, a file a part, is read as well."""

import hashlib
import json
from pathlib import Path

import pytest

from hhexp.errors import UserError
from hhexp.reproduction.fragments import read_folder, write_folder

IMAGES = json.dumps({"files": [{"path": "train/a/1.png", "bytes": 9, "sha256": "a" * 64}]}) + "\r\n"
SHA256 = hashlib.sha256(IMAGES.encode()).hexdigest()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Such a run, whose list of images lies in ``data/``."""
    folder = tmp_path / "study" / "runs" / ("0" * 32)
    texts = {
        "config.yaml": "epochs: 1\n",
        "overrides.txt": "aug=none\n",
        "epochs.json": json.dumps(
            [{"epoch": 1, "metrics": {"val/loss": 0.5}, "weights": "a" * 64}]
        ),
        "identity.json": '{"seed": 0}',
        "changes.patch": "+one\r\n+two\n+\rthree\n",
        "data.sha256": f"{SHA256}\n",
    }
    for name, text in texts.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
    data = tmp_path / "study" / "data"
    data.mkdir()
    (data / f"{SHA256}.json").write_bytes(IMAGES.encode())
    return folder


def test_all_its_files_are_read(folder: Path) -> None:
    record = read_folder(folder)
    assert (record.run_id, record.where) == ("0" * 32, str(folder))
    assert (record.config, record.overrides) == ({"epochs": 1}, ["aug=none"])
    assert record.identity == {"seed": 0}
    assert record.files == {"changes.patch": "+one\r\n+two\n+\rthree\n", "data.json": IMAGES}
    assert (record.git, record.environment) == (None, None)


def test_an_edited_list_of_images_is_refused(folder: Path) -> None:
    images = folder.parents[1] / "data" / f"{SHA256}.json"
    images.write_text("{}")
    with pytest.raises(UserError, match="was edited: restore it"):
        read_folder(folder)
    images.unlink()
    assert "data.json" not in read_folder(folder).files


@pytest.mark.parametrize("sha256", ["../../x", "a" * 63, ""])
def test_a_hash_that_is_none_leads_nowhere(folder: Path, sha256: str) -> None:
    (folder / "data.sha256").write_text(sha256)
    assert "data.json" not in read_folder(folder).files


def test_what_was_written_is_read_to_the_last_byte(folder: Path, tmp_path: Path) -> None:
    record = read_folder(folder)
    write_folder(record, tmp_path / "runs")
    written = tmp_path / "runs" / record.run_id
    assert read_folder(written) == record.model_copy(update={"where": str(written)})


def test_what_is_missing_or_edited_is_said_in_one_line(folder: Path) -> None:
    (folder / "epochs.json").write_text("[]")
    with pytest.raises(UserError, match="epochs: there are 0, the configuration says 1"):
        read_folder(folder)
    (folder / "epochs.json").write_bytes(b"\xff")
    with pytest.raises(UserError, match=r"epochs\.json: not UTF-8 text"):
        read_folder(folder)
    (folder / "epochs.json").unlink()
    with pytest.raises(UserError, match=r"lacks epochs\.json"):
        read_folder(folder)
