"""A search space is read as Hydra reads its overrides."""

import pytest

pytest.importorskip("optuna", minversion="4")

from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from hhexp.errors import UserError
from hhexp.launching.search.space import read_space


@pytest.mark.parametrize(
    ("word", "values"),
    [
        ("a=interval(0,1.5)", FloatDistribution(0, 1.5)),
        ("a=tag(log, interval(1e-5, 1e-2))", FloatDistribution(1e-5, 1e-2, log=True)),
        ("a=interval(1,8)", FloatDistribution(1, 8)),
        ("a=tag(log, range(1,9))", IntDistribution(1, 8, log=True)),
        ("a=int(interval(1,8))", IntDistribution(1, 8)),
        ("a=range(0,10)", IntDistribution(0, 9)),
        ("a=range(8,64,8)", IntDistribution(8, 56, step=8)),
        ("a=range(5,0,-2)", IntDistribution(1, 5, step=2)),
        ("a=range(0,1,0.1)", FloatDistribution(0, 0.9, step=0.1)),
        ("a=shuffle(range(0,3))", IntDistribution(0, 2)),
        ("a=none,full", CategoricalDistribution(["none", "full"])),
        ("a=choice(none, full, none)", CategoricalDistribution(["none", "full"])),
        ("a=[8,8],[16,16]", CategoricalDistribution(["[8,8]", "[16,16]"])),
    ],
)
def test_values_are_those_of_hydras_syntax(word: str, values: object) -> None:
    assert read_space({}, [word]).searched == {"a": values}


def test_what_is_not_searched_is_shared_and_the_command_line_goes_before_yaml() -> None:
    space = read_space(
        {"lr.value": "interval(1,2)", "aug": "none,full", "epochs": 5}, ["aug=flip", "seed=3"]
    )
    assert space.searched == {"lr.value": FloatDistribution(1, 2)}
    assert space.fixed == ("aug=flip", "epochs=5", "seed=3")
    assert space.write_overrides({"lr.value": 2})[-1] == "lr.value=2"


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["epochs=5"], "there is nothing to search"),
        (["a=range(1,1)"], r"a=range\(1,1\): has no values"),
        (["a=range(1,5,0)"], "a=range"),
        (["a=tag(log, interval(0,1))"], "a=tag"),
        (["a=interval(2,1)"], "a=interval"),
        (["a=glob(*)"], r"choice\(none, full\)"),
        (["runtime.threads=1,2"], "all trials of a search have the same"),
        (["objective=val/loss,val/accuracy"], "all trials of a search have the same"),
        (["tracking.uri=a,b"], "all trials of a search have the same"),
    ],
)
def test_what_cannot_be_searched_is_refused_in_one_line(words: list[str], problem: str) -> None:
    with pytest.raises(UserError, match=problem) as error:
        read_space({}, words)
    assert "\n" not in str(error.value)
