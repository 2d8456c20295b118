"""A trace has each step's weights, is read back as it was, and refuses what no run writes."""

import re
from typing import Any

import numpy as np
import pytest

from hhexp.experiment.trace import Trace, read_trace
from hhexp.training.state import hash_weights


class Weight:
    """In place of a Keras variable."""

    def __init__(self, path: str, *values: float) -> None:
        self.path = path
        self.values = np.array(values, np.float32)

    def numpy(self) -> np.ndarray:
        return self.values


class Model:
    """In place of a Keras model."""

    def __init__(self, *weights: Weight) -> None:
        self.weights = weights


def traced() -> Any:
    """The trace of two steps, of which the second changes one of two variables."""
    model: Any = Model(Weight("conv/kernel", 1, 2), Weight('odd, "name"', 3))
    trace = Trace()
    trace.note(model, 1, 0)
    model.weights[0].values += 1
    trace.note(model, 1, 1)
    return trace, model


def test_only_the_variables_that_change_have_other_hashes() -> None:
    trace, model = traced()
    before, after = trace.steps
    assert before.variables[0] != after.variables[0]
    assert before.variables[1] == after.variables[1]
    assert after.weights == hash_weights(model) != before.weights


def test_a_trace_is_read_back_as_it_was() -> None:
    trace, _ = traced()
    assert read_trace(trace.text) == trace


def test_a_trace_stays_small() -> None:
    model: Any = Model(*(Weight(f"layer_{number}/kernel", number) for number in range(14)))
    trace = Trace()
    for step in range(33 * 30):
        trace.note(model, 1, step)
    assert len(trace.text) < 350_000


@pytest.mark.parametrize(
    ("then", "now"),
    [
        ("epoch,step,weights", "epoch,weights,step"),
        ("1,1,", "1,0,"),
        ("1,1,", "1,one,"),
        ("1,1,", "1,-1,"),
        ("1,1,", "1,1,1,"),
        ("1,1,", "1,1,0"),
    ],
)
def test_an_edited_trace_is_refused_in_one_line(then: str, now: str) -> None:
    text = traced()[0].text
    assert then in text
    with pytest.raises(
        ValueError, match=r"must begin|not in order|not a step|must have 5"
    ) as error:
        read_trace(text.replace(then, now, 1))
    assert "\n" not in str(error.value)


def test_an_empty_trace_is_refused() -> None:
    with pytest.raises(ValueError, match=re.escape("must begin with the columns epoch, step")):
        read_trace("")
