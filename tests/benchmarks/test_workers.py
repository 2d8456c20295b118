"""Processes that measure when they are told to, in turn."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.images import find_source, write_png_files
from benchmarks.programs import run_yardstick, training_environment, yardstick_words
from benchmarks.turns import list_turns, measure_rounds
from benchmarks.workers import Worker, serve

COUNTING = """
import itertools, sys
from benchmarks.workers import serve
numbers = itertools.count()
print("starting")
serve({"next": lambda: next(numbers), "fail": lambda: 1 / 0})
"""


def start() -> Worker:
    return Worker(["-c", COUNTING], training_environment(Path("cache")))


def test_a_worker_answers_line_by_line_until_the_input_ends(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", iter(["half\n", "half\n"]))
    serve({"half": lambda: 0.5})
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == [
        {"value": 0.5}
    ] * 2


def test_a_worker_waits_to_be_told() -> None:
    with start() as worker:
        assert [worker.measure("next") for _ in range(3)] == [0, 1, 2]


def test_a_worker_that_ends_is_named_with_its_last_output() -> None:
    with start() as worker, pytest.raises(RuntimeError, match=r"(?s)ended with 1: .*division by"):
        worker.measure("fail")
    with start() as worker:
        worker._process.kill()
        worker._process.wait()
        with pytest.raises(RuntimeError, match="ended with -9"):
            worker.measure("next")


def test_the_first_round_does_not_count_and_only_the_workers_of_the_turns_start() -> None:
    turns = list_turns(("one", "first", "next", ""), ("two", "second", "next", ""))
    said: list[str] = []
    workers = {"first": start, "second": start, "third": lambda: pytest.fail("it was started")}
    found = measure_rounds(turns, workers, 2, said.append)
    assert found == {"one": [1, 2], "two": [1, 2]}
    assert len(said) == 3


@pytest.mark.slow
def test_the_yardstick_trains_an_epoch_when_it_is_told_to_or_all_at_once(
    draw_bmp: Callable[[int, int], Path], tmp_path: Path
) -> None:
    files = find_source(str(draw_bmp(96, 3)), "").files
    images = write_png_files(files, tmp_path / "png", None, None)
    words = yardstick_words(images, 96, augment=True, epochs=2)
    with Worker([*words, "--in-turn"], {}) as worker:
        assert worker.measure("epoch") > 0
        assert worker._process.poll() is None  # the second epoch waits
        assert worker.measure("epoch") > 0
    program = run_yardstick(images, 96, augment=False, epochs=2)
    assert len(program.runs[0].epochs_s) == 2
    assert program.seconds > program.runs[0].seconds > 0
