"""What the machine does while a run trains: CPU, memory and GPU, by MLflow's system metrics."""

import contextlib
import threading
import time
from collections.abc import Iterator

from hhexp.tracking.query import SYSTEM
from hhexp.tracking.run import TrackedRun

EVERY_S = 10.0
"""Between two measurements, in seconds."""


@contextlib.contextmanager
def watch_system(tracked: TrackedRun, *, wanted: bool) -> Iterator[None]:
    """Log, meanwhile and if wanted, what the machine does, every ten seconds.

    Their step is the seconds since now. What they measure is the whole machine, whoever uses it.
    """
    if not wanted:
        yield
        return
    over = threading.Event()
    thread = threading.Thread(target=_watch, args=(tracked, over), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _watch(tracked: TrackedRun, over: threading.Event) -> None:
    from mlflow.system_metrics.metrics.base_metrics_monitor import BaseMetricsMonitor
    from mlflow.system_metrics.metrics.cpu_monitor import CPUMonitor
    from mlflow.system_metrics.metrics.gpu_monitor import GPUMonitor

    monitors: list[BaseMetricsMonitor] = [CPUMonitor()]
    with contextlib.suppress(Exception):  # no GPU, or not NVIDIA's library for it
        monitors.append(GPUMonitor())
    began = time.monotonic()
    while not over.wait(EVERY_S):
        values: dict[str, float] = {}
        for monitor in monitors:
            monitor.collect_metrics()
            values |= {SYSTEM + name: value for name, value in monitor.aggregate_metrics().items()}
            monitor.clear_metrics()
        tracked.log_epoch(round(time.monotonic() - began), values)
