"""This machine gives the bits that are on record from other machines.

The record is ``expected_bits.json``, which ``benchmarks/bits.py --record`` makes. A run that is
portable has the same bits on every x86 CPU. So other bits are a failure where the vendor is on
record: a change to the training code moved them. On a CPU of another vendor they are reported as
an expected failure, since they may also refute that claim.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hhexp.training.isa import find_effective, find_option
from hhexp.training.runtime import cpu_name

ROOT = Path(__file__).parents[2]
RECORD = json.loads(Path(__file__).with_name("expected_bits.json").read_text())
HERE = f"{cpu_name()} ({find_effective('native')})"


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", dict.fromkeys([find_effective("native"), "avx2"]))
def test_three_steps_of_the_study_give_the_bits_on_record(name: str, threads: int) -> None:
    found = run("bits.py", "--json", "--isa", option(name), "--threads", str(threads))
    assert found["effective"] == name
    skip_unless_same_versions(found["versions"])
    if str(threads) not in RECORD["three_steps"].get(name, {}):
        pytest.skip(f"{HERE}: {name} is not on record; it gives {found}")
    recorded = RECORD["three_steps"][name][str(threads)]
    assert found["start"] == RECORD["start"]
    assert found["images"] == RECORD["images"]
    check(found["weights"] == recorded["weights"], recorded["seen_on"], found["weights"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "precision"),
    dict.fromkeys(
        [
            ("avx2", "float32"),
            (find_effective("native"), "float32"),
            *([(find_effective("native"), "mixed_bfloat16")] * ("amx" in find_effective("native"))),
        ]
    ),
)
def test_a_small_step_of_each_kind_is_portable_and_gives_the_bits_on_record(
    name: str, precision: str
) -> None:
    isa = option(name)
    found = run("one_step.py", "--isa", isa, "--threads", "2", "--precision", precision)
    assert set(found["portability"].values()) == {"portable"}
    skip_unless_same_versions(found["versions"])
    if precision not in RECORD["one_step"].get(name, {}):
        pytest.skip(f"{HERE}: {name} with {precision} is not on record; it gives {found}")
    recorded = RECORD["one_step"][name][precision]
    off = {key for key, value in found["hashes"].items() if value != recorded["hashes"].get(key)}
    check(not off, recorded["seen_on"], off)
    assert found["hashes"].keys() == recorded["hashes"].keys()


def test_another_vendor_saw_the_bits_on_record() -> None:
    earlier = RECORD["earlier_trial"]["weights"]
    assert {
        (name, threads): RECORD["three_steps"][name][threads]["weights"][: len(digits)] == digits
        for name, by_threads in earlier.items()
        for threads, digits in by_threads.items()
    } == dict.fromkeys(
        [("avx2", "1"), ("avx2", "2"), ("avx512_core", "1"), ("avx512_core", "2")], True
    )


@pytest.mark.real
@pytest.mark.slow
def test_the_same_machine_gives_the_same_bits_twice() -> None:
    one, other = (run("bits.py", "--json", "--isa", "native", "--threads", "2") for _ in range(2))
    assert one["weights"] == other["weights"] != one["start"]


def check(same: bool, seen_on: list[str], found: object) -> None:
    """Fail where the bits are others than those on record; see the top of this file."""
    said = f"{HERE}: other bits than on record from {seen_on}: {found}"
    if not same and find_vendor() not in {machine.partition(",")[0] for machine in seen_on}:
        pytest.xfail(said)
    assert same, said


def find_vendor() -> str:
    """The vendor of this CPU, such as GenuineIntel."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next(line.partition(": ")[2] for line in lines if line.startswith("vendor_id"))


def option(name: str) -> str:
    """The cap that gives an effective set; the test is skipped where the CPU lacks it."""
    if find_effective(find_option(name)) != name:
        pytest.skip(f"{HERE}: has no {name}")
    return find_option(name)


def skip_unless_same_versions(versions: dict[str, str]) -> None:
    if versions != RECORD["versions"]:
        pytest.skip(f"{HERE}: the record is of other versions: {RECORD['versions']}")


def run(script: str, *words: str) -> dict[str, Any]:
    """What a benchmark prints, in a process of its own."""
    command = [sys.executable, ROOT / "benchmarks" / script, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))
