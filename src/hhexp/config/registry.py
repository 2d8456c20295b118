"""Functions that a configuration may name: model builders, data readers, learning rates, losses.

A configuration can only call functions that were registered here, by the package itself or by a
module that the user names on the command line (``modules=[my_models]``).
"""

import importlib
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

    def __call__(self, function: F) -> F:
        """Register a function under its own name (use as a decorator).

        Raises:
            UserError: another function has that name already.
        """
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


def import_modules(names: Iterable[str]) -> None:
    """Import the modules that the person named, so that what they register can be used.

    The current folder is searched too, as ``python script.py`` would.

    Raises:
        UserError: a module is missing, or fails while it is imported.
    """
    for name in names:
        if os.getcwd() not in sys.path:
            sys.path.append(os.getcwd())
        try:
            importlib.import_module(name)
        except UserError:
            raise
        except (Exception, SystemExit) as error:
            raise UserError(f"modules: cannot import {name!r}: {one_line(error)}") from error
