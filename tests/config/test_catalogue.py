"""The help says what each group and option is for, in the words of the YAML files."""

from pathlib import Path

import pytest

from hhexp.config.catalogue import find_config_dirs, read_catalogue, write_help
from hhexp.errors import UserError


def test_every_group_option_and_key_says_what_it_is_for() -> None:
    catalogue = read_catalogue()
    assert list(catalogue.groups) == [
        "aug", "data", "loss", "lr", "model", "optimizer", "runtime", "tracking",
    ]  # fmt: skip
    for group, options in catalogue.groups.items():
        assert catalogue.defaults[group] in options
        for name, option in options.items():
            assert len(option.purpose) > 10, f"{group}/{name}"
    for key, (_, comment) in catalogue.top.keys.items():
        assert len(comment) > 10, key


def test_the_help_marks_the_defaults_and_fits_the_width() -> None:
    text = write_help(read_catalogue(), width=80)
    assert "  cnn * " in text
    assert "  transfer " in text
    assert "epochs [15]" in text
    assert max(map(len, text.splitlines())) <= 100


def test_a_further_folder_adds_its_options(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "mine.yaml").write_text("# My own model.\n\nbuilder: mine\ndepth: 3\n")
    catalogue = read_catalogue([tmp_path])
    assert catalogue.groups["model"]["mine"].purpose == "My own model."
    assert "model.depth" in catalogue.keys()  # noqa: SIM118
    assert "cnn" in catalogue.groups["model"]


def test_config_dirs_are_found_on_the_command_line(tmp_path: Path) -> None:
    assert find_config_dirs(["--config-dir", str(tmp_path), "epochs=1"]) == [tmp_path]
    assert find_config_dirs([f"--config-dir={tmp_path}"]) == [tmp_path]
    assert find_config_dirs(["epochs=1"]) == []


@pytest.mark.parametrize("content", [b"units: [64", b"- 64", b"units: \xff"])
def test_a_file_that_holds_no_keys_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "mine.yaml").write_bytes(content)
    with pytest.raises(UserError, match=r"model/mine\.yaml: ") as raised:
        read_catalogue([tmp_path])
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mine.yml", r"mine\.yml: must be called mine\.yaml"),
        ("0.1.yaml", r"an option's name must not be 0\.1"),
        ("True.yaml", "an option's name must not be True"),
    ],
)
def test_a_file_that_can_be_no_option_is_named(name: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "lr").mkdir()
    (tmp_path / "lr" / name).write_text("schedule: constant\nvalue: 0.1\n")
    with pytest.raises(UserError, match=said):
        read_catalogue([tmp_path])
