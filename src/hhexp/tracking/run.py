"""A run being logged, by its ID: nothing here depends on MLflow's global active run."""

import contextlib
import json
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hhexp.errors import UserError, one_line
from hhexp.tracking.heartbeat import leave
from hhexp.tracking.names import make_names
from hhexp.tracking.store import Store
from hhexp.tracking.tags import DATA_FINGERPRINT, ERROR, PARENT

if TYPE_CHECKING:
    import keras
    import numpy as np
    from matplotlib.figure import Figure
    from mlflow import MlflowClient

BATCH = 100
"""Parameters that MLflow takes in one call."""
VALUE_LENGTH = 6000
"""Letters that MLflow takes in a parameter's value."""
TAG_LENGTH = 5000
"""Letters that MLflow takes in a tag's value, on every kind of store."""
CUT = " … (cut)"
DIGEST_LENGTH = 36
"""Letters that MLflow takes in a data set's digest."""
MODEL_PACKAGES = ("tensorflow", "keras", "numpy")
"""What someone needs to load a logged model."""


@dataclass(frozen=True)
class TrackedRun:
    """A run in a store; its methods raise MLflow's own exceptions where logging fails."""

    store: Store
    run_id: str

    @classmethod
    def start(
        cls,
        store: Store,
        experiment: str,
        name: str,
        parent_id: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> "TrackedRun":
        """A new run, RUNNING; under ``parent_id`` in the UI where that is given.

        Raises:
            UserError: the store cannot be used, or the experiment was deleted.
        """
        client = store.client()
        from mlflow.tracking.context import registry

        own = {name: _cut(value, TAG_LENGTH) for name, value in (tags or {}).items()}
        if parent_id:
            own[PARENT] = parent_id
        run = client.create_run(
            store.experiment_id(experiment),
            run_name=name,
            # who ran what of which commit: the UI's columns User, Source and Version
            tags=registry.resolve_tags(own),
        )
        return cls(store, run.info.run_id)

    @classmethod
    def resume(cls, store: Store, run_id: str) -> "TrackedRun":
        """A run that exists already, set to RUNNING again.

        Raises:
            UserError: the store cannot be used, or has no such run.
        """
        from mlflow.exceptions import MlflowException

        client = store.client()
        try:
            run = client.get_run(run_id)
        except MlflowException as error:
            raise UserError(f"{store} has no run {run_id}") from error
        client.update_run(run_id, status="RUNNING")
        if ERROR in run.data.tags:
            client.delete_tag(run_id, ERROR)
        return cls(store, run_id)

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Log flat parameters; a value that is too long for MLflow is cut, and marked as cut.

        MLflow never changes a parameter: a run that continues keeps those that it started with.
        """
        from mlflow.entities import Param

        known = self._client.get_run(self.run_id).data.params
        names = make_names(params)
        entries = [
            Param(names[key], _cut(str(value), VALUE_LENGTH))
            for key, value in params.items()
            if names[key] not in known
        ]
        for start in range(0, len(entries), BATCH):
            self._client.log_batch(self.run_id, params=entries[start : start + BATCH])

    def log_epoch(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Log an epoch's metrics in one call, with step = epoch."""
        names = make_names(metrics)
        self._log_metrics(epoch, {names[key]: value for key, value in metrics.items()})

    def log_once(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Log those metrics of an epoch that the run does not have yet."""
        known = self._client.get_run(self.run_id).data.metrics
        names = make_names(metrics)
        new = {names[k]: v for k, v in metrics.items() if names[k] not in known}
        self._log_metrics(epoch, new)

    def log_history(self, first_epoch: int, epochs: Sequence[Mapping[str, float]]) -> None:
        """Log the metrics of several epochs, the first of which is ``first_epoch``."""
        for epoch, metrics in enumerate(epochs, start=first_epoch):
            self.log_epoch(epoch, metrics)

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Set tags; a value that is too long for MLflow is cut, and marked as cut."""
        from mlflow.entities import RunTag

        entries = [RunTag(key, _cut(str(value), TAG_LENGTH)) for key, value in tags.items()]
        self._client.log_batch(self.run_id, tags=entries)

    def log_dataset(
        self, name: str, digest: str, source: str, context: str, counts: Mapping[str, int]
    ) -> None:
        """Log a split of a data set as an input of the run.

        Args:
            name: the data set's.
            digest: its fingerprint; MLflow takes the first 36 letters, a tag the whole.
            source: where it was read from.
            context: the split, such as train; part of the name that MLflow shows, as it keeps
                only one data set of a name and digest.
            counts: images by class.
        """
        from mlflow.entities import Dataset, DatasetInput, InputTag
        from mlflow.exceptions import MlflowException

        dataset = Dataset(
            name=f"{name}/{context}",
            digest=digest[:DIGEST_LENGTH],
            source_type="local",
            source=json.dumps({"uri": source}),
            profile=json.dumps({"images": sum(counts.values()), "by_class": dict(counts)}),
        )
        tags = [InputTag("mlflow.data.context", context)]
        inputs = [DatasetInput(dataset, tags)]
        try:
            self._client.log_inputs(self.run_id, inputs)
        except MlflowException:
            # MLflow looks for the data set and then makes it; another process was between. Its
            # transaction is undone, and now it finds that process's.
            self._client.log_inputs(self.run_id, inputs)
        self.set_tags({DATA_FINGERPRINT: digest})

    def log_text(self, text: str, path: str) -> None:
        """Log a text as the artifact ``path``."""
        self._client.log_text(self.run_id, text, path)

    def log_json(self, value: Any, path: str) -> None:
        """Log a JSON-serialisable value as the artifact ``path``."""
        self.log_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", path)

    def log_figure(self, figure: "Figure", path: str) -> None:
        """Log a Matplotlib figure as the artifact ``path``, in the format that its ending names."""
        self._client.log_figure(self.run_id, figure, path)

    def log_file(self, path: Path, folder: str | None = None) -> None:
        """Log a file, or a folder with all that is in it, under the artifact ``folder``."""
        self._client.log_artifact(self.run_id, str(path), folder)

    def log_model(self, model: "keras.Model", example: "np.ndarray") -> None:
        """Log a Keras model, with its signature and the packages that it needs.

        Args:
            model: with one input and one output.
            example: a batch of its input, for shape and dtype only.
        """
        import mlflow
        import numpy as np
        from mlflow.models import Model, ModelSignature
        from mlflow.types import Schema, TensorSpec

        client = self._client
        inputs = TensorSpec(example.dtype, (-1, *example.shape[1:]))
        outputs = TensorSpec(np.dtype(model.outputs[0].dtype), (-1, *model.output_shape[1:]))
        # mlflow.keras.log_model would take the run and the experiment from global state.
        logged = client.create_logged_model(
            client.get_run(self.run_id).info.experiment_id, "model", source_run_id=self.run_id
        )
        Model.log(
            name=None,
            artifact_path=None,
            flavor=mlflow.keras,
            run_id=self.run_id,
            model_id=logged.model_id,
            model=model,
            signature=ModelSignature(Schema([inputs]), Schema([outputs])),
            pip_requirements=[f"{name}=={version(name)}" for name in MODEL_PACKAGES],
        )

    def has_model(self) -> bool:
        """Whether the run has logged a model, and wholly."""
        outputs = self._client.get_run(self.run_id).outputs
        ids = [output.model_id for output in outputs.model_outputs] if outputs else []
        return any(self._client.get_logged_model(each).status == "READY" for each in ids)

    def finish(self, status: str, error: BaseException | None) -> None:
        """End the run as FINISHED, FAILED or KILLED.

        A failure's error becomes a tag, in one line, and with its traceback the artifact error.txt.
        A run that another process has taken over is left to it.
        """
        if not leave(self.run_id):
            return
        if status == "FAILED" and error is not None:
            # Whatever made the run fail may also stop this; the run must end all the same.
            with contextlib.suppress(Exception):
                self.set_tags({ERROR: one_line(error)})
                self.log_text("".join(traceback.format_exception(error)), "error.txt")
        self._client.set_terminated(self.run_id, status)

    def _log_metrics(self, epoch: int, metrics: Mapping[str, float]) -> None:
        from mlflow.entities import Metric

        now_ms = int(time.time() * 1000)
        entries = [Metric(name, float(value), now_ms, epoch) for name, value in metrics.items()]
        self._client.log_batch(self.run_id, metrics=entries)

    @cached_property
    def _client(self) -> "MlflowClient":
        return self.store.client()


def _cut(value: str, length: int) -> str:
    return value if len(value) <= length else value[: length - len(CUT)] + CUT
