"""What is said of a study before it trains."""

import pytest

from hhexp.analysis.study import Study
from hhexp.inquiry.forecast import describe_reach


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        ({"first": 5, "most": 20, "look_every": 5}, "after 10 seeds."),
        ({"first": 3, "most": 6, "look_every": 3}, "No look of this plan can decide a claim"),
        ([0, 1, 2, 3, 4, 5], "after 6 seeds."),
    ],
)
def test_the_first_look_that_can_decide_is_named(plan: object, said: str) -> None:
    study = Study.model_validate(
        {"name": "s", "title": "T", "question": "Q", "grid": "aug=none", "seeds": plan}
    )
    assert said in describe_reach(study)
