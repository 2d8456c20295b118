"""From a command line, through Hydra, to trained runs."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from typing import cast

import hydra
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.singleton import Singleton
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
    sweep.words = words
    composition.check_options(words, catalogue)
    launcher.check_launcher(words)
    if sweep.multirun:
        check_sweep(words, catalogue)
    launcher.register()
    with _offer_to_hydra(words):
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


@contextlib.contextmanager
def _offer_to_hydra(words: Sequence[str]) -> Iterator[None]:
    """Within it Hydra finds the words as this process's command line.

    Afterwards a program of the person's own finds its command line as it was, and what its own use
    of Hydra has set up.
    """
    argv, instances = sys.argv, dict(Singleton._instances)
    with tempfile.TemporaryDirectory(prefix="hhexp-") as folder:
        variables = {
            "HHEXP_HYDRA_DIR": folder,
            "HYDRA_FULL_ERROR": "1",  # we get the whole error, and say it in one line
        }
        before = {name: os.environ.get(name) for name in variables}
        os.environ.update(variables)
        sys.argv = ["hhexp.run", *words]
        for kind in (GlobalHydra, HydraConfig):
            Singleton._instances.pop(kind, None)
        try:
            yield
        finally:
            sys.argv = argv
            for name, value in before.items():
                os.environ.pop(name)
                if value is not None:
                    os.environ[name] = value
            for kind in (GlobalHydra, HydraConfig):
                Singleton._instances.pop(kind, None)
                if kind in instances:
                    Singleton._instances[kind] = instances[kind]
