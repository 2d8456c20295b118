"""A database without a server before it: PostgreSQL is named as the store."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

pytestmark = [pytest.mark.server, pytest.mark.slow]


@pytest.fixture(scope="module")
def uri(postgres: Any) -> str:
    return postgres.make_database("direct")


def train(shell: Any, uri: str, *words: str) -> Any:
    return shell.train("tracking=server", f"tracking.uri={uri}", "runtime.threads=1", *words)


def test_runs_are_kept_in_a_database_but_not_its_password(
    uri: str, postgres: Any, new_shell: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = new_shell(uri, PGPASSWORD=postgres.password)
    result = train(shell, uri, "-m", "seed=0,1", "epochs=1")
    assert result.returncode == 0, result.stdout + result.stderr
    with_password = uri.replace("@", f":{postgres.password}@")
    asking = new_shell(MLFLOW_TRACKING_URI=with_password)
    again = asking.train("-m", "seed=0,1", "epochs=1", "runtime.threads=1")
    assert again.returncode == 0, again.stderr
    monkeypatch.setenv("PGPASSWORD", postgres.password)
    assert [run.status for run in shell.runs() if run.kind == "run"] == ["FINISHED"] * 2
    for text in (postgres.dump("direct"), result.stdout + result.stderr, again.stdout):
        assert postgres.password not in text


@pytest.mark.parametrize(
    ("password", "database", "said"),
    [
        ("wrong", "direct", 'refuses: .*password authentication failed for user "team"'),
        ("", "direct", "refuses: .*no password supplied"),
        (None, "nothing", 'refuses: .*database "nothing" does not exist'),
    ],
)
def test_a_database_that_refuses_is_said_in_one_line(
    uri: str, postgres: Any, shell: Any, password: str | None, database: str, said: str
) -> None:
    variables = {"PGPASSWORD": postgres.password if password is None else password}
    asking = replace(shell, variables=variables)
    result = train(asking, uri.replace("direct", database), "epochs=1")
    assert result.returncode == 2, result.stdout
    assert re.search(said, result.stderr)
    assert result.stderr.count("\n") == 1


def test_a_kind_of_database_that_there_is_not_is_said(shell: Any) -> None:
    result = train(shell, "postgresql+nothing://127.0.0.1/x", "epochs=1")
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
