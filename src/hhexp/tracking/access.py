"""Whether a server lets a person in, and what to do where it does not."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hhexp.errors import UserError

if TYPE_CHECKING:
    from mlflow.exceptions import MlflowException

REFUSED = re.compile(
    r"authentication failed|no password supplied|no pg_hba.conf entry|access denied"
    r"|(role|database) .* does not exist|unknown database",
    re.IGNORECASE,
)
"""What PostgreSQL and MySQL say to a person whom they do not let in. Whatever else they say, such
as that they are starting up, may be otherwise a moment later."""


def explain_refusal(store: object, error: "MlflowException") -> UserError | None:
    """What to tell a person whom an MLflow server refuses; None for any other error."""
    status = error.get_http_status_code()
    if status == 401:
        return UserError(
            f"the tracking store {store} does not know this user and password (401): set "
            "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN"
        )
    if status == 403 and "Host header" in str(error):
        return UserError(
            f"the tracking store {store} does not answer under this name (403): use another of its "
            "names, or add this one to the server's --allowed-hosts"
        )
    if status == 403:
        return UserError(
            f"the tracking store {store} does not allow this user to do that (403): ask whoever "
            "runs the server for the permission EDIT on the experiment"
        )
    return None


@contextmanager
def say_refusals(store: object) -> Iterator[None]:
    """Raise what ``explain_refusal`` says of an error of MLflow's."""
    from mlflow.exceptions import MlflowException

    try:
        yield
    except MlflowException as error:
        if refusal := explain_refusal(store, error):
            raise refusal from error
        raise


def log_in(uri: str, store: object) -> None:
    """Log in to a SQL server once, where MLflow would retry for minutes.

    Args:
        uri: its address, with what is needed to log in.
        store: how a message calls it, without a password.

    Raises:
        UserError: there is no such kind of server, or it refuses the person or the database.
        ConnectionError: it cannot take anybody now.
        ImportError: the driver is not installed.
    """
    from sqlalchemy import create_engine
    from sqlalchemy.exc import ArgumentError, DBAPIError

    try:
        engine = create_engine(uri)
        try:
            engine.connect().close()
        finally:
            engine.dispose()
    except ArgumentError as error:
        raise UserError(f"tracking store {store}: {error}") from error
    except DBAPIError as error:
        reason = " ".join(str(error.orig).split())
        if REFUSED.search(reason):
            raise UserError(f"the tracking store {store} refuses: {reason}") from error
        raise ConnectionError(reason) from error
