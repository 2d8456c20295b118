"""The command's arguments and its errors."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hhexp.report import main
from hhexp.tracking.store import Store


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An empty store."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", "")  # which MLflow sets
        store = Store(f"sqlite:///{tmp_path_factory.mktemp('empty')}/mlflow.db")
        store.prepare()
        yield store.uri


def test_help_needs_nothing_heavy() -> None:
    code = (
        "import sys; from hhexp.report import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted({'mlflow', 'pandas', 'matplotlib', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert "--gradcam" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing"], "'nothing' is not a study"),
        (["0123456789"], "no run in"),
        (["params.aug = 'full'"], "no finished run in"),
        (["params.aug = 'full'", "--study", "missing"], "--study missing: no such study"),
    ],
)
def test_mistakes_end_in_one_line_and_status_2(
    uri: str, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main([*arguments, "--tracking-uri", uri]) == 2
    said = capsys.readouterr().err
    assert said.startswith("hhexp: ") and message in said
    assert said.count("\n") == 1


def test_a_store_that_is_not_there_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["abcdef", "--tracking-uri", f"sqlite:///{tmp_path}/no.db"]) == 2
    assert "no.db" in capsys.readouterr().err
