"""A training, assembled in this process from the words of a command line."""

from collections.abc import Sequence
from typing import Any, cast

from hhexp.config.schema import Config
from hhexp.experiment.assembly import Training
from hhexp.experiment.job import check_config, read_data
from hhexp.training.runtime import start_tensorflow


def configuration(words: Sequence[str]) -> Config:
    """The checked configuration that ``hhexp.run`` would make of these overrides."""
    from hydra import compose, initialize_config_module
    from omegaconf import OmegaConf

    with initialize_config_module("hhexp.conf", version_base="1.3"):
        composed = compose("config", list(words))
    # Hydra's own part is there only where Hydra runs the program.
    values = cast(dict[str, Any], OmegaConf.to_container(composed, resolve=True))
    return check_config(values)


def training(words: Sequence[str]) -> Training:
    """Read the data, start TensorFlow and build the model; once in a process."""
    config = configuration(words)
    dataset = read_data(config)
    return Training.assemble(config, dataset, start_tensorflow(**config.runtime.model_dump()))
