"""Groups stay whole, so a split may not have the share that was asked for: it is said."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hhexp.config.schema import Data
from hhexp.data import find_doubts, open_dataset
from hhexp.errors import UserError

SUBJECTS = {"cats": {"a": 24, "b": 3, "c": 3, "d": 3, "e": 3}, "dogs": dict.fromkeys("fghijk", 5)}
"""How many images there are of each subject."""


@pytest.fixture
def subjects(tmp_path: Path, draw: Callable[..., Path]) -> Path:
    root = tmp_path / "subjects"
    for label, counts in SUBJECTS.items():
        for subject, count in counts.items():
            for number in range(count):
                draw(root / label / subject / f"{subject}{'i' * number}.png")
    return root


def cut(root: Path, **changes: Any) -> list[str]:
    values = {"image_size": 16, "views": {}, "root": str(root), "group_by": "folder"}
    data = Data(name="mine", reader="folder", **(values | changes))
    return [str(each) for each in find_doubts(open_dataset(data), data) if "share" in each.text]


def test_a_class_with_a_large_group_is_named_with_its_share(subjects: Path) -> None:
    assert cut(subjects, folds=3) == [
        "the validation split has not its share of 33% of these classes, as groups stay whole (1): "
        "cats 67%"
    ]


def test_what_groups_allow_is_not_named(subjects: Path) -> None:
    assert cut(subjects, validation_share=0.2, test_share=0.1) == []


def test_what_is_not_grouped_is_never_named(images: Path) -> None:
    for changes in ({"folds": 2}, {"test_share": 0.5}):
        assert cut(images, group_by=None, **changes) == []


def test_strict_makes_it_an_error(subjects: Path) -> None:
    with pytest.raises(UserError, match=r"has not its share of 33% .*\(data\.strict=true\)"):
        cut(subjects, folds=3, strict=True)
