"""A run's model, opened to be asked."""

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from hhexp.config.registry import import_modules
from hhexp.config.schema import Runtime
from hhexp.errors import UserError
from hhexp.reading import damaged
from hhexp.tracking.models import find_model_id, load_model, read_classes
from hhexp.tracking.query import StoredRun, find_run
from hhexp.tracking.store import Store
from hhexp.training.runtime import start_tensorflow

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class RunModel:
    """A trained network, and what it tells apart."""

    network: "keras.Model"
    classes: tuple[str, ...]
    """In the order of the network's outputs; with two classes, the sigmoid is for the second."""


def open_model(
    store: Store, run_id: str, modules: Sequence[str] = (), epoch: str = "last"
) -> RunModel:
    """Load the model that a run logged, after its last or its best epoch.

    TensorFlow is started with the run's threads and instruction set, unless it runs already: a
    process can be set up for one run only.

    Args:
        store: where the run is.
        run_id: its ID, or the first digits.
        modules: the person's own, which may have layers of it.

    Raises:
        UserError: there is no such run, or no model of it that can be loaded safely.
    """
    run = find_run(store, run_id)
    find_model_id(store, run.run_id, epoch)  # what is wrong is said before TensorFlow starts
    classes = read_classes(store, run.run_id)
    if "tensorflow" not in sys.modules:
        start_tensorflow(**_read_runtime(run).model_dump())
    import_modules(modules)
    try:
        return RunModel(load_model(store, run.run_id, epoch), classes)
    except UserError as error:
        recorded = re.findall(r"'([\w.]+)'", run.params.get("modules", ""))
        if unnamed := [name for name in recorded if name not in sys.modules]:
            raise UserError(
                f"{error}; the run used the modules {', '.join(unnamed)}: if you trust the code "
                f"that has these names here, give --modules {' '.join(unnamed)}"
            ) from error
        raise


def _read_runtime(run: StoredRun) -> Runtime:
    try:
        return Runtime.model_validate(
            {
                "device": "auto",
                "threads": run.params.get("runtime.threads", "2"),
                "precision": "float32",  # of new layers; the model's keep theirs
                "isa": run.params.get("runtime.isa", "native"),
            },
            strict=False,
        )
    except ValidationError as error:
        raise damaged(f"run {run.run_id}: its parameter runtime", error) from error


def check_image_size(model: RunModel) -> tuple[int, int]:
    """The height and width of a model's images, in pixels.

    Raises:
        UserError: it does not take RGB images of one size, or does not tell its classes apart.
    """
    shape: tuple[Any, ...] = tuple(getattr(model.network, "input_shape", ()))
    outputs: Any = getattr(model.network, "output_shape", (0,))[-1]
    if len(shape) != 4 or None in shape[1:] or shape[3] != 3:
        raise UserError(
            f"the run's model takes inputs of shape {shape}, not RGB images of one size"
        )
    if len(model.classes) != (2 if outputs == 1 else outputs):
        raise UserError(f"the run's model has {outputs} outputs for {len(model.classes)} classes")
    return shape[1], shape[2]
