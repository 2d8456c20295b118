"""An installed package offers a module by an entry point; only what is named is imported."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hhexp.config.registry import find_module, import_modules, metric_function
from hhexp.errors import UserError
from hhexp.experiment.recorded import Trusted, check_recorded

PARTS = """
from hhexp.config.registry import metric_function

@metric_function
def offered_margin(labels, probabilities):
    return 0.0
"""


def install(site: Path, package: str, points: str, content: str = PARTS) -> None:
    """What pip leaves of a package: its module ``parts``, and what it says of itself."""
    (site / package).mkdir()
    (site / package / "__init__.py").touch()
    (site / package / "parts.py").write_text(content)
    info = site / f"{package}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[hhexp.plugins]\n{points}\n")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of installed packages."""
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.startswith("own_"):
            del sys.modules[name]
    metric_function.functions.pop("offered_margin", None)


def test_the_module_behind_a_name_is_imported_and_recorded(site: Path) -> None:
    install(site, "own_textures", "textures = own_textures.parts")
    install(site, "own_others", "others = own_others.parts", "raise RuntimeError('imported')")
    assert import_modules(["textures"]) == ["own_textures.parts"]
    assert "offered_margin" in metric_function.functions
    assert "own_others.parts" not in sys.modules


def test_a_name_that_nothing_offers_is_a_module(site: Path) -> None:
    assert find_module("own_anything") == "own_anything"
    with pytest.raises(UserError, match="modules: cannot import 'own_anything'"):
        import_modules(["own_anything"])


def test_what_could_mean_two_modules_is_refused(site: Path) -> None:
    install(site, "own_a", "shared = own_a.parts\nown_c = own_a.parts")
    install(site, "own_b", "shared = own_b.parts")
    with pytest.raises(UserError, match=r"offer own_a\.parts, own_b\.parts as 'shared': name one"):
        find_module("shared")
    (site / "own_c.py").touch()
    with pytest.raises(UserError, match=r"there is a module 'own_c', and an installed package"):
        find_module("own_c")


@pytest.mark.parametrize("recorded", ["own_record.parts", "records"])
def test_a_record_imports_nothing_of_itself(
    site: Path, recorded: str, configuration: Callable[..., dict[str, Any]]
) -> None:
    install(site, "own_record", "records = own_record.parts")
    values = configuration(f"modules=[{recorded}]")
    with pytest.raises(UserError, match=f"give --modules {recorded}"):
        check_recorded(values, Trusted())
    assert "own_record.parts" not in sys.modules


@pytest.mark.parametrize("named", ["own_named.parts", "names"])
def test_a_record_is_taken_up_where_its_module_is_named_either_way(
    site: Path, named: str, configuration: Callable[..., dict[str, Any]]
) -> None:
    install(site, "own_named", "names = own_named.parts")
    values = configuration("modules=[own_named.parts]", "metrics=[offered_margin]")
    config = check_recorded(values, Trusted(modules=(named,)))
    assert config.modules == ["own_named.parts"]
    assert [part.name for part in config.metrics] == ["offered_margin"]


@pytest.fixture
def configuration() -> Callable[..., dict[str, Any]]:
    """Composes a configuration, as a record has it."""
    from hydra import compose, initialize_config_module
    from omegaconf import OmegaConf

    def make(*words: str) -> dict[str, Any]:
        with initialize_config_module("hhexp.conf", version_base="1.3"):
            values: Any = OmegaConf.to_container(compose("config", list(words)), resolve=True)
        return dict(values)

    return make
