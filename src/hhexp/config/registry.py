"""Functions that a configuration may name: model builders, data readers, optimizers and others.

A configuration can only call functions that were registered here, by the package itself or by a
module that the user names on the command line (``modules=[my_models]``).
"""

import functools
import importlib
import importlib.machinery
import importlib.metadata
import inspect
import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from hhexp.errors import UserError, one_line

F = TypeVar("F", bound=Callable[..., Any])


@dataclass
class Registry:
    """Functions of one kind by name; a function's keyword-only parameters are its config keys."""

    kind: str
    functions: dict[str, Callable[..., Any]] = field(default_factory=dict)

    def __call__(self, *decorated: F) -> F:
        """Register a function under its own name (use as a decorator, without brackets).

        Raises:
            TypeError: it is not one function.
            UserError: another one has that name already.
        """
        if len(decorated) != 1 or not hasattr(decorated[0], "__name__"):
            raise TypeError(
                f"the decorator of a {self.kind} takes nothing in brackets, as the function's own "
                "name is the name: write it alone in the line above the def"
            )
        (function,) = decorated
        name = function.__name__
        known = self.functions.get(name)
        if known is not None and known.__module__ != function.__module__:
            raise UserError(
                f"{function.__module__} registers the {self.kind} {name!r}, "
                f"which {known.__module__} has already registered: give it another name"
            )
        self.functions[name] = function
        return function


def list_keys(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """The keyword-only parameters of a registered function, by name, annotations evaluated where
    they can be.

    Other annotations are left alone: they may name what is imported for type checkers only.
    """
    return {
        key: parameter.replace(annotation=_evaluate(parameter.annotation, function))
        for key, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY
    }


def _evaluate(annotation: Any, function: Callable[..., Any]) -> Any:
    if annotation is inspect.Parameter.empty:
        return Any
    if isinstance(annotation, str):
        try:
            return eval(annotation, function.__globals__)  # as typing.get_type_hints would
        except Exception:
            return annotation  # it cannot be checked; the caller reports that
    return annotation


model_builder = Registry("model builder")
"""``@model_builder def mine(input_shape, outputs, *, width: int) -> keras.Model``."""

data_reader = Registry("data reader")
"""``@data_reader def mine(*, root: str) -> Files``."""

lr_schedule = Registry("learning-rate schedule")
"""``@lr_schedule def mine(epoch, steps, epochs, *, value: float) -> float | Sequence[float]``: from
an epoch (from 1), its number of steps, and the epochs of the whole run to the rate of each step, or
to one for all of them."""

loss_function = Registry("loss function")
"""``@loss_function def mine(labels, output, *, gamma: float) -> losses``: from labels [B] and a
model's output, the probabilities [B, 1] of class 1 (with two classes) or [B, C], to a loss for each
image [B], by TensorFlow's operations."""

optimizer_builder = Registry("optimizer")
"""``@optimizer_builder def mine(*, beta: float) -> keras.optimizers.Optimizer``. The group ``lr``
sets its learning rate. What it remembers must be in its variables: a saved state has no more."""

augmentation_step = Registry("augmentation step")
"""``@augmentation_step def mine(image, random, *, size: int) -> image``: from one training image
[H, W, 3] uint8 to another, with draws from ``random``, a NumPy Generator of its own that depends
on the step's name, the run's seed, the epoch and the image alone."""

metric_function = Registry("metric")
"""``@metric_function def mine(labels, probabilities, *, top: int) -> float``: from the true classes
[N] int64 of the validation images and each class's probability [N, C] float32 to a number, which
is logged as ``val/mine`` at every epoch."""

epoch_callback = Registry("callback")
"""``@epoch_callback def mine(epoch, *, every: int) -> None``: called with an ``EpochEnd`` (see
``hhexp.experiment.own_parts``) when an epoch has been trained. It may not change the model."""

GROUPS: dict[str, tuple[Registry, str]] = {
    "model": (model_builder, "builder"),
    "optimizer": (optimizer_builder, "name"),
    "lr": (lr_schedule, "schedule"),
    "loss": (loss_function, "function"),
    "data": (data_reader, "reader"),
}
"""For each group that names a function: its registry, and the key with the function's name."""

LISTS: dict[str, Registry] = {
    "aug.steps": augmentation_step,
    "metrics": metric_function,
    "callbacks": epoch_callback,
}
"""The registries of the keys that list functions."""


PLUGINS = "hhexp.plugins"
"""The group of entry points by which an installed package offers a module under a name."""


def import_modules(names: Iterable[str]) -> list[str]:
    """Import the modules that the person named, so that what they register can be used.

    The current folder is searched too, as ``python script.py`` would. A name may be that of an
    entry point too; no other is looked at.

    Returns:
        the modules' names, with an entry point's module in place of its name.

    Raises:
        UserError: a module is missing, or fails while it is imported.
    """
    modules = []
    for name in names:
        if os.getcwd() not in sys.path:
            sys.path.append(os.getcwd())
        module = find_module(name)
        try:
            importlib.import_module(module)
        except UserError:
            raise
        except (Exception, SystemExit) as error:
            raise UserError(f"modules: cannot import {module!r}: {one_line(error)}") from error
        modules.append(module)
    return modules


def find_module(name: str) -> str:
    """The module that an entry point of that name offers; else the name itself.

    Raises:
        UserError: several are offered under that name, or there is a module of that name too.
    """
    offered = _find_offered(name, tuple(sys.path))
    if offered and offered != (name,):
        if len(offered) > 1:
            raise UserError(
                f"modules: installed packages offer {', '.join(offered)} as {name!r}: "
                "name one of these modules itself"
            )
        if importlib.machinery.PathFinder.find_spec(name):
            raise UserError(
                f"modules: there is a module {name!r}, and an installed package offers "
                f"{offered[0]} under that name: rename your own, or name {offered[0]}"
            )
        return offered[0]
    return name


@functools.cache  # it reads what every installed package says of itself
def _find_offered(name: str, path: tuple[str, ...]) -> tuple[str, ...]:
    points = importlib.metadata.entry_points(group=PLUGINS, name=name)
    return tuple(sorted({point.module for point in points}))
