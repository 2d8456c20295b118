"""An index of a folder's studies."""

import json
import shutil
from pathlib import Path

import pytest

from hhexp.report import main


@pytest.fixture
def studies(synthetic, tmp_path: Path) -> Path:
    """A folder with two studies, of which one is answered."""
    for name in ("answered", "new"):
        shutil.copytree(synthetic.study, tmp_path / name)
    report = tmp_path / "answered/report"
    words = ["--tracking-uri", synthetic.store.uri, "--output", str(report)]
    assert main([str(tmp_path / "answered"), *words]) == 0
    return tmp_path


def test_each_study_has_its_question_its_answer_its_date_and_a_link(studies: Path) -> None:
    assert main(["--index", str(studies)]) == 0
    text = (studies / "index.html").read_text("utf-8")
    assert text.count("Does &lt;augmentation&gt; help?") == 2
    assert text.count('<a href="answered/report/report.html">') == 1
    assert "Augmentation lowers validation loss: by 1.000 (" in text
    noted = json.loads((studies / "answered/report/answer.json").read_text("utf-8"))
    assert f"28 runs, the newest of {noted['date']}" in text
    assert "Not answered yet: <code>python -m hhexp.run -m" in text


def test_what_cannot_be_listed_is_named_in_one_line(
    studies: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (studies / "answered/report/answer.json").write_text("{")
    assert main(["--index", str(studies)]) == 2
    assert "answer.json" in capsys.readouterr().err
    assert main(["--index", str(studies / "new")]) == 2
    assert "has no study" in capsys.readouterr().err
