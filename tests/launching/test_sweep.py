"""A sweep's own run says what answers it, and what it prints before it trains."""

import io
from types import SimpleNamespace

import pytest
from rich.console import Console

from hhexp.experiment import Outcome
from hhexp.launching import sweep
from hhexp.launching.engines.inline import Inline
from hhexp.launching.sweep import Sweep
from hhexp.terminal import Terminal
from hhexp.tracking.answers import read_answers
from hhexp.tracking.query import find_run
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store


def test_each_run_that_answers_is_listed_once_however_many_there_are(store: Store) -> None:
    parent = TrackedRun.start(store, "study", "sweep")
    ids = [f"{number:032x}" for number in range(200)]
    outcomes = [Outcome(run_id, run_id, "FINISHED", None, "") for run_id in [*ids, ids[0]]]
    with Sweep(Terminal(), True, None, store, parent, outcomes):
        pass
    assert read_answers(find_run(store, parent.run_id)) == ids


def test_a_class_whose_name_has_two_lines_is_told_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = {split: {"a\nb": 2, "c": 2} for split in ("train", "validation")}
    dataset = SimpleNamespace(name="mine", counts=counts, classes=("a\nb", "c"))
    monkeypatch.setattr(sweep, "read_data", lambda _: dataset)
    monkeypatch.setattr(sweep, "list_doubts", lambda *_: ["few: a\nb"])
    console = Console(record=True, file=io.StringIO())
    data = SimpleNamespace(model_dump_json=lambda: "", image_size=None)
    Sweep(console, True).read_dataset(SimpleNamespace(data=data))
    assert console.export_text().splitlines() == [
        "mine: 4 training and 4 validation images; classes: a\\nb 0, c 1",
        "  few: a\\nb",
    ]


def test_each_warning_of_a_sweep_is_printed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    warnings = {"a": "warning: slow", "b": None, "c": "warning: slow"}
    monkeypatch.setattr(sweep, "warn_of_bfloat16", lambda name, _: warnings[name])
    jobs = [SimpleNamespace(config=SimpleNamespace(runtime=name)) for name in warnings]
    console = Console(record=True, file=io.StringIO())
    Sweep(console, True)._warn_of_bfloat16(jobs, Inline())
    assert console.export_text() == "warning: slow\n"
