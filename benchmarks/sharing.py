"""How much time a sweep saves whose runs share epochs: with sharing, and each run from scratch.

    python -m benchmarks.sharing

The grid is one that people would try: a constant learning rate against a drop after half, two
thirds or five sixths of 30 epochs, by two factors, each with augmentation to the end or without it
in the last five or ten epochs: 21 runs. The pictures are the carried ones at 64 pixels, so that it
takes minutes and not hours; a longer epoch brings the ratio of time nearer to that of epochs.
"""

import argparse
import re
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.programs import training_environment
from hhexp.training.runtime import cpu_name

SMALL = ["data.image_size=64", "model.filters=[16,32,64]", "model.dense_units=64"]


@dataclass(frozen=True)
class Cost:
    """What the commands took."""

    asked: int
    """Epochs of all runs."""
    trained: int
    """Epochs that were trained."""
    wall_s: float
    cpu_s: float


def main() -> None:
    """Measure, and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--repeats", type=int, default=1, help="measure so many times in turn")
    parser.add_argument("--epochs", type=int, default=30, help="of each run; default: 30")
    chosen = parser.parse_args()
    commands = list_commands(chosen.epochs)
    print(f"{cpu_name()}\n\n| repeat | sharing | epochs asked | trained | wall s | CPU s |")
    print("| --- | --- | --- | --- | --- | --- |", flush=True)
    for repeat in range(1, chosen.repeats + 1):
        shared, alone = measure(commands, []), measure(commands, ["reuse=false"])
        for name, cost in (("on", shared), ("off", alone)):
            cells = f"{cost.asked} | {cost.trained} | {cost.wall_s:.0f} | {cost.cpu_s:.0f}"
            print(f"| {repeat} | {name} | {cells} |")
        print(
            f"| {repeat} | ratio | | {alone.trained / shared.trained:.2f} | "
            f"{alone.wall_s / shared.wall_s:.2f} | {alone.cpu_s / shared.cpu_s:.2f} |",
            flush=True,
        )


def list_commands(epochs: int) -> list[list[str]]:
    """The words of both sweeps: runs with a drop of the learning rate, and runs without."""
    half, thirds, sixths = epochs // 2, epochs * 2 // 3, epochs * 5 // 6
    each = ["aug=full", f"aug.until={thirds},{sixths},null", f"epochs={epochs}", *SMALL]
    each.append(f"state.every={epochs}")
    drops = f"lr.milestones=[{half}],[{thirds}],[{sixths}]"
    return [["-m", "lr=step", "lr.factor=0.5,0.1", drops, *each], ["-m", "lr=constant", *each]]


def measure(commands: list[list[str]], words: list[str]) -> Cost:
    """The cost of all commands, in a store of their own."""
    asked = trained = 0
    began, before = time.monotonic(), _read_cpu()
    with tempfile.TemporaryDirectory() as folder:
        for command in commands:
            said = subprocess.run(
                [sys.executable, "-m", "hhexp.run", *command, *words],
                cwd=folder,
                env=training_environment(Path(folder) / "cache"),
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            ).stdout
            found = re.search(r"([\d,]+) epochs asked, ([\d,]+) to train", said)
            assert found is not None
            asked, trained = asked + _read(found[1]), trained + _read(found[2])
    return Cost(asked, trained, time.monotonic() - began, _read_cpu() - before)


def _read(number: str) -> int:
    return int(number.replace(",", ""))


def _read_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
