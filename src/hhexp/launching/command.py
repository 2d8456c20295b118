"""From a command line, through Hydra, to trained runs."""

import os
import tempfile
from collections.abc import Sequence
from typing import cast

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from hhexp.config.catalogue import Catalogue
from hhexp.launching import composition, launcher
from hhexp.launching.composer import take_apart
from hhexp.launching.flags import check_flags
from hhexp.launching.overrides import check_sweep
from hhexp.launching.sweep import RunFailed, Sweep


def train(sweep: Sweep, words: Sequence[str], catalogue: Catalogue) -> None:
    """Let Hydra compose what the command line asks for, and train it.

    A run that fails is among the sweep's failures.

    Raises:
        UserError: the configuration is not valid; nothing was trained or logged.
    """
    check_flags(words, catalogue)
    composition.check_options(words, catalogue)
    launcher.check_launcher(words)
    if sweep.multirun:
        check_sweep(words, catalogue)
    launcher.register()
    with tempfile.TemporaryDirectory(prefix="hhexp-") as hydra_dir:
        os.environ["HHEXP_HYDRA_DIR"] = hydra_dir
        composed: list[tuple[DictConfig, DictConfig]] = []

        @hydra.main(version_base="1.3", config_path="pkg://hhexp.conf", config_name="config")
        def compose(config: DictConfig) -> None:
            composed.append((config, cast(DictConfig, HydraConfig.get())))

        try:
            compose()
            jobs = [composition.make_job(take_apart(*each)) for each in composed]
        except composition.COMPOSITION_ERRORS as error:
            raise composition.explain_refusal(error, catalogue) from error
        except RunFailed:
            return  # a sweep, which has trained its jobs by the launcher
        if jobs:
            sweep.run(jobs, *launcher.read_engine(*composed[0]))
