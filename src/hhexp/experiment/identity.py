"""A run's identity: everything that affects its numbers, and nothing else.

``stages`` makes the names of its epochs from it.
"""

import functools
import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

from hhexp import models
from hhexp.config.registry import loss_function, model_builder, optimizer_builder
from hhexp.config.schema import Augmentation, Config
from hhexp.data import Dataset, Split
from hhexp.experiment.job import flatten
from hhexp.provenance import list_own_sources
from hhexp.training.approximations import fingerprint_approximations
from hhexp.training.isa import find_effective
from hhexp.training.portability import Portability

PACKAGES = ("tensorflow", "keras", "numpy", "opencv-python-headless", "pillow")
"""Packages whose versions can affect the numbers."""

SOURCES = (
    *("augment", "models", "training", "data/decode.py", "data/loading.py", "data/order.py"),
    "experiment/assembly.py",
)
"""Parts of this package that can."""

BYSTANDERS = ("models/acceptance.py", "training/utilisation.py")
"""Files in those parts that cannot."""

Identity = Mapping[str, str | int | float | bool | None]
"""Named parts, such as aug.rotation_range: 40, or tensorflow: 2.21.0."""


def identify(
    config: Config,
    dataset: Dataset,
    device: str,
    portability: Portability | None = None,
    instruction_set: str | None = None,
) -> Identity:
    """All parts of a run's identity, but for the number of its epochs.

    Args:
        config: the run's.
        dataset: what it reads.
        device: the kind of device: cpu or gpu.
        portability: what its graphs say. None where they have not been read, as before a sweep:
            the worker that has read them decides then what answers its job.
        instruction_set: the effective one of the machine that trains it; None for this machine's.
    """
    return {
        **_select_configuration(config),
        "data": dataset.fingerprint,
        **_hash_labels(dataset.train, dataset.validation, classes=dataset.classes),
        "data.image_size": config.data.image_size,
        "seed": config.seed,
        "batch_size": config.batch_size,
        "device": device,
        "threads": config.runtime.threads,
        "precision": config.runtime.precision,
        "onednn": "on",
        "instruction set": instruction_set or find_effective(config.runtime.isa),
        **_name_tables(portability),
        **{name: find_version(name) for name in PACKAGES},
        **{f"source {name}": sha256 for name, sha256 in hash_training_sources().items()},
        **{
            f"source {name}": _hash_short(text)
            for name, text in list_own_sources(config.modules).items()
        },
    }


def foresee_portability(config: Config) -> str:
    """What can be said of a run on a CPU before its graphs are read.

    hhexp's own models, losses and optimizers are portable, as
    ``tests/training/test_portability.py`` sees.
    """
    model, loss, optimizer = config.model.builder, config.loss.function, config.optimizer.name
    functions = {
        f"the model {model}": model_builder.functions[model],
        f"the loss {loss}": loss_function.functions[loss],
        f"the optimizer {optimizer}": optimizer_builder.functions[optimizer],
    }
    own = [
        name
        for name, function in functions.items()
        if function.__module__.partition(".")[0] != "hhexp"
    ]
    if not own:
        return "portable: the same bits on every vendor's CPUs"
    return f"{' and '.join(own)} {'is' if len(own) == 1 else 'are'} looked at before the first step"


def list_differences(one: Identity, other: Identity) -> list[str]:
    """Which parts differ, as ``aug.rotation_range 40 → 30``; hashes by their name alone."""
    said = []
    for name in sorted({*one, *other}):
        before, after = one.get(name), other.get(name)
        if before != after:
            hashed = name.startswith("source ") or name in ("data", "labels")
            said.append(name if hashed else f"{name} {before} → {after}")
    return said


def drop_bystanders(identity: Identity) -> dict[str, Any]:
    """An identity on record, without files that were part of it before they were BYSTANDERS."""
    names = {f"source hhexp/{name}" for name in BYSTANDERS}
    return {name: part for name, part in identity.items() if name not in names}


@functools.cache
def hash_training_sources() -> dict[str, str]:
    """SHA-256 of every file of this package that can affect the numbers, by its name.

    As they are when a process first asks: what it has imported stays, whatever is edited later.
    """
    package = Path(str(files("hhexp")))
    found = sorted(
        file
        for part in SOURCES
        for file in ([package / part] if part.endswith(".py") else (package / part).glob("**/*.py"))
    )
    return {
        f"hhexp/{name}": _hash_short(file.read_bytes())
        for file in found
        if (name := file.relative_to(package).as_posix()) not in BYSTANDERS
    }


def _select_configuration(config: Config) -> dict[str, str | int | float | bool | None]:
    """The groups that shape the training; without transforms, nothing else of ``aug`` counts. The
    plain cross-entropy is not named: older runs, which have no ``loss``, were trained with it."""
    read = models.list_files(config.model.builder, config.model.arguments)
    model = _hash_contents(config.model.arguments, {"builder": config.model.builder})
    sections = {
        "model": model | {key: hash_file(file) for key, file in read.items()},
        "optimizer": config.optimizer.model_dump(),
        "lr": config.lr.model_dump(),
    }
    if not config.loss.is_plain:
        sections["loss"] = config.loss.model_dump()
    if not config.aug.is_plain:
        epochs = config.aug.model_dump(include={"since", "until"}, exclude_defaults=True)
        sections["aug"] = describe_augmentation(config.aug) | epochs
    return {
        key: value if isinstance(value, str | int | float | bool | None) else str(value)
        for key, value in flatten(sections).items()
    }


def describe_augmentation(aug: Augmentation) -> dict[str, Any]:
    """What the transforms of an epoch depend on, apart from its number."""
    parts = aug.model_dump(exclude={"since", "until", "steps"})
    if aug.steps:
        parts["steps"] = [_hash_contents(step.arguments, {"name": step.name}) for step in aug.steps]
    if aug.engine == "image_data_generator":  # whose transforms are SciPy's
        parts["scipy"] = find_version("scipy")
    return parts


@functools.cache
def find_version(package: str) -> str:
    """The version of an installed package."""
    return version(package)


def _name_tables(portability: Portability | None) -> dict[str, str]:
    """Where a run is not portable, the CPU's approximations are a part of its identity."""
    if portability is None or portability.portable:
        return {}
    return {"portability": f"CPUs with the approximations {fingerprint_approximations()}"}


def _hash_contents(arguments: Mapping[str, Any], named: Mapping[str, Any]) -> dict[str, Any]:
    """A function's name and parameters; of one that names a file, the hash of its content."""
    return {**named, **{key: _hash_content(value) for key, value in arguments.items()}}


def _hash_content(value: object) -> object:
    if not isinstance(value, str) or not Path(value).expanduser().is_file():
        return value
    return hash_file(Path(value).expanduser())


def hash_file(file: Path) -> str:
    """The hash of a file's content; a file that is as it was is not read again."""
    state = file.stat()
    return _hash_file(file, state.st_size, state.st_mtime_ns, state.st_ino)


@functools.cache
def _hash_file(file: Path, size: int, mtime_ns: int, inode: int) -> str:
    with file.open("rb") as opened:
        return f"SHA-256 {hashlib.file_digest(opened, 'sha256').hexdigest()}"


def describe_test(dataset: Dataset) -> dict[str, str | None]:
    """What a run's answers to the test images depend on; empty where it has none."""
    if dataset.test is None:
        return {}
    labels = _hash_labels(dataset.test, classes=dataset.classes)
    return {f"test {name}": part for name, part in labels.items()} | {
        "test": dataset.test_fingerprint
    }


def _hash_labels(*splits: Split, classes: Sequence[str]) -> dict[str, str]:
    """The hash of each image's class, unless the images' folders give the class."""
    labelled = [
        (path, classes[label])
        for split in splits
        for path, label in zip(split.paths, split.labels, strict=True)
    ]
    if all(path.split("/")[1:2] == [name] for path, name in labelled):
        return {}
    return {"labels": _hash_short(json.dumps(labelled))}


def _hash_short(content: str | bytes) -> str:
    """SHA-256, cut to half: a tag has to hold them all."""
    content = content.encode() if isinstance(content, str) else content
    return hashlib.sha256(content).hexdigest()[:32]
