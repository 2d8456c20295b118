"""What is said of a data set that was opened."""

import numpy as np

from hhexp.data import Dataset, Split, describe_dataset


def describe(*classes: str) -> str:
    labels = np.arange(len(classes))
    split = Split(
        np.zeros((len(classes), 8, 8, 3), np.uint8), labels, tuple(f"{n}.png" for n in labels)
    )
    return describe_dataset(Dataset("mine", classes, split, split, "f" * 64, ()))


def test_a_line_says_how_many_images_there_are_and_names_the_classes() -> None:
    assert describe("cats", "dogs") == (
        "mine: 2 training and 2 validation images; classes: cats 0, dogs 1"
    )


def test_of_many_classes_it_names_the_first_ones_and_the_last() -> None:
    line = describe(*(f"c{number}" for number in range(300)))
    assert line.endswith(
        "; 300 classes: " + "".join(f"c{n} {n}, " for n in range(19)) + "…, c299 299"
    )
    assert ", c19 19" in describe(*(f"c{number}" for number in range(20)))
