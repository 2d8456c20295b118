"""From runs to answers: reads runs from the store, never trains.

In a notebook: ``from hhexp.analysis import runs, curves, compare, claims``.
"""

from hhexp.analysis.frame import claims, compare, curves, runs

__all__ = ["claims", "compare", "curves", "runs"]
