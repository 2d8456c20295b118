"""Sheets of the validation images that models get wrong, and that a cell fixes or breaks."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from hhexp.analysis.predictions import (
    Pair,
    Predictions,
    RunPredictions,
    find_fixed_and_broken,
)
from hhexp.analysis.results import Results
from hhexp.experiment import Trusted
from hhexp.experiment.recorded import read_recorded_data

MOST = 24
"""Images on a sheet."""
SIDE = 150
"""Side of an image on the page, in pixels."""

BLANK = "; no colour: nothing in it speaks for {}, only what the model takes for granted"
"""Why Grad-CAM is zero all over an image."""

Overlay = Callable[[str, np.ndarray, Sequence[str]], Sequence[np.ndarray]]
"""From a run's ID, images [N, H, W, 3] uint8 and the classes that the run takes them for, to as
many images of the same kind that show where the run's model saw those."""


@dataclass(frozen=True)
class Picture:
    """An image of a sheet."""

    path: str
    caption: str
    pixels: np.ndarray | None
    """[H, W, 3] uint8; None if the data is missing."""

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.rsplit("/", 1)[-1]

    @property
    def uri(self) -> str:
        """The image, small, as a data URI; empty if it is missing."""
        if self.pixels is None:
            return ""
        import base64
        import io

        from PIL import Image

        image = Image.fromarray(self.pixels)
        image.thumbnail((SIDE, SIDE))
        file = io.BytesIO()
        image.save(file, "JPEG", quality=82)
        return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"


@dataclass(frozen=True)
class Sheet:
    """Images that have something in common."""

    name: str
    title: str
    remark: str
    pictures: list[Picture]
    witness: RunPredictions
    """The run whose model an overlay shows."""

    @property
    def shown(self) -> bool:
        """Whether there is an image to see."""
        return any(picture.pixels is not None for picture in self.pictures)


def read_validation_images(
    results: Results, predictions: Predictions, trusted: Trusted
) -> dict[str, np.ndarray]:
    """The validation images by path, each [H, W, 3] uint8, read as the first run read them; of
    all folds, where its seed has several.

    Raises:
        UserError: the data is not on this machine, or is not what the run saw; or the record is
            damaged, or needs what the person has not named.
    """
    images: dict[str, np.ndarray] = {}
    for part in predictions.runs[0].result.parts:
        validation = read_recorded_data(results.store, part.run, trusted).validation
        images |= zip(validation.paths, validation.images, strict=True)
    return images


def make_sheets(
    predictions: Predictions,
    pairs: Sequence[Pair],
    images: dict[str, np.ndarray],
    overlay: Overlay | None = None,
) -> list[Sheet]:
    """The sheet of what every run gets wrong, then for each pair what is fixed and what broken.

    Args:
        predictions: the runs'.
        pairs: the cells that are compared.
        images: by path; those that are missing are shown by their names alone.
        overlay: what to lay over the images.
    """
    made = [_show_hardest(predictions)]
    for number, pair in enumerate(pairs, start=1):
        made += _show_fixed_and_broken(predictions, pair, number)
    return [_add_pixels(sheet, predictions.index, images, overlay) for sheet in made]


def _show_hardest(predictions: Predictions) -> Sheet:
    """What every run gets wrong; where there is no such image, what most get wrong."""
    wrong = predictions.wrong_share(predictions.runs)
    runs = len(predictions.runs)
    order = np.argsort(-wrong, kind="stable")
    always = int((wrong == 1).sum())
    chosen = [int(i) for i in order if wrong[i] > 0][: max(12, min(always, MOST))]
    every = f"all {runs} runs" if runs > 1 else "the run"
    title = f"{always} of {len(wrong)} images wrong in {every}"
    if always == 0:
        title = f"No image is wrong in {every}"
    pictures = [
        Picture(
            predictions.paths[i],
            f"{predictions.true[i]}, predicted as {_name_wrong_class(predictions.runs, i)} "
            f"in {round(wrong[i] * runs)} of {runs}",
            None,
        )
        for i in chosen
    ]
    remark = "Those that the most runs get wrong come first." if chosen else "Every image is right."
    return Sheet("hardest", title, remark, pictures, predictions.runs[0])


def _show_fixed_and_broken(predictions: Predictions, pair: Pair, number: int) -> list[Sheet]:
    first, second = predictions.of(pair.first), predictions.of(pair.second)
    if not first or not second:
        return []
    before, after, shared = pair.words
    made = []
    for verb, chosen in zip(
        ("fixes", "breaks"), find_fixed_and_broken(predictions, pair), strict=True
    ):
        title = f"{after} {verb} {_describe_count(len(chosen))}"
        wrong, right = (before, after) if verb == "fixes" else (after, before)
        remark = f"Wrong in most runs of {wrong}, right in most runs of {right}"
        remark += f"; both with {shared}." if shared else "."
        if len(chosen) > MOST:
            remark += f" The first {MOST} are shown."
        pictures = [
            Picture(
                predictions.paths[i],
                f"{predictions.true[i]}; wrong in "
                f"{_count_wrong(first, i)} → {_count_wrong(second, i)}",
                None,
            )
            for i in chosen[:MOST]
        ]
        made.append(Sheet(f"{verb}_{number}", title, remark, pictures, second[0]))
    return made


def _add_pixels(
    sheet: Sheet, index: dict[str, int], images: dict[str, np.ndarray], overlay: Overlay | None
) -> Sheet:
    """The sheet with its images, as far as they are here."""
    known = [picture.path for picture in sheet.pictures if picture.path in images]
    pixels: Sequence[np.ndarray] = [images[path] for path in known]
    remark, remarks = sheet.remark, dict[str, str]()
    result = sheet.witness.result
    if overlay and known and not result.by_fold:  # whose models were trained on others' images
        taken_for = [sheet.witness.predicted[index[path]] for path in known]
        plain, pixels = pixels, overlay(result.run.run_id, np.stack(pixels), taken_for)
        remarks = {
            path: BLANK.format(name)
            for path, name, before, after in zip(known, taken_for, plain, pixels, strict=True)
            if np.array_equal(before, after)
        }
        remark += (
            f" Colour: the regions that speak for the class that {result.label}, seed "
            f"{result.seed}, predicted (Grad-CAM)."
        )
    shown = dict(zip(known, pixels, strict=True))
    pictures = [
        replace(
            picture,
            pixels=shown.get(picture.path),
            caption=picture.caption + remarks.get(picture.path, ""),
        )
        for picture in sheet.pictures
    ]
    return replace(sheet, pictures=pictures, remark=remark)


def _name_wrong_class(runs: Sequence[RunPredictions], image: int) -> str:
    """The wrong class that most runs predict for an image."""
    wrong = Counter(each.predicted[image] for each in runs if not each.right[image])
    return wrong.most_common(1)[0][0]


def _count_wrong(runs: Sequence[RunPredictions], image: int) -> str:
    return f"{sum(not each.right[image] for each in runs)}/{len(runs)}"


def _describe_count(count: int) -> str:
    return f"{count or 'no'} image{'' if count == 1 else 's'}"
