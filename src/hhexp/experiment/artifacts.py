"""What a run logs beside its metrics: what it was asked for, and what came of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import yaml

from hhexp.config.schema import Config
from hhexp.csv_text import format_csv
from hhexp.data import Dataset, find_doubts
from hhexp.errors import one_line
from hhexp.experiment.answers import FILE as ANSWERS
from hhexp.experiment.answers import TEST_FILE, pack_answers, write_answers
from hhexp.experiment.assembly import Training
from hhexp.experiment.course import Course, hold
from hhexp.experiment.identity import Identity
from hhexp.experiment.job import Job, flatten
from hhexp.experiment.scores import score, score_by_class
from hhexp.figures.curves import draw_calibration, draw_precision_recall, draw_roc
from hhexp.figures.sheets import draw_sheet, draw_worst_errors
from hhexp.figures.training import draw_confusion_matrix, draw_learning_curves
from hhexp.provenance import collect, list_files
from hhexp.tracking.entries import BEST
from hhexp.tracking.manifests import POINTER, keep_manifest
from hhexp.tracking.models import BEST_EPOCH
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store
from hhexp.training.evaluation import Evaluation
from hhexp.training.portability import Portability
from hhexp.training.state import PastEpoch

COLUMNS = ("path", "true", "predicted")
"""The columns of the predictions before those of the classes."""
LISTED = 2000
"""Files of a data set that a run lists itself; of more, the store keeps one list for all runs."""

NEEDED = (
    *("classes.json", "provenance/config.yaml", "provenance/epochs.json"),
    *("predictions/validation.csv", "figures"),
)
"""Artifacts that every finished run has, beside its model."""


def log_configuration(
    tracked: TrackedRun,
    job: Job,
    training: Training,
    parts: Identity,
    portability: Portability | None,
) -> None:
    """Log, once, what the run was asked for and what it runs on."""
    config, dataset, device = training.config, training.dataset, training.device
    tracked.log_params({**job.choices, **flatten(config.model_dump())})
    tracked.log_params({"device": device.name, "parameters": training.model.count_params()})
    values = config.model_dump(exclude_unset=True)
    tracked.log_text(yaml.safe_dump(values, sort_keys=False), "provenance/config.yaml")
    tracked.log_text("".join(f"{o}\n" for o in job.overrides), "provenance/overrides.txt")
    tracked.log_json(dict(job.choices), "provenance/choices.json")
    tracked.log_json(dict(parts), "provenance/identity.json")
    if portability is not None:
        said = {"portable": portability.portable, **asdict(portability)}
        tracked.log_json(said, "provenance/portability.json")
    collected = collect(
        modules=config.modules,
        dataset=dataset,
        device=device.kind,
        isa=config.runtime.isa,
        lists=point_to_lists(tracked.store, config, dataset),
    )
    for path, text in collected.items():
        tracked.log_text(text, path)
    source = config.data.arguments.get("root") or config.data.reader
    for split in ("train", "validation"):
        tracked.log_dataset(
            dataset.name, dataset.fingerprint, str(source), split, dataset.counts[split]
        )
    findings = find_doubts(dataset, config.data)
    if findings or dataset.skipped:
        said = {"skipped": dataset.skipped, "findings": [asdict(each) for each in findings]}
        tracked.log_json(said, "provenance/data_checks.json")
    classes = {name: index for index, name in enumerate(dataset.classes)}
    tracked.log_json(classes, "classes.json")
    summary: list[str] = []
    training.model.summary(line_length=90, print_fn=lambda line, **_: summary.append(line))
    tracked.log_text("\n".join(summary), "model_summary.txt")


def point_to_lists(store: Store, config: Config, dataset: Dataset) -> dict[str, Any] | None:
    """Where the lists of a large data set's files are; None where the run has them itself."""
    if len(dataset.manifest) + len(dataset.test_manifest) <= LISTED:
        return None
    lists = list_files(dataset)
    return {POINTER: keep_manifest(store, config.tracking.experiment, dataset.name, lists)}


def log_history(tracked: TrackedRun, past: Sequence[PastEpoch]) -> None:
    """Log every epoch's metrics at full precision, with the SHA-256 of its weights."""
    epochs = [{"epoch": number, **epoch.describe()} for number, epoch in enumerate(past, start=1)]
    tracked.log_json(epochs, "provenance/epochs.json")


@dataclass(frozen=True)
class Results:
    """What a run came to."""

    training: Training
    """With the trained model."""
    course: Course
    answers: Evaluation
    """The trained model's, to the validation images."""
    tested: Evaluation | None
    """The trained model's, to the test images; None without these."""
    ends: Mapping[str, float]
    """As ``measure_views``, ``measure_test`` and ``measure_best`` give them."""


def log_results(tracked: TrackedRun, results: Results) -> list[str]:
    """Log the trained model and the best epoch's, the answers to the validation images, and
    pictures.

    What an interrupted run has logged already is not logged twice. Nothing is computed on the model
    here: another may be in training.

    Returns:
        a line on each picture that could not be made.
    """
    training, course, answers = results.training, results.course, results.answers
    dataset, past, best = training.dataset, course.past, course.best
    log_history(tracked, past)
    tracked.log_text(tabulate_predictions(dataset, answers), "predictions/validation.csv")
    if kept := write_answers(past, answers.labels, dataset.classes):
        tracked.log_content(kept, ANSWERS)
    if tested := results.tested:
        content = pack_answers(tested.probabilities[None], tested.labels, dataset.classes)
        tracked.log_content(content, TEST_FILE)
    scores = {**score(answers), **score_by_class(answers, dataset.classes)}
    own = {f"val/{name}": value for name, value in scores.items()}
    tracked.log_once(len(past), {**results.ends, **own})
    failures = log_pictures(tracked, results)
    tracked.log_model(training.model, dataset.train.images[:1])
    if best and best.epoch != len(past):
        with hold(training.model, best):
            tracked.log_model(training.model, dataset.train.images[:1], BEST, best.epoch)
    return failures


def log_pictures(tracked: TrackedRun, results: Results) -> list[str]:
    """Log the pictures; one that fails is a line among the artifacts, and fails nothing else.

    Returns:
        these lines.
    """
    training, past, answers = results.training, results.course.past, results.answers
    dataset = training.dataset
    history = {name: [epoch.metrics[name] for epoch in past] for name in past[0].metrics}
    pictures: dict[str, Callable[[], Any]] = {
        "learning_curves": lambda: draw_learning_curves(history),
        "confusion_matrix": lambda: draw_confusion_matrix(answers.confusion, dataset.classes),
        "roc": lambda: draw_roc(answers.labels, answers.probabilities, dataset.classes),
        "precision_recall": lambda: draw_precision_recall(
            answers.labels, answers.probabilities, dataset.classes
        ),
        "calibration": lambda: draw_calibration(answers.labels, answers.probabilities),
        "training_images": lambda: draw_training_images(training),
        "worst_errors": lambda: draw_worst_errors(
            dataset.validation.images,
            answers.labels,
            answers.predicted,
            answers.probabilities,
            dataset.validation.paths,
            dataset.classes,
        ),
    }
    failures = []
    for name, draw in pictures.items():
        try:
            tracked.log_figure(draw(), f"figures/{name}.png")
        except Exception as error:
            failures.append(f"figures/{name}.png was not made: {one_line(error)}")
            tracked.log_text(f"{failures[-1]}\n", f"figures/{name}.txt")
    return failures


def measure_views(training: Training) -> dict[str, float]:
    """The trained model's accuracy and recalls on each view, such as ``val_close_up/accuracy``."""
    metrics = {}
    for name, view in training.config.data.views.items():
        answers = training.validate(view)
        metrics[f"val_{name}/accuracy"] = answers.accuracy
        for label, recall in zip(training.dataset.classes, answers.recalls, strict=True):
            metrics[f"val_{name}/recall/{label}"] = float(recall)
    return metrics


def answer_test(training: Training) -> Evaluation | None:
    """The trained model's answers to the test images; None without these."""
    test = training.dataset.test
    return None if test is None else training.evaluate(test.images, test.labels)


def measure_test(training: Training, answers: Evaluation | None) -> dict[str, float]:
    """The loss, accuracy and scores of a model's answers to the test images; empty without these.

    Args:
        training: whose classes they are.
        answers: as ``answer_test`` gives them.
    """
    classes = training.dataset.classes
    if answers is None:
        return {}
    recalls = zip(classes, map(float, answers.recalls), strict=True)
    return {
        "test/loss": answers.loss,
        "test/accuracy": answers.accuracy,
        **{f"test/recall/{name}": recall for name, recall in recalls},
        **{f"test/{name}": value for name, value in score(answers).items()},
        **{f"test/{name}": value for name, value in score_by_class(answers, classes).items()},
    }


def measure_best(
    training: Training, course: Course, tested: Mapping[str, float]
) -> dict[str, float]:
    """The best epoch, its objective, and its model's numbers on the test images.

    Args:
        training: with the trained model.
        course: its epochs.
        tested: as ``measure_test`` gives them for the trained model, which may be the best.
    """
    best, objective = course.best, training.config.objective
    if best is None:
        return {}
    if tested and best.epoch != len(course.past):
        with hold(training.model, best):
            tested = measure_test(training, answer_test(training))
    return {
        BEST_EPOCH: float(best.epoch),
        f"best/{objective}": course.values[best.epoch - 1],
        **{f"test/best/{name.removeprefix('test/')}": value for name, value in tested.items()},
    }


def tabulate_predictions(dataset: Dataset, answers: Evaluation) -> str:
    """A CSV table of the answers: path, true and predicted class, each class's probability."""
    rows: list[list[str]] = [[*COLUMNS, *(f"p/{name}" for name in dataset.classes)]]
    for path, true, predicted, probabilities in zip(
        dataset.validation.paths,
        answers.labels,
        answers.predicted,
        answers.probabilities,
        strict=True,
    ):
        names = dataset.classes[true], dataset.classes[predicted]
        rows.append([path, *names, *(repr(float(p)) for p in probabilities)])
    return format_csv(rows)


def draw_training_images(training: Training, images: int = 4, epochs: int = 4) -> Any:
    """A picture of some training images, and of what the network sees of them in some epochs.

    The epochs are the first ones with augmentation, where there are any.
    """
    dataset, augmentation = training.dataset, training.augmentation
    first = training.config.aug.since
    chosen = np.linspace(0, len(dataset.train.images) - 1, images).astype(np.int64)
    originals = dataset.train.images[chosen]
    names = [dataset.train.paths[index].rsplit("/", 1)[-1] for index in chosen]
    title = "What the network sees in training"
    if augmentation is None:
        return draw_sheet(list(originals), names, title, images)
    seen = [np.asarray(augmentation(originals, chosen, first + epoch)) for epoch in range(epochs)]
    shown, captions = [], []
    for row, name in enumerate(names):
        shown += [originals[row], *(np.clip(batch[row], 0, 255).astype(np.uint8) for batch in seen)]
        captions += [name, *(f"epoch {first + epoch}" for epoch in range(epochs))]
    return draw_sheet(shown, captions, title, epochs + 1)
