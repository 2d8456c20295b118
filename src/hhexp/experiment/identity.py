"""What a trajectory is: everything that moves a run's numbers, and nothing else.

Runs of one identity that differ in their epochs lie on one trajectory, so that the longer can go on
where the shorter ended.
"""

import hashlib
import json
import sys
from collections.abc import Mapping
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from hhexp.augment import Ranges
from hhexp.config.registry import data_reader, model_builder
from hhexp.config.schema import Config
from hhexp.data import Dataset
from hhexp.experiment.job import flatten
from hhexp.training.isa import effective
from hhexp.training.optimizer import depends_on_epochs

PACKAGES = ("tensorflow", "keras", "numpy", "opencv-python-headless", "pillow")
"""Packages whose versions can move the numbers."""

SOURCES = ("augment", "models", "training", "data/decode.py", "data/order.py")
"""Parts of this package that can."""

BYSTANDERS = ("training/progress.py", "training/utilisation.py")
"""Files in those parts that can not."""

Identity = Mapping[str, str | int | float | bool | None]
"""Named parts, such as aug.rotation_range: 40, or tensorflow: 2.21.0."""


def identity(config: Config, dataset: Dataset, device: str) -> Identity:
    """All parts of the identity of a run's trajectory, on a device of that kind (cpu or gpu)."""
    return {
        **_configuration(config),
        "data": dataset.fingerprint,
        "data.image_size": config.data.image_size,
        "seed": config.seed,
        "batch_size": config.batch_size,
        "device": device,
        "threads": config.runtime.threads,
        "precision": config.runtime.precision,
        "onednn": "on",
        "instruction set": effective(config.runtime.isa),
        **{name: version(name) for name in PACKAGES},
        **_sources(config),
    }


def trajectory(identity: Identity) -> str:
    """The identity's SHA-256, in hex: the trajectory's name."""
    text = json.dumps(identity, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def listed_differences(one: Identity, other: Identity) -> list[str]:
    """Which parts differ, as ``aug.rotation_range 40 → 30``; hashes by their name alone."""
    said = []
    for name in sorted({*one, *other}):
        before, after = one.get(name), other.get(name)
        if before != after:
            hashed = name.startswith("source ") or name == "data"
            said.append(name if hashed else f"{name} {before} → {after}")
    return said


def _configuration(config: Config) -> dict[str, str | int | float | bool | None]:
    """The groups that shape the training; without transforms, nothing else of ``aug`` counts."""
    sections = {
        "model": config.model.model_dump(),
        "optimizer": config.optimizer.model_dump(),
        "lr": config.lr.model_dump(),
    }
    if not Ranges(**config.aug.model_dump(exclude={"engine"})).is_identity:
        sections["aug"] = config.aug.model_dump()
    if depends_on_epochs(sections["lr"]):
        sections["lr"]["epochs"] = config.epochs
    return {
        key: value if isinstance(value, str | int | float | bool | None) else str(value)
        for key, value in flatten(sections).items()
    }


def training_sources() -> dict[str, str]:
    """SHA-256 of every file of this package that can move the numbers, by its name."""
    package = Path(str(files("hhexp")))
    found = sorted(
        file
        for part in SOURCES
        for file in ([package / part] if part.endswith(".py") else (package / part).glob("**/*.py"))
    )
    return {
        f"hhexp/{name}": _sha256(file)
        for file in found
        if (name := file.relative_to(package).as_posix()) not in BYSTANDERS
    }


def _sources(config: Config) -> dict[str, str]:
    """The same, and that of the person's own files that the configuration names."""
    named = training_sources()
    for registry, name in (
        (model_builder, config.model.builder),
        (data_reader, config.data.reader),
    ):
        module = registry.functions[name].__module__
        source = getattr(sys.modules.get(module), "__file__", None)
        if not module.startswith("hhexp.") and source:
            named[f"{module}.py"] = _sha256(Path(source))
    return {f"source {name}": sha256 for name, sha256 in named.items()}


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:32]  # a tag has to hold them all
