"""The metrics of many runs, asked for together or one by one."""

import math
from typing import Any

import pytest
from mlflow.exceptions import MlflowException

from hhexp.errors import UserError
from hhexp.tracking import histories
from hhexp.tracking.histories import Value, read_many
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store

LOSSES = ((1, 0.9), (2, 0.8), (2, 0.7), (4, 0.5))
"""Epoch 2 was trained again, and epoch 3 is missing."""


def log(store: Store) -> dict[str, list[str]]:
    """Three runs, the last of which has another metric; and its metrics by run."""
    runs = [TrackedRun.start(store, "study", f"run {number}") for number in range(3)]
    for number, run in enumerate(runs):
        for epoch, loss in LOSSES:
            run.log_epoch(epoch, {"val/loss": loss + number})
    runs[2].log_epoch(1, {"lr": math.nan})
    return {run.run_id: ["val/loss"] for run in runs[:2]} | {runs[2].run_id: ["lr", "val/loss"]}


def check(found: dict[str, Any], metrics: dict[str, list[str]]) -> None:
    assert {run_id: list(each) for run_id, each in found.items()} == metrics
    for number, each in enumerate(found.values()):
        first, second, missing, last = each["val/loss"]
        assert (first, second, last) == (0.9 + number, 0.7 + number, 0.5 + number)
        assert math.isnan(missing)
    assert [math.isnan(value) for value in found[list(metrics)[2]]["lr"]] == [True]


def test_each_run_has_its_own_metrics_and_the_last_value_of_each_epoch(store: Store) -> None:
    metrics = log(store)
    check(read_many(store, metrics), metrics)
    assert read_many(store, {}) == {}


def test_an_epoch_beyond_all_bounds_is_refused_and_step_0_is_none(store: Store) -> None:
    run = TrackedRun.start(store, "study", "run")
    run.log_epoch(0, {"val/loss": 1.0})
    assert read_many(store, {run.run_id: ["val/loss"]}) == {run.run_id: {}}
    run.log_epoch(10**9, {"val/loss": 1.0})
    limit = f"run {run.run_id}: its metric val/loss: too large: .* epochs; the limit is 100,000"
    with pytest.raises(UserError, match=limit):
        read_many(store, {run.run_id: ["val/loss"]})


def test_an_answer_that_is_cut_is_asked_for_in_parts(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    metrics = log(store)
    asked: list[int] = []
    ask = histories._ask

    def note(client: Any, run_ids: Any, name: str) -> list[Value] | None:
        asked.append(len(run_ids))
        return ask(client, run_ids, name)

    monkeypatch.setattr(histories, "_ask", note)
    monkeypatch.setattr(histories, "VALUES", len(LOSSES) + 1)  # one run's are not cut, two's are
    check(read_many(store, metrics), metrics)
    assert asked == [1, 3, 1, 2, 1, 1]
    monkeypatch.setattr(histories, "VALUES", len(LOSSES))  # one run's are cut too
    check(read_many(store, metrics), metrics)


@pytest.mark.parametrize("answer", [None, MlflowException("no such route")])
def test_a_store_that_does_not_take_the_question_is_asked_run_by_run(
    store: Store, monkeypatch: pytest.MonkeyPatch, answer: MlflowException | None
) -> None:
    def refuse(client: Any, run_ids: Any, name: str) -> None:
        if answer:
            raise answer

    monkeypatch.setattr(histories, "_ask", refuse)
    metrics = log(store)
    check(read_many(store, metrics), metrics)


def test_a_server_is_asked_where_its_own_pages_ask(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mlflow.utils.rest_utils
    from mlflow import MlflowClient

    asked = []

    class Answer:
        def json(self) -> dict[str, object]:
            return {"metrics": [{"run_id": "a", "step": 1, "value": 0.5, "key": "val/loss"}]}

    def answer(creds: Any, endpoint: str, method: str, **words: Any) -> Answer:
        asked.append((creds.host, endpoint, method, words["params"]["run_id"]))
        return Answer()

    monkeypatch.setattr(mlflow.utils.rest_utils, "http_request_safe", answer)
    client = MlflowClient("http://team:5000")
    assert histories._ask(client, ["a"], "val/loss") == [("a", 1, 0.5)]
    assert asked == [("http://team:5000", histories.ROUTE, "GET", ["a"])]
