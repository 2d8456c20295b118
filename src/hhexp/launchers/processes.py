"""Hydra's side of a sweep: every launch's jobs are checked first, then handed to the pool."""

from collections.abc import Sequence

from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from hhexp.launchers import composition
from hhexp.launchers.sweep import Sweep


class RunFailed(Exception):
    """A job of a sweep failed; what Hydra's sweepers see of it."""


class ProcessLauncher(Launcher):
    """``hydra/launcher=processes``, the default: each job in a process of its own."""

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Keep what composing a job needs."""
        self.loader = hydra_context.config_loader
        self.config = config

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> list[JobReturn]:
        """Train the jobs that the sweeper asks for, and return their objectives."""
        overrides = [list(job) for job in job_overrides]
        keys = composition.varying(overrides)
        jobs = [
            composition.job(self.loader.load_sweep_config(self.config, given), key)
            for given, key in zip(overrides, keys, strict=True)
        ]
        outcomes = Sweep.current().run(jobs)
        return [
            JobReturn(
                overrides=given,
                status=JobStatus.COMPLETED if outcome.status == "FINISHED" else JobStatus.FAILED,
                _return_value=outcome.objective
                if outcome.status == "FINISHED"
                else RunFailed(f"{outcome.key}: {outcome.error}"),
            )
            for given, outcome in zip(overrides, outcomes, strict=True)
        ]
