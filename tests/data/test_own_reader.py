import re
from pathlib import Path

import pytest

from hhexp.config.registry import data_reader, import_modules
from hhexp.data import load

DOCUMENT = Path(__file__).parents[2] / "docs/data.md"


def test_the_reader_in_the_documentation_works(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = re.search(r"```python\n(# my_readers\.py\n.*?)```", DOCUMENT.read_text(), re.DOTALL)
    assert source
    (tmp_path / "my_readers.py").write_text(source[1])
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(data_reader, "functions", dict(data_reader.functions))
    import_modules(["my_readers"])

    rows = ["split,file,label"]
    for file in sorted(images.rglob("*.png")):
        split, label, name = file.relative_to(images).parts
        rows.append(f"{split},{split}/{label}/{name},{label[:-1]}")
    (images / "labels.csv").write_text("\n".join(rows))
    dataset = load("mine", data_reader.functions["from_table"](root=str(images)), 16)
    assert dataset.classes == ("cat", "dog")
    assert dataset.counts["train"] == {"cat": 3, "dog": 3}
