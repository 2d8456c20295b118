"""The first step that differs is found, and the settings to compare are taken apart."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from hhexp.errors import UserError
from hhexp.experiment import Job, check_config
from hhexp.experiment.trace import Step, Trace
from hhexp.reproduction.bisect import find_first_step, make_jobs, read_past
from hhexp.reproduction.record import Record

NAMES = ("conv_1/kernel", "conv_1/bias", "dense/kernel")


def trace(*steps: tuple[int, int, str], names: Sequence[str] = NAMES) -> Trace:
    """Of steps given by epoch, step and a letter for each variable."""
    made = [Step(epoch, step, "".join(letters), tuple(letters)) for epoch, step, letters in steps]
    return Trace(tuple(names), made)


EQUAL = trace((1, 0, "aaa"), (1, 1, "bbb"), (2, 1, "ccc"))


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (
            trace((1, 0, "aaa"), (1, 1, "bxb"), (2, 1, "xxx")),
            "epoch 1, step 1, variable conv_1/bias; the other 2 variables are the same",
        ),
        (
            trace((1, 0, "aaa"), (1, 1, "bbb"), (2, 1, "xcx")),
            "epoch 2, step 1, variable conv_1/kernel, then dense/kernel; 2 of 3 variables differ",
        ),
        (
            trace((1, 0, "xxx"), (1, 1, "xxx"), (2, 1, "xxx")),
            "epoch 1, step 0, variable conv_1/kernel (before any step: the weights that the "
            "training starts with), and so do all 3 variables",
        ),
    ],
)
def test_the_first_step_and_its_variables_are_named(other: Trace, said: str) -> None:
    assert str(find_first_step(EQUAL, other, 2)) == f"first difference: {said}"
    assert find_first_step(EQUAL, EQUAL, 2) is None


def test_what_stops_at_another_epoch_is_compared_up_to_there() -> None:
    longer = trace((1, 0, "aaa"), (1, 1, "bxb"), (2, 0, "bxb"), (2, 1, "ccc"), (3, 0, "ccc"))
    found = find_first_step(EQUAL, longer, 9)
    assert found is not None and (found.epoch, found.step) == (1, 1)


def test_only_so_many_epochs_are_compared() -> None:
    shorter = trace((1, 0, "aaa"), (1, 1, "bbb"))
    assert find_first_step(EQUAL, shorter, 1) is None
    with pytest.raises(UserError, match="not of the same steps"):
        find_first_step(EQUAL, shorter, 2)


def test_models_of_other_variables_are_not_compared() -> None:
    with pytest.raises(UserError, match="models of 3 and 1 variables"):
        find_first_step(EQUAL, trace((1, 0, "a"), names=["dense/kernel"]), 1)


def test_a_run_without_a_trace_says_what_to_do(make_record: Callable[..., Record]) -> None:
    with pytest.raises(UserError, match=r"^run 00000000 has no trace .* state\.trace=true"):
        read_past(make_record())


@pytest.mark.parametrize(("weights", "agrees"), [("a" * 64, True), ("b" * 64, False)])
def test_a_trace_of_another_history_is_refused(
    make_record: Callable[..., Record], weights: str, agrees: bool
) -> None:
    steps = [Step(1, 0, "c" * 64, ("0" * 16,)), Step(1, 1, weights, ("1" * 16,))]
    past = Trace(("dense/kernel",), steps)
    record = make_record(files={"steps.csv": past.text})
    if agrees:
        assert read_past(record) == past
    else:
        with pytest.raises(UserError, match=r"steps\.csv does not agree .* in epoch 1"):
            read_past(record)


@pytest.fixture
def job() -> Job:
    folder = Path(__file__).parents[2] / "src" / "hhexp" / "conf"
    with initialize_config_dir(str(folder), version_base="1.3"):
        composed: Any = OmegaConf.to_container(compose("config"), resolve=False)
    composed.pop("hydra", None)
    return Job("a run", check_config(composed))


def settings_of(jobs: Sequence[Job]) -> list[tuple[str, int, str]]:
    return [(job.config.runtime.isa, job.config.runtime.threads, job.key) for job in jobs]


def test_one_value_is_compared_with_the_run_as_recorded_and_two_with_each_other(job: Job) -> None:
    as_it_was, threads = job.config.runtime.isa, job.config.runtime.threads
    assert settings_of(make_jobs(job, ["runtime.isa=avx"], 1)) == [
        (as_it_was, threads, "a run, as recorded"),
        ("avx", threads, "a run, runtime.isa=avx"),
    ]
    assert settings_of(make_jobs(job, ["runtime.isa=avx,sse41", "runtime.threads=7"], 1)) == [
        ("avx", threads, "a run, runtime.isa=avx"),
        ("sse41", 7, "a run, runtime.isa=sse41 runtime.threads=7"),
    ]


def test_each_job_has_a_trace_and_is_trained_from_nothing(job: Job) -> None:
    for each in [*make_jobs(job, [], 3), *make_jobs(job, ["seed=5"], 3)]:
        assert each.config.epochs == 3
        assert each.config.state.trace and not each.config.may_reuse
    assert make_jobs(job, ["model.filters=[8,8]"], 1)[1].config.model.arguments["filters"] == [8, 8]


@pytest.mark.parametrize(
    "setting",
    ["runtime.isa", "=avx2", "runtime.isa=avx,avx2,sse41", "runtime.isa=", "a=[", "seed.deep=1",
     "runtime.no_such=1", "no_such.key=1", "runtime.isa=none"],
)  # fmt: skip
def test_a_wrong_setting_is_refused(job: Job, setting: str) -> None:
    with pytest.raises(UserError):
        make_jobs(job, [setting], 1)
