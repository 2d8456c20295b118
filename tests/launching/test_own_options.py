"""A function of the person's own is an option by its name, without a YAML file."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hydra import compose, initialize_config_module
from hydra.core.config_store import ConfigStore
from omegaconf import OmegaConf

from hhexp.config.catalogue import Catalogue, read_catalogue, write_help
from hhexp.config.own_options import find_own_modules
from hhexp.config.registry import GROUPS
from hhexp.errors import UserError
from hhexp.launching.own_options import offer_own_options

MODULE = '''
from hhexp.config.registry import data_reader, lr_schedule, model_builder

@model_builder
def layered(input_shape, outputs, *, depth: int, rate: float = 0.5, sizes: list[int] = [1, 2]):
    """A model in layers.

    More about it.
    """

@model_builder
def perceptron(input_shape, outputs, *, units: int):
    pass

@lr_schedule
def zigzag(epoch, steps, epochs, *, low: float = 0.1):
    return low

@data_reader
def table(*, root: str, name_of: str = "labels.csv"):
    pass
'''


@pytest.fixture
def offer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Catalogue]]:
    """Offers what a module with some content registers, and takes it back afterwards."""
    monkeypatch.syspath_prepend(tmp_path)
    kept = {group: dict(registry.functions) for group, (registry, _) in GROUPS.items()}
    repository = ConfigStore.instance().repo
    stored = {group: dict(options) for group, options in repository.items() if group in GROUPS}

    def make(content: str = MODULE, *words: str) -> Catalogue:
        (tmp_path / "offered.py").write_text(content)
        return offer_own_options(["modules=[offered]", *words], read_catalogue())

    yield make
    sys.modules.pop("offered", None)
    for group, (registry, _) in GROUPS.items():
        registry.functions = kept[group]
        repository.pop(group, None)
    repository.update(stored)


def compose_job(*words: str) -> dict[str, object]:
    with initialize_config_module("hhexp.conf", version_base="1.3"):
        composed = OmegaConf.to_container(compose("config", list(words)))
    assert isinstance(composed, dict)
    return {str(key): value for key, value in composed.items()}


def test_its_keys_are_the_functions_with_their_defaults(offer: Callable[..., Catalogue]) -> None:
    catalogue = offer()
    job = compose_job("model=layered", "model.depth=3", "lr=zigzag", "lr.low=0.2")
    assert job["model"] == {"builder": "layered", "depth": 3, "rate": 0.5, "sizes": [1, 2]}
    assert job["lr"] == {"schedule": "zigzag", "low": 0.2}
    assert catalogue.groups["model"]["layered"].purpose == "A model in layers."
    assert "Your own, from the module offered." in write_help(catalogue)


def test_a_reader_has_the_keys_of_every_data_set_too(offer: Callable[..., Catalogue]) -> None:
    offer()
    data = compose_job("data=table", "data.root=x", "data.test_share=0.5")["data"]
    assert isinstance(data, dict)
    assert {"name", "reader", "image_size", "views", "split_seed", "name_of"} <= data.keys()
    assert (data["name"], data["reader"], data["root"]) == ("table", "table", "x")
    assert (data["image_size"], data["test_share"]) == (None, 0.5)


def test_a_key_without_a_default_is_required(offer: Callable[..., Catalogue]) -> None:
    offer()
    model = compose_job("model=layered")["model"]
    assert isinstance(model, dict)
    assert model["depth"] == "???"


def test_a_yaml_file_of_the_same_name_counts(
    offer: Callable[..., Catalogue], tmp_path: Path
) -> None:
    (tmp_path / "conf/model").mkdir(parents=True)
    (tmp_path / "conf/model/layered.yaml").write_text("# Deep.\n\nbuilder: layered\ndepth: 9\n")
    (tmp_path / "offered.py").write_text(MODULE)
    offer_own_options(["modules=[offered]"], read_catalogue([tmp_path / "conf"]))
    assert "layered.yaml" not in ConfigStore.instance().repo["model"]
    assert "perceptron.yaml" in ConfigStore.instance().repo["model"]


def test_a_default_that_no_configuration_can_hold_is_named(
    offer: Callable[..., Catalogue],
) -> None:
    content = MODULE.replace("rate: float = 0.5", "rate: object = object()")
    with pytest.raises(UserError, match=r"^model=layered: the function's defaults: rate: "):
        offer(content)


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["epochs=1"], []),
        (["modules=[a, b.c]"], ["a", "b.c"]),
        (["-m", "modules=[a],['b']", "epochs=1"], ["a", "b"]),
        (["modules=null", "modules=a"], []),
    ],
)
def test_the_modules_are_those_of_the_command_line(words: list[str], names: list[str]) -> None:
    assert find_own_modules(words) == names
