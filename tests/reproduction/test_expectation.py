"""Exact numbers are promised only where everything on record says that they must come."""

import json
from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

import pytest

from hhexp.experiment import Job
from hhexp.reproduction.expectation import (
    describe_expectation,
    explain_difference,
    find_vendor,
    is_portable,
)
from hhexp.reproduction.record import Record
from hhexp.reproduction.retrain import Reproduction

INTEL = {"cpu": "Intel(R) Xeon(R) Processor", "cpu_flags": ["avx2"]}
AMD = {"cpu": "AMD EPYC 9R14", "cpu_flags": ["avx2"]}
UNKNOWN = {"cpu": "QEMU Virtual CPU version 2.5+", "cpu_flags": ["avx2"]}


@pytest.fixture
def reproduce(make_record: Callable[..., Record]) -> Callable[..., Reproduction]:
    """A reproduction of a run of an Intel CPU on an Intel CPU, but for what is given."""

    def make(
        machine: dict[str, Any] | None = None,
        now: dict[str, Any] | None = None,
        identity: dict[str, Any] | None = None,
        **changes: Any,
    ) -> Reproduction:
        recorded = {"device": "cpu", "threads": 2, "source hhexp/training/step.py": "a", **changes}
        files = {"machine.json": json.dumps(machine)} if machine != {} else {}
        if machine is None:
            files = {"machine.json": json.dumps(INTEL)}
        record = make_record(identity=recorded, files=files)
        there = {"provenance/machine.json": json.dumps(now or INTEL)}
        return Reproduction(record, Mock(Job), {**recorded, **(identity or {})}, there, 20, ())

    return make


def test_the_same_vendor_and_nothing_changed_should_be_exact(
    reproduce: Callable[..., Reproduction],
) -> None:
    for now in (INTEL, {"cpu": "Intel(R) Core(TM) i7", "cpu_flags": ["avx512f"]}):
        assert describe_expectation(reproduce(now=now)) == [
            "Nothing that affects the numbers has changed, and the CPU is of the same vendor: the "
            "numbers should come back exactly."
        ]


def test_a_file_that_is_known_by_now_to_move_no_number_is_no_reason(
    reproduce: Callable[..., Reproduction],
) -> None:
    made = reproduce(**{"source hhexp/models/acceptance.py": "a"})
    del made.identity["source hhexp/models/acceptance.py"]  # type: ignore[attr-defined]
    assert describe_expectation(made)[0].startswith("Nothing that affects the numbers has changed")


@pytest.mark.parametrize(
    ("machine", "now", "reason"),
    [
        (INTEL, AMD, "recorded on an Intel CPU, this is AMD"),
        ({"cpu": "Hygon C86"}, INTEL, "recorded on a Hygon CPU, this is Intel"),
        (UNKNOWN, INTEL, "the vendor of the CPU it was trained on is not known"),
        ({}, INTEL, "the vendor of the CPU it was trained on is not known"),
        (INTEL, UNKNOWN, "the vendor of the CPU of this machine is not known"),
    ],
)
def test_another_or_an_unknown_vendor_is_the_reason_why_not(
    reproduce: Callable[..., Reproduction], machine: Any, now: Any, reason: str
) -> None:
    said = describe_expectation(reproduce(machine, now))
    assert said == [f"The numbers may not come back exactly: {reason}."]
    assert explain_difference(reproduce(machine, now)) == f"A possible cause: {reason}."


def test_a_portable_run_should_be_exact_on_every_vendor(
    reproduce: Callable[..., Reproduction], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hhexp.reproduction.expectation.is_portable", lambda record: True)
    (said,) = describe_expectation(reproduce(INTEL, AMD))
    assert "the run is portable: the numbers should come back exactly" in said


def test_a_run_without_a_mark_is_not_taken_to_be_portable(
    make_record: Callable[..., Record],
) -> None:
    assert is_portable(make_record()) is None
    assert is_portable(make_record(identity={"portability": "gelu: Erfc"})) is False


@pytest.mark.parametrize(("reasons", "portable"), [([], True), (["gelu: Erfc"], False)])
def test_a_run_is_as_portable_as_its_graphs_said(
    make_record: Callable[..., Record], reasons: list[str], portable: bool
) -> None:
    record = make_record(files={"portability.json": json.dumps({"reasons": reasons})})
    assert is_portable(record) is portable


def test_what_changed_comes_before_the_machine(reproduce: Callable[..., Reproduction]) -> None:
    (said,) = describe_expectation(reproduce(INTEL, AMD, {"threads": 1}))
    assert said == (
        "The numbers may not come back exactly: threads 2 → 1; recorded on an Intel CPU, this is "
        "AMD."
    )


def test_changed_code_alone_may_be_exact(reproduce: Callable[..., Reproduction]) -> None:
    code = {"source hhexp/training/step.py": "b"}
    said, hint = describe_expectation(reproduce(identity=code))
    assert said.startswith("The numbers come back exactly if the changed code does not affect them")
    assert said.endswith(": source hhexp/training/step.py.")
    assert hint == "For the recorded code: --code recorded"
    explained = explain_difference(reproduce(identity=code))
    assert explained == "The changed code may be the cause: source hhexp/training/step.py."
    both = describe_expectation(reproduce(INTEL, AMD, code))[0]
    assert both.startswith("The numbers may not come back exactly: source")


def test_long_lists_are_cut_and_recorded_versions_are_offered(
    reproduce: Callable[..., Reproduction],
) -> None:
    then = {"keras": "3.14", "numpy": "2.3"}
    now = {"keras": "3.15", "numpy": "2.4", "threads": 1, "seed": 1}
    said, hint = describe_expectation(reproduce(identity=now, seed=0, **then))
    assert said.endswith("keras 3.14 → 3.15; numpy 2.3 → 2.4; seed 0 → 1; and 1 more.")
    assert hint == "For the recorded versions: --packages recorded"


@pytest.mark.parametrize(
    ("then", "now", "exact"),
    [
        (["A100, 1, 40 GB"], ["A100, 1, 40 GB"], True),
        (["A100, 1, 40 GB"], ["A100, 2, 40 GB"], False),
        ([], [], False),
    ],
)
def test_on_a_gpu_the_gpu_and_its_driver_must_be_the_same(
    reproduce: Callable[..., Reproduction], then: list[str], now: list[str], exact: bool
) -> None:
    gpus = {**INTEL, "gpus": then}, {**INTEL, "gpus": now}
    (said,) = describe_expectation(reproduce(*gpus, device="gpu"))
    assert ("should come back exactly" in said) is exact


def test_a_difference_that_nothing_explains_is_said(
    reproduce: Callable[..., Reproduction],
) -> None:
    assert explain_difference(reproduce()) == "Nothing on record explains the difference."


@pytest.mark.parametrize(
    ("machine", "vendor"),
    [
        ({"cpu": "AMD Ryzen 9 7950X 16-Core Processor"}, "AMD"),
        ({"cpu": "Intel64 Family 6 Model 158 Stepping 10, GenuineIntel"}, "Intel"),
        ({"cpu": "AMD64 Family 25 Model 33 Stepping 2, AuthenticAMD"}, "AMD"),
        ({"cpu": "Apple M2"}, "Apple"),
        ({"cpu": "aarch64"}, None),
        ({"cpu": "AMD64"}, None),
        ({"cpu": "Common KVM processor", "cpu_flags": ["sse4a", "avx2"]}, "AMD"),
        ({"cpu": "Common KVM processor", "cpu_flags": ["rtm", "avx2"]}, "Intel"),
        ({"cpu": "Common KVM processor", "cpu_flags": ["rtm", "sse4a"]}, None),
        ({"cpu": None, "cpu_flags": None}, None),
        ({}, None),
    ],
)
def test_the_vendor_is_found_by_name_or_flags(machine: dict[str, Any], vendor: str | None) -> None:
    assert find_vendor(machine) == vendor
