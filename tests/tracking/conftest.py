"""A real SQLite store for each test, copied from one that is made once."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from hhexp.tracking.store import Store


@pytest.fixture(scope="session")
def made_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database as MLflow makes it."""
    database = tmp_path_factory.mktemp("made") / "mlflow.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", "")
        Store.resolve(f"sqlite:///{database}").prepare()
    return database


@pytest.fixture
def store(made_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store of the test's own."""
    # MLflow writes the variable itself; the fixture takes that back.
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    shutil.copy(made_database, tmp_path / "mlflow.db")
    yield Store.resolve(f"sqlite:///{tmp_path}/mlflow.db")
    import mlflow

    mlflow.set_tracking_uri(None)  # type: ignore[arg-type]
