"""Overrides are read as Hydra reads them, and counted before anything is made of them."""

from dataclasses import replace

import pytest

from hhexp.config.catalogue import Option, read_catalogue
from hhexp.errors import UserError
from hhexp.launching.overrides import check_sweep, read_overrides

TOO_MANY = [
    ["epochs=range(1,100000000)"],
    ["epochs=shuffle(range(1,100000000))"],
    ["a=range(0,1,1e-9)"],
    ["a=range(1,1e18)"],
    [f"{key}=range(0,50)" for key in "abcd"],
    [f"{key}={','.join(map(str, range(20)))}" for key in "abcde"],
]


def test_values_are_read_as_hydra_reads_them() -> None:
    assert read_overrides(
        [
            "aug=none,full",
            "epochs=15,30",
            "model.filters=[8,8]",
            "data.root='a b'",
            "seed=range(0,3)",
        ]
    ) == {
        "aug": ["none", "full"],
        "epochs": ["15", "30"],
        "model.filters": ["[8,8]"],
        "data.root": ["'a b'"],
        "seed": ["0", "1", "2"],
    }


@pytest.mark.parametrize("words", TOO_MANY)
def test_a_grid_of_too_many_runs_is_refused(words: list[str]) -> None:
    for read in (read_overrides, lambda words: check_sweep(words, read_catalogue())):
        with pytest.raises(UserError, match=r"runs; the limit is 10,000: .*HHEXP_MAX_RUNS$"):
            read(words)


@pytest.mark.parametrize(
    "word", ["explain=true,false", "tracking.uri=a,b:secret@c", "tracking=glob(*)", "tracking=a,b"]
)
def test_what_all_runs_share_takes_one_value(word: str) -> None:
    key = word.partition("=")[0]
    options = {"tracking": {"default": Option("default", "", {}), "mine": Option("mine", "", {})}}
    with pytest.raises(UserError, match=f"^{key}: all runs of a sweep have the same") as error:
        check_sweep([word], replace(read_catalogue(), groups=options))
    assert "secret" not in str(error.value)
    check_sweep(["tracking.experiment=x", "explain=true", "seed=1,2"], read_catalogue())


def test_the_limit_can_be_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HHEXP_MAX_RUNS", "20000")
    assert len(read_overrides(["seed=range(0,12000)"])["seed"]) == 12_000


@pytest.mark.parametrize(
    ("word", "problem"),
    [
        ("aug", "aug"),
        ("epochs=range(1,0)", r"epochs=range\(1,0\): has no values"),
        ("epochs=range(1,5,0)", "must not be zero"),
        ("a=range(nan,1)", "nan"),
        ("a=interval(0,1)", "CHOICE and RANGE"),
        ("a=choice()", "empty choice"),
        ("aug=glob(*)", "ConfigLoader"),
        ("a=" + "[" * 500, "no viable"),
    ],
)
def test_what_is_no_list_of_values_is_refused(word: str, problem: str) -> None:
    with pytest.raises(UserError, match=problem):
        read_overrides([word])


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["epochs=range(1,0)"], "epochs=range.*: has no values"),
        (["seed=glob(*)"], "seed=glob.*: has no values"),
        (["aug=glob(zz*)"], "aug=glob.*: has no values"),
        (["epochs=range(1,5,0)"], "must not be zero"),
    ],
)
def test_a_sweep_over_nothing_is_refused(words: list[str], problem: str) -> None:
    with pytest.raises(UserError, match=problem):
        check_sweep(words, read_catalogue())


@pytest.mark.parametrize(
    "words",
    [
        ["aug=glob(*)", "seed=0,1"],
        ["-m", "lr.value=interval(0,1)"],
        ["a=[", "epochs=range(1,100000000)"],
        ["hydra/sweeper=optuna", "epochs=range(1,100000000)"],
    ],
)
def test_what_hydra_reads_or_refuses_itself_passes(words: list[str]) -> None:
    check_sweep(words, read_catalogue())
