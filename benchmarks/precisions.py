"""CPU time of a training step in float32 and in bfloat16, under each cap of the instruction set.

    python -m benchmarks.precisions

From its table follows when a run warns that mixed_bfloat16 is slow (hhexp/launching/precision.py).
CPU time depends less than wall time on what else the machine does.
"""

import argparse
import statistics
import tempfile
from pathlib import Path

from benchmarks.programs import training_environment
from benchmarks.workers import Worker
from hhexp.training.isa import OPTIONS, reaches
from hhexp.training.runtime import cpu_name

CAPS = ("avx512", "avx512_bf16", "amx")
PRECISIONS = ("float32", "mixed_bfloat16")
REPEATS = 3


def main() -> None:
    """Measure in turn, and print a table in Markdown."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    caps = [*(cap for cap in CAPS if reaches(OPTIONS[cap])), "native"]
    print(f"{cpu_name()}, CPU seconds per step, {REPEATS} repeats\n")
    print("| `runtime.isa` | float32 | mixed_bfloat16 | ratio |\n| --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        for cap in caps:
            print(format_row(cap, *measure_cap(cap, Path(folder))), flush=True)


def measure_cap(cap: str, cache: Path) -> tuple[list[float], list[float]]:
    """CPU seconds of a step in float32 and in mixed_bfloat16, in turn, in each repeat."""
    words = ["-m", "benchmarks.training_speed", "aug=full", f"runtime.isa={cap}"]
    environment = training_environment(cache)
    with (
        Worker([*words, "runtime.precision=float32"], environment) as single,
        Worker([*words, "runtime.precision=mixed_bfloat16"], environment) as half,
    ):
        rounds = [
            (single.measure("step_cpu"), half.measure("step_cpu")) for _ in range(1 + REPEATS)
        ]
    # The first sets the functions up.
    return [one for one, _ in rounds[1:]], [other for _, other in rounds[1:]]


def format_row(cap: str, single: list[float], half: list[float]) -> str:
    """A row: each repeat's CPU seconds, and the ratio of the medians."""
    cells = [" ".join(f"{value:.3f}" for value in values) for values in (single, half)]
    ratio = statistics.median(half) / statistics.median(single)
    return f"| {cap} | {cells[0]} | {cells[1]} | {ratio:.2f} |"


if __name__ == "__main__":
    main()
