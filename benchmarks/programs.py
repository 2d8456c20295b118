"""Whole programs, run as people run them: each in a process of its own, timed from outside."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.images import Pictures
from hhexp.tracking.query import metric_histories, recent
from hhexp.tracking.store import Store
from hhexp.training.runtime import tunables

YARDSTICK = Path(__file__).with_name("yardstick.py")

SETTINGS = (
    *("DNNL_", "GLIBC_", "HHEXP_", "KERAS_", "KMP_"),
    *("MLFLOW_", "OMP_", "ONEDNN_", "TF_", "XLA_"),
)
"""Beginnings of the variables that a program must not inherit: the shell's settings."""


@dataclass(frozen=True)
class Run:
    """One training inside a program."""

    group: str
    """Trainings of one group come one after the other."""
    epochs_s: tuple[float, ...]
    """Seconds of each epoch that it trained itself."""
    seconds: float
    """From its start to its end."""

    @property
    def other_s(self) -> float:
        """What was not training: logging, states, pictures, the model."""
        return self.seconds - sum(self.epochs_s)

    def training_s(self, epochs: int, scale: float) -> float:
        """Seconds that so many epochs take, each with ``scale`` times the images.

        An epoch takes the mean of those after the first; what that one took on top stays as it is,
        since it sets things up. With its own epochs and images it is exactly what was measured.
        """
        pace = statistics.fmean(self.epochs_s[1:] or self.epochs_s)
        return self.epochs_s[0] - pace + epochs * pace * scale


@dataclass(frozen=True)
class Program:
    """A program that ran to its end."""

    seconds: float
    runs: tuple[Run, ...]

    def whole_s(
        self, epochs: int, scale: float, *, other_s: float | None = None, at_once: int = 1
    ) -> float:
        """Seconds that the program takes if each run trains so many epochs of larger data.

        Args:
            epochs: of each run.
            scale: how many times the images there are.
            other_s: what a run takes beside its training; None for what it took.
            at_once: groups of runs that are trained at once.
        """
        path = max if at_once > 1 else sum
        before, after = defaultdict[str, float](float), defaultdict[str, float](float)
        for run in self.runs:
            before[run.group] += run.seconds
            after[run.group] += run.training_s(epochs, scale)
            after[run.group] += run.other_s if other_s is None else other_s
        start = self.seconds - path(before.values())
        return start + path(after.values())


def yardstick(pictures: Pictures, side: int, *, augment: bool, epochs: int) -> Program:
    """The plain Keras program; its training is all but its start."""
    # -P: the modules beside it are none of its business.
    words = ["-P", str(YARDSTICK), str(pictures.folder), "--side", str(side)]
    words += ["--epochs", str(epochs), *(["--augment"] if augment else [])]
    with tempfile.TemporaryDirectory() as folder:
        seconds, output = called(words, Path(folder), {})
    epochs_s = tuple(json.loads(output.splitlines()[-1]))
    return Program(seconds, (Run("", epochs_s, sum(epochs_s)),))


def hhexp(pictures: Pictures, cache: Path, words: Sequence[str]) -> Program:
    """``python -m hhexp.run`` in an empty folder; the first one decodes the images."""
    with tempfile.TemporaryDirectory() as folder:
        seconds, _ = called(
            ["-m", "hhexp.run", *pictures.words, *words], Path(folder), {"HHEXP_CACHE": str(cache)}
        )
        return Program(seconds, trained(Store(f"sqlite:///{folder}/mlruns/mlflow.db")))


def trained(store: Store) -> tuple[Run, ...]:
    """The runs in a store, each with the epochs that it did not take over from a shorter one."""
    records = sorted(
        recent(store, 100), key=lambda run: (run.params["aug"], int(run.params["epochs"]))
    )
    runs: list[Run] = []
    for run in records:
        before = sum(len(other.epochs_s) for other in runs if other.group == run.params["aug"])
        epochs_s = metric_histories(store, run.run_id)["time/epoch_s"][before:]
        if run.end is None:
            raise RuntimeError(f"the run {run.run_id} has not ended")
        seconds = (run.end - run.start).total_seconds()
        runs.append(Run(run.params["aug"], tuple(epochs_s), seconds))
    return tuple(runs)


def measured(module: str, cache: Path, words: Sequence[str]) -> dict[str, Any]:
    """What a module of this package prints as JSON, from a process like those that train."""
    environment = {"HHEXP_CACHE": str(cache), "GLIBC_TUNABLES": tunables(None)}
    with tempfile.TemporaryDirectory() as folder:
        _, output = called(["-m", f"benchmarks.{module}", *words], Path(folder), environment)
    return dict(json.loads(output.splitlines()[-1]))


def called(words: Sequence[str], folder: Path, environment: dict[str, str]) -> tuple[float, str]:
    """Run Python in a folder: its seconds, and what it printed.

    Raises:
        RuntimeError: it failed, with its last words.
    """
    clean = {k: v for k, v in os.environ.items() if not k.startswith(SETTINGS)}
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env=clean | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = (done.stderr or done.stdout).strip()[-2000:]
        raise RuntimeError(f"python {' '.join(words[:2])} ended with {done.returncode}: {last}")
    return time.perf_counter() - started, done.stdout
