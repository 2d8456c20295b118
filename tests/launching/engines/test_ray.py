"""A sweep on a Ray cluster has the numbers that it has in processes, whatever is lost."""

import contextlib
import json
import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from hhexp.tracking.query import StoredRun, find_recent
from hhexp.tracking.store import Store
from tests.conftest import Server

pytest.importorskip("ray", reason="Ray is not installed: hhexp[ray]")
pytestmark = [pytest.mark.ray, pytest.mark.slow]

SWEEP = ["-m", "seed=0,1", "aug=none,full", "aug.until=20,null", "epochs=60", "runtime.threads=1"]
"""Six runs, of which two continue from others."""

OWN_MODULE = """
from pathlib import Path
from hhexp.config.registry import model_builder

@model_builder
def own(input_shape, outputs, *, said: str):
    import keras
    Path(said).write_text("trained")
    return keras.Sequential([keras.Input(input_shape), keras.layers.Flatten(),
                             keras.layers.Dense(outputs, activation="sigmoid")])
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A cluster of one node with one core, to which more can be added."""
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        made = Cluster(initialize_head=True, head_node_args=NODE)
        try:
            yield made
        finally:
            made.shutdown()


NODE = {"num_cpus": 1, "object_store_memory": 80 * 2**20, "include_dashboard": False}


def wait_until(is_so: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def list_trainers(node: int) -> list[psutil.Process]:
    """The processes that train on a node; ``node`` is the process ID of its raylet."""
    found: list[psutil.Process] = []
    for actor in psutil.Process(node).children():
        with contextlib.suppress(psutil.NoSuchProcess):  # one that has just ended
            found += actor.children() if "Host" in actor.name() else []
    return found


def find_raylet(node: Any) -> int:
    return int(node.all_processes["raylet"][0].process.pid)


def read_weights(shell: Any, store: Store, run: StoredRun) -> list[str]:
    file = Path(store.client().download_artifacts(run.run_id, "provenance/epochs.json"))
    return [epoch["weights"] for epoch in json.loads(file.read_text())]


def list_steps(store: Store, run: StoredRun) -> dict[str, list[int]]:
    """The steps at which each of a run's metrics was logged."""
    client = store.client()
    names = client.get_run(run.run_id).data.metrics
    return {n: [m.step for m in client.get_metric_history(run.run_id, n)] for n in names}


def test_a_ray_of_ones_own_trains_a_sweep_and_ends_with_it(new_shell: Any) -> None:
    words = ["-m", "aug=none,full", "epochs=1,2", "runtime.threads=1"]
    found = []
    for launcher in ("ray", "processes"):
        shell = new_shell()
        done = shell.train(*words, f"hydra/launcher={launcher}")
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        runs = [run for run in shell.runs() if run.status == "FINISHED"]
        found.append(sorted((run.name, read_weights(shell, shell.store, run)) for run in runs))
        assert sorted(path.name for path in shell.folder.iterdir()) == ["mlruns"]
    assert len(found[0]) == 4
    assert found[0] == found[1]
    assert not [each for each in psutil.process_iter(["name"]) if each.info["name"] == "ray::Host"]


def test_a_lost_process_and_a_lost_node_lose_nothing(
    new_shell: Any, cluster: Any, server: Server
) -> None:
    shell, store = new_shell(), server.store
    head, node = find_raylet(cluster.head_node), cluster.add_node(**NODE)
    log = shell.folder / "log.txt"
    address = ["hydra/launcher=ray", f"ray.address={cluster.address}", f"tracking.uri={server.uri}"]
    with log.open("wb") as said:
        process = shell.start(said, "run", *shell.tiny(*SWEEP, *address))

        def trains_anew(raylet: int, heard: int) -> bool:
            """Whether a process of a node has told of an epoch since so many letters."""
            assert process.poll() is None, log.read_text()
            return bool(list_trainers(raylet) and re.search(r"epoch \d", log.read_text()[heard:]))

        wait_until(lambda: trains_anew(head, 0), 120)
        time.sleep(3)
        list_trainers(head)[0].kill()
        heard = len(log.read_text())
        wait_until(lambda: trains_anew(find_raylet(node), heard), 120)
        time.sleep(3)
        cluster.remove_node(node, allow_graceful=False)
        assert process.wait(300) == 0, log.read_text()
    runs = find_recent(store, 100)
    assert sorted(run.status for run in runs) == ["FINISHED"] * 6
    for run in runs:
        assert all(steps in ([*range(1, 61)], [60]) for steps in list_steps(store, run).values())
    assert "its process was lost" in log.read_text()
    assert {name for run in runs for name in run.tags if "ray.address" in run.tags[name]} <= {
        "mlflow.source.name"
    }
    other = new_shell()
    assert other.train(*SWEEP).returncode == 0
    on_ray = {run.name: read_weights(shell, store, run) for run in runs}
    alone = {run.name: read_weights(other, other.store, run) for run in other.runs()}
    assert on_ray == alone


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_the_cluster_outlives_a_command_which_goes_on_when_repeated(
    shell: Any, cluster: Any, number: signal.Signals
) -> None:
    words = ["epochs=120", "state.every=2", "aug=full", "runtime.threads=1"]
    words = [*words, "hydra/launcher=ray", f"ray.address={cluster.address}"]
    log = shell.folder / "log.txt"
    with log.open("wb") as said:
        process = shell.start(said, "run", *shell.tiny(*words))
        wait_until(lambda: "epoch 5/120" in log.read_text(), 120)
        process.send_signal(number)
        status = process.wait(90)
    assert status == (130 if number == signal.SIGINT else -signal.SIGKILL)
    wait_until(lambda: [run.status for run in shell.runs()] == ["KILLED"], 90)
    again = shell.train(*words)
    assert again.returncode == 0, again.stderr
    assert "resume: run" in again.stdout and "epoch 1/120" not in again.stdout
    (run,) = shell.runs()
    assert run.status == "FINISHED"
    assert {tuple(steps) for steps in list_steps(shell.store, run).values() if len(steps) > 1} == {
        tuple(range(1, 121))
    }


def test_modules_that_the_person_named_reach_the_nodes(shell: Any, cluster: Any) -> None:
    (shell.folder / "own_models.py").write_text(OWN_MODULE)
    (shell.folder / "conf/model").mkdir(parents=True)
    (shell.folder / "conf/model/own.yaml").write_text("# Mine.\nbuilder: own\nsaid: ???\n")
    said = shell.folder / "said.txt"
    own = ["--config-dir", "conf", "modules=[own_models]", "model=own", f"model.said={said}"]
    data = ["data=folder", f"data.root={shell.pictures}", "epochs=1", "runtime.threads=1"]
    ray = ["hydra/launcher=ray", f"ray.address={cluster.address}"]
    done = shell.call("run", *own, *data, *ray)
    assert done.returncode == 0, done.stderr
    assert said.read_text() == "trained"
    unpacked = Path(cluster.head_node.get_runtime_env_dir_path()) / "py_modules_files"
    (carried,) = unpacked.rglob("own_models.py")
    assert carried.read_text() == OWN_MODULE


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["ray.address=127.0.0.1:1"], "ray.address=127.0.0.1:1: "),
        (["ray.address=CLUSTER", "runtime.device=gpu"], "no node of ray.address=.* has one"),
    ],
)
def test_what_cannot_train_is_one_line(
    shell: Any, cluster: Any, words: list[str], said: str
) -> None:
    words = [word.replace("CLUSTER", cluster.address) for word in words]
    done = shell.train("hydra/launcher=ray", *words)
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    assert re.search(said, line)
    assert list(shell.folder.iterdir()) == []
