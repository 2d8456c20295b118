"""What comes from a store is other people's input: it can name no function to call.

Paths of artifacts are in ``tracking/test_artifacts.py``, models in ``tracking/test_models.py``.
"""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_module
from omegaconf import OmegaConf

import hhexp.data
import hhexp.models  # noqa: F401 (registers the builders)
from hhexp.config.check import check
from hhexp.errors import UserError
from hhexp.experiment import NOTHING
from hhexp.reproduction import published
from hhexp.reproduction.record import Record
from hhexp.reproduction.retrain import prepare_reproduction

CALLABLES = [
    "os.system",
    "builtins.eval",
    "subprocess.run",
    "shutil.rmtree",
    "hhexp.models.cnn.cnn",
    "__import__",
    "../cnn",
    "CNN",
    "",
]


@pytest.fixture(scope="module")
def sound() -> dict[str, Any]:
    """A configuration as a run logs it."""
    with initialize_config_module("hhexp.conf", version_base=None):
        values = OmegaConf.to_container(compose("config"), resolve=True)
    assert isinstance(values, dict)
    return {str(key): value for key, value in values.items()}


@pytest.fixture
def crafted(sound: dict[str, Any]) -> Callable[[str, Any], dict[str, Any]]:
    """That configuration with one key changed or added."""

    def craft(key: str, value: Any) -> dict[str, Any]:
        values = copy.deepcopy(sound)
        *groups, name = key.split(".")
        section = values
        for group in groups:
            section = section[group]
        section[name] = value
        return values

    return craft


@pytest.fixture(autouse=True)
def no_process(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was called in spite of all; the test fails where something was."""
    called: list[str] = []
    for name in ("os.system", "subprocess.Popen.__init__", "os.execv", "os.posix_spawn"):
        monkeypatch.setattr(name, lambda *a, name=name, **k: called.append(name))
    return called


def refused(values: dict[str, Any], called: list[str]) -> str:
    with pytest.raises(UserError) as error:
        check(values)
    assert called == []
    message = str(error.value)
    assert "\n" not in message and len(message) < 300
    return message


def test_a_sound_configuration_passes(sound: dict[str, Any]) -> None:
    assert check(sound).model.builder == "cnn"


@pytest.mark.parametrize("name", CALLABLES)
@pytest.mark.parametrize("key", ["model.builder", "data.reader"])
def test_a_callable_that_nobody_registered_is_refused(
    key: str, name: str, crafted: Callable[..., dict[str, Any]], no_process: list[str]
) -> None:
    message = refused(crafted(key, name), no_process)
    kind = "model builder" if key == "model.builder" else "data reader"
    assert message.startswith(f"{key}={name}: no such {kind}")


@pytest.mark.parametrize(
    "key",
    [
        "_target_",
        "model._target_",
        "data._target_",
        "optimizer._target_",
        "lr._target_",
        "aug._target_",
        "runtime._target_",
        "tracking._target_",
        "state._target_",
    ],
)
def test_hydra_s_instantiation_keys_are_refused(
    key: str, crafted: Callable[..., dict[str, Any]], no_process: list[str]
) -> None:
    message = refused(crafted(key, "os.system"), no_process)
    assert key in message and "no such key" in message


@pytest.mark.parametrize("value", [["cnn"], {"_target_": "os.system"}, 1, None])
def test_a_name_must_be_a_text(
    value: Any, crafted: Callable[..., dict[str, Any]], no_process: list[str]
) -> None:
    assert "model.builder" in refused(crafted("model.builder", value), no_process)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("optimizer.name", "os.system"),
        ("lr.schedule", "os.system"),
        ("aug.engine", "os.system"),
        ("model.filters", "__import__('os').system('x')"),
        ("seed", "__import__('os').getpid()"),
        ("data.sha256", {"_target_": "os.system", "_args_": ["x"]}),
    ],
)
def test_no_value_is_evaluated(
    key: str, value: Any, crafted: Callable[..., dict[str, Any]], no_process: list[str]
) -> None:
    assert key.partition(".")[0] in refused(crafted(key, value), no_process)


def test_a_python_object_in_a_recorded_configuration_is_not_made(tmp_path: Path) -> None:
    """PyYAML's safe loader, which reads recorded configurations, refuses tags."""
    mark = tmp_path / "mark"
    file = tmp_path / f"{'0' * 32}.yaml"
    file.write_text(f"config: !!python/object/apply:os.system ['touch {mark}']\n")
    with pytest.raises(UserError, match="python/object/apply"):
        published.read(file)
    assert not mark.exists()


def test_a_recorded_module_is_not_imported(
    crafted: Callable[..., dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only those that the person names on the command line now."""
    (tmp_path / "planted.py").write_text(
        f"from pathlib import Path\nPath({str(tmp_path / 'mark')!r}).touch()\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    record = Record(
        run_id="0" * 32,
        where="a store",
        name="a run",
        overrides=[],
        config={**crafted("modules", ["planted"]), "epochs": 0},
        identity={},
        epochs=[],
        files={},
    )
    with pytest.raises(UserError, match="planted"):
        prepare_reproduction(record, [], epochs=None, trusted=NOTHING)
    assert not (tmp_path / "mark").exists()
