"""Flags that Hydra does not know mean a key, or are refused in one line."""

import pytest

from hhexp.config.catalogue import read_catalogue
from hhexp.errors import UserError
from hhexp.launching.composition import check_options
from hhexp.launching.flags import check_flags


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--epochs", "5"], "--epochs: no such flag; a key is written as epochs=5"),
        (["--epochs=5", "aug=full"], "--epochs: no such flag; a key is written as epochs=5"),
        (["--batch-size", "8"], "--batch-size: no such flag; a key is written as batch_size=8"),
        (["--learning-rate"], "--learning-rate: no such flag; a key is written as lr.value=…"),
        (["--min-class"], "--min-class: no such flag; see --help"),
        (["--multirn"], "--multirn: no such flag; nearest: --multirun; see --help"),
        (["-e", "5"], "-e: no such flag; see --help"),
        (["--cfg", "job", "-m"], "--cfg and -m: give only one of them"),
    ],
)  # fmt: skip
def test_an_unknown_flag_says_how_it_is_written(words: list[str], said: str) -> None:
    with pytest.raises(UserError) as refused:
        check_flags(words, read_catalogue())
    assert str(refused.value) == said


@pytest.mark.parametrize(
    "words",
    [["-m", "aug=none,full"], ["--cfg", "job", "--resolve"], ["--config-dir=mine"], ["seed=-1"]],
)
def test_hydras_own_flags_pass(words: list[str]) -> None:
    check_flags(words, read_catalogue())


@pytest.mark.parametrize("number", ["0.001", "1e-3", ".1"])
def test_a_number_for_a_group_names_the_key_that_takes_it(number: str) -> None:
    with pytest.raises(UserError, match=rf"lr={number}: .* did you mean lr\.value={number}\?"):
        check_options([f"lr={number}"], read_catalogue())
