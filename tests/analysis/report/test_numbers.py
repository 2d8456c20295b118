"""Numbers as a reader sees them."""

import pytest

from hhexp.analysis.report import numbers
from hhexp.analysis.statistics import mean_interval
from hhexp.analysis.study import Statement


@pytest.mark.parametrize(
    ("value", "metric", "shown"),
    [
        (0.8516, "val/accuracy", "85.2"),
        (1.9022, "val/loss", "1.902"),
        (-1.9022, "val/loss", "−1.902"),
        (1234.56, "val/loss", "1235"),
        (1.1233235957164467e30, "val/loss", "1e+30"),
        (float("nan"), "val/loss", "–"),
    ],
)
def test_a_number_is_short_whatever_its_size(value: float, metric: str, shown: str) -> None:
    assert numbers.format_number(value, metric) == shown


@pytest.mark.parametrize(
    ("metric", "value", "name", "shown"),
    [
        ("val/accuracy", 0.5, "validation accuracy", "50.0"),
        ("test/best/accuracy", 0.5, "test accuracy, at the run's best epoch", "50.0"),
        ("best/val/loss", 0.5, "validation loss, at the run's best epoch", "0.500"),
        ("best/epoch", 12.0, "best epoch", "12.000"),
        ("val/recall/best", 0.5, "validation recall, best", "50.0"),
    ],
)
def test_a_metric_has_a_name_and_its_unit(metric: str, value: float, name: str, shown: str) -> None:
    assert numbers.name_metric(metric) == name
    assert numbers.format_number(value, metric) == shown


def statement(**keys: object) -> Statement:
    return Statement.model_validate(
        {"metric": "val/accuracy", "statistic": "last", "cell": {"aug": "full"}} | keys
    )


@pytest.mark.parametrize(
    ("keys", "shown"),
    [
        ({"direction": "higher", "level": 0.9995}, "> 99.95 %"),
        ({"direction": "higher", "level": 0.07}, "> 7 %"),
        (
            {"direction": "within", "margin": 0.0004, "versus": {"aug": "none"}},
            "within ±0.04 points",
        ),
        ({"direction": "lower", "margin": 0.02, "versus": {"aug": "none"}}, "< −2 points"),
        ({"direction": "lower", "versus": {"aug": "none"}}, "< 0 points"),
    ],
)
def test_a_bound_has_as_many_digits_as_were_given(keys: dict[str, object], shown: str) -> None:
    assert numbers.describe_bound(statement(**keys)) == shown


@pytest.mark.parametrize(
    ("minus", "shown"),
    [
        (None, "validation loss, at the last epoch: (aug=full) − (aug=none)"),
        (
            {"cell": {"aug": "flip"}, "versus": {"aug": "none"}},
            "validation loss, at the last epoch: [(aug=full) − (aug=none)] − "
            "[(aug=flip) − (aug=none)]",
        ),
        (
            {"metric": "val_close_up/accuracy", "cell": {"aug": "full"}, "versus": {"aug": "none"}},
            "effect on validation loss, at the last epoch, minus effect on validation (close up) "
            "accuracy, at the last epoch: (aug=full) − (aug=none)",
        ),
        (
            {"metric": "train/loss", "cell": {"aug": "flip"}, "versus": {"aug": "none"}},
            "validation loss, at the last epoch: (aug=full) − (aug=none), minus training loss, at "
            "the last epoch: (aug=flip) − (aug=none)",
        ),
    ],
)
def test_a_contrast_is_described_in_words(minus: dict[str, object] | None, shown: str) -> None:
    other = {"minus": {"metric": "val/loss", "statistic": "last"} | minus} if minus else {}
    contrast = statement(metric="val/loss", versus={"aug": "none"}, direction="lower", **other)
    assert numbers.describe_statement(contrast) == shown


def test_a_swing_has_no_sign_but_a_difference_of_swings_has() -> None:
    value = mean_interval([0.05, 0.05])
    swing = statement(statistic="swing", direction="higher", level=0.02)
    assert numbers.format_effect(swing, value) == "5.0 ± 0.0 points"
    swings = statement(statistic="swing", direction="higher", versus={"aug": "none"})
    assert numbers.format_effect(swings, value) == "+5.0 ± 0.0 points"
