"""The SHA-256 of a model's weights after every training step: where two runs part, it shows."""

import hashlib
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hhexp.csv_text import format_csv, parse_csv

if TYPE_CHECKING:
    import keras

FILE = "steps.csv"
"""The trace's name in the artifact folder of the provenance."""
HEAD = ("epoch", "step", "weights")
"""The columns before those of the variables."""
SHORT = 16
"""Hexadecimal digits of a variable's SHA-256 that are kept: there are many of them."""


@dataclass(frozen=True)
class Step:
    """The weights after a training step; after step 0 as the epoch began."""

    epoch: int
    step: int
    weights: str
    """SHA-256 of all weights, as ``hash_weights`` takes it."""
    variables: tuple[str, ...]
    """The start of each variable's own SHA-256."""


@dataclass
class Trace:
    """A run's steps, in their order."""

    names: tuple[str, ...] = ()
    """The variables', such as conv_1/kernel."""
    steps: list[Step] = field(default_factory=list)

    def note(self, model: "keras.Model", epoch: int, step: int) -> None:
        """Take down a model's weights as they are after a step."""
        contents = [weight.numpy().tobytes() for weight in model.weights]
        whole = hashlib.sha256()
        for content in contents:
            whole.update(content)
        variables = tuple(hashlib.sha256(content).hexdigest()[:SHORT] for content in contents)
        self.names = tuple(weight.path for weight in model.weights)
        self.steps.append(Step(epoch, step, whole.hexdigest(), variables))

    @property
    def text(self) -> str:
        """The trace as a CSV table, which ``read_trace`` reads."""
        rows = [[step.epoch, step.step, step.weights, *step.variables] for step in self.steps]
        return format_csv([[*HEAD, *self.names], *rows])


def read_trace(text: str) -> Trace:
    """Read a trace, which other people may have edited.

    Raises:
        ValueError: in one line, what is not as a run writes it.
    """
    head, *rows = parse_csv(text, HEAD)
    steps = [_read_step(row) for row in rows]
    for before, after in itertools.pairwise(steps):
        if (before.epoch, before.step) >= (after.epoch, after.step):
            raise ValueError(f"epoch {after.epoch}, step {after.step} is not in order")
    return Trace(tuple(head[3:]), steps)


def _read_step(row: Sequence[str]) -> Step:
    epoch, step, weights, *variables = row
    numbers = re.fullmatch(r"\d{1,9} \d{1,9}", f"{epoch} {step}", re.ASCII)
    hashes = [("[0-9a-f]{64}", weights), *((f"[0-9a-f]{{{SHORT}}}", each) for each in variables)]
    if not numbers or not all(re.fullmatch(form, text) for form, text in hashes):
        raise ValueError(f"{','.join(row)[:40]!r}: not a step, as a run writes it")
    return Step(int(epoch), int(step), weights, tuple(variables))
