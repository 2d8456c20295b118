"""What the figures are made of; each is measured once, and only if a figure needs it."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from benchmarks.composition import compose_config
from benchmarks.extrapolation import Program
from benchmarks.images import PngFolder, Source, read_side, write_png_files
from benchmarks.programs import measure_in_process, run_hhexp, run_yardstick
from hhexp.data.dataset import SPLITS
from hhexp.launching.devices import choose_device, list_slots

SHARE = 8
"""The short form trains on about every eighth image: four steps instead of the study's 33."""
EPOCHS = 15
"""The study's shorter run; its longer one has twice as many."""
BFLOAT16 = "runtime.precision=mixed_bfloat16"


@dataclass
class Measurements:
    """Measures on demand."""

    source: Source
    folder: Path
    """Temporary: for PNG files and decoded images."""
    wanted: set[str]
    """The figures' names."""
    full: bool
    epochs: int
    """Epochs of a program in the short form."""
    repeats: int
    say: Callable[[str], None]

    @cached_property
    def images(self) -> PngFolder:
        """The images of all programs."""
        self.say("writing the PNG files")
        files = self.source.files
        training, validation = (
            None if self.full else max(2, len(files[split]) // SHARE) for split in SPLITS
        )
        return write_png_files(files, self.folder / "images", training, validation)

    @cached_property
    def side(self) -> int:
        """The images' side in pixels."""
        return read_side(self.source.files)

    @cached_property
    def scale(self) -> float:
        """How many times as many images there are as the programs train on."""
        return len(self.source.files["train"]) / self.images.training

    @cached_property
    def at_once(self) -> int:
        """Groups of a sweep's runs that hhexp trains at once here."""
        runtime = compose_config([]).runtime
        return min(2, len(list_slots({choose_device(runtime.device)}, runtime.threads)))

    @cached_property
    def programs(self) -> dict[str, list[Program]]:
        """Each program's repeats: all programs in turn, then all again."""
        made: dict[str, list[Program]] = {}
        calls = self._calls()
        for repeat in range(self.repeats):
            for name, (serves, call) in calls.items():
                if serves & self.wanted:
                    self.say(f"{name}, repeat {repeat + 1} of {self.repeats}")
                    made.setdefault(name, []).append(call())
        return made

    def _calls(self) -> dict[str, tuple[set[str], Callable[[], Program]]]:
        """Each program's name, the figures that need it, and how to run it; in their order."""
        short, long = (EPOCHS, 2 * EPOCHS) if self.full else (self.epochs, 2 * self.epochs)
        run = ["aug=none", f"epochs={short}"]
        sweep = ["-m", "aug=none,full", f"epochs={short},{long}"]

        def ours(*words: str) -> Callable[[], Program]:
            return lambda: run_hhexp(self.images, self.cache, words)

        def yardstick(augment: bool, epochs: int) -> Callable[[], Program]:
            return lambda: run_yardstick(self.images, self.side, augment=augment, epochs=epochs)

        sweeps = {"sweep", "sweep-bf16"}
        calls = {
            "yardstick": ({"run", "run-bf16", *sweeps}, yardstick(False, short)),
            "run": ({"run", "overhead"} if self.full else {"run"}, ours(*run)),
            "run-bf16": ({"run-bf16"}, ours(*run, BFLOAT16)),
            "sweep": ({"sweep"}, ours(*sweep)),
            "yardstick augmented": (sweeps, yardstick(True, short)),
            "sweep-bf16": ({"sweep-bf16"}, ours(*sweep, BFLOAT16)),
        }
        if self.full:
            calls["yardstick long"] = (sweeps, yardstick(False, long))
            calls["yardstick augmented long"] = (sweeps, yardstick(True, long))
        return calls

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

        The short form trains on few images, since what is beside the training does not depend on
        them. It depends on the validation images, so it keeps all of those.
        """
        if self.full:
            return [program.runs[0].other_s for program in self.programs["run"]]
        self.say(f"a run of {EPOCHS} epochs on few training images")
        few = write_png_files(self.source.files, self.folder / "few", 32, None)
        made = run_hhexp(few, self.cache, ["aug=none", f"epochs={EPOCHS}"])
        return [made.runs[0].other_s]

    @cached_property
    def training_speed(self) -> dict[str, list[float]]:
        """Steps, GEMM, epochs and the input pipeline, from one process, on all images."""
        words = [str(self.repeats), *self.source.words, "aug=full"]
        self.say(f"steps and epochs in one process, {self.repeats}×")
        return measure_in_process("training_speed", self.cache, words)

    @cached_property
    def memory(self) -> dict[str, list[dict[str, Any]]]:
        """A worker's memory with the whole data set read, and with it left alone."""
        words = [*self.source.words, "aug=full"]
        found: dict[str, list[dict[str, Any]]] = {"read": [], "untouched": []}
        for _ in range(self.repeats):
            for way, values in found.items():
                self.say(f"memory of a process, data set {way}")
                values.append(measure_in_process("memory", self.cache, [way, *words]))
        return found

    @property
    def cache(self) -> Path:
        """Decoded images."""
        return self.folder / "cache"
