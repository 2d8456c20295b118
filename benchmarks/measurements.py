"""What the figures are made of, each measured once and only where a figure needs it."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from benchmarks import programs
from benchmarks.composition import configuration
from benchmarks.images import Pictures, Source, side, written
from benchmarks.programs import Program
from hhexp.data.dataset import SPLITS
from hhexp.launching.devices import device_kind, slots

SHARE = 8
"""The short form trains on every eighth image, or so: four steps of the study's 33."""
EPOCHS = 15
"""The study's shorter run; its longer one has twice as many."""
BFLOAT16 = "runtime.precision=mixed_bfloat16"


@dataclass
class Measurements:
    """Measures on demand; the order within a repeat is that of the programs in ``wanted``."""

    source: Source
    folder: Path
    """Where PNG files and decoded images are kept while it lasts."""
    wanted: set[str]
    """The figures' names."""
    full: bool
    epochs: int
    """Epochs of a program in the short form."""
    repeats: int
    say: Callable[[str], None]

    @cached_property
    def pictures(self) -> Pictures:
        """The images of all programs."""
        self.say("writing the PNG files")
        files = self.source.files
        training, validation = (
            None if self.full else max(2, len(files[split]) // SHARE) for split in SPLITS
        )
        return written(files, self.folder / "pictures", training, validation)

    @cached_property
    def scale(self) -> float:
        """How many times the images there are in all."""
        return len(self.source.files["train"]) / self.pictures.training

    @cached_property
    def at_once(self) -> int:
        """Groups of a sweep's runs that hhexp trains at once here."""
        runtime = configuration([]).runtime
        return min(2, len(slots({device_kind(runtime.device)}, runtime.threads)))

    @cached_property
    def programs(self) -> dict[str, list[Program]]:
        """Each program's repeats, all programs in turn."""
        made: dict[str, list[Program]] = {}
        side_px = side(self.source.files)
        short, long = (EPOCHS, 2 * EPOCHS) if self.full else (self.epochs, 2 * self.epochs)
        sweep = ["-m", "aug=none,full", f"epochs={short},{long}"]
        run = ["aug=none", f"epochs={short}"]

        def yardstick(augment: bool, epochs: int) -> Callable[[], Program]:
            return lambda: programs.yardstick(
                self.pictures, side_px, augment=augment, epochs=epochs
            )

        def ours(words: list[str]) -> Callable[[], Program]:
            return lambda: programs.hhexp(self.pictures, self.cache, words)

        calls: dict[str, tuple[set[str], Callable[[], Program]]] = {
            "yardstick": ({"run", "run-bf16", "sweep", "sweep-bf16"}, yardstick(False, short)),
            "run": ({"run", "overhead"} if self.full else {"run"}, ours(run)),
            "run-bf16": ({"run-bf16"}, ours([*run, BFLOAT16])),
            "sweep": ({"sweep"}, ours(sweep)),
            "yardstick augmented": ({"sweep", "sweep-bf16"}, yardstick(True, short)),
            "sweep-bf16": ({"sweep-bf16"}, ours([*sweep, BFLOAT16])),
        }
        if self.full:
            for name, augment in (("yardstick", False), ("yardstick augmented", True)):
                calls[f"{name} long"] = ({"sweep", "sweep-bf16"}, yardstick(augment, long))
        for repeat in range(self.repeats):
            for name, (serves, call) in calls.items():
                if serves & self.wanted:
                    self.say(f"{name}, repeat {repeat + 1} of {self.repeats}")
                    made.setdefault(name, []).append(call())
        return made

    def ours_s(self, name: str) -> list[float]:
        """Seconds of hhexp's whole run or sweep, in each repeat."""
        other_s = None if self.full else statistics.median(self.overhead_s)
        at_once = self.at_once if name.startswith("sweep") else 1
        return [
            program.whole_s(EPOCHS, self.scale, other_s=other_s, at_once=at_once)
            for program in self.programs[name]
        ]

    def yardstick_s(self, *, augment: bool, long: bool) -> list[float]:
        """Seconds of the yardstick's program with the study's epochs, in each repeat."""
        name = "yardstick augmented" if augment else "yardstick"
        if long and self.full:
            name += " long"
        epochs = 2 * EPOCHS if long else EPOCHS
        return [program.whole_s(epochs, self.scale) for program in self.programs[name]]

    @cached_property
    def overhead_s(self) -> list[float]:
        """Seconds beside the training of a run of 15 epochs, in each repeat.

        In the short form it trains on few images, since what is beside the training does not depend
        on these; it depends on the validation images, and all of them are there.
        """
        if self.full:
            return [program.runs[0].other_s for program in self.programs["run"]]
        self.say(f"a run of {EPOCHS} epochs on few training images")
        few = written(self.source.files, self.folder / "few", 32, None)
        made = programs.hhexp(few, self.cache, ["aug=none", f"epochs={EPOCHS}"])
        return [made.runs[0].other_s]

    @cached_property
    def inside(self) -> dict[str, list[float]]:
        """Steps, GEMM, epochs and the input pipeline, from one process, on all images."""
        words = [str(self.repeats), *self.source.words, "aug=full"]
        self.say(f"steps and epochs, {self.repeats} times in one process")
        return programs.measured("inside", self.cache, words)

    @cached_property
    def memory(self) -> dict[str, list[dict[str, Any]]]:
        """A worker's memory with the whole data set read, and with it left alone."""
        words = [*self.source.words, "aug=full"]
        found: dict[str, list[dict[str, Any]]] = {"read": [], "untouched": []}
        for _ in range(self.repeats):
            for way, values in found.items():
                self.say(f"memory of a process, the data set {way}")
                values.append(programs.measured("memory", self.cache, [way, *words]))
        return found

    @property
    def cache(self) -> Path:
        """Decoded images."""
        return self.folder / "cache"
