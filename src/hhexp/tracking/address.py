"""Addresses of stores: what MLflow can keep runs in, and how an address is shown."""

import os
import re
import socket
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from hhexp.errors import UserError

LOCAL_URI = "sqlite:///mlruns/mlflow.db"
"""The default store, relative to the current folder."""

KINDS = re.compile(
    r"sqlite(\+\w+)?:///|(postgresql|mysql|mssql)(\+\w+)?://|https?://|databricks($|://)"
)
"""How the address of a store starts in which MLflow can keep runs."""

PORTS = {"postgresql": 5432, "mysql": 3306, "mssql": 1433}
"""SQL servers that MLflow knows, and their ports."""

REACH_S = 4
"""How long a server may take to answer the first question, in seconds."""


def check_address(uri: str) -> str:
    """The address of a store, with the person's home folder where it begins with one.

    Raises:
        UserError: MLflow cannot keep runs there.
    """
    if not KINDS.match(uri):
        raise UserError(_explain_refusal(uri))
    if not uri.startswith("sqlite"):
        _parse_address(uri)
    return uri.replace(":///~/", f":///{os.path.expanduser('~')}/", 1)


def without_password(uri: str) -> str:
    """A store's address as it may be shown and logged."""
    scheme, _, rest = uri.partition("://")
    person, at, place = rest.rpartition("@")
    if scheme.startswith("sqlite") or not at or ":" not in person:
        return uri
    return f"{scheme}://{person.partition(':')[0]}:***@{place}"


def knock(uri: str) -> None:
    """Connect to a SQL server's port once, where MLflow would retry for minutes."""
    address = _parse_address(uri)
    port = address.port or PORTS[address.scheme.partition("+")[0]]
    if address.hostname:
        socket.create_connection((address.hostname, port), REACH_S).close()


def _parse_address(uri: str) -> SplitResult:
    """A server's address without the person and password, which may hold slashes and colons.

    Raises:
        UserError: its host or port cannot be one.
    """
    scheme, _, rest = uri.partition("://")
    try:
        address = urlsplit(f"{scheme}://{rest.rpartition('@')[2]}")
        _ = address.port  # looked at when it is asked for
    except ValueError as error:
        raise UserError(
            f"tracking store {without_password(uri)}: not a valid address: {error}"
        ) from error
    return address


def _explain_refusal(uri: str) -> str:
    if sqlite := re.match(r"sqlite(\+\w+)?:/*", uri):
        file = uri[sqlite.end() :]
        advice = (
            f"write three slashes: sqlite:///{file}"
            if file
            else f"name a file, such as {LOCAL_URI}"
        )
        return f"tracking store {uri}: {advice}"
    if uri.endswith(".db") and ":" not in uri:
        return f"tracking store {uri}: for a SQLite file write sqlite:///{uri}"
    is_folder = ":" not in uri and ("/" in uri or Path(uri).is_dir())
    if not is_folder and not uri.startswith("file:"):
        return (
            f"tracking store {without_password(uri)}: unknown kind; use "
            "sqlite:///path/to/mlflow.db, http(s)://…, postgresql://…, mysql://… or databricks"
        )
    folder = uri.removeprefix("file:").removeprefix("//").rstrip("/") or "."
    return (
        f"tracking store {uri}: MLflow no longer keeps runs in plain folders; use "
        f"sqlite:///{folder}/mlflow.db"
    )
