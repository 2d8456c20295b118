"""``hydra/launcher=processes``: hands the jobs that a Hydra sweeper asks for to hhexp."""

from collections.abc import Sequence
from typing import Any

from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from hhexp.launching import composition
from hhexp.launching.sweep import RunFailed, Sweep


class Failed(JobReturn):
    """A job that failed. Hydra's own would write a line on it that does not say why."""

    @property  # type: ignore[misc]
    def return_value(self) -> Any:
        """What a sweeper asks for."""
        raise self._return_value


class EngineLauncher(Launcher):
    """Trains a sweep's jobs on one of hhexp's engines."""

    # Hydra takes launchers only from the package of this name, which it imports in full whenever
    # any Hydra program starts. A class that says to be from there, and is registered by hand, is
    # seen by hhexp's commands alone.
    __module__ = "hydra_plugins.hhexp"

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


def register() -> None:
    """Let ``hydra/launcher`` name the launcher."""
    Plugins.instance().register(EngineLauncher)
