"""How long the commands take in stores of many runs, and how much memory.

``python -m benchmarks.stores`` trains a few tiny runs, copies their rows until a store has 100,
1,000 and 10,000 runs, runs each command as a process of its own, and prints a table in Markdown.
"""

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

from benchmarks.conditions import Conditions
from benchmarks.copies import RATES, multiply
from benchmarks.programs import SETTINGS
from hhexp.console import entry
from hhexp.tracking.query import StoredRun, find_finished
from hhexp.tracking.store import Store
from hhexp.tracking.tags import KIND, OVERRIDES, tag_equals

TINY = ("model.filters=[8,8]", "model.dense_units=8", "batch_size=8", f"lr.value={RATES[0]}")
"""A model that trains in no time."""
TRAINED = ("-m", "aug=none,full", "epochs=2,4", "seed=0")
"""The runs that are trained and then copied."""
POLL_S = 0.02
"""How often a process's memory is looked at, in seconds."""
UNKNOWN = "0123456789ab"
"""The start of no run's ID."""


@dataclass(frozen=True)
class Cost:
    """What a process took; the peak is the largest of its memory, without that of others."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    ended: bool

    def __str__(self) -> str:
        if not self.ended:
            return f"no end in {self.wall_s:.0f}"
        return f"{self.wall_s:.1f} / {self.cpu_s:.1f} / {self.peak_mb:.0f}"


@entry
def main(argv: list[str] | None = None) -> int:
    """Make the stores, measure, and print the table."""
    options = _build_parser().parse_args(argv)
    conditions = Conditions.observe(
        command="python -m benchmarks.stores",
        images="20 drawn images",
        form="",
        rounds=1,
        repeats=1,
    )
    print("\n".join(conditions.describe()[:2]), flush=True)
    with contextlib.ExitStack() as stack:
        folder = options.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        seed_store = prepare(folder.absolute())
        columns = {}
        for size in options.sizes:
            columns[size] = measure(seed_store, size, options.limit_s)
        print_table(columns)
    return 0


def prepare(folder: Path) -> Path:
    """Train the runs that are copied, unless the folder has them; returns its first store's."""
    home = folder / "trained"
    if not (home / "mlruns" / "mlflow.db").exists():
        draw_images(home / "images")
        command = ["hhexp.run", *list_words(home), *TRAINED]
        subprocess.run([sys.executable, "-m", *command], cwd=home, env=clean(folder), check=True)
    return home


def measure(home: Path, size: int, limit_s: float) -> dict[str, Cost]:
    """What each command costs in a store of so many runs."""
    place = home.parent / str(size)
    runs = sorted(find_finished(Store(f"sqlite:///{home}/mlruns/mlflow.db"), "run"), key=_name_cell)
    sweep = str(runs[0].parent_id)
    database = place / "mlruns" / "mlflow.db"
    if not database.exists():
        database.parent.mkdir(parents=True)
        (database.parent / "artifacts").symlink_to(home / "mlruns" / "artifacts")
        multiply(home / "mlruns" / "mlflow.db", database, runs, sweep, size)
    costs = {}
    for name, words in list_commands(home, runs[0], sweep).items():
        costs[name] = time_process(words, place, limit_s)
        print(f"{size:,} runs, {name}: {costs[name]}", flush=True)
    return costs


def list_commands(home: Path, run: StoredRun, sweep: str) -> dict[str, list[str]]:
    """The commands by what they do; ``run`` is one that the store has."""
    words = ["hhexp.run", *run.tags[OVERRIDES].split(), "explain=true"]
    return {
        "`reproduce`, an ID's unknown prefix": ["hhexp.reproduce", UNKNOWN],
        "`reproduce --dry-run`": ["hhexp.reproduce", run.run_id, "--dry-run"],
        "`explain=true` of one run, hit": words,
        "`explain=true` of one run, miss": [*words, "seed=123456"],
        "`report` of a sweep of 20": ["hhexp.report", sweep],
        "`report` of all runs": ["hhexp.report", tag_equals(KIND, "run")],
    }


def time_process(words: Sequence[str], folder: Path, limit_s: float) -> Cost:
    """Run ``python -m …`` in a folder to its end, or until it has taken too long."""
    started = time.perf_counter()
    with (folder / "output.txt").open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *words],
            cwd=folder,
            env=clean(folder.parent),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        pid, peak, ended = 0, 0, True
        while not pid:
            # Its own ru_maxrss would start at what this process had when it started the other.
            with contextlib.suppress(psutil.Error):
                peak = max(peak, psutil.Process(process.pid).memory_info().rss)
            time.sleep(POLL_S)
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if not pid and time.perf_counter() - started > limit_s:
                process.kill()
                ended, (pid, status, usage) = False, os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)  # else Popen believes that it runs
    return Cost(seconds, usage.ru_utime + usage.ru_stime, peak / 2**20, ended)


def print_table(columns: dict[int, dict[str, Cost]]) -> None:
    """Print the costs in Markdown: a row for each command, a column for each store."""
    sizes = " | ".join(f"{size:,}" for size in columns)
    print(f"\nWall s / CPU s / peak MB:\n\n| runs in the store | {sizes} |")
    print(f"| --- |{' ---: |' * len(columns)}")
    for name in next(iter(columns.values())):
        print(f"| {name} | {' | '.join(str(costs[name]) for costs in columns.values())} |")


def draw_images(root: Path) -> None:
    """Ten noisy images a class and split: dark moons and bright suns."""
    random = np.random.default_rng(0)
    for split in ("train", "validation"):
        for name, brightness in (("moons", 60), ("suns", 190)):
            (root / split / name).mkdir(parents=True)
            for number in range(10):
                pixels = random.normal(brightness, 50, (32, 32, 3)).clip(0, 255).astype(np.uint8)
                Image.fromarray(pixels).save(root / split / name / f"{name}{number}.png")


def list_words(home: Path) -> list[str]:
    """The overrides that all runs share."""
    return ["data=folder", f"data.root={home / 'images'}", *TINY]


def clean(folder: Path) -> dict[str, str]:
    """The shell's variables, without those that change what hhexp does."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(SETTINGS)}
    return kept | {"HHEXP_CACHE": str(folder / "cache")}


def _name_cell(run: StoredRun) -> tuple[str, str]:
    return run.params["aug"], run.params["epochs"]


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stores", description=__doc__)
    parser.add_argument(
        "--sizes",
        type=int,
        nargs="+",
        default=[100, 1000, 10_000],
        help="trained runs in each store, multiples of 20; default: 100 1000 10000",
    )
    parser.add_argument(
        "--folder", type=Path, help="keeps the stores here, and uses those that are here already"
    )
    parser.add_argument(
        "--limit-s",
        type=float,
        default=160,
        help="seconds until a command is stopped; default: 160",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
