"""What is logged while the store is away."""

import errno
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from hhexp.tracking import journal, leftover
from hhexp.tracking.journal import open_journal
from hhexp.tracking.leftover import send_left
from hhexp.tracking.outages import FullDiskError, StoreAwayError
from hhexp.tracking.outbox import Waiting, find_root, list_waiting
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.states import fetch_state, find_states
from hhexp.tracking.store import Store
from tests.conftest import Server


def wait_until(happened: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def read(run: TrackedRun) -> Any:
    return run.store.client().get_run(run.run_id)


def count_steps(run: TrackedRun, metric: str) -> list[int]:
    history = run.store.client().get_metric_history(run.run_id, metric)
    return [each.step for each in history]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*Any type hint is inferred:UserWarning")
def test_what_is_logged_while_a_server_is_away_arrives_in_order_and_once(server: Server) -> None:
    run = TrackedRun.start(server.store, "study", "aug=none")
    said: list[str] = []
    saved: list[int] = []
    run.tell(said.append)
    run.log_epoch(1, {"val/loss": 0.1})
    run.log_state(b"one", 1, "stage 1", then=lambda: saved.append(1))
    server.stop()
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    run.log_epoch(2, {"val/loss": 0.2})
    for epoch in (2, 3):
        run.log_state(b"more", epoch, f"stage {epoch}", then=lambda e=epoch: saved.append(e))  # type: ignore[misc]
    run.log_params({"epochs": 3})
    run.log_epoch(3, {"val/loss": float("nan")})
    run.log_text("größe\r\n", "notes/a.txt")
    run.log_model(model, np.zeros((1, 2), np.float32))
    run.finish("FINISHED", None)
    assert len(said) == 1 and "is away" in said[0] and "waits in" in said[0]
    assert saved == [1]
    server.start()
    wait_until(lambda: not open_journal(run.store, run.run_id).is_behind)
    assert said[1:] == [f"the tracking store {server.store} is back, and has all that waited"]
    assert count_steps(run, "val/loss") == [1, 2, 3]
    assert read(run).data.params == {"epochs": "3"}
    assert read(run).info.status == "FINISHED"
    (state,) = find_states(run.store, run.run_id)
    assert (state.epoch, fetch_state(run.store, state)) == (3, b"more")
    assert saved == [1, 3]
    artifact = run.store.client().download_artifacts(run.run_id, "notes/a.txt")
    assert Path(artifact).read_bytes() == "größe\r\n".encode()
    (output,) = read(run).outputs.model_outputs
    assert run.store.client().get_logged_model(output.model_id).status == "READY"
    assert list_waiting(run.store) == []


@pytest.fixture
def outage(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A store that is away as long as this list has a reason in it."""
    reasons: list[str] = []
    send, answers = journal.send, Store.answers

    def send_if_there(*call: Any) -> None:
        if reasons:
            raise StoreAwayError(reasons[0])
        send(*call)

    for module in (journal, leftover):
        monkeypatch.setattr(module, "send", send_if_there)
    monkeypatch.setattr(Store, "answers", lambda store: not reasons and answers(store))
    monkeypatch.setattr(journal, "PAUSE_S", 0.05)
    return reasons


def test_what_a_process_leaves_is_sent_by_the_next(
    store: Store, outage: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = TrackedRun.start(store, "study", "aug=none")
    monkeypatch.setattr(journal.Journal, "_send_waiting", lambda _: None)  # it ended before
    outage.append("no route")
    run.log_epoch(1, {"val/loss": 0.1})
    run.finish("KILLED", KeyboardInterrupt())
    with pytest.raises(StoreAwayError):
        send_left(store)
    (waiting,) = list_waiting(store)
    assert waiting.numbers == [1, 2]
    outage.clear()
    assert send_left(store) == 2
    assert list_waiting(store) == []
    assert (count_steps(run, "val/loss"), read(run).info.status) == ([1], "KILLED")


def test_what_is_being_sent_is_not_sent_by_another_process(store: Store, outage: list[str]) -> None:
    run = TrackedRun.start(store, "study", "aug=none")
    outage.append("no route")
    run.log_epoch(1, {"val/loss": 0.1})

    def is_taken() -> bool:
        """Whether the journal's own thread has it; for a moment after the entry none has."""
        with pytest.raises(StoreAwayError) as refused:
            send_left(store)
        return "another process" in str(refused.value)

    wait_until(is_taken)
    outage.clear()
    wait_until(lambda: list_waiting(store) == [])
    assert count_steps(run, "val/loss") == [1]


def test_an_epoch_that_another_machine_has_logged_meanwhile_is_not_logged_twice(
    store: Store, outage: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = TrackedRun.start(store, "study", "aug=none")
    monkeypatch.setattr(journal.Journal, "_send_waiting", lambda _: None)
    outage.append("no route")
    for epoch in (1, 2):
        run.log_epoch(epoch, {"val/loss": 0.1 * epoch})
    outage.clear()
    monkeypatch.setattr(journal, "_journals", {})  # the other machine has its own
    TrackedRun(store, run.run_id).log_epoch(1, {"val/loss": 0.1})
    send_left(store)
    assert sorted(count_steps(run, "val/loss")) == [1, 2]


def test_what_the_store_refuses_stays_on_disk_and_is_said(store: Store, outage: list[str]) -> None:
    run = TrackedRun.start(store, "study", "aug=none")
    said: list[str] = []
    run.tell(said.append)
    outage.append("no route")
    run.log_epoch(1, {"val/loss": 0.1})
    store.client().delete_run(run.run_id)
    outage.clear()
    wait_until(lambda: len(said) == 2)
    assert "refuses what waits" in said[1] and run.run_id in said[1]
    (waiting,) = list_waiting(store)
    assert waiting.numbers == [1] and "deleted" in str(waiting.refused)
    assert send_left(store) == 0


def test_a_disk_that_takes_no_more_is_named(
    store: Store, outage: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    run = TrackedRun.start(store, "study", "aug=none")
    outage.append("no route")
    monkeypatch.setattr(Waiting, "put", fill)
    with pytest.raises(FullDiskError, match=f"^{find_root()}: no space left on the disk: free "):
        run.log_epoch(1, {"val/loss": 0.1})


def test_what_is_refused_at_once_is_raised(store: Store) -> None:
    run = TrackedRun.start(store, "study", "aug=none")
    store.client().delete_run(run.run_id)
    with pytest.raises(Exception, match="deleted"):
        run.log_epoch(1, {"val/loss": 0.1})
    assert list_waiting(store) == []


def test_of_the_states_that_wait_only_the_newest_is_kept_and_those_that_stay(
    store: Store, outage: list[str]
) -> None:
    run = TrackedRun.start(store, "study", "aug=none")
    outage.append("no route")
    for epoch in range(1, 6):
        run.log_state(b"state", epoch, str(epoch), stays=epoch == 3)
    waiting = Waiting.of(store, run.run_id)
    assert [waiting.get(number).values["epoch"] for number in waiting.numbers] == [1, 3, 5]
    outage.clear()
    wait_until(lambda: list_waiting(store) == [])
    assert [state.epoch for state in find_states(store, run.run_id)] == [3, 5]


def test_a_damaged_entry_is_named(store: Store, outage: list[str]) -> None:
    run = TrackedRun.start(store, "study", "aug=none")
    outage.append("no route")
    run.log_epoch(1, {"val/loss": 0.1})
    (waiting,) = list_waiting(store)
    (waiting.folder / "000001" / "entry.json").write_text("{")
    outage.clear()
    wait_until(lambda: waiting.refused is not None)
    assert "000001: damaged" in str(waiting.refused)


def test_a_password_is_not_written(
    store: Store, outage: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal.Journal, "_send_waiting", lambda _: None)
    secret = Store("postgresql://person:secret@127.0.0.1:1/runs")
    outage.append("no route")
    TrackedRun(secret, "0" * 32).log_epoch(1, {"val/loss": 0.1})
    files = [each for each in list_waiting(secret)[0].folder.rglob("*") if each.is_file()]
    assert files and not any("secret" in each.read_text() for each in files)
    assert list_waiting(secret)[0].folder.stat().st_mode & 0o077 == 0
