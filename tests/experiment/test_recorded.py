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


PUBLISHED = {
    "name": "images",
    "reader": "published",
    "image_size": None,
    "root": None,
    "train_url": "https://storage.googleapis.com/download.tensorflow.org/data/horse-or-human.zip",
    "train_sha256": "0" * 64,
    "validation_url": "http://127.0.0.1:1/b.zip",
    "validation_sha256": "0" * 64,
    "fingerprint": "0" * 64,
    "views": {},
}


def test_an_address_that_only_the_record_names_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(UserError) as error:
        check_recorded({**values, "data": PUBLISHED}, NOTHING)
    assert str(error.value).startswith(
        "the run's data comes from http://127.0.0.1:1/b.zip: if you trust that, give --addresses "
        "http://127.0.0.1:1/b.zip; or"
    )


def test_an_address_in_a_reader_s_nested_values_is_refused(values: dict[str, Any]) -> None:
    data = {**values["data"], "parts": [{"from": "ftp://example.org/a"}]}
    with pytest.raises(UserError, match=r"comes from ftp://example\.org/a"):
        check_recorded({**values, "data": data}, NOTHING)


@pytest.mark.parametrize(
    "trusted", [Trusted(addresses=("http://127.0.0.1:1/b.zip",)), Trusted(root="/images")]
)
def test_an_address_that_the_person_names_or_that_is_not_needed_passes(
    values: dict[str, Any], trusted: Trusted
) -> None:
    config = check_recorded({**values, "data": PUBLISHED}, trusted)
    assert config.data.arguments["root"] == trusted.root


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *[("fingerprint", text) for text in ("/abs/victim/x", "../x", "0" * 63, "A" * 64, "", 5)],
        *[("train_sha256", text) for text in ("", "sha1:abc", "0" * 64 + "\n")],
        *[
            ("train_url", text)
            for text in ("", "http://", "http://[::1", "file:///etc/passwd", "ftp://a/b", "a b", 5)
        ],
        *[("validation_url", text) for text in ("https://h/a\x1b[2J", "https://h", None)],
        ("name", ""),
        ("image_size", 10**9),
        ("views", {"a": {"box": [0, 0, 0, 0]}}),
    ],
)
def test_a_path_or_an_address_of_another_shape_is_named(
    values: dict[str, Any], key: str, value: object
) -> None:
    trusted = Trusted(addresses=(str(value), PUBLISHED["validation_url"]))
    with pytest.raises(UserError, match=rf"^data\.{key}\b"):
        check_recorded({**values, "data": {**PUBLISHED, key: value}}, trusted)
