"""The figures: what each compares, as a ratio, and what it must reach."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.measurements import EPOCHS, Measurements
from hhexp.training.isa import cpu_flags
from hhexp.training.runtime import bfloat16_is_native

NOT_HERE = "not measured: this CPU has no amx_bf16"


@dataclass(frozen=True)
class Figure:
    """One figure."""

    name: str
    what: str
    ours: str = ""
    other: str = ""
    """What ours is compared with: the yardstick, or what the note says."""
    ratios: tuple[float, ...] = ()
    """The ratio in each repeat; empty if it cannot be measured here."""
    reach: float = 0.0
    at_least: bool = True
    """Whether the ratio must be at least ``reach``, or at most."""
    percent: bool = False
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """The median of the repeats' ratios."""
        return statistics.median(self.ratios) if self.ratios else None

    @property
    def reached(self) -> bool | None:
        """Whether the ratio is as good as it must be; None if it was not measured."""
        if self.ratio is None:
            return None
        return self.ratio >= self.reach if self.at_least else self.ratio <= self.reach


def measure_step(measurements: Measurements) -> Figure:
    """A training step's share of the GEMM peak."""
    speed = measurements.training_speed
    return Figure(
        "step",
        "a training step's share of the GEMM peak",
        format_gflops(speed["step_flops"]),
        format_gflops(speed["gemm_flops"]),
        divide_repeats(speed["step_flops"], speed["gemm_flops"]),
        0.75,
        percent=True,
        note="fp32, compared with a 2048³ matrix product on the same threads",
    )


def measure_sweep(measurements: Measurements) -> Figure:
    """The study's sweep against the yardstick's four runs."""
    reach = 4.0 if "avx512f" in (cpu_flags() or ()) else 2.8
    return _compare_sweep(measurements, "sweep", "float32", reach)


def measure_sweep_bfloat16(measurements: Measurements) -> Figure:
    """The same in bfloat16."""
    return _compare_sweep(measurements, "sweep-bf16", "mixed_bfloat16", 7.0)


def _compare_sweep(measurements: Measurements, name: str, precision: str, reach: float) -> Figure:
    what = f"the study's sweep, {precision}"
    if not can_measure(name):
        return Figure(name, what, reach=reach, note=NOT_HERE)
    ours = measurements.ours_s(name)
    parts = [
        measurements.yardstick_s(augment=augment, long=long)
        for augment in (False, True)
        for long in (False, True)
    ]
    four = [sum(repeat) for repeat in zip(*parts, strict=True)]
    return Figure(
        name,
        what,
        format_seconds(ours),
        format_seconds(four),
        divide_repeats(four, ours),
        reach,
        note=describe_program(measurements),
    )


def measure_run(measurements: Measurements) -> Figure:
    """One run without augmentation against the yardstick's."""
    return _compare_run(measurements, "run", "float32", 1.8)


def measure_run_bfloat16(measurements: Measurements) -> Figure:
    """The same in bfloat16."""
    return _compare_run(measurements, "run-bf16", "mixed_bfloat16", 3.5)


def _compare_run(measurements: Measurements, name: str, precision: str, reach: float) -> Figure:
    what = f"one run without augmentation, {precision}"
    if not can_measure(name):
        return Figure(name, what, reach=reach, note=NOT_HERE)
    ours = measurements.ours_s(name)
    other = measurements.yardstick_s(augment=False, long=False)
    return Figure(
        name,
        what,
        format_seconds(ours),
        format_seconds(other),
        divide_repeats(other, ours),
        reach,
        note=describe_program(measurements),
    )


def measure_affine(measurements: Measurements) -> Figure:
    """An augmented epoch against one that is not."""
    augmented, plain = (measurements.training_speed[f"{n}_epoch_s"] for n in ("augmented", "plain"))
    return Figure(
        "affine",
        "an augmented epoch",
        format_seconds(augmented),
        format_seconds(plain),
        divide_repeats(augmented, plain),
        1.05,
        at_least=False,
        note="compared with an epoch without augmentation, engine affine",
    )


def measure_pipeline(measurements: Measurements) -> Figure:
    """The input pipeline alone against the epoch."""
    alone, epoch = (measurements.training_speed[n] for n in ("pipeline_s", "augmented_epoch_s"))
    return Figure(
        "pipeline",
        "the input pipeline alone",
        format_seconds(alone),
        format_seconds(epoch),
        divide_repeats(epoch, alone),
        10.0,
        note="with augmentation, compared with the epoch that uses it",
    )


def measure_overhead(measurements: Measurements) -> Figure:
    """Everything except training, as a share of a run."""
    other = measurements.overhead_s
    if measurements.full:
        whole = [program.runs[0].seconds for program in measurements.programs["run"]]
    else:
        epoch_s = statistics.median(measurements.training_speed["plain_epoch_s"])
        whole = [seconds + EPOCHS * epoch_s for seconds in other]
    return Figure(
        "overhead",
        "everything except training",
        format_seconds(other),
        format_seconds(whole),
        divide_repeats(other, whole),
        0.03,
        at_least=False,
        percent=True,
        note=f"of a run of {EPOCHS} epochs without augmentation"
        + ("" if measurements.full else "; the seconds of its training are extrapolated"),
    )


def measure_memory(measurements: Measurements) -> Figure:
    """A worker's own memory with the data set read, less that with it left alone."""
    read, untouched = measurements.memory["read"], measurements.memory["untouched"]
    own = [r["anonymous"] - u["anonymous"] for r, u in zip(read, untouched, strict=True)]
    images = read[0]["images"]
    mapped = statistics.median(
        (r["resident"] - r["anonymous"]) - (u["resident"] - u["anonymous"])
        for r, u in zip(read, untouched, strict=True)
    )
    return Figure(
        "memory",
        "a worker's own memory for the images",
        f"{statistics.median(own):.0f} MB",
        f"{images:.0f} MB",
        tuple(megabytes / images for megabytes in own),
        0.1,
        at_least=False,
        percent=True,
        note=f"compared with the size of the training images; {mapped:.0f} MB of them are pages of "
        "the cached file, which workers share",
    )


FIGURES: dict[str, Callable[[Measurements], Figure]] = {
    "step": measure_step,
    "sweep": measure_sweep,
    "sweep-bf16": measure_sweep_bfloat16,
    "run": measure_run,
    "run-bf16": measure_run_bfloat16,
    "affine": measure_affine,
    "pipeline": measure_pipeline,
    "overhead": measure_overhead,
    "memory": measure_memory,
}
"""All figures by name, in the order of the table."""


def can_measure(name: str) -> bool:
    """Whether a figure can be measured on this machine."""
    return not name.endswith("-bf16") or bool(bfloat16_is_native())


def divide_repeats(upper: Sequence[float], lower: Sequence[float]) -> tuple[float, ...]:
    """The ratio in each repeat."""
    return tuple(a / b for a, b in zip(upper, lower, strict=True))


def describe_program(measurements: Measurements) -> str:
    """How the seconds of a whole program were measured."""
    if measurements.full:
        return "whole process"
    return (
        f"whole process, extrapolated from {measurements.epochs} epochs on "
        f"1/{measurements.scale:.0f} of the images"
    )


def format_gflops(values: Sequence[float]) -> str:
    """The median of FLOP/s."""
    return f"{statistics.median(values) / 1e9:.0f} GFLOP/s"


def format_seconds(values: Sequence[float]) -> str:
    """The median of seconds, to three digits or so."""
    seconds = statistics.median(values)
    if seconds >= 120:
        return f"{seconds / 60:.1f} min"
    return f"{seconds:.3g} s" if seconds < 100 else f"{seconds:.0f} s"
