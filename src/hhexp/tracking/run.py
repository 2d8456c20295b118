"""A run being logged, by its ID: nothing here depends on MLflow's global active run."""

import hashlib
import json
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from hhexp.errors import UserError, one_line
from hhexp.tracking.access import say_refusals
from hhexp.tracking.entries import LAST, Entry
from hhexp.tracking.heartbeat import leave
from hhexp.tracking.journal import Say, close_journal, open_journal
from hhexp.tracking.names import make_names
from hhexp.tracking.outages import is_away, name_full_disk
from hhexp.tracking.states import SavedState
from hhexp.tracking.store import Store
from hhexp.tracking.tags import ERROR, PARENT, STOPPED

if TYPE_CHECKING:
    import keras
    import numpy as np
    from matplotlib.figure import Figure

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
    """A run in a store; its methods raise MLflow's own exceptions where logging fails.

    Where the store is away they raise nothing: what they log waits in the run's journal.
    """

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
            UserError: the store cannot be used or refuses, or the experiment was deleted.
        """
        client = store.client()
        from mlflow.tracking.context import registry

        own = {name: _cut(value, TAG_LENGTH) for name, value in (tags or {}).items()}
        if parent_id:
            own[PARENT] = parent_id
        with name_full_disk(store), say_refusals(store):
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
            UserError: the store cannot be used or refuses, or has no such run.
        """
        from mlflow.exceptions import MlflowException

        client = store.client()
        try:
            run = client.get_run(run_id)
        except MlflowException as error:
            if is_away(error):
                raise
            raise UserError(f"{store} has no run {run_id}") from error
        with name_full_disk(store), say_refusals(store):
            client.update_run(run_id, status="RUNNING")
            for tag in {ERROR, STOPPED} & run.data.tags.keys():
                client.delete_tag(run_id, tag)
        return cls(store, run_id)

    def tell(self, say: Say) -> None:
        """Let someone hear, in lines for people, when the store goes away and comes back."""
        open_journal(self.store, self.run_id).say = say

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Log flat parameters; a value that is too long for MLflow is cut, and marked as cut.

        MLflow never changes a parameter: a run that continues keeps those that it started with.
        """
        names = make_names(params)
        cut = {names[key]: _cut(str(value), VALUE_LENGTH) for key, value in params.items()}
        self._write(Entry("params", cut))

    def log_epoch(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Log an epoch's metrics in one call, with step = epoch."""
        self._log_metrics(epoch, metrics, once=False)

    def log_once(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Log those metrics of an epoch that the run does not have yet."""
        self._log_metrics(epoch, metrics, once=True)

    def log_history(self, first_epoch: int, epochs: Sequence[Mapping[str, float]]) -> None:
        """Log the metrics of several epochs, the first of which is ``first_epoch``."""
        for epoch, metrics in enumerate(epochs, start=first_epoch):
            self.log_epoch(epoch, metrics)

    def log_curves(self, curves: Mapping[str, Mapping[int, float]]) -> None:
        """Log metrics as a whole, by their names: the value of each by the epoch."""
        names = make_names(curves)
        values = {names[name]: sorted(curve.items()) for name, curve in curves.items()}
        self._write(Entry("curves", {"curves": values, "time_ms": _read_clock()}))

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Set tags; a value that is too long for MLflow is cut, and marked as cut."""
        self._write(Entry("tags", {key: _cut(str(v), TAG_LENGTH) for key, v in tags.items()}))

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
        values = {
            "name": f"{name}/{context}",
            "digest": digest[:DIGEST_LENGTH],
            "source_type": "local",
            "source": json.dumps({"uri": source}),
            "profile": json.dumps({"images": sum(counts.values()), "by_class": dict(counts)}),
        }
        self._write(Entry("dataset", {**values, "context": context, "fingerprint": digest}))

    def log_text(self, text: str, path: str) -> None:
        """Log a text as the artifact ``path``."""
        # Its line ends stay as they are: patches depend on them.
        self.log_content(text.encode(), path)

    def log_content(self, content: bytes, path: str) -> None:
        """Log bytes as the artifact ``path``."""
        self._log_artifact(path, lambda file: file.write_bytes(content))

    def log_json(self, value: Any, path: str) -> None:
        """Log a JSON-serialisable value as the artifact ``path``."""
        self.log_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", path)

    def log_figure(self, figure: "Figure", path: str) -> None:
        """Log a Matplotlib figure as the artifact ``path``, in the format that its ending names."""
        self._log_artifact(path, figure.savefig)

    def log_file(self, path: Path, folder: str | None = None) -> None:
        """Log a file, or a folder with all that is in it, under the artifact ``folder``."""
        self._write(Entry("artifact", {"folder": folder}, path))

    def log_state(
        self,
        content: bytes,
        epoch: int,
        stage: str,
        *,
        stays: bool = False,
        then: Callable[[], object] = lambda: None,
    ) -> SavedState:
        """Log a state, name it in a tag, and only then delete the older ones that need not stay.

        Args:
            content: all that a training needs to continue.
            epoch: the last one that led to it.
            stage: the hash of all that did.
            stays: whether it stays when a newer one is there.
            then: called when the store has it, maybe from another thread.
        """
        sha256 = hashlib.sha256(content).hexdigest()
        state = SavedState(self.run_id, epoch, stage, sha256, len(content), stays)
        values = {key: value for key, value in asdict(state).items() if key != "run_id"}
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / PurePosixPath(state.path).name
            file.write_bytes(content)
            self._write(Entry("state", values, file), then)
        return state

    def log_model(
        self, model: "keras.Model", example: "np.ndarray", name: str = LAST, epoch: int = 0
    ) -> None:
        """Log a Keras model, with its signature and the packages that it needs, unless the run has
        one of that name.

        Args:
            model: with one input and one output.
            example: a batch of its input, for shape and dtype only.
            name: what MLflow calls it.
            epoch: the step that MLflow shows of it; 0 for the run's end.
        """
        import mlflow
        import numpy as np
        from mlflow.models import ModelSignature
        from mlflow.types import Schema, TensorSpec

        inputs = TensorSpec(example.dtype, (-1, *example.shape[1:]))
        outputs = TensorSpec(np.dtype(model.outputs[0].dtype), (-1, *model.output_shape[1:]))
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary) / "model"
            mlflow.keras.save_model(
                model,
                str(folder),
                signature=ModelSignature(Schema([inputs]), Schema([outputs])),
                pip_requirements=[f"{name}=={version(name)}" for name in MODEL_PACKAGES],
            )
            self._write(Entry("model", {"name": name, "epoch": epoch}, folder))

    def finish(
        self, status: str, error: BaseException | None, texts: Mapping[str, str] | None = None
    ) -> None:
        """Log some last texts, by their paths, and end the run as FINISHED, FAILED or KILLED.

        A failure's error becomes a tag, in one line, and with its traceback the artifact error.txt.
        A run that another process has taken over is left to it.
        """
        if not leave(self.run_id):
            return
        for path, text in (texts or {}).items():
            self.log_text(text, path)
        failed = error if status == "FAILED" else None
        self._write(
            Entry(
                "end",
                {
                    "status": status,
                    "time_ms": _read_clock(),
                    "error": _cut(one_line(failed), TAG_LENGTH) if failed else None,
                    "traceback": "".join(traceback.format_exception(failed)) if failed else None,
                },
            )
        )
        close_journal(open_journal(self.store, self.run_id))

    def _log_metrics(self, epoch: int, metrics: Mapping[str, float], *, once: bool) -> None:
        names = make_names(metrics)
        values = {names[key]: float(value) for key, value in metrics.items()}
        known = {"metrics": values, "epoch": epoch, "time_ms": _read_clock(), "once": once}
        self._write(Entry("metrics", known))

    def _log_artifact(self, path: str, write: Callable[[Path], object]) -> None:
        folder, name = PurePosixPath(path).parent, PurePosixPath(path).name
        with tempfile.TemporaryDirectory() as temporary:
            write(Path(temporary) / name)
            self.log_file(
                Path(temporary) / name, None if folder == PurePosixPath() else str(folder)
            )

    def _write(self, entry: Entry, then: Callable[[], object] = lambda: None) -> None:
        open_journal(self.store, self.run_id).write(entry, then)


def _read_clock() -> int:
    """Milliseconds since 1970, as MLflow counts."""
    return int(time.time() * 1000)


def _cut(value: str, length: int) -> str:
    return value if len(value) <= length else value[: length - len(CUT)] + CUT
