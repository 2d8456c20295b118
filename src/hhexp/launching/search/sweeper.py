"""``hydra/sweeper=search``: hands a search space, as Hydra reads it, to a search."""

from typing import Any

from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf

from hhexp.errors import UserError
from hhexp.launching.search.settings import Settings


class SearchSweeper(Sweeper):
    """Searches by Optuna. The engine takes trials one by one, so hhexp's own launcher is needed."""

    def __init__(self, params: DictConfig | None, **settings: Any) -> None:
        """Search the space of ``params`` and of the command line."""
        self.params: Any = OmegaConf.to_container(params) if params is not None else {}
        self.settings = Settings.check(settings)

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Make the launcher, as every sweeper does."""
        self.launcher: Any = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> None:
        """Search until there are as many trials as were asked for."""
        try:
            import optuna
        except ModuleNotFoundError as error:
            if error.name != "optuna":
                raise
            raise UserError(
                "hydra/sweeper=search: Optuna is not installed: pip install 'hhexp[search]'"
            ) from error
        if int(optuna.__version__.partition(".")[0]) < 4:
            raise UserError(
                f"hydra/sweeper=search: Optuna {optuna.__version__} is too old: "
                "pip install 'hhexp[search]'"
            )
        from hhexp.launching.search.conduct import search
        from hhexp.launching.search.space import read_space

        search(read_space(self.params, arguments), self.settings, self.launcher)
