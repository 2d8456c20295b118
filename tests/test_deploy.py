"""The containers of deploy/ agree with each other and with the versions that are tested."""

import configparser
import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"


def test_the_server_has_the_versions_that_are_tested() -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    pins = re.findall(
        r'"([\w-]+)(?:\[\w+\])?==([\d.]+)"', (DEPLOY / "Dockerfile").read_text("utf-8")
    )
    assert {"mlflow", "psycopg"} <= dict(pins).keys()
    for name, version in pins:
        if f"\n{name}==" in lock:
            assert f"\n{name}=={version}\n" in lock


def test_every_secret_is_asked_for_in_the_example() -> None:
    used = set(re.findall(r"\$\{(\w+):\?", (DEPLOY / "compose.yaml").read_text("utf-8")))
    given = set(re.findall(r"^(\w+)=", (DEPLOY / "env.example").read_text("utf-8"), re.MULTILINE))
    assert used == given
    assert used >= {"POSTGRES_PASSWORD", "ADMIN_PASSWORD", "S3_SECRET_KEY"}


def test_the_services_call_each_other_by_name() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]
    settings = services["mlflow"]["environment"]
    people = configparser.ConfigParser()
    people.read(DEPLOY / "auth.ini")
    assert settings["MLFLOW_BACKEND_STORE_URI"] == people["mlflow"]["database_uri"]
    assert "@postgres/" in settings["MLFLOW_BACKEND_STORE_URI"]
    garage = tomllib.loads((DEPLOY / "garage.toml").read_text("utf-8"))
    assert settings["AWS_DEFAULT_REGION"] == garage["s3_api"]["s3_region"]
    port = garage["s3_api"]["api_bind_addr"].rpartition(":")[2]
    assert settings["MLFLOW_S3_ENDPOINT_URL"] == f"http://garage:{port}"
    bucket = services["garage"]["environment"]["GARAGE_DEFAULT_BUCKET"]
    assert f'"s3://{bucket}"' in (DEPLOY / "Dockerfile").read_text("utf-8")
    assert all("healthcheck" in service for service in services.values())
