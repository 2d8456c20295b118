"""Imports go down the rooms, and heavy libraries are imported where they are used.

import-linter and ruff hold this, by settings in ``pyproject.toml``. Here it is shown that they do.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEAVY = {
    "PIL",
    "cv2",
    "joblib",
    "keras",
    "matplotlib",
    "mlflow",
    "pandas",
    "scipy",
    "sklearn",
    "tensorflow",
}
DRAWERS = {"base", "common", "helpers", "misc", "utils"}

BREACHES = {
    "data/order.py": ("import hhexp.training.loop", "hhexp.data.order -> hhexp.training.loop"),
    "augment/affine.py": (
        "def f():\n    from hhexp import training",
        "hhexp.augment.affine -> hhexp.training",
    ),
    "training/loop.py": (
        "from ..experiment import run",
        "hhexp.training.loop -> hhexp.experiment.run",
    ),
    "report.py": ("from hhexp import ui", "hhexp.report -> hhexp.ui"),
    "experiment/plan.py": (
        "def f():\n    import mlflow.keras",
        "hhexp.experiment.plan -> mlflow",
    ),
    "tracking/run.py": ("def f():\n    from hydra import compose", "hhexp.tracking.run -> hydra"),
    "launching/sweep.py": ("def f():\n    import optuna", "hhexp.launching.sweep -> optuna"),
    "display/durations.py": (
        "from hhexp.display.plain import Plain",
        "No cycles are allowed in hhexp.display",
    ),
}
"""From a file to what is added to it, and what import-linter then says."""


def lint_imports(src: Path) -> subprocess.CompletedProcess[str]:
    """Check the contracts on the packages in a folder."""
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [program, "--no-cache", "--no-logo", ROOT / "pyproject.toml"],
        env={"PYTHONPATH": str(src), "PATH": "", "COLUMNS": "400"},
        cwd=src,
        capture_output=True,
        text=True,
        check=False,
    )


def find_heavy_imports(code: str, file: str = "src/hhexp/data/order.py") -> list[str]:
    """What ruff says of the imports in a file's text."""
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--select", "TID253", "--output-format", "concise",
         "--stdin-filename", ROOT / file, "-"],
        input=code, cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return [line for line in done.stdout.splitlines() if "TID253" in line]


def test_imports_go_down_the_rooms() -> None:
    done = lint_imports(ROOT / "src")
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_import_that_goes_up_sideways_or_round_is_found(tmp_path: Path) -> None:
    shutil.copytree(
        ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("*.zip", "__pycache__")
    )
    for name, (code, _) in BREACHES.items():
        with (tmp_path / "src/hhexp" / name).open("a", encoding="utf-8") as file:
            file.write(f"\n{code}\n")
    (tmp_path / "src/hhexp/new_room.py").touch()
    done = lint_imports(tmp_path / "src")
    assert done.returncode == 1
    for name, (_, line) in BREACHES.items():
        assert line in done.stdout, f"{name}: {done.stdout}"
    assert "- hhexp.new_room" in done.stdout  # it has no place among the rooms


@pytest.mark.parametrize("code", ["import {}", "from {} import x"])
def test_a_heavy_import_outside_a_function_is_found(code: str) -> None:
    assert [name for name in HEAVY if not find_heavy_imports(code.format(name))] == []


@pytest.mark.parametrize(
    "code",
    [
        "def f():\n    import tensorflow as tf",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import keras",
    ],
)
def test_a_heavy_import_in_a_function_or_for_types_passes(code: str) -> None:
    assert find_heavy_imports(code) == []


@pytest.mark.parametrize("words", [["--help"], ["--cfg", "job"], ["epochs=0"], ["epoch=1"]])
def test_what_needs_no_training_imports_nothing_heavy(words: list[str], tmp_path: Path) -> None:
    code = (
        "import sys, hhexp.run\n"
        f"status = hhexp.run.main({words})\n"
        f"print(sorted(set(sys.modules) & {HEAVY}), file=sys.stderr)\n"
        "sys.exit(status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode == (2 if "=" in words[0] else 0), done.stderr
    assert done.stderr.splitlines()[-1] == "[]"


def test_no_module_has_a_name_that_says_nothing() -> None:
    names = {path.stem for path in (ROOT / "src").rglob("*.py")}
    assert not names & DRAWERS
