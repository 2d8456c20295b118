"""A program runs in a folder and an environment of its own."""

from pathlib import Path

import pytest

from benchmarks.programs import measure_in_process, run_python

SHOW = "import os; print(os.getcwd(), sorted({'TF_A', 'HHEXP_CACHE'} & set(os.environ)))"


def test_a_program_does_not_inherit_the_shells_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_A", "1")
    seconds, output = run_python(["-c", SHOW], tmp_path, {"HHEXP_CACHE": "cache"})
    assert output.split(maxsplit=1) == [str(tmp_path), "['HHEXP_CACHE']\n"]
    assert seconds > 0


def test_a_program_that_fails_is_named_with_its_last_output(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"python -c import sys.* ended with 1: no such thing"):
        run_python(["-c", "import sys; sys.exit('no such thing')"], tmp_path, {})


def test_measurements_are_found_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RuntimeError, match="nothing=1"):  # the module is there; the override is not
        measure_in_process("memory", tmp_path, ["read", "nothing=1"])
