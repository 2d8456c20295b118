"""The images of a report are read as a record says, which is other people's input."""

import sys
from pathlib import Path

import pytest

from hhexp.analysis.predictions import read_predictions
from hhexp.analysis.report.pictures import read_validation_images
from hhexp.analysis.selection import select
from hhexp.errors import UserError
from hhexp.experiment import NOTHING, recorded


def read(synthetic, monkeypatch: pytest.MonkeyPatch, edit) -> None:
    """Read the images as another configuration says."""
    results = select(synthetic.store, synthetic.run_ids["full", 4, 0])
    predictions = read_predictions(results)
    real = recorded.read_text
    monkeypatch.setattr(recorded, "read_text", lambda *words: edit(real(*words)))
    read_validation_images(results, predictions, NOTHING)


def test_a_module_that_a_record_names_is_not_imported(
    synthetic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "evil.py").write_text(
        f"from pathlib import Path\nPath({str(tmp_path / 'mark')!r}).touch()\n"
    )
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"the modules evil: .* give --modules evil"):
        read(synthetic, monkeypatch, lambda text: text.replace("modules: []", "modules: [evil]"))
    assert not (tmp_path / "mark").exists() and "evil" not in sys.modules


@pytest.mark.parametrize("text", ["", "[]", "a: [", "a: &a [1]\nb: *a", "[" * 3000, "\x00"])
def test_a_damaged_configuration_is_named(
    text: str, synthetic, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UserError, match=r"provenance/config\.yaml of run \w+ was edited or is"):
        read(synthetic, monkeypatch, lambda _: text)
