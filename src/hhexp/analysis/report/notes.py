"""What a reader must know before the numbers: what diverged, what is missing, what was left out."""

from collections.abc import Iterator

from hhexp.analysis import cells
from hhexp.analysis.measures import diverged_at
from hhexp.analysis.results import Results


def notes(results: Results) -> list[str]:
    """A sentence on each thing."""
    return [*results.notes, *_diverged(results), *_unfinished(results), *_missing(results)]


def _diverged(results: Results) -> Iterator[str]:
    for cell in results.cells:
        for seed, result in results.of(cell).items():
            if epoch := diverged_at(result.history):
                yield (
                    f"{cells.label(cell)} seed={seed} ({result.run.run_id[:8]}) diverged: a loss "
                    f"or accuracy is no finite number from epoch {epoch} on, and in no mean."
                )


def _unfinished(results: Results) -> Iterator[str]:
    count = sum(result.run.status != "FINISHED" for result in results.all)
    if count:
        yield (
            f"{count} run{'s' if count > 1 else ''} did not finish: listed below, and counted "
            "nowhere."
        )


def _missing(results: Results) -> Iterator[str]:
    missing = [cell for cell in results.cells if not results.of(cell)]
    if missing:
        yield f"No finished run of {', '.join(map(cells.label, missing))}."
