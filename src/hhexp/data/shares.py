"""Whether the splits that were cut have the shares that were asked for: groups stay whole."""

from collections import Counter
from collections.abc import Iterator

from hhexp.config.schema import Data
from hhexp.data.checks import Finding
from hhexp.data.dataset import TEST, Dataset

FAR = 0.1
"""How far a share of a class may be from what was asked for; half of that is too little."""


def find_uneven(dataset: Dataset, data: Data) -> Iterator[Finding]:
    """The classes of which a split has clearly more or fewer images than was asked for.

    Only groups can be the cause: without them a share is right to one image of each class.
    """
    if data.group_by is None:
        return
    counts = {name: Counter(split.labels.tolist()) for name, split in dataset.splits.items()}
    for name, (share, pool) in _list_asked(data).items():
        cases = []
        for label, written in enumerate(dataset.classes):
            total = sum(counts[part][label] for part in pool if part in counts)
            has = counts[name][label] / max(total, 1)
            if total and (abs(has - share) > FAR or has < share / 2):
                cases.append(f"{written} {has:.0%}")
        if cases:
            yield Finding(
                f"the {name} split has not its share of {share:.0%} of these classes, as groups "
                f"stay whole ({len(cases)})",
                tuple(cases),
            )


def _list_asked(data: Data) -> dict[str, tuple[float, list[str]]]:
    """Each split that was cut, with its share and the splits that it is a share of."""
    asked: dict[str, tuple[float, list[str]]] = {}
    every = ["train", "validation", TEST]
    if data.validation_share is not None:
        asked["validation"] = data.validation_share, every
    if data.folds is not None:
        asked["validation"] = 1 / data.folds, every[:2]
    if data.test_share is not None and data.folds is None:  # whose pool is not known here
        asked[TEST] = data.test_share, every if data.validation_share is not None else every[1:]
    return asked
