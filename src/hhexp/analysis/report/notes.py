"""What a reader must know before the numbers: what diverged, what is missing, what was left out."""

from collections.abc import Iterable, Iterator

from pydantic import BaseModel, ConfigDict

from hhexp.analysis import grid
from hhexp.analysis.report.trajectories import note_shared
from hhexp.analysis.results import Results
from hhexp.analysis.searches import note_search
from hhexp.experiment.answers import FILE
from hhexp.reading import damaged, parse_json
from hhexp.tracking.artifacts import read_text
from hhexp.tracking.query import StoredRun
from hhexp.tracking.tags import DATA_FINGERPRINT, STOPPED

CHECKS = "provenance/data_checks.json"
"""The artifact with what the checks of a run's images have found."""
MOST, FIRST = 20, 3
"""Notes of a kind, and seeds in a note; and the notes that are given where there are more."""


def write_notes(results: Results) -> list[str]:
    """A sentence on each thing."""
    return [
        *(note_search(results.search) if results.search else limit_notes(results.tuned)),
        *limit_notes(results.notes),
        *_note_folds(results),
        *limit_notes(_note_diverged(results)),
        *limit_notes(_note_stopped(results)),
        *limit_notes(_note_data(results)),
        *limit_notes(note_shared(results)),
        *_note_best(results),
        *_note_unfinished(results),
        *limit_notes(_note_missing(results)),
    ]


def limit_notes(notes: Iterable[str]) -> list[str]:
    """The notes of a kind; where they are many, the first and how many more there are."""
    listed = list(notes)
    if len(listed) <= MOST:
        return listed
    return [*listed[:FIRST], f"The same is true of {len(listed) - FIRST:,} more."]


def _note_folds(results: Results) -> Iterator[str]:
    """What the numbers of folds are, and what they do not say; and folds that are missing."""
    for folds, trained in results.trained_folds.items():
        if folds is None or len(trained) < 2:
            continue
        which = f"{len(trained)} of {folds}" if len(trained) < folds else f"{folds}"
        yield (
            f"The number of a seed is the mean over {which} folds. Folds share most of their "
            "training images, so they are no independent samples: ± of a cell is over its folds, "
            "corrected for that (Nadeau and Bengio, 2003). Claims compare seeds: they hold for "
            "these images, and say nothing of others."
        )
    groups: dict[tuple[str, int | None, int | None], set[int | None]] = {}
    for each in results.all:
        fold = {each.fold} if each.run.status == "FINISHED" else set()
        groups.setdefault((each.label, each.seed, each.folds), set()).update(fold)
    for (label, seed, folds), found in groups.items():
        lacking = results.trained_folds.get(folds, set()) - found
        if folds is not None and lacking:
            said = ", ".join(map(str, sorted(fold for fold in lacking if fold is not None)))
            yield (
                f"{label} seed={seed}: no finished run of fold{'s' if len(lacking) > 1 else ''} "
                f"{said}, so the seed does not count."
            )


def _note_diverged(results: Results) -> Iterator[str]:
    for cell in results.cells:
        for result in (part for each in results.of(cell).values() for part in each.parts):
            if epoch := result.diverged_at:
                fold = "" if result.fold is None else f" fold={result.fold}"
                yield (
                    f"{grid.label(cell)} seed={result.seed}{fold} "
                    f"({result.run.run_id[:8]}) diverged: from "
                    f"epoch {epoch} on a loss or accuracy is not a finite number. Such values are "
                    "left out of every mean."
                )


def _note_stopped(results: Results) -> Iterator[str]:
    for cell in results.cells:
        for seed, result in results.of(cell).items():
            if why := result.run.tags.get(STOPPED):
                yield f"{grid.label(cell)} seed={seed} ({result.run.run_id[:8]}) {why}."


def _note_best(results: Results) -> Iterator[str]:
    """What is shown of the best epoch of runs that do not have what cross-fitting needs."""
    done = [result.run.run_id for cell in results.cells for result in results.of(cell).values()]
    if count := sum(run_id not in results.fits for run_id in done):
        many = f"{count:,} of {len(done):,} runs have" if count > 1 else "1 run has"
        yield (
            f"{many} no {FILE}, with the answers of all epochs: an older version trained them, or "
            "the images are too many. Their best epoch is judged on the images that chose it, "
            "which makes it look better than it is."
        )


def _note_data(results: Results) -> Iterator[str]:
    """A sentence on each thing that was wrong with the images of a run, once a data set.

    The first data sets are asked, as a sweep over folds has many.
    """
    first: dict[str, StoredRun] = {}
    for run in (result.run for result in results.all):
        if fingerprint := run.tags.get(DATA_FINGERPRINT):
            first.setdefault(fingerprint, run)
    said = {}
    for run in list(first.values())[:FIRST]:
        text = read_text(results.store, run.run_id, CHECKS)
        if text is None:
            continue
        try:
            found = _Checks.model_validate(parse_json(text))
        except ValueError as error:
            raise damaged(f"{CHECKS} of run {run.run_id}", error) from error
        if found.skipped:
            said[f"bad files left out ({len(found.skipped):,})"] = found.skipped
        said |= {finding.text: finding.files for finding in found.findings}
    for text, files in said.items():
        more = "; …" if len(files) > FIRST else ""
        yield f"The images: {text}: {'; '.join(files[:FIRST])}{more}."


class _Finding(BaseModel):
    model_config = ConfigDict(strict=True)

    text: str
    files: list[str]


class _Checks(BaseModel):
    model_config = ConfigDict(strict=True)

    skipped: list[str]
    findings: list[_Finding]


def _note_unfinished(results: Results) -> Iterator[str]:
    stopped = sum(result.run.outcome == "STOPPED" for result in results.all)
    if stopped:
        yield (
            f"{stopped} run{'s were' if stopped > 1 else ' was'} ended early by a search. No "
            "number includes them."
        )
    count = sum(result.run.outcome not in ("FINISHED", "STOPPED") for result in results.all)
    if count:
        yield (
            f"{count} run{'s' if count > 1 else ''} did not finish. They are listed below, but "
            "no number includes them."
        )


def _note_missing(results: Results) -> Iterator[str]:
    """A sentence on each cell that lacks finished runs: of all seeds, or of some that the study,
    else another cell, has."""
    found = [set(results.of(cell)) for cell in results.cells]
    asked: set[int] = set().union(*found)
    if study := results.study:
        upto = next((look for look in study.looks if asked <= set(study.planned[:look])), None)
        asked = set(study.planned[:upto])
    for cell, seeds in zip(results.cells, found, strict=True):
        lacking = [str(seed) for seed in sorted(asked - seeds)]
        if not seeds:
            yield f"{grid.label(cell)}: no finished run."
        elif lacking:
            some = f"seed{'s' if len(lacking) > 1 else ''} {', '.join(lacking)}"
            if len(lacking) > MOST:
                some = f"{len(lacking):,} of {len(asked):,} seeds"
            yield f"{grid.label(cell)}: no finished run for {some}."
