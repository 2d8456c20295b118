"""The answer in plain words: what it says, and that it is never stronger than the verdicts."""

import dataclasses

from hhexp.analysis.claims import ClaimVerdict, StatementVerdict
from hhexp.analysis.report.answer import answer
from hhexp.analysis.statistics import Interval
from hhexp.analysis.study import Claim, Statement, Study

FULL, NONE = {"aug": "full"}, {"aug": "none"}


def judge(
    text: str,
    word: str,
    mean: float,
    half: float = 0.02,
    *,
    direction: str = "lower",
    seeds: int = 12,
    judged_at: int | None = 10,
    primary: bool = True,
    any_images: float | None = None,
    **more: object,
) -> ClaimVerdict:
    """The verdict on a claim of one statement about validation accuracy."""
    values = {"metric": "val/accuracy", "statistic": "last", "cell": FULL, "versus": NONE}
    statement = Statement(**{**values, "direction": direction, **more})

    def spread(width: float) -> Interval:
        return Interval(mean, mean - width, mean + width, 0.03, seeds)

    verdict = StatementVerdict(
        statement, word, "", spread(half), spread(any_images) if any_images else None,
        0.001, {}, None, 0.5, [],
    )  # fmt: skip
    claim = Claim(name="a", text=text, statements=[statement])
    decided = judged_at if word != "undecided" else None
    return ClaimVerdict(claim, word, [verdict], decided, judged_at, 0.01, primary)


def tell(*verdicts: ClaimVerdict) -> list[str]:
    study = Study(
        name="s", title="s", question="q", grid="aug=none,full",
        seeds={"first": 10, "most": 20, "look_every": 5},
    )  # fmt: skip
    return answer(study, verdicts)


def test_a_supported_claim_is_told_with_effect_interval_and_seeds() -> None:
    assert tell(judge("Augmentation lowers accuracy.", "supported", -0.085, 0.043)) == [
        "Augmentation lowers accuracy: by 8.5 points (95 % 4.2 to 12.8, 12 seeds)."
    ]


def test_a_refuted_claim_is_denied() -> None:
    assert tell(judge("CNNs gain.", "refuted", -0.03, direction="higher")) == [
        "It is not true that CNNs gain: the difference is −3.0 points "
        "(95 % −5.0 to −1.0, 12 seeds)."
    ]


def test_opposite_results_are_joined_by_but_and_like_ones_are_not() -> None:
    worse = judge("Augmentation lowers accuracy.", "supported", -0.085)
    better = judge("It lowers loss.", "supported", -0.2, metric="val/loss")
    denied = judge("It raises accuracy.", "refuted", -0.03, direction="higher")
    assert tell(worse, better)[1].startswith("But it lowers loss: by 0.200 (")
    assert tell(worse, denied)[1].startswith("It is not true that it raises accuracy")
    open_ = judge("It raises accuracy.", "undecided", 0.03, direction="higher")
    assert tell(worse, open_)[1].startswith("Whether it raises accuracy is undecided")


def test_what_is_decided_comes_first() -> None:
    open_ = judge("It raises accuracy.", "undecided", 0.03, direction="higher")
    worse = judge("Augmentation lowers accuracy.", "supported", -0.085)
    assert [line[:12] for line in tell(open_, worse)] == ["Augmentation", "Whether it r"]


def test_what_was_refuted_by_its_margin_alone_turns_nothing() -> None:
    worse = judge("It lowers accuracy.", "supported", -0.085)
    margin = judge("It raises it by 9.", "refuted", 0.01, direction="higher", margin=0.09)
    also = judge("It lowers it much.", "refuted", -0.01, direction="lower", margin=0.09)
    assert not any(line.startswith("But") for line in tell(worse, margin, also))


def test_an_undecided_claim_says_how_far_it_has_come() -> None:
    half_way = judge("It helps.", "undecided", 0.01, direction="higher")
    at_the_end = judge("It helps.", "undecided", 0.01, direction="higher", judged_at=20)
    assert tell(half_way) == [
        "Whether it helps is undecided after 10 of at most 20 seeds: the difference is +1.0 points "
        "(95 % −1.0 to +3.0, 12 seeds)."
    ]
    assert "undecided after all 20 seeds: " in tell(at_the_end)[0]


def test_before_the_first_look_it_says_not_yet_and_one_seed_gets_one_line() -> None:
    few = judge("It helps.", "undecided", 0.01, seeds=3, judged_at=None)
    one = judge("It helps.", "undecided", 0.01, seeds=1, judged_at=None)
    assert tell(few, few) == [
        "Not yet: 3 of 10 seeds are there, so none of the 2 primary claims is judged."
    ]
    (line,) = tell(one, one)
    assert line.startswith("One seed cannot answer the question") and "10 seeds" in line


def test_what_holds_for_these_images_alone_says_so() -> None:
    sure = judge("It lowers accuracy.", "supported", -0.085, any_images=0.08)
    unsure = judge("It lowers accuracy.", "supported", -0.085, any_images=0.09)
    caveat = "on these images: on others like them it is open"
    assert caveat not in tell(sure)[0] and caveat in tell(unsure)[0]


def test_the_other_claims_are_counted() -> None:
    first = judge("It lowers accuracy.", "supported", -0.085)
    others = [
        judge("x.", word, 0.1, primary=False) for word in ("refuted", "undecided", "undecided")
    ]
    assert tell(first, *others)[-1] == "Of 3 other claims 1 refuted, 2 undecided."
    assert tell(first, others[0])[-1] == "One other claim is refuted."


def test_two_effects_of_a_claim_say_which_cells_they_are_of() -> None:
    at = [
        judge("x", "supported", mean, cell=FULL | {"epochs": n}, versus=NONE | {"epochs": n})
        for n, mean in ((15, -0.05), (30, -0.03))
    ]
    both = dataclasses.replace(
        judge("Augmentation lowers accuracy.", "supported", -0.05),
        statements=[each.statements[0] for each in at],
    )
    assert tell(both) == [
        "Augmentation lowers accuracy: with epochs=15 by 5.0 points (95 % 3.0 to 7.0, 12 seeds) "
        "and with epochs=30 by 3.0 points (95 % 1.0 to 5.0, 12 seeds)."
    ]
    against = [
        judge("x", "undecided", 0.01, cell={"engine": "a"}, versus={"engine": name})
        for name in ("b", "c")
    ]
    both = dataclasses.replace(
        judge("They agree.", "undecided", 0.01), statements=[each.statements[0] for each in against]
    )
    assert ": against engine=b the difference is +1.0 points (" in tell(both)[0]
    assert " and against engine=c the difference is +1.0 points (" in tell(both)[0]


def test_a_claim_that_one_of_two_statements_refutes_says_in_which_cells() -> None:
    parts = [
        judge("x", word, mean, cell=FULL | {"epochs": n}, versus=NONE | {"epochs": n})
        for n, word, mean in ((15, "refuted", 0.05), (30, "undecided", 0.01))
    ]
    claim = dataclasses.replace(
        judge("CNNs lose.", "refuted", 0.05), statements=[each.statements[0] for each in parts]
    )
    assert tell(claim) == [
        "It is not true that CNNs lose: with epochs=15 the difference is +5.0 points "
        "(95 % +3.0 to +7.0, 12 seeds)."
    ]


def join(text: str, word: str, *parts: ClaimVerdict, **changes: object) -> ClaimVerdict:
    """The verdict on a claim of several statements."""
    statements = [each.statements[0] for each in parts]
    return dataclasses.replace(judge(text, word, 0.0), statements=statements, **changes)


def test_two_effects_of_other_metrics_say_of_which_and_what_stands_by_itself() -> None:
    loss = judge("x", "supported", -0.281, metric="train/loss")
    both = join("Both hold.", "undecided", loss, judge("x", "undecided", 0.292), judged_at=20)
    (said,) = tell(both)
    assert said.startswith("Whether both hold is undecided after all 20 seeds: in training loss ")
    assert "the difference is −0.281 (" in said and "12 seeds; supported by itself) and " in said
    assert "and in validation accuracy the difference is +29.2 points (" in said
    last, best = (judge("x", "supported", -0.1, statistic=each) for each in ("last", "best"))
    (said,) = tell(join("Both hold.", "supported", last, best))
    assert said.startswith("Both hold: in validation accuracy (at the last epoch) by 10.0")


def test_of_many_comparisons_each_verdict_is_counted() -> None:
    parts = [judge("x", word, 0.1) for word in ("supported", "undecided", "undecided")]
    assert tell(join("All hold.", "undecided", *parts, judged_at=20)) == [
        "Whether all hold is undecided after all 20 seeds "
        "(3 comparisons: 1 supported, 2 undecided)."
    ]


def test_what_runs_do_not_measure_waits_for_no_seeds() -> None:
    lost = judge("x", "undecided", 0.0, seeds=0, judged_at=None)
    missing = dataclasses.replace(
        lost.statements[0], lacks_metric=True, reason="aug=full has no val/f1"
    )
    claim = dataclasses.replace(lost, statements=[missing])
    assert tell(claim) == ["Whether x is undecided (aug=full has no val/f1)."]
    half = dataclasses.replace(
        lost, statements=[missing, judge("x", "undecided", 0.1).statements[0]]
    )
    assert tell(half)[0].startswith("Whether x is undecided (aug=full has no val/f1): ")
