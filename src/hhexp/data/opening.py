"""From the configuration's ``data`` to a data set: found, cut into splits, decoded."""

from hhexp.config.registry import data_reader
from hhexp.config.schema import Data
from hhexp.data.checks import NAMED
from hhexp.data.dataset import Dataset
from hhexp.data.findings import find_doubts
from hhexp.data.loading import load
from hhexp.data.splits import cut_splits
from hhexp.errors import UserError


def open_dataset(data: Data) -> Dataset:
    """The data set that a configuration names, decoded once and cached, or on demand.

    Raises:
        UserError: it is missing or damaged, or cannot be cut as asked; or with ``data.strict`` a
            check finds something.
    """
    files = data_reader.functions[data.reader](**data.arguments)
    try:
        files = cut_splits(files, data)
    except UserError as error:
        raise type(error)(f"data {data.name}: {error}") from error
    dataset = load(
        data.name,
        files,
        data.image_size,
        skip_bad=data.skip_bad,
        verify=data.verify,
        keep=data.cache == "decoded",
    )
    if data.strict and (lines := list_doubts(dataset, data.image_size)):
        raise UserError(f"data {data.name}: {'; '.join(lines)} (data.strict=true)")
    return dataset


def list_doubts(dataset: Dataset, image_size: int | None) -> list[str]:
    """What may be wrong with a data set, and what was left out of it: a line each."""
    lines = [str(finding) for finding in find_doubts(dataset, image_size)]
    if dataset.skipped:
        said = "; ".join(dataset.skipped[:NAMED])
        more = "; …" if len(dataset.skipped) > NAMED else ""
        lines.insert(0, f"bad files left out ({len(dataset.skipped):,}): {said}{more}")
    return lines
