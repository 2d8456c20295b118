"""What workers measure in turn, round by round: the two parts of a ratio are neighbours."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from benchmarks.workers import Worker


@dataclass(frozen=True)
class Turn:
    """A measurement of every round."""

    name: str
    worker: str
    what: str
    """What the worker is told to measure."""
    serves: frozenset[str]
    """The figures that need it."""


def list_turns(*rows: tuple[str, str, str, str]) -> tuple[Turn, ...]:
    """Turns from rows of words; the last word of a row lists figures."""
    return tuple(Turn(name, worker, what, frozenset(s.split())) for name, worker, what, s in rows)


EPOCH_TURNS = list_turns(
    ("gemm", "ours", "gemm_rate", "step"),
    ("step", "ours", "step_rate", "step"),
    ("plain bf16", "ours bf16", "plain", "epoch-bf16 run-bf16 sweep-bf16"),
    ("plain yardstick", "yardstick", "plain", "epoch epoch-bf16 run run-bf16 sweep sweep-bf16"),
    ("plain", "ours", "plain", "epoch run sweep affine overhead"),
    ("augmented", "ours", "augmented", "aug sweep affine pipeline"),
    ("pipeline", "ours", "pipeline", "pipeline"),
    ("augmented yardstick", "yardstick augmented", "augmented", "aug aug-bf16 sweep sweep-bf16"),
    ("augmented bf16", "ours bf16", "augmented", "aug-bf16 sweep-bf16"),
)
"""What is compared stands side by side, the yardstick between float32 and bfloat16."""

AUGMENTATIONS = list_turns(
    ("ImageDataGenerator", "augmentations", "image_data_generator", "aug-generator"),
    ("Keras layers", "augmentations", "keras_layers", "aug-layers"),
    ("albumentations", "augmentations", "albumentations", "aug-albumentations"),
    ("affine", "augmentations", "affine", "aug-generator aug-layers aug-albumentations"),
)
"""Milliseconds per image."""


def measure_rounds(
    turns: Sequence[Turn],
    workers: Mapping[str, Callable[[], Worker]],
    rounds: int,
    say: Callable[[str], None],
) -> dict[str, list[float]]:
    """Take all turns in each round, after one that sets everything up and does not count.

    Args:
        turns: in their order.
        workers: starts the worker of each name; only those of the turns are started.
        rounds: how many values each turn gets.
        say: told of each round.
    """
    found: dict[str, list[float]] = {turn.name: [] for turn in turns}
    with ExitStack() as stack:
        names = dict.fromkeys(turn.worker for turn in turns)
        started = {name: stack.enter_context(workers[name]()) for name in names}
        for number in range(rounds + 1):
            say(f"round {number} of {rounds}: {', '.join(names)}" if number else "first round")
            for turn in turns:
                value = started[turn.worker].measure(turn.what)
                if number:
                    found[turn.name].append(value)
    return found
