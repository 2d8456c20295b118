"""MLflow without its noise, its telemetry, and its patience with servers that are away."""

import logging
import os
import warnings

SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",  # else importing MLflow starts a thread that calls home
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    # It would try for minutes; what cannot be sent waits in the run's journal.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "60",  # s
    "GIT_PYTHON_REFRESH": "quiet",  # a machine without git needs no warning
}


def quieten() -> None:
    """Set MLflow up before its import; whoever set one of the variables keeps the say."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    # What it retries is said once, when it does not help.
    logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)
    # It prints the traceback of every error of a database, which is raised as well.
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)
    # Of a notebook without widgets, which its progress bars would need.
    warnings.filterwarnings("ignore", "IProgress not found")


def import_ahead() -> None:
    """Import MLflow before its first use, which takes a second or two."""
    quieten()
    import mlflow  # noqa: F401
