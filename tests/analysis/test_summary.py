"""The table at the end of a sweep."""

import csv
import io
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from hhexp.analysis.report.tables import build_training_table
from hhexp.analysis.selection import select
from hhexp.analysis.summary import Point, Row, summarise, to_csv, to_markdown
from hhexp.analysis.terminal_table import render
from hhexp.experiment.answers import write_answers
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store
from hhexp.training.state import PastEpoch

CLASSES = ("horses", "humans")


def measured(
    train_accuracy: float,
    val_accuracy: float,
    train_loss: float,
    val_loss: float,
    recalls: dict[str, float],
) -> dict[str, float]:
    return {
        "train/accuracy": train_accuracy,
        "val/accuracy": val_accuracy,
        "train/loss": train_loss,
        "val/loss": val_loss,
        **{f"val/recall/{name}": recall for name, recall in recalls.items()},
    }


def point(epoch: int, val_accuracy: float) -> Point:
    return Point(epoch, measured(1.0, val_accuracy, 0.0012, 1.83, dict.fromkeys(CLASSES, 0.9)))


ROWS = [
    Row(
        "3f2a91bc" * 4, "aug=none epochs=15", "quick", "FINISHED", "",
        point(15, 0.832), point(4, 0.8711), 34.02,
    ),
    Row(
        "a1b2c3d4" * 4, "aug=full epochs=15", "", "FAILED", "ValueError: the loss is lost",
        None, None, math.nan,
    ),
]  # fmt: skip


def shown(width: int, rows: list[Row]) -> list[str]:
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(render(rows, "Results", width))
    return console.export_text().splitlines()


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    store = Store.resolve(f"sqlite:///{tmp_path}/mlflow.db")
    store.prepare()
    return store


def test_rows_hold_the_last_and_the_earliest_best_epoch(store: Store) -> None:
    run = TrackedRun.start(store, "study", "stored name", None, {"hhexp.label": "quick"})
    for epoch, accuracy in enumerate((0.6, 0.8, 0.8, 0.7), start=1):
        metrics = {"train/accuracy": 0.9, "train/loss": 0.1, "val/loss": float(epoch)}
        seconds = 99.0 if epoch == 1 else float(epoch)
        run.log_epoch(
            epoch,
            metrics
            | {"val/accuracy": accuracy, "val/recall/horses": 0.5, "val/recall/humans": 1.0}
            | {"time/epoch_s": seconds},
        )
    run.finish("FINISHED", None)
    failed = TrackedRun.start(store, "study", "stored name")
    failed.finish("FAILED", ValueError("lost"))
    rows = summarise(store, [run.run_id, failed.run_id], {run.run_id: "epochs=4"})

    assert [row.overrides for row in rows] == ["epochs=4", "stored name"]
    recalls = {"horses": 0.5, "humans": 1.0}
    assert rows[0].last == Point(4, measured(0.9, 0.7, 0.1, 4.0, recalls))
    assert rows[0].best == Point(2, measured(0.9, 0.8, 0.1, 2.0, recalls))
    assert rows[0].epoch_s == 3.5
    assert rows[0].label == "quick"
    assert (rows[1].status, rows[1].error, rows[1].last) == ("FAILED", "ValueError: lost", None)


def test_the_best_epoch_is_judged_on_images_that_did_not_choose_it(store: Store) -> None:
    right = np.random.default_rng(0).random((9, 100)) < 0.5
    labels = np.arange(100) % 2
    shown_class = np.where(right, labels, 1 - labels)
    past = [PastEpoch({}, "", {}, np.eye(2, dtype=np.float32)[each]) for each in shown_class]
    run = TrackedRun.start(store, "study", "epochs=9", None, {"hhexp.kind": "run"})
    run.log_params({"seed": 0})
    for epoch, each in enumerate(right, start=1):
        run.log_epoch(epoch, {"val/accuracy": each.mean(), "train/loss": 1 / epoch})
    content = write_answers(past, labels, ("horses", "humans"))
    assert content is not None
    run.log_content(content, "predictions/validation.npz")
    run.finish("FINISHED", None)
    (row,) = summarise(store, [run.run_id], {})
    assert row.crossed and row.best is not None
    assert row.best.epoch == right.mean(axis=1).argmax() + 1
    assert row.best.values["val/accuracy"] < right.mean(axis=1).max()
    assert "judged on the other" in " ".join(" ".join(shown(100, [row])).split())
    found = select(store, run.run_id)
    (result,) = found.all
    best = found.measure(result, "val/accuracy", "best")
    assert best == row.best.values["val/accuracy"]
    assert found.measure(result, "val/f1", "best") == pytest.approx(best, abs=0.1)
    assert found.measure(result, "val/accuracy", "last") == right[-1].mean()


def test_a_run_that_diverged_shows_what_is_a_number(store: Store) -> None:
    run = TrackedRun.start(store, "study", "epochs=2")
    for epoch, loss in ((1, 0.5), (2, math.nan)):
        run.log_epoch(epoch, {"val/accuracy": 0.5, "val/loss": loss, "time/epoch_s": 1.0})
    run.finish("FINISHED", None)
    (row,) = summarise(store, [run.run_id], {})
    assert row.last is not None and math.isnan(row.last.values["val/loss"])
    assert row.best == Point(1, row.best.values) and row.best.values["val/loss"] == 0.5
    last, best = (line for line in shown(100, [row]) if " last " in line or " best " in line)
    assert last.split()[1:] == ["last", "2", "-", "50.0", "-", "-", "1.0", run.run_id[:8]]
    assert best.split() == ["best", "1", "-", "50.0", "-", "0.500", "diverged"]


def test_a_run_that_diverged_is_named_below_the_table_and_in_the_files(store: Store) -> None:
    run = TrackedRun.start(store, "study", "epochs=2")
    run.log_epoch(1, {"val/accuracy": 0.5, "val/loss": math.nan})
    run.finish("FINISHED", None)
    rows = summarise(store, [run.run_id], {run.run_id: "epochs=2"})
    said = "epochs=2: diverged: from epoch 1 on a loss or accuracy is not finite"
    assert said in " ".join(" ".join(shown(100, rows)).split())
    assert said.partition(": ")[2] in to_csv(rows)


def test_classes_have_the_names_of_their_folders(store: Store) -> None:
    run = TrackedRun.start(store, "study", "epochs=1")
    run.log_params({"seed": 0})
    run.log_json({"c#": 0, "c++": 1}, "classes.json")
    run.log_epoch(1, {"val/accuracy": 0.5, "val/recall/c#": 0.25, "val/recall/c++": 0.75})
    run.finish("FINISHED", None)
    (row,) = summarise(store, [run.run_id], {})
    assert row.last is not None
    assert (row.last.values["val/recall/c#"], row.last.values["val/recall/c++"]) == (0.25, 0.75)
    table = build_training_table(select(store, run.run_id))
    assert table.columns[-2:] == ["validation recall, c#, %", "validation recall, c++, %"]


@pytest.mark.parametrize("word", ["lr=too_large", "aug.engine=image_data_generator"])
def test_a_narrow_terminal_breaks_no_word_and_shows_less(word: str) -> None:
    rows = [
        replace(ROWS[0], overrides=f"{word} seed={seed}", label="", epoch_s=123.4)
        for seed in (8, 9)
    ]
    lines = shown(80, rows)
    assert sum(line.startswith(word) for line in lines) == 2
    assert max(map(len, lines)) <= 80
    assert "83.2" in "\n".join(lines) and "3f2a91bc" in "\n".join(lines)
    assert "s per" in "\n".join(shown(140, rows))


@pytest.mark.parametrize("width", [80, 100, 140])
def test_the_terminal_shows_everything_at_any_width(width: int) -> None:
    lines = shown(width, ROWS)
    text = "\n".join(lines)
    assert max(map(len, lines)) <= width
    for word in ("aug=none", "epochs=15", "[quick]", "last 15", "best 4", "83.2", "87.1", "100.0"):
        assert word in text
    for word in ("0.001", "1.830", "horses", "humans", "90.0", "34.0", "3f2a91bc", "FAILED"):
        assert word in text
    assert "aug=full epochs=15: ValueError: the loss is lost" in text


def test_a_run_takes_two_lines_on_100_columns() -> None:
    lines = shown(100, ROWS[:1])
    assert [line.strip()[:6] for line in lines[-2:]] == ["aug=no", "best 4"]


def test_with_many_classes_the_terminal_names_the_lowest_recall() -> None:
    recalls = {f"class{number}": number / 10 for number in range(3, 10)}
    last = Point(1, measured(1.0, 1.0, 0.1, 0.1, recalls))
    row = Row("3f2a91bc" * 4, "epochs=1", "", "FINISHED", "", last, last, 1.0)
    assert "class3 30.0" in "\n".join(shown(80, [row]))
    assert "val/recall/class9" in to_csv([row])


def test_files_hold_a_line_for_each_last_and_best() -> None:
    lines = list(csv.DictReader(to_csv(ROWS).splitlines()))
    assert [(line["run"], line["at"], line["epoch"]) for line in lines] == [
        ("aug=none epochs=15", "last", "15"),
        ("aug=none epochs=15", "best", "4"),
        ("aug=full epochs=15", "last", ""),
        ("aug=full epochs=15", "best", ""),
    ]
    assert lines[1]["val/accuracy"] == "0.8711"
    assert lines[0]["val/recall/humans"] == "0.9000"
    assert lines[0]["run ID"] == "3f2a91bc" * 4
    assert lines[2]["error"] == "ValueError: the loss is lost"


def test_markdown_has_as_many_cells_in_every_line() -> None:
    lines = to_markdown(ROWS).splitlines()
    assert len(lines) == 2 + 4
    assert {line.count("|") for line in lines} == {lines[0].count("|")}


def test_what_the_test_images_say_stands_beside_the_last_epoch() -> None:
    values = {**measured(1.0, 0.8, 0.1, 0.2, {"a": 0.7, "b": 0.9}), "test/accuracy": 0.655,
              "test/loss": 0.5, "test/recall/a": 0.6, "test/recall/b": 0.7}  # fmt: skip
    row = Row("3f2a91bc" * 4, "epochs=1", "", "FINISHED", "", Point(1, values), None, 1.0)
    text = "\n".join(shown(100, [row]))
    assert "test" in text and "65.5" in text
    (line, _) = csv.DictReader(to_csv([row]).splitlines())
    assert [name for name in line if name.startswith("test/")] == [
        "test/accuracy", "test/loss", "test/recall/a", "test/recall/b",
    ]  # fmt: skip
    assert "test" not in to_csv(ROWS)


def test_the_best_epochs_line_has_its_own_models_test_numbers(store: Store) -> None:
    def log(best_epoch: float) -> Row:
        run = TrackedRun.start(store, "study", "a run")
        for epoch, accuracy in enumerate((0.8, 0.6), start=1):
            run.log_epoch(epoch, {"val/accuracy": accuracy})
        tested = {"test/accuracy": 0.5, "test/best/accuracy": 0.7, "best/epoch": best_epoch}
        run.log_once(2, tested)
        run.finish("FINISHED", None)
        return summarise(store, [run.run_id], {})[0]

    row = log(1.0)
    assert row.last is not None and row.last.values["test/accuracy"] == 0.5
    assert row.best is not None and row.best.values["test/accuracy"] == 0.7
    other = log(2.0)  # the best by another objective than validation accuracy
    assert other.best is not None and math.isnan(other.best.values["test/accuracy"])


def test_runs_that_differ_in_their_fold_have_a_row_of_their_mean(store: Store) -> None:
    run_ids = []
    for aug, accuracies in (("none", (0.5, 0.7)), ("full", (0.9,))):
        for accuracy in accuracies:
            run = TrackedRun.start(store, "folds", "a fold", None, {})
            run.log_epoch(1, {"val/accuracy": accuracy, "time/epoch_s": 2.0})
            run.finish("FINISHED", None)
            run_ids.append((run.run_id, aug, len(run_ids)))
    names = {run_id: f"aug={aug} data.fold={fold} seed=0" for run_id, aug, fold in run_ids}
    rows = summarise(store, list(names), names)
    assert [row.overrides for row in rows[3:]] == ["aug=none seed=0: mean of 2 folds"]
    assert rows[3].last is not None and rows[3].best is None
    assert rows[3].last.values["val/accuracy"] == pytest.approx(0.6)
