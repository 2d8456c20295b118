"""What a run logs beside its metrics: what it was asked for, and what came of it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import yaml

from hhexp import figures
from hhexp.config.schema import Config
from hhexp.experiment.assembly import Training
from hhexp.experiment.job import Job
from hhexp.tracking.run import TrackedRun
from hhexp.training.loop import Epoch


def log_configuration(tracked: TrackedRun, job: Job, config: Config, training: Training) -> None:
    """Log, once, what the run was asked for and what it runs on."""
    dataset, device = training.dataset, training.device
    tracked.set_tags({"hhexp.kind": "run", "hhexp.overrides": " ".join(job.overrides)})
    tracked.log_params({**job.choices, **flatten(config.model_dump())})
    tracked.log_params({"device": device.name, "parameters": training.model.count_params()})
    tracked.log_text(yaml.safe_dump(dict(job.values), sort_keys=False), "provenance/config.yaml")
    tracked.log_text("\n".join(job.overrides) + "\n", "provenance/overrides.txt")
    source = config.data.arguments.get("root") or config.data.reader
    for split in ("train", "validation"):
        tracked.log_dataset(
            dataset.name, dataset.fingerprint, str(source), split, dataset.counts[split]
        )
    classes = {name: index for index, name in enumerate(dataset.classes)}
    tracked.log_json(classes, "classes.json")
    summary: list[str] = []
    training.model.summary(line_length=90, print_fn=lambda line, **_: summary.append(line))
    tracked.log_text("\n".join(summary), "model_summary.txt")


def log_results(tracked: TrackedRun, training: Training, epochs: list[Epoch]) -> None:
    """Log the trained model and the pictures of what it learned."""
    dataset, last = training.dataset, epochs[-1].validation
    history = {name: [epoch.metrics[name] for epoch in epochs] for name in epochs[0].metrics}
    tracked.log_figure(figures.learning_curves(history), "figures/learning_curves.png")
    tracked.log_figure(
        figures.confusion_matrix(last.confusion, dataset.classes), "figures/confusion_matrix.png"
    )
    tracked.log_figure(training_sheet(training), "figures/training_images.png")
    tracked.log_figure(
        figures.worst_errors(
            dataset.validation.images,
            last.labels,
            last.predicted,
            last.probabilities,
            dataset.validation.paths,
            dataset.classes,
        ),
        "figures/worst_errors.png",
    )
    tracked.log_model(training.model, dataset.train.images[:1])


def training_sheet(training: Training, images: int = 4, epochs: int = 4) -> Any:
    """A picture of some training images, and of what the network sees of them in some epochs."""
    dataset = training.dataset
    chosen = np.linspace(0, len(dataset.train.images) - 1, images).astype(np.int64)
    originals = dataset.train.images[chosen]
    columns = [originals]
    if training.augmentation:
        columns += [
            np.asarray(training.augmentation(originals, chosen, epoch))
            for epoch in range(1, epochs + 1)
        ]
    shown = [
        np.clip(column[row], 0, 255).astype(np.uint8) for row in range(images) for column in columns
    ]
    captions = [
        dataset.train.paths[chosen[row]].rsplit("/", 1)[-1] if number == 0 else f"epoch {number}"
        for row in range(images)
        for number in range(len(columns))
    ]
    return figures.image_sheet(shown, captions, "What the network sees in training", len(columns))


def flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested keys as dotted ones: {"lr": {"value": 1}} as {"lr.value": 1}."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat
