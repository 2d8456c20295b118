"""uv is found or asked for, finds Pythons, and says in one line why it could not work."""

import platform
import sys
from pathlib import Path

import pytest

from hhexp.errors import UserError
from hhexp.reproduction import uv


def test_a_missing_uv_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="needs uv, which is not here: pip install uv"):
        uv.find_python("3.11")


def test_a_python_that_is_here_is_found_and_another_is_not() -> None:
    found = uv.find_python(platform.python_version())
    if found is not None:  # uv looks at the system's, and this may be one of another tool's
        assert found[1] == platform.python_version() and Path(found[0]).is_file()
    assert uv.find_python("3.99") is None


def test_an_index_that_does_not_answer_is_no_missing_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    with pytest.raises(UserError, match="uv cannot look the recorded packages up") as error:
        uv.find_missing(["little==1.0"], sys.executable)
    assert "\n" not in str(error.value) and "127.0.0.1" in str(error.value)
