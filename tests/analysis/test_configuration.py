"""Which runs are of a study's configuration, by what is on record of them."""

import json
from datetime import UTC, datetime
from typing import Any

from hhexp.analysis.configuration import keep_alike
from hhexp.tracking.query import StoredRun

IDENTITY = {"lr.value": 0.001, "lr.schedule": "constant", "data": "a1", "batch_size": 32}
AUG = {"aug.engine": "affine", "aug.rotation_range": 40.0}


def run(
    number: int, *, aug: str = "full", seed: int = 0, params: Any = None, **parts: Any
) -> tuple[StoredRun, dict[str, str]]:
    identity = {**IDENTITY, **(AUG if aug == "full" else {}), "seed": seed, **parts}
    stored = StoredRun(
        f"{number:032x}", "run", "FINISHED", {"seed": str(seed), "aug": aug, **(params or {})},
        {"hhexp.identity": json.dumps(identity)}, datetime(2026, 1, 1 + number, tzinfo=UTC),
        None, None,
    )  # fmt: skip
    return stored, {"aug": aug}


def test_runs_that_differ_by_the_grid_and_the_seed_are_all_kept() -> None:
    placed = [run(n, aug=aug, seed=n) for n, aug in enumerate(("none", "full", "none", "full"))]
    assert keep_alike(placed, ["aug", "epochs"]) == (placed, [])


def test_another_learning_rate_is_no_seed_of_the_cell_and_is_named() -> None:
    placed = [run(n, seed=n) for n in range(3)]
    other = run(7, seed=7, **{"lr.value": 0.01})
    kept, notes = keep_alike([*placed, other], ["aug"])
    assert kept == placed
    assert notes == [
        "aug=full seed=7 (00000000) is not counted: it differs from the study's other runs in "
        "lr.value 0.001 → 0.01."
    ]


def test_so_is_one_of_other_code_or_images() -> None:
    placed = [run(0), run(1, seed=1), run(2, seed=2, **{"data": "b2", "source hhexp/x.py": "c3"})]
    kept, notes = keep_alike(placed, ["aug"])
    assert kept == placed[:2]
    assert notes[0].endswith("in data; source hhexp/x.py.")


def test_cells_that_differ_in_more_than_the_grid_are_not_compared() -> None:
    plain = [run(n, aug="none", seed=n) for n in range(3)]
    faster = [run(3 + n, aug="full", seed=n, **{"lr.value": 0.01}) for n in range(2)]
    kept, notes = keep_alike([*plain, *faster], ["aug"])
    assert kept == plain
    assert len(notes) == 2


def test_of_two_configurations_with_as_many_runs_the_newer_counts() -> None:
    old = [run(n, seed=n, **{"tensorflow": "1"}) for n in range(2)]
    new = [run(2 + n, seed=n, **{"tensorflow": "2"}) for n in range(2)]
    assert keep_alike([*old, *new], ["aug"])[0] == new


def test_a_grid_may_vary_a_part_of_the_augmentation_down_to_none() -> None:
    key = "aug.rotation_range"
    some = run(0)
    none = run(1, aug="none", params={"aug.engine": "affine", key: "0.0"})
    assert keep_alike([some, none], [key]) == ([some, none], [])


def test_a_run_without_an_identity_is_told_by_its_parameters() -> None:
    def plain(number: int, **params: str) -> tuple[StoredRun, dict[str, str]]:
        stored, cell = run(number, params=params)
        stored.tags.clear()
        return stored, cell

    placed = [plain(0, **{"device": "a CPU"}), plain(1, **{"device": "another"})]
    other = plain(2, **{"lr.value": "0.01"})
    assert keep_alike([*placed, other], ["aug"])[0] == placed
