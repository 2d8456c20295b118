"""MLflow without its start-up noise and its telemetry."""

import logging
import os

SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",  # else importing MLflow starts a thread that calls home
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "GIT_PYTHON_REFRESH": "quiet",  # a machine without git needs no warning
}


def quieten() -> None:
    """Set MLflow up before its import; whoever set one of the variables keeps the say."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    logging.getLogger("alembic").setLevel(logging.WARNING)


def import_ahead() -> None:
    """Import MLflow before its first use, which takes a second or two."""
    quieten()
    import mlflow  # noqa: F401
