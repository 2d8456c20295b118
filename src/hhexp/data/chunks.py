"""Many images, a chunk at a time: a large data set takes no more memory than a small one."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

CHUNK = 1000
PATIENCE_S = 2
"""After this time a terminal shows how far it is."""


def split_chunks(items: Sequence[T], doing: str) -> Iterator[tuple[int, Sequence[T]]]:
    """Each chunk, with the index of its first item; where it takes long, a terminal shows progress.

    Args:
        items: what to split.
        doing: what the terminal says.
    """
    from tqdm import tqdm

    with tqdm(
        total=len(items), desc=doing, unit=" files", delay=PATIENCE_S, disable=None, leave=False
    ) as bar:
        for start in range(0, len(items), CHUNK):
            chunk = items[start : start + CHUNK]
            yield start, chunk
            bar.update(len(chunk))
