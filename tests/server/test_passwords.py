"""A server that asks for a user and a password."""

import configparser
import os
import secrets
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.server, pytest.mark.slow]

# Not written here: a run keeps the text of code that is not committed.
ADMIN, ADA = secrets.token_hex(16), secrets.token_hex(16)

SETTINGS = Path(__file__).parents[2] / "deploy/auth.ini"


def person(name: str, password: str) -> dict[str, str]:
    return {"MLFLOW_TRACKING_USERNAME": name, "MLFLOW_TRACKING_PASSWORD": password}


@pytest.fixture(scope="module")
def server(serve: Callable[..., Any], postgres: Any, tmp_path_factory: Any) -> Any:
    """A server with an administrator, and with Ada, who may read what others have made."""
    recipe = configparser.ConfigParser()
    recipe.read(SETTINGS)
    recipe["mlflow"]["default_permission"] = "READ"
    recipe["mlflow"]["database_uri"] = postgres.make_database("people")
    settings = tmp_path_factory.mktemp("auth") / "auth.ini"
    with settings.open("w") as file:
        recipe.write(file)
    server = serve(
        "passwords",
        "--app-name=basic-auth",
        MLFLOW_AUTH_CONFIG_PATH=str(settings),
        MLFLOW_AUTH_ADMIN_USERNAME="admin",
        MLFLOW_AUTH_ADMIN_PASSWORD=ADMIN,
        MLFLOW_FLASK_SERVER_SECRET_KEY="a key",
    )
    make_user = (  # as in docs/server.md
        "import sys, mlflow.server; "
        "mlflow.server.get_app_client('basic-auth', sys.argv[1]).create_user(*sys.argv[2:])"
    )
    subprocess.run(
        [sys.executable, "-c", make_user, server.uri, "ada", ADA],
        env={**os.environ, **person("admin", ADMIN)},
        check=True,
    )
    return server


def train(shell: Any, server: Any, *words: str) -> "subprocess.CompletedProcess[str]":
    place = ["tracking=server", f"tracking.uri={server.uri}", "runtime.threads=1", "epochs=1"]
    return shell.train(*place, *words)


def read_all(folder: Path) -> str:
    return "".join(path.read_text(errors="replace") for path in folder.rglob("*") if path.is_file())


def test_the_right_password_trains_and_is_kept_nowhere(
    server: Any, postgres: Any, new_shell: Callable[..., Any]
) -> None:
    shell = new_shell(**person("ada", ADA))
    result = train(shell, server, "tracking.experiment=adas", "-m", "seed=0,1")
    assert result.returncode == 0, result.stdout + result.stderr
    kept = postgres.dump("passwords") + read_all(server.artifacts) + read_all(shell.folder)
    assert "adas" in kept
    assert ADA not in kept + result.stdout + result.stderr


@pytest.mark.parametrize("variables", [{}, person("ada", "wrong"), person("bob", ADA)])
@pytest.mark.parametrize("command", ["train", "report"])
def test_a_wrong_password_is_said_in_one_line(
    server: Any, shell: Any, variables: dict[str, str], command: str
) -> None:
    asking = replace(shell, variables=variables)
    if command == "train":
        result = train(asking, server)
    else:
        result = asking.call("report", "0123", "--tracking-uri", server.uri)
    assert result.returncode == 2, result.stdout
    assert "does not know this user and password (401)" in result.stderr
    assert result.stderr.count("\n") == 1


def test_what_a_user_may_not_do_is_said_in_one_line(
    server: Any, new_shell: Callable[..., Any]
) -> None:
    words = ("tracking.experiment=admins", "seed=7")
    admin = train(new_shell(**person("admin", ADMIN)), server, *words)
    assert admin.returncode == 0, admin.stderr
    shell = new_shell(**person("ada", ADA))
    result = train(shell, server, "tracking.experiment=admins", "seed=8")
    assert result.returncode == 2, result.stdout
    assert "does not allow this user to do that (403)" in result.stderr
    assert "Traceback" not in result.stdout + result.stderr


def test_a_name_that_the_server_does_not_take_is_said(server: Any, shell: Any) -> None:
    asking = replace(shell, variables=person("ada", ADA))
    result = asking.call(
        "report", "0123", "--tracking-uri", server.uri.replace("127.0.0.1", "127.1")
    )
    assert result.returncode == 2
    assert "does not answer under this name (403)" in result.stderr
