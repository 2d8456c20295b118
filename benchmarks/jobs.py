"""What jobs cost beside their training: tiny jobs, the study's four runs, and planning thousands.

python -m benchmarks.jobs            tiny jobs and plans, some minutes
python -m benchmarks.jobs --study    the study's four runs too, ten minutes or more
"""

import argparse
import re
import sys
import tempfile
from pathlib import Path

from benchmarks.programs import read_runs
from benchmarks.stores import Cost, draw_images, list_words, time_process
from hhexp.console import entry
from hhexp.tracking.store import Store
from hhexp.training.runtime import cpu_name

JOBS = 16
LIMIT_S = 3600.0
STUDY = ["-m", "aug=none,full", "epochs=15,30"]
PLANNED = ["-m", "seed=range(0,300)", "epochs=1,2,3,4,5,6,7,8,9,10", "explain=true"]


@entry
def main(argv: list[str] | None = None) -> int:
    """Measure, and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--study", action="store_true", help="train the study's four runs too")
    asked = parser.parse_args(argv)
    print(f"{cpu_name()}\n\n| what | wall s | CPU s |\n| --- | --- | --- |", flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "trained"
        folder.mkdir()
        draw_images(Path(name) / "images")
        tiny = [*list_words(Path(name)), "epochs=1", "runtime.threads=1"]
        train(folder, ["-m", *tiny, "seed=1000"])  # which decodes the images and makes the store
        one = train(folder, ["-m", *tiny, "seed=1001"])
        print_row("a sweep of one tiny job", one)
        many = train(folder, ["-m", *tiny, f"seed=range(0,{JOBS})"])
        print_row(f"a sweep of {JOBS} tiny jobs", many)
        print_row("each of these", Cost(many.wall_s / JOBS, many.cpu_s / JOBS, 0, True))
        print_row("the plan of 3,000 jobs", train(folder, [*tiny, *PLANNED]))
        if asked.study:
            study = Path(name) / "study"
            study.mkdir()
            cost = train(study, STUDY)
            print_row("the study's four runs", cost)
            epochs_s = sum(sum(run.epochs_s) for run in read_runs(_find_store(study)))
            rest = Cost(cost.wall_s - epochs_s, float("nan"), 0, True)
            print_row("of which not epochs", rest)
    return 0


def train(folder: Path, words: list[str]) -> Cost:
    """The cost of ``python -m hhexp.run``, which must succeed."""
    cost = time_process(["hhexp.run", *words], folder, LIMIT_S)
    said = (folder / "output.txt").read_text()
    if not re.search("^Next steps|^what is trained", said, re.MULTILINE):
        raise RuntimeError(f"hhexp.run {' '.join(words)}: {said[-500:]}")
    return cost


def print_row(what: str, cost: Cost) -> None:
    """Print a row of the table."""
    print(f"| {what} | {cost.wall_s:.1f} | {cost.cpu_s:.1f} |", flush=True)


def _find_store(folder: Path) -> Store:
    return Store(f"sqlite:///{folder}/mlruns/mlflow.db")


if __name__ == "__main__":
    sys.exit(main())
