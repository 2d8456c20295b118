"""Trains in this very process, so that a debugger and a profiler see everything."""

from collections.abc import Sequence
from typing import Self

from hhexp import experiment
from hhexp.config.schema import Runtime
from hhexp.display.events import Event, Report
from hhexp.errors import UserError
from hhexp.experiment import Job
from hhexp.launching.devices import Target, choose_device, find_target
from hhexp.launching.engines import interruption
from hhexp.launching.engines.engine import find_shared_runtime
from hhexp.launching.tree import Tree


class Inline:
    """One job after the other; see ``hhexp.launching.engines.engine``."""

    in_this_process = True

    def __init__(self) -> None:
        self._runtime: Runtime | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing was started that has to be ended."""

    def prepare(self, jobs: Sequence[Job]) -> int:
        """See that one start of TensorFlow serves all jobs, also those of a batch before."""
        runtime = find_shared_runtime(jobs)
        if runtime is None or self._runtime not in (None, runtime):
            raise UserError(
                "hydra/launcher=inline starts TensorFlow once, so all runs must have the same "
                "runtime settings: give one value for each key of runtime, or remove "
                "hydra/launcher=inline"
            )
        choose_device(runtime.device)
        self._runtime = runtime
        return 1

    def start_ahead(self, jobs: Sequence[Job]) -> None:
        """There is no process to start."""

    def find_target(self, runtime: Runtime) -> Target:
        """What this machine has."""
        return find_target(runtime)

    def run(self, tree: Tree, report: Report, parent_id: str | None = None) -> None:
        """Train the jobs here, and stop at Ctrl-C."""

        def hear(event: Event) -> None:
            tree.hear(event)
            report(event)
            interruption.check(event)

        with interruption.note_first_signal():
            while job := tree.take():
                experiment.run(job, hear, parent_id, judge=tree.judge)
                if tree.outcomes[job.key].status == "KILLED":
                    raise KeyboardInterrupt
