"""``hydra/launcher``: hands the jobs that a Hydra sweeper asks for to one of hhexp's engines."""

from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf

from hhexp.config.catalogue import find_config_dirs
from hhexp.errors import UserError
from hhexp.experiment import Job
from hhexp.launching import composition
from hhexp.launching.composer import Composer, leave_out
from hhexp.launching.engines import ENGINES
from hhexp.launching.sweep import RunFailed, Sweep

LAUNCHER = "hydra_plugins.hhexp.EngineLauncher"
"""What ``conf/hydra/launcher`` calls the launcher."""
GRID_SWEEPER = "hydra_plugins.hhexp.GridSweeper"
SEARCH_SWEEPER = "hydra_plugins.hhexp.SearchSweeper"
"""What ``conf/hydra/sweeper`` calls the sweepers."""


class Failed(JobReturn):
    """A job that failed. Hydra's own would write a line on it that does not say why."""

    @property  # type: ignore[misc]
    def return_value(self) -> Any:
        """What a sweeper asks for."""
        raise self._return_value


class EngineLauncher(Launcher):
    """Trains a sweep's jobs on one of hhexp's engines."""

    def __init__(self, engine: str) -> None:
        """Train on the engine of that name."""
        self.engine = engine

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Keep what composes jobs, and the engine's settings."""
        self.composer = Composer(hydra_context.config_loader, config)
        _, self.settings = read_engine(config, config.hydra)

    def make_job(self, overrides: Sequence[str], key: str) -> Job:
        """The job of these overrides, without those of the engine's own section.

        Raises:
            HydraException, OmegaConfBaseException, UserError: they make no configuration.
        """
        return composition.make_job(self.composer.compose(overrides), key)

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> list[JobReturn]:
        """Train the jobs that a sweeper asks for, and return their objectives."""
        overrides = [leave_out(job, self.engine) for job in job_overrides]
        jobs = [
            self.make_job(given, key)
            for given, key in zip(overrides, composition.name_jobs(overrides), strict=True)
        ]
        sweep = Sweep.current()
        sweep.multirun = True  # hydra.mode says so too
        outcomes = sweep.run(jobs, self.engine, self.settings)
        return [
            JobReturn(given, status=JobStatus.COMPLETED, _return_value=outcome.objective)
            if outcome.finished
            else Failed(given, status=JobStatus.FAILED, _return_value=RunFailed(outcome))
            for given, outcome in zip(job_overrides, outcomes, strict=True)
        ]


def read_engine(config: DictConfig, hydra: DictConfig) -> tuple[str, dict[str, Any]]:
    """The engine that ``hydra/launcher`` names, for a single run too, and its settings.

    Raises:
        UserError: the launcher is not hhexp's.
    """
    engine = hydra.launcher.get("engine")
    if engine is None:
        name = hydra.runtime.choices["hydra/launcher"]
        raise UserError(f"hydra/launcher={name}: not a launcher of hhexp; use {ENGINES}")
    settings: Any = OmegaConf.to_container(config.get(engine) or OmegaConf.create(), resolve=True)
    return str(engine), settings


def check_launcher(words: Sequence[str]) -> None:
    """Refuse Hydra's other launchers: their processes would compose the runs, and train none.

    Raises:
        UserError: the words name one, and no option of that name is the person's own.
    """
    folders = [files("hhexp.conf"), *find_config_dirs(list(words))]
    for word in words:
        group, _, name = word.partition("=")
        if group == "hydra/launcher" and not any(
            (folder / "hydra/launcher" / f"{name}.yaml").is_file() for folder in folders
        ):
            raise UserError(f"{word}: not a launcher of hhexp; use {ENGINES}")


def register() -> None:
    """Let ``hydra/launcher`` and ``hydra/sweeper`` name hhexp's own, in this process alone.

    Hydra imports all that is installed in the package ``hydra_plugins`` whenever any Hydra program
    starts. So hhexp installs nothing there. But Hydra takes a plugin only under a name from
    there, which ``Plugins.register`` would not give it.
    """
    known = Plugins.instance().class_name_to_class
    # Their base Hydra has now imported anew.
    from hhexp.launching.search.sweeper import SearchSweeper
    from hhexp.launching.sweeper import GridSweeper

    known.update(
        {LAUNCHER: EngineLauncher, GRID_SWEEPER: GridSweeper, SEARCH_SWEEPER: SearchSweeper}
    )
