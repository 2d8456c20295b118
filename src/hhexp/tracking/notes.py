"""Descriptions in Markdown that MLflow's UI shows of a run and of an experiment.

hhexp writes them anew whenever there is more to say, but never over what a person has written.
"""

from collections.abc import Mapping

from hhexp.tracking.query import StoredRun
from hhexp.tracking.run import TAG_LENGTH, TrackedRun
from hhexp.tracking.store import Store

NOTE = "mlflow.note.content"
"""MLflow's own tag for a description, of a run or an experiment."""
SIGNED = "*hhexp writes this description anew, unless you change it.*"
"""How one ends that no person has written."""
LENGTH = TAG_LENGTH - len(SIGNED) - 2
"""Letters of a description that a tag can hold."""


def describe_run(store: Store, run: StoredRun, text: str) -> None:
    """Describe a run, unless a person did; of a text that is too long, the end is cut off."""
    if is_ours(run.tags):
        TrackedRun(store, run.run_id).set_tags({NOTE: _sign(text)})


def describe_experiment(store: Store, experiment_id: str, text: str) -> None:
    """Describe an experiment, unless a person did; of a text that is too long, the end is cut."""
    if is_ours(store.client().get_experiment(experiment_id).tags):
        tag_experiment(store, experiment_id, NOTE, _sign(text))


def tag_experiment(store: Store, experiment_id: str, tag: str, value: str) -> None:
    """Set a tag of an experiment; on a server that does not let this person, it stays as it is."""
    from mlflow.exceptions import MlflowException

    try:
        store.client().set_experiment_tag(experiment_id, tag, value)
    except MlflowException as error:
        if error.get_http_status_code() != 403:
            raise


def is_ours(tags: Mapping[str, str]) -> bool:
    """Whether hhexp may write the description."""
    return not tags.get(NOTE, "").strip() or tags[NOTE].rstrip().endswith(SIGNED)


def _sign(text: str) -> str:
    text = text.rstrip()
    return f"{text if len(text) <= LENGTH else f'{text[: LENGTH - 2]} …'}\n\n{SIGNED}"
