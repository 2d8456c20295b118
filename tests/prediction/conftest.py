"""Answers, made up."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from hhexp.prediction.answers import Answers


@pytest.fixture
def answers() -> Callable[..., Answers]:
    """From probabilities of cats and dogs to answers, with the same heat all over."""

    def make(probabilities: Sequence[Sequence[float]], heat: float = 1) -> Answers:
        found = np.array(probabilities, np.float32)
        return Answers(("cats", "dogs"), found, np.full((len(found), 4, 4), heat, np.float32))

    return make
