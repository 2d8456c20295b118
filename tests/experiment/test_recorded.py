"""A recorded configuration names nothing that is run, unless the person names it too."""

import sys
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_module
from omegaconf import OmegaConf

from hhexp.config.registry import import_modules
from hhexp.errors import UserError
from hhexp.experiment import NOTHING, Trusted, check_recorded


@pytest.fixture
def values() -> dict[str, Any]:
    """A configuration as a run logs it."""
    with initialize_config_module("hhexp.conf", version_base=None):
        composed = OmegaConf.to_container(compose("config"), resolve=True)
    assert isinstance(composed, dict)
    return {str(key): value for key, value in composed.items()}


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The mark that a module ``planted`` of the current folder leaves where it is imported."""
    (tmp_path / "planted.py").write_text(
        f"from pathlib import Path\nPath({str(tmp_path / 'mark')!r}).touch()\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "planted", raising=False)
    return tmp_path / "mark"


def test_a_module_that_only_the_record_names_is_refused(
    values: dict[str, Any], planted: Path
) -> None:
    with pytest.raises(UserError, match=r"used the modules planted: .* give --modules planted"):
        check_recorded({**values, "modules": ["planted"]}, NOTHING)
    assert not planted.exists()


def test_a_module_that_the_person_names_is_imported(values: dict[str, Any], planted: Path) -> None:
    trusted = Trusted(modules=("planted",))
    config = check_recorded({**values, "modules": ["planted"]}, trusted)
    assert config.modules == ["planted"] and planted.exists()


def test_a_module_that_is_imported_already_is_refused_too(values: dict[str, Any]) -> None:
    import_modules(["json"])
    with pytest.raises(UserError, match="the modules json"):
        check_recorded({**values, "modules": ["json"]}, NOTHING)


@pytest.mark.parametrize("modules", [5, "evil", {"evil": 1}, [["evil"]], [None], True])
def test_modules_of_another_shape_are_refused(values: dict[str, Any], modules: object) -> None:
    with pytest.raises(UserError, match="modules: must be a list of names"):
        check_recorded({**values, "modules": modules}, NOTHING)
