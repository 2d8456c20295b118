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
from benchmarks.programs import (
    measure_in_process,
    run_hhexp,
    run_yardstick,
    training_environment,
    yardstick_words,
)
from benchmarks.turns import AUGMENTATIONS, EPOCH_TURNS, Turn, measure_rounds
from benchmarks.workers import Worker
from hhexp.data.dataset import SPLITS
from hhexp.launching.devices import choose_device, list_slots

ROUND_SHARE = 2
"""Rounds train on every second image. On fewer, the first batch, for which an epoch waits, would
count too much: it is one of 33 in the study's epoch."""
PROGRAM_SHARE, PROGRAM_EPOCHS = 8, 2
"""The short form's whole programs, of which only what surrounds the epochs counts."""
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
    rounds: int
    repeats: int
    """How often whole programs and a process's memory are measured."""
    say: Callable[[str], None]

    def write_images(self, share: int) -> PngFolder:
        """A part of the images as PNG files."""
        self.say("writing the PNG files")
        counts = [max(2, len(self.source.files[split]) // share) for split in SPLITS]
        return write_png_files(self.source.files, self.folder / f"images{share}", *counts)

    @cached_property
    def images(self) -> PngFolder:
        """The images of whole programs."""
        return self.write_images(1 if self.full else PROGRAM_SHARE)

    @cached_property
    def round_images(self) -> PngFolder:
        """The images of the rounds."""
        return self.write_images(ROUND_SHARE)

    @cached_property
    def side(self) -> int:
        """The images' side in pixels."""
        return read_side(self.source.files)

    @cached_property
    def at_once(self) -> int:
        """Groups of a sweep's runs that hhexp trains at once here."""
        runtime = compose_config([]).runtime
        return min(2, len(list_slots({choose_device(runtime.device)}, runtime.threads)))

    @cached_property
    def epochs(self) -> dict[str, list[float]]:
        """What ``EPOCH_TURNS`` name, in each round: seconds of epochs, and FLOP/s."""

        def ours(*words: str) -> Callable[[], Worker]:
            count = f"epochs={self.rounds + 1}"
            return lambda: self.start_worker(
                "training_speed", [*self.round_images.words, "aug=full", count, *words]
            )

        def yardstick(augment: bool) -> Callable[[], Worker]:
            words = yardstick_words(
                self.round_images, self.side, augment=augment, epochs=self.rounds + 1
            )
            return lambda: Worker([*words, "--in-turn"], {})

        workers = {
            "ours": ours(),
            "ours bf16": ours(BFLOAT16),
            "yardstick": yardstick(False),
            "yardstick augmented": yardstick(True),
        }
        return self.measure_turns(EPOCH_TURNS, workers)

    @cached_property
    def augmentations(self) -> dict[str, list[float]]:
        """Milliseconds per image by each method of ``augmentations.py``, in each round."""
        words = [*self.source.words, "aug=full"]
        workers = {"augmentations": lambda: self.start_worker("augmentations", words)}
        return self.measure_turns(AUGMENTATIONS, workers)

    def measure_turns(
        self, turns: tuple[Turn, ...], workers: dict[str, Callable[[], Worker]]
    ) -> dict[str, list[float]]:
        """Those turns that the wanted figures need."""
        needed = [turn for turn in turns if turn.serves & self.wanted]
        return measure_rounds(needed, workers, self.rounds, self.say)

    def start_worker(self, module: str, words: list[str]) -> Worker:
        """A module of this package as a worker, in a process like those that train."""
        return Worker(["-m", f"benchmarks.{module}", *words], training_environment(self.cache))

    def pace_s(self, name: str) -> list[float]:
        """Seconds of an epoch on all images, in each round."""
        scale = len(self.source.files["train"]) / self.round_images.training
        return [seconds * scale for seconds in self.epochs[name]]

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
        short, long = (EPOCHS, 2 * EPOCHS) if self.full else (PROGRAM_EPOCHS, 2 * PROGRAM_EPOCHS)
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
            "sweep-bf16": ({"sweep-bf16"}, ours(*sweep, BFLOAT16)),
        }
        if self.full:
            calls["yardstick augmented"] = (sweeps, yardstick(True, short))
            calls["yardstick long"] = (sweeps, yardstick(False, long))
            calls["yardstick augmented long"] = (sweeps, yardstick(True, long))
        return calls

    def ours_s(self, name: str) -> list[float]:
        """Seconds of hhexp's whole run or sweep: in each repeat, or extrapolated for each round."""
        if self.full:
            return [program.seconds for program in self.programs[name]]
        suffix = " bf16" if name.endswith("-bf16") else ""
        groups = {"none": f"plain{suffix}"}
        if name.startswith("sweep"):
            groups["full"] = f"augmented{suffix}"
        return self.extrapolate(
            name,
            EPOCHS,
            groups,
            other_s=statistics.median(self.overhead_s),
            at_once=self.at_once if name.startswith("sweep") else 1,
        )

    def yardstick_s(self, *, augment: bool, long: bool) -> list[float]:
        """Seconds of the yardstick's program with the study's epochs, as ``ours_s``."""
        if self.full:
            name = "yardstick" + " augmented" * augment + " long" * long
            return [program.seconds for program in self.programs[name]]
        pace = "augmented yardstick" if augment else "plain yardstick"
        return self.extrapolate("yardstick", EPOCHS * (1 + long), {"": pace})

    def extrapolate(
        self, name: str, epochs: int, groups: dict[str, str], **settings: Any
    ) -> list[float]:
        """Seconds of a whole program at each round's pace, the median of its repeats.

        Args:
            name: the program's.
            epochs: of each of its runs.
            groups: the series in ``epochs`` that gives the pace of each group of runs.
            settings: those of ``Program.whole_s``.
        """
        rounds = zip(*(self.pace_s(series) for series in groups.values()), strict=True)
        return [
            statistics.median(
                program.whole_s(epochs, dict(zip(groups, paces, strict=True)), **settings)
                for program in self.programs[name]
            )
            for paces in rounds
        ]

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
