"""A job has the configuration that Hydra would compose, whatever its overrides are."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from omegaconf import OmegaConf

from hhexp.launching.composer import Composer, take_apart

CONFIG = """
defaults: [_self_, size: small, {override hydra/launcher: basic}]
epochs: 3
name: run
list: [1, 2]
nested: {a: 1, deeper: {b: x}}
needed: 1
"""


@pytest.fixture
def composer(tmp_path: Path) -> Iterator[Composer]:
    (tmp_path / "size").mkdir()
    (tmp_path / "config.yaml").write_text(CONFIG)
    (tmp_path / "size/small.yaml").write_text("pixels: 8\n")
    (tmp_path / "size/large.yaml").write_text("pixels: 64\ntwice: ${size.pixels}\n")
    (tmp_path / "size/open.yaml").write_text("pixels: ???\n")
    with initialize_config_dir(str(tmp_path), version_base="1.3"):
        master = compose("config", [], return_hydra_config=True)
        yield Composer(GlobalHydra.instance().hydra.config_loader, master)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("overrides", "asked"),
    [
        ("epochs=5 size.pixels=9 nested.deeper.b='a b'", 1),
        ("list=[3,4] name=null", 1),
        ("size=small", 1),
        ("size=open size.pixels=4", 1),
        ("size=large epochs=4 size.pixels=2", 2),
        ("name=${epochs}", 2),
        ("+more=1 ++epochs=2 ~name epochs=7", 2),
        ("nested={a:5}", 2),
        ("nested.deeper={b:5}", 2),
    ],
)
def test_a_job_is_composed_as_hydra_does_it(
    composer: Composer, overrides: str, asked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = overrides.replace("'a b'", "'a_b'").split()
    calls: list[Any] = []
    load = composer._loader.load_sweep_config

    def counted(master: Any, given: list[str]) -> Any:
        calls.append(given)
        return load(master, given)

    monkeypatch.setattr(composer._loader, "load_sweep_config", counted)
    whole = load(composer._master, words)
    composed = composer.compose(words)
    assert resolve(composed.config) == resolve(take_apart(whole, whole.hydra).config)
    assert composed.overrides == tuple(whole.hydra.overrides.task)
    assert composed.choices == {"size": whole.hydra.runtime.choices["size"]}
    assert len(calls) <= asked
    composer.compose(words)
    assert composer.compose(words) == composed


def resolve(config: Any) -> Any:
    return config if isinstance(config, dict) else OmegaConf.to_container(config, resolve=True)


def test_hydra_is_asked_once_for_jobs_that_differ_in_values(
    composer: Composer, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Any] = []
    load = composer._loader.load_sweep_config
    monkeypatch.setattr(
        composer._loader, "load_sweep_config", lambda *a: calls.append(a) or load(*a)
    )
    for epochs in range(1, 20):
        composed = composer.compose(["size=small", f"epochs={epochs}"]).config
        assert isinstance(composed, dict)
        assert (composed["epochs"], composed["name"]) == (epochs, "run")
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("words", "missing"),
    [(["size=open"], ["size.pixels"]), (["size=open", "size.pixels=3"], []), ([], [])],
)
def test_what_is_required_and_not_set_is_found(
    composer: Composer, words: list[str], missing: list[str]
) -> None:
    assert composer.compose(words).find_missing() == missing


@pytest.mark.parametrize("word", ["epoch=3", "size.pixel=1", "nested.a.b=1", "size=huge"])
def test_what_hydra_refuses_is_refused(composer: Composer, word: str) -> None:
    with pytest.raises(HydraException):
        composer.compose([word])
