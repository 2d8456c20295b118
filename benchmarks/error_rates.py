"""``python -m benchmarks.error_rates``: how often a study's verdicts are wrong, and how often they
come at all, by simulation.

Seeds are drawn from Pearson's type III distribution with the mean, spread and skewness that each
statement of the flagship study has in its published runs. What judges them is what judges a study.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.stats import pearson3, skew

from hhexp.analysis.claims import weigh_claim
from hhexp.analysis.contrasts import Measured, bound
from hhexp.analysis.decisions import Decision, decide_family
from hhexp.analysis.published import read_published
from hhexp.analysis.seed_plan import SeedPlan
from hhexp.analysis.study import Claim, Study

FLAGSHIP = Path(__file__).parents[1] / "experiments/augmentation_vs_epochs"
PLAN = SeedPlan(first=5, most=20, look_every=5)
STUDIES = 2000
COLLAPSES, DEPTH, DEVIATION = 0.1, 0.35, 0.02
"""The share of runs that collapse, by how much, and how the others spread."""


@dataclass(frozen=True)
class Shape:
    """How the seeds of a statement's contrast are distributed."""

    distance: float
    """From the bound to the mean, in standard deviations."""
    skewness: float


@dataclass(frozen=True)
class Claimed:
    """A claim, and the shape of each of its statements."""

    claim: Claim
    shapes: Sequence[Shape]


def read_flagship(folder: Path = FLAGSHIP) -> tuple[Study, list[Claimed]]:
    """A study and its claims, as far as its published runs have their metrics.

    The published runs have no metrics of the partial views, so the claims about these are left out.
    """
    results = read_published(folder)
    study = results.study
    assert study is not None
    found = []
    for claim in study.claims:
        measured = [Measured.read(results, each, study.planned) for each in claim.statements]
        if claim.is_judged and all(each.by_seed for each in measured):
            found.append(Claimed(claim, [_fit(each) for each in measured]))
    return study, found


def simulate(
    study: Study, claims: Sequence[Claimed], *, is_null: bool, studies: int, seed: int = 0
) -> Iterator[list[Decision]]:
    """Draw the seeds of many studies of the same claims, and judge each study.

    Args:
        study: whose claims they are.
        claims: with the shapes of their statements.
        is_null: whether every statement's mean lies on its bound, so that each verdict is wrong.
        studies: how many.
        seed: of the random numbers.
    """
    planned = study.model_copy(update={"seeds": PLAN, "claims": [each.claim for each in claims]})
    random = np.random.default_rng(seed)
    values = {
        (each.claim.name, number): pearson3.rvs(
            shape.skewness, size=(studies, PLAN.most), random_state=random
        )
        + (0.0 if is_null else shape.distance)
        + bound(each.claim.statements[number])
        for each in claims
        for number, shape in enumerate(each.shapes)
    }
    yield from _judge(planned, claims, values)


def simulate_collapses(
    study: Study, claimed: Claimed, *, studies: int, is_compared: bool, seed: int = 0
) -> Iterator[list[Decision]]:
    """Draw and judge studies of one claim in whose cell one run of ten collapses, by 35 points.

    Args:
        study: whose claim it is.
        claimed: a claim of one statement.
        studies: how many.
        is_compared: whether it is about the difference of two such cells, and not about one.
        seed: of the random numbers.
    """
    planned = study.model_copy(update={"seeds": PLAN, "claims": [claimed.claim]})
    random = np.random.default_rng(seed)

    def draw() -> np.ndarray:
        """[studies, seeds] accuracies, less their true mean."""
        collapsed = random.random((studies, PLAN.most)) < COLLAPSES
        spread = random.normal(0.0, DEVIATION, collapsed.shape)
        return spread - DEPTH * (collapsed - COLLAPSES)

    drawn = draw() - (draw() if is_compared else 0.0) + bound(claimed.claim.statements[0])
    yield from _judge(planned, [claimed], {(claimed.claim.name, 0): drawn})


def _judge(
    planned: Study, claims: Sequence[Claimed], values: Mapping[tuple[str, int], np.ndarray]
) -> Iterator[list[Decision]]:
    """Judge studies by the values, [studies, seeds], of each claim's statements."""
    for row in range(len(next(iter(values.values())))):
        evidence = [
            weigh_claim(
                [
                    Measured(statement, dict(enumerate(values[each.claim.name, number][row])), [])
                    for number, statement in enumerate(each.claim.statements)
                ],
                planned,
            )
            for each in claims
        ]
        yield decide_family(evidence, planned.looks)


def count_false(decisions: Iterator[list[Decision]]) -> float:
    """The share of studies in which any claim is decided."""
    return float(np.mean([any(each.look for each in study) for study in decisions]))


def main() -> int:
    """Print the error rates, then the power."""
    parser = argparse.ArgumentParser("benchmarks.error_rates", description=__doc__)
    parser.add_argument("--studies", type=int, default=STUDIES, help="how many are simulated")
    studies = parser.parse_args().studies
    study, claims = read_flagship()
    noise = 1.96 * (0.05 * 0.95 / studies) ** 0.5
    print(f"Any false verdict in {studies:,} studies with nothing to find (5 % ± {noise:.1%}):")
    primary = [each for each in claims if each.claim in study.primary]
    families = [(f"the flagship's {len(primary)} primary claims", primary), *list_families(claims)]
    for name, shaped in families:
        rate = count_false(simulate(study, shaped, is_null=True, studies=studies))
        print(f"  {name:60} {rate:6.1%}")
    single = next(each for each in claims if len(each.shapes) == 1)
    for name, is_compared in (("the mean of one cell", False), ("two such cells", True)):
        found = simulate_collapses(study, single, studies=studies, is_compared=is_compared)
        print(f"  {f'one run of ten collapses, {name}':60} {count_false(found):6.1%}")
    print("\nShare of studies that decide a claim, at the flagship's effects, after so many seeds:")
    for title, judged in (
        ("its primary claims together", [primary]),
        ("all claims primary", [claims]),
        ("each the only primary claim", [[each] for each in claims]),
    ):
        looks = "".join(f"{look:>8}" for look in PLAN.looks)
        print(f"  {title:34}{looks}  verdict")
        for family in judged:
            decisions = list(simulate(study, family, is_null=False, studies=studies))
            for number, each in enumerate(family):
                told = _describe_power([row[number] for row in decisions])
                print(f"  {each.claim.name:34}{told}")
    return 0


def _describe_power(found: Sequence[Decision]) -> str:
    """How many of a claim's decisions are made by each look, and how often which way."""
    shares = [np.mean([(each.look or np.inf) <= look for each in found]) for look in PLAN.looks]
    words = [
        f"{word} {share:.1%}"
        for word in ("supported", "refuted")
        if (share := np.mean([each.word == word for each in found]))
    ]
    return "".join(f"{share:8.0%}" for share in shares) + f"  {', '.join(words)}"


def list_families(claims: Sequence[Claimed]) -> Iterator[tuple[str, list[Claimed]]]:
    """Families of claims whose error rates are of interest, each with its name."""
    yield f"the flagship's {len(claims)} claims", list(claims)
    every = [shape for each in claims for shape in each.shapes]
    single = next(each for each in claims if len(each.shapes) == 1)
    worst = max(every, key=lambda shape: abs(shape.skewness))
    for name, shape in (
        ("one claim, seeds without skewness", Shape(0.0, 0.0)),
        (f"one claim, our most skewed seeds ({worst.skewness:+.1f})", worst),
    ):
        yield name, [replace(single, shapes=[shape])]
    yield (
        "the flagship's claims, all as skewed as that",
        [replace(each, shapes=[worst] * len(each.shapes)) for each in claims],
    )


def _fit(measured: Measured) -> Shape:
    """The shape of a statement's seeds, by their moments."""
    values = np.array(list(measured.by_seed.values()))
    distance = (values.mean() - bound(measured.statement)) / values.std(ddof=1)
    return Shape(float(distance), float(skew(values, bias=False)))


if __name__ == "__main__":
    sys.exit(main())
