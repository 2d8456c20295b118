"""The forest plot: where its bars lie."""

from dataclasses import replace

import pytest

from hhexp.analysis.claims import judge_claims
from hhexp.analysis.report.forest import plot_forest
from hhexp.analysis.selection import select
from hhexp.analysis.statistics import Interval


def test_each_statement_has_a_row_under_an_axis_of_its_unit(synthetic) -> None:
    verdicts = judge_claims(select(synthetic.store, str(synthetic.study)))
    loss, points = plot_forest(verdicts)
    assert [axis.title for axis in (loss, points)] == ["loss", "in points"]
    lower, (higher,) = loss.rows[0], points.rows
    assert (lower.word, higher.word) == ("supported", "refuted")
    # What is claimed of the loss is below 0, where its bar is; of accuracy it is above.
    assert lower.claimed[0] == 0 and lower.claimed[1] == lower.bounds[0]
    assert lower.seeds.low < lower.mean < lower.seeds.high < lower.bounds[0]
    assert higher.mean < higher.bounds[0] == higher.claimed[0]
    assert dict((text, place) for place, text in points.ticks)["0"] == pytest.approx(
        higher.bounds[0]
    )


def test_an_interval_far_beyond_the_others_is_cut(synthetic) -> None:
    verdict = judge_claims(select(synthetic.store, str(synthetic.study)))[0]
    wide = replace(verdict.statements[0], effect=Interval(-1.0, -50.0, 48.0, 5.0, 2))
    (axis,) = plot_forest([replace(verdict, statements=[wide])])
    bar = axis.rows[0].seeds
    assert (bar.low, bar.high, bar.cut_low, bar.cut_high) == (0, 100, True, True)
    assert 30 < axis.rows[0].mean < axis.rows[0].bounds[0] < 70


def test_what_was_not_measured_has_no_mark(synthetic) -> None:
    verdict = judge_claims(select(synthetic.store, str(synthetic.study)))[0]
    nothing = Interval(*[float("nan")] * 4, 0)
    bare = replace(verdict.statements[0], effect=nothing, on_any_images=None)
    (axis,) = plot_forest([replace(verdict, word="undecided", statements=[bare])])
    row = axis.rows[0]
    assert (row.mean, row.seeds, row.images, row.effect) == (None, None, None, "not measured")


def test_a_claim_of_likeness_has_a_bound_on_either_side(synthetic) -> None:
    verdict = judge_claims(select(synthetic.store, str(synthetic.study)))[0]
    each = verdict.statements[0]
    like = each.statement.model_copy(update={"direction": "within", "margin": 0.5})
    (axis,) = plot_forest([replace(verdict, statements=[replace(each, statement=like)])])
    assert axis.rows[0].bounds == axis.rows[0].claimed
