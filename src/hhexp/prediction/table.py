"""Answers as the terminal shows them, and as programs read them."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hhexp.escape import escape_line
from hhexp.prediction.answers import Answers
from hhexp.prediction.photographs import Photograph

if TYPE_CHECKING:
    from rich.table import Table

UNSCALED_NOTE = (
    "Unscaled: the answer of the same model when pixels of 0 … 255 reach its layers without the "
    "scaling used in training. All its values are then hundreds of times too large, so it tends to "
    "be sure of any answer. hhexp scales in the model's first layer, so nobody can forget it."
)


def build_table(photographs: Sequence[Photograph], answers: Sequence[Answers]) -> "Table":
    """A row for each photograph: the class and its probability, by each of the answers."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("file", overflow="fold")
    for heading in ("class", "unscaled")[: len(answers)]:
        table.add_column(heading, overflow="fold")
        table.add_column("", justify="right", no_wrap=True)
    for number, photograph in enumerate(photographs):
        words = [word for each in answers for word in each.describe(number)]
        table.add_row(*(Text(escape_line(word)) for word in (photograph.label, *words)))
    return table


def list_answers(
    photographs: Sequence[Photograph], answers: Sequence[Answers]
) -> list[dict[str, Any]]:
    """For each photograph its file, class and probabilities; those to unscaled pixels too."""
    listed: list[dict[str, Any]] = []
    for number, photograph in enumerate(photographs):
        said = [_list_answer(each, number) for each in answers]
        unscaled = {"unscaled": said[1]} if len(said) > 1 else {}
        listed.append({"file": photograph.label, **said[0], **unscaled})
    return listed


def _list_answer(answers: Answers, number: int) -> dict[str, Any]:
    found = answers.probabilities[number]
    return {
        "class": answers.classes[answers.predicted[number]],
        "probability": found.max(),
        "probabilities": dict(zip(answers.classes, found, strict=True)),
    }


def list_unread(files: Sequence[Path], photographs: Sequence[Photograph]) -> list[str]:
    """The files that could not be read."""
    read = {photograph.path for photograph in photographs}
    return [os.fsencode(file).decode(errors="replace") for file in files if file not in read]


def describe_unscaled(right: Answers, unscaled: Answers) -> str:
    """Explain unscaled answers, and count those that differ from the answers to scaled images."""
    changed = int((right.predicted != unscaled.predicted).sum())
    return f"{UNSCALED_NOTE} Classes that differ: {changed} of {len(right.predicted)}."
