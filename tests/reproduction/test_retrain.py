"""A verdict goes by the recorded epochs, other seeds or the person's tolerance, and all doubts."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest

from hhexp.experiment import Job
from hhexp.reproduction import retrain
from hhexp.reproduction.record import Record
from hhexp.reproduction.retrain import Reproduction, choose_exit_status
from hhexp.reproduction.verdict import Verdict
from hhexp.tracking.store import Store
from hhexp.training.state import PastEpoch

STORE = Store("sqlite:///unused.db")


def past(loss: float) -> PastEpoch:
    return PastEpoch({"val/loss": loss}, f"{loss}")


@pytest.fixture
def judge(
    make_record: Callable[..., Record], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Verdict]:
    """Judges a run whose loss was 0.5, of whose two epochs one was trained again."""
    epochs = [
        {"epoch": number, "metrics": {"val/loss": loss}, "weights": "a" * 64}
        for number, loss in ((1, 0.5), (2, 0.25))
    ]
    record = make_record(epochs=epochs, config={"epochs": 2})
    job = Mock(Job, config=SimpleNamespace(epochs=1))

    def make(
        found: float, seeds: list[float], slack: float | None = None, doubts: Any = ()
    ) -> Verdict:
        monkeypatch.setattr(retrain, "read_epochs", lambda store, run_id: [past(found)])
        asked = []

        def find_other_seeds(store: Store, folder: Path, record: Record, epoch: int) -> Any:
            asked.append(epoch)
            return [past(each) for each in seeds]

        monkeypatch.setattr(retrain, "find_other_seeds", find_other_seeds)
        each = Reproduction(record, job, {}, {}, 20, tuple(doubts))
        verdict = retrain._judge(each, "1" * 32, STORE, slack, Path("experiments"))
        assert asked == ([1] if slack is None else [])
        return verdict

    return make


def test_other_seeds_decide_and_the_rule_is_said(judge: Callable[..., Verdict]) -> None:
    seeds = [0.5, 0.52, 0.48, 0.51]
    assert judge(0.55, seeds).kind == "within tolerance"
    verdict = judge(0.75, seeds)
    assert verdict.kind == "diverged"
    assert verdict.tolerance.rule == "the 95 % prediction interval of 4 other seeds"
    assert judge(0.75, seeds[:3]).kind == "within tolerance"  # by the constants


def test_a_person_s_tolerance_needs_no_seeds(judge: Callable[..., Verdict]) -> None:
    assert judge(0.55, [], slack=0.01).kind == "diverged"
    assert judge(0.55, [], slack=0.1).tolerance.rule == "the given tolerance of 0.1"


def test_the_worst_status_is_the_command_s(judge: Callable[..., Verdict]) -> None:
    within, diverged = judge(0.6, []), judge(9.0, [])
    doubtful = judge(0.6, [], doubts=["edited"])
    assert (within.status, diverged.status, doubtful.status) == (3, 4, 5)
    assert choose_exit_status([within, diverged]) == 4
    assert choose_exit_status([doubtful, diverged]) == 5
    assert choose_exit_status([diverged, None]) == 1
    assert choose_exit_status([]) == 0
