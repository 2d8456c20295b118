"""Ray against processes on one machine: four runs on two workers, and what tiny jobs cost.

python -m benchmarks.launchers              some ten minutes on two cores that do nothing else
python -m benchmarks.launchers --epochs 5   a trial
"""

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.jobs import JOBS, train
from benchmarks.stores import Cost, draw_images, list_words
from hhexp.console import entry
from hhexp.training.runtime import cpu_name

LAUNCHERS = ("processes", "ray")
FOUR = ["-m", "seed=0,1,2,3", "data.image_size=100", "runtime.threads=1", "reuse=false"]
"""Runs that share nothing, two at a time on two cores."""


@entry
def main(argv: list[str] | None = None) -> int:
    """Measure both launchers in turn, and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--epochs", type=int, default=60, help="of each of the four runs")
    asked = parser.parse_args(argv)
    print(
        f"{cpu_name()}\n\n| wall s | {' | '.join(LAUNCHERS)} | ratio |\n| --- | --- | --- | --- |"
    )
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        draw_images(home / "images")
        tiny = [*list_words(home), "epochs=1", "runtime.threads=1"]
        rows = {
            "one tiny job": [*tiny, "seed=1000"],
            f"{JOBS} tiny jobs": [*tiny, "-m", f"seed=range(0,{JOBS})"],
            f"four runs of {asked.epochs} epochs": [*FOUR, f"epochs={asked.epochs}"],
        }
        for launcher in LAUNCHERS:  # decodes the images, makes the store
            (home / launcher).mkdir()
            train(home / launcher, [*tiny, f"hydra/launcher={launcher}", "seed=1001"])
            train(home / launcher, [*FOUR[2:], f"hydra/launcher={launcher}", "epochs=1"])
        for what, words in rows.items():
            costs: list[Cost] = [
                train(home / launcher, [*words, f"hydra/launcher={launcher}"])
                for launcher in LAUNCHERS
            ]
            seconds = " | ".join(f"{cost.wall_s:.1f}" for cost in costs)
            print(f"| {what} | {seconds} | {costs[1].wall_s / costs[0].wall_s:.3f} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
