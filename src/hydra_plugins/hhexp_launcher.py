"""``hydra/launcher=processes``: a sweep's jobs go to hhexp's own pool of processes.

Hydra takes launchers only from the namespace package ``hydra_plugins``, and imports what it finds
there at every start, so that this module is light.
"""

from collections.abc import Sequence
from typing import Any

from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


class Failed(JobReturn):
    """A job that failed. Hydra's own would write a line on it that does not say why."""

    @property  # type: ignore[misc]
    def return_value(self) -> Any:
        """What a sweeper asks for."""
        raise self._return_value


class ProcessLauncher(Launcher):
    """Trains a sweep's jobs in fresh processes, as many at once as the cores can hold."""

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Keep what composing a job needs."""
        self.loader = hydra_context.config_loader
        self.config = config

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> list[JobReturn]:
        """Train the jobs that a sweeper asks for, and return their objectives."""
        from hhexp.launchers import composition
        from hhexp.launchers.sweep import RunFailed, Sweep

        overrides = [list(job) for job in job_overrides]
        configs = [self.loader.load_sweep_config(self.config, given) for given in overrides]
        jobs = [
            composition.job(config, config.hydra, key)
            for config, key in zip(configs, composition.varying(overrides), strict=True)
        ]
        outcomes = Sweep.current().run(jobs)
        return [
            JobReturn(given, status=JobStatus.COMPLETED, _return_value=outcome.objective)
            if outcome.finished
            else Failed(given, status=JobStatus.FAILED, _return_value=RunFailed(outcome))
            for given, outcome in zip(overrides, outcomes, strict=True)
        ]
