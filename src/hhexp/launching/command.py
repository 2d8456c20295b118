"""A command line, through Hydra, to trained runs."""

import os
import tempfile
from collections.abc import Sequence
from typing import cast

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from hhexp.config.catalogue import Catalogue
from hhexp.display import console
from hhexp.launching import composition, launcher
from hhexp.launching.sweep import RunFailed, Sweep


def train(words: Sequence[str], catalogue: Catalogue) -> int:
    """Let Hydra compose what the command line asks for, train it, and say what came of it.

    Returns:
        the exit status: 1 where a run failed.

    Raises:
        UserError: the configuration is not valid; nothing was trained or logged.
    """
    composition.check_options(words, catalogue)
    launcher.register()
    multirun = bool({"-m", "--multirun"} & set(words))
    with (
        tempfile.TemporaryDirectory(prefix="hhexp-") as hydra_dir,
        Sweep(console(), multirun) as sweep,
    ):
        os.environ["HHEXP_HYDRA_DIR"] = hydra_dir

        composed: list[tuple[DictConfig, DictConfig]] = []

        @hydra.main(version_base="1.3", config_path="pkg://hhexp.conf", config_name="config")
        def compose(config: DictConfig) -> None:
            composed.append((config, cast(DictConfig, HydraConfig.get())))

        try:
            compose()
            jobs = [composition.job(*each) for each in composed]
        except composition.COMPOSITION_ERRORS as error:
            raise composition.explain(error, catalogue) from error
        except RunFailed:
            jobs = []  # the summary names all that failed
        if jobs:
            sweep.run(jobs)
        return sweep.conclude()
