"""A person's own metrics and callbacks see each epoch, and move nothing."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest

from hhexp.config.registry import Registry, epoch_callback, metric_function
from hhexp.config.schema import Config, Part
from hhexp.errors import UserError
from hhexp.experiment.own_parts import call_back, check_metrics, measure, measure_past
from hhexp.training.evaluation import Evaluation
from hhexp.training.loop import Epoch
from hhexp.training.state import PastEpoch, hash_weights

LABELS = np.array([0, 1, 1, 0])
ANSWERS = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.5, 0.5]], np.float32)


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Config]:
    """Registers functions of one kind; the configuration that asks for them."""

    def make(registry: Registry, **functions: Callable[..., Any]) -> Config:
        for name, function in functions.items():
            monkeypatch.setitem(registry.functions, name, function)
        parts = [Part(name=name) for name in functions]
        chosen = {"metrics": [], "callbacks": []}
        chosen["metrics" if registry is metric_function else "callbacks"] = parts
        return Config.model_construct(**chosen)

    return make


def test_a_metric_is_measured_of_kept_answers_too(register: Callable[..., Config]) -> None:
    config = register(metric_function, sure=lambda labels, given: given.max(axis=1).mean())
    assert measure(config, LABELS, ANSWERS) == {"val/sure": pytest.approx(0.7)}
    past = PastEpoch({}, "", probabilities=ANSWERS)
    assert measure_past(config, past, LABELS) == measure(config, LABELS, ANSWERS)
    assert measure_past(config, PastEpoch({}, ""), LABELS) == {}


def test_a_metric_cannot_change_what_others_see(register: Callable[..., Config]) -> None:
    def spoil(labels: np.ndarray, probabilities: np.ndarray) -> float:
        labels[:], probabilities[:] = 0, 0
        return 0.0

    measure(register(metric_function, spoil=spoil), LABELS, ANSWERS)
    assert LABELS.any() and ANSWERS.all()


@pytest.mark.parametrize(
    ("name", "function", "words"),
    [
        ("mine", lambda labels, given: None, "metrics: mine: TypeError"),
        ("mine", lambda labels, given: given[99], r"IndexError: .*\(test_own_parts\.py, line"),
        ("mine", lambda labels: 1, "metrics: mine: TypeError: .*1 positional argument"),
        ("f1", lambda labels, given: 1, "metrics=f1: val/f1 is hhexp's own: give it another name"),
        ("loss", lambda labels, given: 1, "val/loss is hhexp's own"),
    ],
)
def test_a_metric_that_would_not_do_is_refused_before_training(
    name: str, function: Callable[..., Any], words: str, register: Callable[..., Config]
) -> None:
    with pytest.raises(UserError, match=words):
        check_metrics(register(metric_function, **{name: function}), LABELS, 2)


class Log:
    """What a callback logs."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    def log_text(self, text: str, path: str) -> None:
        self.texts[path] = text


def call(config: Config) -> dict[str, str]:
    """Call the callbacks after an epoch of a small model; the texts that they log."""
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    training = SimpleNamespace(
        config=config, model=model, dataset=SimpleNamespace(classes=("a", "b"))
    )
    answers = Evaluation(ANSWERS, ANSWERS[:, 0], LABELS)
    log: Any = Log()
    epoch = Epoch(3, {"val/loss": 0.5}, hash_weights(model), answers)
    call_back(log, training, epoch, {"val/loss": 0.5, "val/f1": 1.0})  # type: ignore[arg-type]
    return dict(log.texts)


def test_a_callback_sees_the_epoch_and_logs_in_its_own_folder(
    register: Callable[..., Config],
) -> None:
    def note(end: Any) -> None:
        with pytest.raises(TypeError):
            end.metrics["val/loss"] = 0
        said = f"{end.number} {end.metrics['val/f1']} {end.classes} {end.answers.accuracy}"
        end.log_text(said, "a/b.txt")

    texts = call(register(epoch_callback, note=note))
    assert texts == {"callbacks/note/a/b.txt": "3 1.0 ('a', 'b') 0.75"}


def test_a_callback_that_fails_or_changes_the_model_fails_the_run(
    register: Callable[..., Config],
) -> None:
    def change(end: Any) -> None:
        end.model.weights[0].assign(end.model.weights[0] + 1)

    with pytest.raises(UserError, match="callbacks: change: has changed the model's weights"):
        call(register(epoch_callback, change=change))
    with pytest.raises(UserError, match=r"callbacks: fail: ZeroDivisionError: .*parts\.py, line"):
        call(register(epoch_callback, fail=lambda end: 1 / 0))
