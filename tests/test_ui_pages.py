"""What a person sees of a sweep in MLflow's UI, in a real browser."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hhexp.analysis.overview import show_sweep
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store
from hhexp.tracking.tags import KIND, OVERRIDES
from tests.chrome import Tab, open_tab
from tests.conftest import find_port

SWEEP = "aug=none,full seed=0,1,2"
LINES = "document.querySelectorAll('.scatterlayer .trace .js-line').length"
CURVES = {"none": (0.6, 0.7, 0.8), "full": (0.5, 0.6, 0.65)}


def log_sweep(store: Store) -> None:
    """A sweep in which augmentation does not help, as it is when its command has ended."""
    parent = TrackedRun.start(store, "study", SWEEP, None, {KIND: "sweep"})
    run_ids = []
    for aug, curve in CURVES.items():
        for seed in range(3):
            words = f"aug={aug} seed={seed}"
            tags = {KIND: "run", OVERRIDES: words}
            run = TrackedRun.start(store, "study", words, parent.run_id, tags)
            run.log_params({"aug": aug, "seed": seed, "loss": "cross_entropy"})
            for epoch, accuracy in enumerate(curve, start=1):
                value = accuracy + 0.01 * seed
                losses = {"val/loss": 1 - value, "train/loss": 1 - value}
                accuracies = {"val/accuracy": value, "train/accuracy": value}
                costs = {"time/epoch_s": 1.0, "perf/utilisation": 0.5}
                run.log_epoch(epoch, {**costs, **accuracies, **losses})
            run.log_once(3, {"best/epoch": 3.0, "best/val/accuracy": curve[-1]})
            run.finish("FINISHED", None)
            run_ids.append(run.run_id)
    show_sweep(store, parent.run_id, run_ids)
    parent.finish("FINISHED", None)


@pytest.fixture(scope="module")
def links(made_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """The addresses that ``python -m hhexp.ui`` prints for a store with the sweep."""
    folder = tmp_path_factory.mktemp("pages")
    (folder / "mlflow.db").write_bytes(made_database.read_bytes())
    store = Store.resolve(f"sqlite:///{folder}/mlflow.db")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", "")
        log_sweep(store)
        import mlflow

        mlflow.set_tracking_uri(None)  # type: ignore[arg-type]
    words = ["--tracking-uri", store.uri, "--port", str(find_port())]
    with subprocess.Popen(
        [sys.executable, "-m", "hhexp.ui", *words],
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        assert process.stdout
        said = []
        for line in process.stdout:
            said.append(line.strip())
            if line.startswith("Its runs compared: "):
                break
        yield [
            line.rpartition(" ")[2] for line in said if line.startswith(("All", "The last", "It"))
        ]
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)


@pytest.fixture
def tab(browser: list[str]) -> Iterator[Tab]:
    """A browser's page that reaches this machine alone."""
    words = [f"{word}, EXCLUDE 127.0.0.1" if "NOTFOUND" in word else word for word in browser]
    with open_tab(words, 2000, 1200) as opened:
        yield opened


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """Where pictures of the pages are left; $HHEXP_PICTURES, to look at them."""
    folder = Path(os.environ.get("HHEXP_PICTURES", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.mark.slow
def test_two_clicks_lead_to_the_answer_and_its_evidence(
    links: list[str], tab: Tab, album: Path
) -> None:
    tab.open(links[0])
    answer = "Last sweep: Validation accuracy after the last epoch: aug=none 81.0 ± 2.5 %"
    said = tab.wait_for(
        answer, "aug=full 66.0 ± 2.5 %", SWEEP, "best/val/accuracy", "aug=full seed=2"
    )
    assert "Evaluation runs" not in said  # which the view for prompts and agents has
    tab.take_picture(album / "experiment.png")
    tab.click(SWEEP)
    said = tab.wait_for("Description", "validation accuracy, %", "81.0 ± 2.5", "all runs side by")
    assert said.index("Description") < said.index("81.0 ± 2.5") < said.index("66.0 ± 2.5")
    tab.take_picture(album / "sweep.png")
    tab.click("all runs side by side")
    said = tab.wait_for("aug: none", "aug: full", "val/accuracy")
    tab.wait_until(f"{LINES} >= 4")
    tab.take_picture(album / "compared.png")
    first, second, *others = (
        said.index(f"\n{name}\n(") for name in ("val", "train", "perf", "time")
    )
    assert first < second < min(others)


@pytest.mark.slow
def test_the_links_lead_to_the_sweeps_curves_and_to_its_runs(
    links: list[str], tab: Tab, album: Path
) -> None:
    _, sweep, compared = links
    tab.open(sweep)
    tab.wait_for("learning curves of the cells")
    tab.click("learning curves of the cells")
    said = tab.wait_for("Auto-refresh", "aug_none mean of 3 seeds", "aug_full upper of 3 seeds")
    tab.wait_until(f"{LINES} >= 6")
    tab.take_picture(album / "curves.png")
    sections = re.findall(r"\n(accuracy|loss|accuracy in training|loss in training)\s*\(6\)", said)
    assert sections[0] == "accuracy"
    tab.open(compared)
    said = tab.wait_for("val/accuracy", "val/loss")
    assert said.index("val/accuracy") < said.index("val/loss")
