"""Where runs live: a local SQLite file with a folder of artifacts, or a team's server."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hhexp.errors import UserError
from hhexp.tracking import database
from hhexp.tracking.access import explain_refusal, log_in
from hhexp.tracking.address import LOCAL_URI, REACH_S, check_address, knock, without_password
from hhexp.tracking.artifact_hosts import guard_hosts
from hhexp.tracking.outages import StoreAwayError, give_reason, is_away
from hhexp.tracking.quiet import quieten
from hhexp.tracking.relocation import find_artifacts

if TYPE_CHECKING:
    from mlflow import MlflowClient

_environment = threading.Lock()
"""It is one for all threads."""


@dataclass(frozen=True)
class Store:
    """An MLflow tracking store."""

    uri: str

    @classmethod
    def resolve(cls, uri: str | None) -> "Store":
        """The store at ``uri``, else at ``$MLFLOW_TRACKING_URI``, else the local one.

        Raises:
            UserError: MLflow cannot keep runs there.
        """
        uri = uri or os.environ.get("MLFLOW_TRACKING_URI") or LOCAL_URI
        store = cls(check_address(uri))
        if store.is_sqlite and str(store.database) in (".", ":memory:"):
            raise UserError(f"tracking store {uri}: name a file, such as {LOCAL_URI}")
        return store

    def __str__(self) -> str:
        """The address, without a password."""
        return without_password(self.uri)

    @property
    def is_sqlite(self) -> bool:
        """Whether the store is a local SQLite file."""
        return self.uri.startswith("sqlite")

    @property
    def is_server(self) -> bool:
        """Whether an MLflow server keeps the store, which then has its own UI."""
        return self.uri.startswith(("http", "databricks"))

    @property
    def database(self) -> Path:
        """The file of a SQLite store."""
        return Path(self.uri.partition("://")[2].removeprefix("/").partition("?")[0])

    @property
    def artifacts(self) -> Path:
        """The folder of a SQLite store's artifacts, beside the database."""
        return find_artifacts(self.database)

    def prepare(self) -> None:
        """Create the store if it is local and does not exist yet, and check that it answers.

        To be called once before any worker starts; two processes may do so at the same time.

        Raises:
            UserError: it cannot be created, read or reached.
        """
        if self.is_sqlite:
            database.create(self.database, self.artifacts)
            database.check(self.database)  # and no more: the import of MLflow takes long
        else:
            self.client()

    def client(self) -> "MlflowClient":
        """MLflow's client on this store; MLflow's global tracking URI follows.

        Raises:
            UserError: the store does not exist, cannot be reached, or is of another MLflow version.
        """
        quieten()
        import mlflow

        guard_hosts()
        # log_model and the loading of models know no other way to name the store.
        mlflow.set_tracking_uri(self.uri)
        if self.is_sqlite:
            database.check(self.database)
            database.keep_statistics(self.database.absolute())
            database.wait_for_writers()
        _reach_once(self)
        return mlflow.MlflowClient(self.uri)

    def answers(self) -> bool:
        """Whether the store answers a small question now."""
        try:
            _reach(self)
        except UserError:
            return False
        return True

    def experiment_id(self, name: str) -> str:
        """The ID of the experiment of that name, created if it does not exist.

        Raises:
            UserError: the experiment was deleted.
        """
        client = self.client()
        experiment = client.get_experiment_by_name(name)
        if experiment is None:
            return self._create_experiment(name)
        if experiment.lifecycle_stage == "deleted":
            raise UserError(
                f"the experiment {name!r} was deleted from {self}: choose another with "
                "tracking.experiment, or restore it with "
                f"'mlflow experiments restore --experiment-id {experiment.experiment_id}'"
            )
        return str(experiment.experiment_id)

    def _create_experiment(self, name: str) -> str:
        from mlflow.exceptions import MlflowException
        from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

        maker: Any = self.client()
        if self.is_sqlite:  # MLflow's client would put the artifacts in ./mlruns
            maker = SqlAlchemyStore(self.uri, str(self.artifacts))
        try:
            return str(maker.create_experiment(name))
        except MlflowException as error:
            if error.error_code == "RESOURCE_ALREADY_EXISTS":  # another process was first
                return self.experiment_id(name)
            raise explain_refusal(self, error) or UserError(
                f"tracking.experiment={name!r}: {_take_first_line(error)}"
            ) from error


@contextmanager
def keep_tracking_uri() -> Iterator[None]:
    """Leave MLflow and its variable with the address that the person has set, if any.

    Within it a store's client sets its own, which MLflow also writes into the environment, where
    the next call would look for the person's.
    """
    name = "MLFLOW_TRACKING_URI"
    before = os.environ.get(name)
    own = None
    if "mlflow" in sys.modules:
        import mlflow

        own = mlflow.get_tracking_uri() if mlflow.is_tracking_uri_set() else None
    try:
        yield
    finally:
        if "mlflow" in sys.modules:
            import mlflow

            mlflow.set_tracking_uri(own)  # type: ignore[arg-type]  # None is for none
        if before is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = before


def _reach(store: Store) -> None:
    """Ask a store for something small.

    Raises:
        StoreAwayError: it does not answer.
        UserError: it answers that it cannot be used.
    """
    import mlflow
    from mlflow.exceptions import MlflowException

    try:
        if not store.is_sqlite and not store.is_server:
            knock(store.uri)
            log_in(store.uri, store)
        with _shorten_patience():
            mlflow.MlflowClient(store.uri).search_experiments(max_results=1)
    except MlflowException as error:
        if "out-of-date database schema" in str(error):
            raise UserError(
                f"the tracking store {store} was created by another MLflow version: back it up, "
                f"then run 'mlflow db upgrade {store}'"
            ) from error
        kind = StoreAwayError if is_away(error) else UserError
        raise explain_refusal(store, error) or kind(
            f"the tracking store {store} does not answer: {give_reason(error)}"
        ) from error
    except OSError as error:
        raise StoreAwayError(f"the tracking store {store} does not answer: {error}") from error
    except ImportError as error:
        raise UserError(
            f"the tracking store {store} needs a Python package that is not installed: {error}"
        ) from error


_reach_once = cache(_reach)


@contextmanager
def _shorten_patience() -> Iterator[None]:
    """MLflow's patience with servers, minutes of retries, cut to seconds."""
    patience = {
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
        "MLFLOW_HTTP_REQUEST_TIMEOUT": str(REACH_S),
    }
    with _environment:
        before = {name: os.environ.get(name) for name in patience}
        os.environ.update(patience)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value


def _take_first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["no reason given"])[0]
