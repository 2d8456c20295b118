"""The figures: what each compares, as a ratio, and its target."""

import statistics
from collections.abc import Callable
from functools import partial
from importlib.metadata import PackageNotFoundError, version

from benchmarks.figure import Figure, divide, format_gflops, format_milliseconds, format_seconds
from benchmarks.measurements import (
    EPOCHS,
    PROGRAM_SHARE,
    ROUND_SHARE,
    Measurements,
)
from hhexp.launching.precision import multiplies_bfloat16
from hhexp.training.isa import cpu_flags, find_effective

METHODS = {
    "aug-generator": "ImageDataGenerator",
    "aug-layers": "Keras layers",
    "aug-albumentations": "albumentations",
}
"""What people use to augment images, by the figure that compares it."""


def measure_step(name: str, measurements: Measurements) -> Figure:
    """A training step's share of the GEMM peak."""
    step, gemm = measurements.epochs["step"], measurements.epochs["gemm"]
    return Figure(
        name,
        "a training step's share of the GEMM peak",
        format_gflops(step),
        format_gflops(gemm),
        divide(step, gemm),
        0.75,
        percent=True,
        note="fp32, compared with a 2048³ matrix product on the same threads",
    )


def measure_epoch(name: str, measurements: Measurements) -> Figure:
    """An epoch against the yardstick's: plain or augmented, float32 or bfloat16."""
    kind = "augmented" if name.startswith("aug") else "plain"
    what = f"{'an augmented' if kind == 'augmented' else 'a plain'} epoch, {name_precision(name)}"
    if reason := explain_absence(name):
        return Figure(name, what, note=reason)
    ours = measurements.epochs[f"{kind} bf16" if name.endswith("-bf16") else kind]
    other = measurements.epochs[f"{kind} yardstick"]
    return Figure(
        name,
        what,
        format_seconds(ours),
        format_seconds(other),
        divide(other, ours),
        note=f"epochs in turn, on 1/{ROUND_SHARE} of the images",
    )


def measure_sweep(name: str, measurements: Measurements) -> Figure:
    """The study's sweep against the yardstick's four runs."""
    what = f"the study's sweep, {name_precision(name)}"
    if reason := explain_absence(name):
        return Figure(name, what, target=find_target(name), note=reason)
    ours = measurements.ours_s(name)
    parts = [
        measurements.yardstick_s(augment=augment, long=long)
        for augment in (False, True)
        for long in (False, True)
    ]
    four = [sum(values) for values in zip(*parts, strict=True)]
    return Figure(
        name,
        what,
        format_seconds(ours),
        format_seconds(four),
        divide(four, ours),
        find_target(name),
        note=describe_program(measurements),
    )


def measure_run(name: str, measurements: Measurements) -> Figure:
    """One run without augmentation against the yardstick's."""
    what = f"one plain run, {name_precision(name)}"
    if reason := explain_absence(name):
        return Figure(name, what, target=find_target(name), note=reason)
    ours = measurements.ours_s(name)
    other = measurements.yardstick_s(augment=False, long=False)
    return Figure(
        name,
        what,
        format_seconds(ours),
        format_seconds(other),
        divide(other, ours),
        find_target(name),
        note=describe_program(measurements),
    )


def measure_method(name: str, measurements: Measurements) -> Figure:
    """The augmentation of an image by hhexp's default engine against what people use."""
    method = METHODS[name]
    what = f"augmenting an image: {method}"
    if reason := explain_absence(name):
        return Figure(name, what, note=reason)
    ours, other = measurements.augmentations["affine"], measurements.augmentations[method]
    return Figure(
        name,
        what,
        format_milliseconds(ours),
        format_milliseconds(other),
        divide(other, ours),
        note="aug=full on one thread, engine affine, compared with what the row names",
    )


def measure_affine(name: str, measurements: Measurements) -> Figure:
    """An augmented epoch against one that is not."""
    augmented, plain = measurements.epochs["augmented"], measurements.epochs["plain"]
    return Figure(
        name,
        "an augmented epoch",
        format_seconds(augmented),
        format_seconds(plain),
        divide(augmented, plain),
        1.05,
        at_least=False,
        note="compared with an epoch without augmentation, engine affine",
    )


def measure_pipeline(name: str, measurements: Measurements) -> Figure:
    """The input pipeline alone against the epoch."""
    alone, epoch = measurements.epochs["pipeline"], measurements.epochs["augmented"]
    return Figure(
        name,
        "the input pipeline alone",
        format_seconds(alone),
        format_seconds(epoch),
        divide(epoch, alone),
        10.0,
        note="with augmentation, compared with the epoch that uses it",
    )


def measure_overhead(name: str, measurements: Measurements) -> Figure:
    """Everything except training, as a share of a run."""
    other = measurements.overhead_s
    if measurements.full:
        whole = [program.runs[0].seconds for program in measurements.programs["run"]]
    else:
        epoch_s = statistics.median(measurements.pace_s("plain"))
        whole = [seconds + EPOCHS * epoch_s for seconds in other]
    return Figure(
        name,
        "everything except training",
        format_seconds(other),
        format_seconds(whole),
        divide(other, whole),
        0.03,
        at_least=False,
        percent=True,
        note=f"of a run of {EPOCHS} epochs without augmentation"
        + ("" if measurements.full else "; the seconds of its training are extrapolated"),
    )


def measure_memory(name: str, measurements: Measurements) -> Figure:
    """A worker's own memory with the data set read, less that with it left alone."""
    read, untouched = measurements.memory["read"], measurements.memory["untouched"]
    own = [r["anonymous"] - u["anonymous"] for r, u in zip(read, untouched, strict=True)]
    images = read[0]["images"]
    mapped = statistics.median(
        (r["resident"] - r["anonymous"]) - (u["resident"] - u["anonymous"])
        for r, u in zip(read, untouched, strict=True)
    )
    return Figure(
        name,
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


MEASURERS: dict[str, Callable[[str, Measurements], Figure]] = {
    "step": measure_step,
    "epoch": measure_epoch,
    "epoch-bf16": measure_epoch,
    "aug": measure_epoch,
    "aug-bf16": measure_epoch,
    "run": measure_run,
    "run-bf16": measure_run,
    "sweep": measure_sweep,
    "sweep-bf16": measure_sweep,
    **dict.fromkeys(METHODS, measure_method),
    "affine": measure_affine,
    "pipeline": measure_pipeline,
    "overhead": measure_overhead,
    "memory": measure_memory,
}
FIGURES = {name: partial(measure, name) for name, measure in MEASURERS.items()}
"""All figures by name, in the order of the table."""


def explain_absence(name: str) -> str | None:
    """Why a figure cannot be measured on this machine; None where it can."""
    if name.endswith("-bf16") and not multiplies_bfloat16(find_effective("native")):
        return "not measured: this CPU has neither AVX512_BF16 nor AMX"
    if name == "aug-albumentations":
        try:
            version("albumentations")
        except PackageNotFoundError:
            return "not measured: albumentations is not installed (pip install -e '.[bench]')"
    return None


def find_target(name: str) -> float | None:
    """What a whole program's ratio must reach on this kind of CPU; None where nothing is set."""
    instructions = cpu_flags() or set()
    amx = "amx_bf16" in instructions
    return {
        "run": 1.8,
        "run-bf16": 3.5 if amx else None,
        "sweep": 4.0 if "avx512f" in instructions else 2.8,
        "sweep-bf16": 7.0 if amx else None,
    }[name]


def name_precision(name: str) -> str:
    """The precision that a figure's name tells."""
    return "mixed_bfloat16" if name.endswith("-bf16") else "float32"


def describe_program(measurements: Measurements) -> str:
    """How the seconds of a whole program were measured."""
    if measurements.full:
        return "whole process"
    alone = "" if measurements.at_once == 1 else "; of a sweep, as if a run trained alone"
    return (
        f"whole process, extrapolated from epochs in turn on 1/{ROUND_SHARE} of the images and "
        f"short programs on 1/{PROGRAM_SHARE}{alone}"
    )
