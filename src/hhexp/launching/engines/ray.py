"""Trains on the nodes of a Ray cluster; what a lost process or node was training goes again.

``nodes`` says which nodes give the numbers that the others give, ``remote`` starts processes there,
and ``pool`` gives them the jobs.
"""

import contextlib
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Self

import ray
from ray.autoscaler.sdk import request_resources
from ray.exceptions import RayError

from hhexp.config.schema import Config, Runtime
from hhexp.display.events import Report
from hhexp.errors import UserError, one_line
from hhexp.experiment import Job
from hhexp.launching.devices import Target, choose_device
from hhexp.launching.engines.nodes import (
    Surroundings,
    Survey,
    choose_reference,
    find_difference,
    survey,
)
from hhexp.launching.engines.pool import SLOTS, Pool, Slot
from hhexp.launching.engines.remote import RemoteWorker, place
from hhexp.launching.tree import Tree
from hhexp.provenance.machine import count_usable_cores
from hhexp.provenance.sources import PACKAGE
from hhexp.terminal import say

REACH_S = 4
"""How long a head node may take to answer, in seconds."""
LOSSES = 3
"""How often a job may lose its process, without saving a state in between, and go again."""
MEMORY = 100 * 2**20
"""Bytes of shared memory of a Ray that is started here: only jobs and events go through it."""
RAYS_OWN = {
    "RAY_USAGE_STATS_ENABLED": "0",  # it would tell its makers
    "RAY_worker_niceness": "0",  # as with other engines; Ray's own is 15
    # What only Ray's dashboard would show, and how often a node of one says how it is.
    "RAY_task_events_report_interval_ms": "0",
    "RAY_enable_metrics_collection": "0",
    "RAY_event_stats": "0",
    "RAY_raylet_report_resources_period_milliseconds": "1000",
    "RAY_gcs_pull_resource_loads_period_milliseconds": "2000",
}
"""Variables of a Ray that is started here; benchmarks/README.md has what it takes for itself."""
CARRIED = {
    "RAY_kill_child_processes_on_worker_exit": "0",  # they mark their runs, and end by themselves
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
"""Variables of the actors."""


class Ray:
    """As many jobs at once as a cluster's cores or GPUs can hold; see ``engines.engine``."""

    in_this_process = False

    def __init__(self, address: str | None = None) -> None:
        self._address = address
        self._configs: dict[str, Config] = {}
        self._home: Survey | None = None
        self._reference: Survey | None = None
        self._known: dict[str, str] = {}
        """Why each node that was looked at is not used; empty where it is."""
        self._asked: dict[str, Any] = {}
        """The surveys that nodes have not answered yet."""
        self._kinds: set[str] = set()
        self._threads = 1
        self._has_gpus = False
        self._workers: set[RemoteWorker] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the cluster, which ends what was started in it; a Ray of our own ends."""
        ray.shutdown()

    def prepare(self, jobs: Sequence[Job]) -> int:
        """Connect, and look at the nodes: those that would give other numbers are not used."""
        if not ray.is_initialized():
            self._connect(jobs)
        self._has_gpus = any(node["Resources"].get("GPU") for node in _list_nodes())
        self._threads = max(job.config.runtime.threads for job in jobs)
        self._kinds = {self._choose_device(job.config.runtime) for job in jobs}
        by_data = {_tell_apart(job.config): job.config for job in jobs}
        if not by_data.keys() <= self._configs.keys():
            self._configs |= by_data
            self._known.clear()
            self._asked.clear()
            self._reference = None
            self._home = survey(list(self._configs.values()), Surroundings.find())
        refused = self._look_at_nodes(wait_s=None)
        slots = self._list_slots()
        for node, reason in refused.items():
            text = f"the node {node} is not used: {reason}"
            if not slots:
                raise UserError(text)
            say(text)
        if not slots:
            raise UserError(
                f"ray.address={self._address}: no node has {self._threads} cores, or a GPU; set "
                "runtime.threads, or let one join"
            )
        return len(slots)

    def start_ahead(self, jobs: Sequence[Job]) -> None:
        """Nothing: where the first job will go is not known yet."""

    def find_target(self, runtime: Runtime) -> Target:
        """What the nodes have that are used."""
        assert self._reference is not None
        isa = self._reference.instruction_sets[runtime.isa]
        return Target(self._choose_device(runtime), isa)

    def run(self, tree: Tree, report: Report, parent_id: str | None = None) -> None:
        """Train each job at the next place that is free."""
        pool = Pool(tree, report, parent_id, self._start, self._signal_all, LOSSES)
        with self._ask_for_nodes(tree.demand):
            pool.train_all(self._find_slots)

    def _connect(self, jobs: Sequence[Job]) -> None:
        """Connect to the cluster, or start a Ray on this machine."""
        tops = {name.partition(".")[0] for job in jobs for name in job.config.modules}
        modules = [_find_path(name) for name in sorted(tops)]
        carried: dict[str, Any] = {"env_vars": CARRIED}
        if modules:
            carried["py_modules"] = modules
        options: dict[str, Any] = {"runtime_env": carried}
        if self._address is None:
            cores, threads = count_usable_cores(), max(j.config.runtime.threads for j in jobs)
            options |= {
                "num_cpus": max(cores, threads),  # as many at once as with other engines
                "object_store_memory": MEMORY,
                "include_dashboard": False,
            }
        if self._address is not None:
            _check_address(self._address)
        for name, value in RAYS_OWN.items():
            os.environ.setdefault(name, value)
        try:
            with _keep_signals():
                ray.init(
                    self._address or "local",
                    log_to_driver=False,
                    logging_level="ERROR",
                    **options,
                )
        except (ConnectionError, RuntimeError, ValueError, RayError) as error:
            raise UserError(f"ray.address={self._address}: {one_line(error)}") from error

    def _choose_device(self, runtime: Runtime) -> str:
        if self._address is None:
            return choose_device(runtime.device)
        if runtime.device == "gpu" and not self._has_gpus:
            raise UserError(f"runtime.device=gpu: no node of ray.address={self._address} has one")
        return "gpu" if self._has_gpus and runtime.device != "cpu" else "cpu"

    def _look_at_nodes(self, wait_s: float | None) -> dict[str, str]:
        """Survey the nodes that are new.

        Args:
            wait_s: how long to wait for their answers; None until all are there.

        Returns:
            those that have answered and are not used, by their hosts, each with the reason.
        """
        assert self._home is not None
        places = {node["NodeID"]: self._count_places(node) for node in _list_nodes()}
        for node, count in places.items():
            if count and node not in self._known and node not in self._asked:
                task = ray.remote(survey).options(**place(node), num_cpus=0)
                configs = list(self._configs.values())
                self._asked[node] = task.remote(configs, Surroundings.find())
        if not self._asked:
            return {}
        asked = {ref: node for node, ref in self._asked.items()}
        answered, _ = ray.wait([*asked], num_returns=len(asked), timeout=wait_s)
        surveys: dict[str, Survey] = {}
        refused = {}
        for ref in answered:
            node = asked[ref]
            del self._asked[node]
            try:
                surveys[node] = ray.get(ref)
            except RayError as error:
                self._known[node] = refused[node] = _explain(error)
        if surveys and self._reference is None:
            self._reference = choose_reference(self._home, surveys, places)
        for node, found in surveys.items():
            assert self._reference is not None
            reason = find_difference(self._reference, found, self._configs.values())
            self._known[node] = reason
            if reason:
                refused[found.host] = reason
        return refused

    def _count_places(self, node: dict[str, Any]) -> int:
        """How many jobs a node can train at once."""
        has = node["Resources"]
        by_cores, gpus = int(has.get("CPU", 0)) // self._threads, int(has.get("GPU", 0))
        if self._kinds == {"cpu"}:
            return by_cores
        return gpus if self._kinds == {"gpu"} else min(1, by_cores, gpus)

    def _request(self) -> dict[str, float]:
        """What a job asks Ray for."""
        wanted: dict[str, float] = {}
        if "cpu" in self._kinds:
            wanted["num_cpus"] = self._threads
        if "gpu" in self._kinds:
            wanted["num_gpus"] = 1
        return {"num_cpus": 0, **wanted}

    @contextlib.contextmanager
    def _ask_for_nodes(self, jobs: int) -> Iterator[None]:
        """Ask the cluster's autoscaler, where there is one, for a place for each job."""
        wanted = self._request()
        place = {"CPU": wanted["num_cpus"], "GPU": wanted.get("num_gpus", 0)}
        request_resources(bundles=[place] * min(jobs, SLOTS))
        try:
            yield
        finally:
            request_resources(bundles=[])

    def _list_slots(self) -> list[Slot]:
        """The places there are, the first of each node first."""
        slots = [
            (node["NodeID"], number)
            for node in _list_nodes()
            if self._known.get(node["NodeID"]) == ""
            for number in range(self._count_places(node))
        ]
        return sorted(slots, key=lambda slot: slot[1])

    def _find_slots(self) -> list[Slot]:
        """The places there are now; nodes come and go."""
        self._look_at_nodes(wait_s=0)
        return self._list_slots()

    def _start(self, node: str) -> "RemoteWorker":
        worker = RemoteWorker(node, self._request())
        self._workers.add(worker)
        return worker

    def _signal_all(self, number: signal.Signals) -> None:
        for worker in list(self._workers):
            worker.signal(number)


def _list_nodes() -> list[dict[str, Any]]:
    return [node for node in ray.nodes() if node["Alive"]]


def _check_address(address: str) -> None:
    """Refuse an address at which nothing answers, for which Ray would wait some minutes."""
    host, _, port = address.rpartition(":")
    if not port.isdigit():
        return
    try:
        socket.create_connection((host, int(port)), REACH_S).close()
    except OSError as error:
        raise UserError(f"ray.address={address}: {one_line(error)}") from error


def _tell_apart(config: Config) -> str:
    """A text that is the same for configurations that ask the same of a node."""
    return f"{config.data.model_dump_json()} {config.runtime.isa} {config.model.builder}"


def _find_path(module: str) -> str:
    """The file or the folder of a module that has been imported."""
    origin = str(sys.modules[module].__file__)
    return os.path.dirname(origin) if os.path.basename(origin) == "__init__.py" else origin


def _explain(error: RayError) -> str:
    cause = getattr(error, "cause", None) or error
    if isinstance(cause, ModuleNotFoundError) and cause.name == PACKAGE:
        return "hhexp is not installed there: install hhexp[ray]"
    last = str(cause).strip().splitlines()[-1:]
    return f"{type(cause).__name__}: {' '.join(last)}"


@contextlib.contextmanager
def _keep_signals() -> Iterator[None]:
    """Keep what SIGTERM does here, which Ray would change."""
    before: Callable[..., Any] | int | None = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
