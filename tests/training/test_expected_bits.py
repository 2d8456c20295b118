"""Whether this machine gives the bits that are on record from other machines.

The record is ``expected_bits.json``, which ``benchmarks/bits.py --record`` makes. Another CPU may
give others, which is no failure: the test says what it found, and on which CPU.
``docs/reproducibility.md`` says what is known.
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


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", dict.fromkeys([find_effective("native"), "avx2"]))
def test_the_bits_are_those_on_record(name: str, threads: int) -> None:
    here = f"{cpu_name()} ({find_effective('native')})"
    if find_effective(find_option(name)) != name:
        pytest.skip(f"{here}: has no {name}")
    found = three_steps(name, threads)
    assert found["effective"] == name
    for part in ("versions", "sources"):
        if found[part] != RECORD[part]:
            pytest.skip(f"{here}: the record is of other {part}: {RECORD[part]}")
    if str(threads) not in RECORD["weights"].get(name, {}):
        pytest.skip(f"{here}: {name} is not on record; it gives {found}")
    off = [
        f"{part} {found[part][:12]} instead of {wanted[:12]}"
        for part, wanted in {
            "start": RECORD["start"],
            "images": RECORD["images"],
            "weights": RECORD["weights"][name][str(threads)],
        }.items()
        if found[part] != wanted
    ]
    if off:
        pytest.skip(f"{here}: other bits with {name}, {threads} threads: {', '.join(off)}")
    print(f"{here}: the bits on record for {name}, {threads} threads")


@pytest.mark.real
@pytest.mark.slow
def test_the_same_machine_gives_the_same_bits_twice() -> None:
    one, other = three_steps("native", 2), three_steps("native", 2)
    assert one["weights"] == other["weights"] != one["start"]


def three_steps(name: str, threads: int) -> dict[str, Any]:
    """What ``benchmarks/bits.py`` gives, in a process of its own."""
    cap = "native" if name == "native" else find_option(name)
    command = [sys.executable, ROOT / "benchmarks/bits.py", "--json"]
    done = subprocess.run(
        [*command, "--isa", cap, "--threads", str(threads)],
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(json.loads(done.stdout))
