"""Whole programs, run as people run them: each in a process of its own, timed from outside."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.extrapolation import Program, Run
from benchmarks.images import PngFolder
from hhexp.tracking.query import find_recent, read_histories
from hhexp.tracking.store import Store
from hhexp.training.runtime import set_huge_pages

HERE = Path(__file__).parent
YARDSTICK = HERE / "yardstick.py"

SETTINGS = (
    *("DNNL_", "GLIBC_", "HHEXP_", "KERAS_", "KMP_"),
    *("MLFLOW_", "OMP_", "ONEDNN_", "TF_", "XLA_"),
)
"""A program must not inherit the shell's variables that begin so."""


def run_yardstick(images: PngFolder, side: int, *, augment: bool, epochs: int) -> Program:
    """Run the plain Keras program; its training is all but its start."""
    words = yardstick_words(images, side, augment=augment, epochs=epochs)
    with tempfile.TemporaryDirectory() as folder:
        seconds, output = run_python(words, Path(folder), {})
    epochs_s = tuple(filter(None, map(read_value, output.splitlines())))
    return Program(seconds, (Run("", epochs_s, sum(epochs_s)),))


def yardstick_words(images: PngFolder, side: int, *, augment: bool, epochs: int) -> list[str]:
    """Python's arguments that run the plain Keras program."""
    # -P: it must not find the modules beside it.
    words = ["-P", str(YARDSTICK), str(images.folder), "--side", str(side)]
    return [*words, "--epochs", str(epochs), *(["--augment"] if augment else [])]


def read_value(line: str) -> float | None:
    """What a line of a program's output says it measured; None if the line is anything else."""
    return float(json.loads(line)["value"]) if line.startswith('{"value": ') else None


def run_hhexp(images: PngFolder, cache: Path, words: Sequence[str]) -> Program:
    """Run ``python -m hhexp.run`` in an empty folder; the first time it decodes the images."""
    with tempfile.TemporaryDirectory() as folder:
        seconds, _ = run_python(
            ["-m", "hhexp.run", *images.words, *words], Path(folder), {"HHEXP_CACHE": str(cache)}
        )
        return Program(seconds, read_runs(Store(f"sqlite:///{folder}/mlruns/mlflow.db")))


def read_runs(store: Store) -> tuple[Run, ...]:
    """The runs in a store, each with the epochs that it did not take over from a shorter one."""
    records = sorted(
        find_recent(store, 100), key=lambda run: (run.params["aug"], int(run.params["epochs"]))
    )
    runs: list[Run] = []
    for run in records:
        before = sum(len(other.epochs_s) for other in runs if other.group == run.params["aug"])
        epochs_s = read_histories(store, run.run_id)["time/epoch_s"][before:]
        if run.end is None:
            raise RuntimeError(f"the run {run.run_id} has not ended")
        seconds = (run.end - run.start).total_seconds()
        runs.append(Run(run.params["aug"], tuple(epochs_s), seconds))
    return tuple(runs)


def measure_in_process(module: str, cache: Path, words: Sequence[str]) -> dict[str, Any]:
    """Run a module of this package in a process like those that train; returns what it prints."""
    with tempfile.TemporaryDirectory() as folder:
        _, output = run_python(
            ["-m", f"benchmarks.{module}", *words], Path(folder), training_environment(cache)
        )
    return dict(json.loads(output.splitlines()[-1]))


def training_environment(cache: Path) -> dict[str, str]:
    """The variables of a process like those that train, which finds this package too."""
    found_in = [str(HERE.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        "HHEXP_CACHE": str(cache),
        "GLIBC_TUNABLES": set_huge_pages(None),
        "NO_ALBUMENTATIONS_UPDATE": "1",  # else it asks PyPI for a newer version
        "PYTHONPATH": os.pathsep.join(found_in),
    }


def clean_environment() -> dict[str, str]:
    """The shell's variables, without those that would change a program."""
    return {k: v for k, v in os.environ.items() if not k.startswith(SETTINGS)}


def run_python(
    words: Sequence[str], folder: Path, environment: dict[str, str]
) -> tuple[float, str]:
    """Run Python in a folder: its seconds, and what it printed.

    Raises:
        RuntimeError: it failed; the message ends with its last output.
    """
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env=clean_environment() | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = (done.stderr or done.stdout).strip()[-2000:]
        raise RuntimeError(f"python {' '.join(words[:2])} ended with {done.returncode}: {last}")
    return time.perf_counter() - started, done.stdout
