"""The notebooks of the documentation run, and show what they were saved with."""

from pathlib import Path
from typing import Any

import nbformat
import pytest

from scripts.run_notebook import run

NOTEBOOKS = sorted(Path(__file__).parents[1].glob("docs/**/*.ipynb"))

pytestmark = [
    pytest.mark.slow,
    # Jupyter's client on asyncio and tornado
    pytest.mark.filterwarnings("default"),
]


def read_shown(notebook: Any) -> list[tuple[str, ...]]:
    """Of each cell of code its outputs: texts as they are, and of figures that there is one."""
    return [
        tuple(
            "figure"
            if "image/png" in output.get("data", {})
            else output.get("text") or output.get("data", {}).get("text/plain", output.output_type)
            for output in cell.outputs
        )
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.name)
def test_a_notebook_shows_what_it_was_saved_with(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it does not: ``python scripts/run_notebook.py FILE``, and look at the difference."""
    import hhexp

    monkeypatch.setenv("PYTHONPATH", str(Path(hhexp.__file__).parents[1]))
    saved, made = nbformat.read(file, as_version=4), run(file)
    assert read_shown(made) == read_shown(saved)
    assert sum("figure" in shown for shown in read_shown(made)) > 2
