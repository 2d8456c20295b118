"""From the configuration's ``data`` to a data set: found, cut into splits, decoded."""

from dataclasses import replace

from hhexp.config.registry import data_reader
from hhexp.config.schema import Data
from hhexp.data.bad import BadFilesError
from hhexp.data.checks import NAMED
from hhexp.data.dataset import Dataset, Files
from hhexp.data.findings import find_doubts
from hhexp.data.loading import load
from hhexp.data.splits import cut_splits
from hhexp.errors import UserError

MOST_CLASSES = 20
"""Classes that one line names; of more, the first ones and the last."""


def open_dataset(data: Data) -> Dataset:
    """The data set that a configuration names, decoded once and cached, or on demand.

    Raises:
        UserError: it is missing or damaged, or cannot be cut as asked; or with ``data.strict`` a
            check finds something.
    """
    files = data_reader.functions[data.reader](**data.arguments)
    skipped: dict[str, str] = {}
    while True:
        cut = _cut(files, data)
        try:
            dataset = load(
                data.name, cut, data.image_size, verify=data.verify, keep=data.cache == "decoded"
            )
            break
        except UserError as error:
            if not data.skip_bad or not isinstance(error.__cause__, BadFilesError):
                raise
            # Cut anew without them, as if they were not there: they decide where others come.
            bad = error.__cause__.bad
            places = {image.path: image.place for images in cut.values() for image in images}
            skipped |= {places[path]: line for path, line in bad.items()}
            files = {
                split: [image for image in images if image.place not in skipped]
                for split, images in files.items()
            }
    dataset = replace(dataset, skipped=tuple(skipped.values()))
    if data.strict and (lines := list_doubts(dataset, data)):
        raise UserError(f"data {data.name}: {'; '.join(lines)} (data.strict=true)")
    return dataset


def _cut(files: Files, data: Data) -> Files:
    try:
        return cut_splits(files, data)
    except UserError as error:
        raise type(error)(f"data {data.name}: {error}") from error


def list_doubts(dataset: Dataset, data: Data) -> list[str]:
    """What may be wrong with a data set, and what was left out of it: a line each."""
    lines = [str(finding) for finding in find_doubts(dataset, data)]
    if dataset.skipped:
        said = "; ".join(dataset.skipped[:NAMED])
        more = "; …" if len(dataset.skipped) > NAMED else ""
        lines.insert(0, f"bad files left out ({len(dataset.skipped):,}): {said}{more}")
    return lines


def describe_dataset(dataset: Dataset) -> str:
    """One line on a data set: its images, and the classes with their indices."""
    counts = {split: sum(by_class.values()) for split, by_class in dataset.counts.items()}
    named, many = [f"{name} {index}" for index, name in enumerate(dataset.classes)], ""
    if len(named) > MOST_CLASSES:
        many = f"{len(named)} "
        named = [*named[: MOST_CLASSES - 1], "…", named[-1]]
    tests = f" and {counts['test']:,} test" if "test" in counts else ""
    both = "," if tests else " and"
    return (
        f"{dataset.name}: {counts['train']:,} training{both} {counts['validation']:,} validation"
        f"{tests} images; {many}classes: {', '.join(named)}"
    )
