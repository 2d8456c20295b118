"""How strict looks are, against published tables and a simulation."""

import numpy as np
import pytest
from scipy import stats

from hhexp.analysis.looks import find_levels, spend


def test_a_single_look_has_the_whole_level() -> None:
    assert find_levels(0.05, (7,)) == pytest.approx([0.05])


def test_the_whole_level_is_spent_at_the_last_look() -> None:
    assert spend(0.05, 1.0) == pytest.approx(0.05)
    assert spend(0.05, 0.25) == pytest.approx(0.0179, abs=1e-4)


def test_looks_at_equal_distances_have_nearly_pococks_level() -> None:
    # C. Jennison and B. W. Turnbull 2000, table 2.1: c = 2.361 for 4 looks, 2.413 for 5.
    for count, edge in ((4, 2.361), (5, 2.413)):
        levels = find_levels(0.05, tuple(range(5, 5 * count + 1, 5)))
        assert levels == pytest.approx([2 * stats.norm.sf(edge)] * count, rel=0.08)


def test_all_looks_together_err_no_more_than_the_level() -> None:
    looks, level = (5, 10, 15, 20), 0.05
    values = np.random.default_rng(1).standard_normal((100_000, looks[-1]))
    edges = stats.norm.isf(np.array(find_levels(level, looks)) / 2)
    scores = np.stack([values[:, :n].sum(axis=1) / n**0.5 for n in looks], axis=1)
    found = (np.abs(scores) >= edges).any(axis=1).mean()
    assert found == pytest.approx(level, abs=0.003)
