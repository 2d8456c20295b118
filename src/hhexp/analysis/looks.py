"""How strict each look of a study has to be, so that all looks together err no more than one may.

A study that is judged again and again while seeds are added finds something in the end, whatever is
true. So a level, such as 5 %, is spent look by look (K. K. G. Lan and D. L. DeMets, Discrete
sequential boundaries for clinical trials, Biometrika 70, 1983), here by their function after
Pocock: the share ln(1 + (e − 1) t) of it is spent when a share t of the most seeds is there. It
gives the early looks nearly as much as the late ones. Seeds cost hours and effects are often large,
so it pays to stop early; after O'Brien and Fleming the first looks could decide nothing.
"""

import functools
import math

import numpy as np

POINTS = 401
"""Points of the grid on which a density is kept."""
REACH = 8.0
"""Standard deviations below the mean at which the grid begins."""


def spend(level: float, share: float) -> float:
    """How much of a level may be spent when that share of the most seeds is there."""
    return level * math.log1p((math.e - 1) * share)


@functools.cache
def find_levels(level: float, looks: tuple[int, ...]) -> tuple[float, ...]:
    """The level of the p-value at each look, two-sided.

    If nothing is to be found, the chance that a p-value is at or below its look's level at any look
    is at most ``level``. The chances are those of normal means that gather values one by one, by
    the recursion of P. Armitage, C. K. McPherson and B. C. Rowe (J. R. Stat. Soc. A 132, 1969).
    Applied to p-values of t-tests this is the significance-level approach of C. Jennison and B. W.
    Turnbull, Group Sequential Methods, 2000, section 3.8.

    Args:
        level: of all looks together, both sides.
        looks: the seeds at each look, rising; the last is the most.
    """
    from scipy.special import ndtr

    most, spent = looks[-1], 0.0
    levels: list[float] = []
    points, density = np.zeros(1), np.ones(1)
    before = 0
    for seeds in looks:
        due = spend(level / 2, seeds / most) - spent
        step = math.sqrt((seeds - before) / most)

        scale = math.sqrt(seeds / most)
        edge = _find_edge(points, density, step, due, REACH * scale)
        levels.append(2 * float(ndtr(-edge / scale)))
        grid = np.linspace(-REACH * scale, edge, POINTS)
        kernel = np.exp(-(((grid[:, None] - points) / step) ** 2) / 2)
        weights = np.full(POINTS, grid[1] - grid[0])
        weights[[0, -1]] /= 2
        points, density = grid, weights * (kernel @ density) / (step * math.sqrt(2 * math.pi))
        spent, before = spent + due, seeds
    return tuple(levels)


def _find_edge(
    points: np.ndarray, density: np.ndarray, step: float, chance: float, reach: float
) -> float:
    """The edge above which the next sum is with a chance, after it was below all edges before.

    Args:
        points: [P] float64, where the sum before may be.
        density: [P] float64, the chance of each.
        step: the deviation of what is added.
        chance: that is asked for.
        reach: the edge lies within ± this.
    """
    from scipy.optimize import brentq
    from scipy.special import ndtr

    def exceed(edge: float) -> float:
        return float(density @ ndtr((points - edge) / step)) - chance

    return float(brentq(exceed, -reach, reach))
