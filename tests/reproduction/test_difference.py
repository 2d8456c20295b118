"""Two runs' provenance side by side: what differs, and what to suspect first."""

import io
import json
from collections.abc import Mapping
from typing import Any

from rich.console import Console

from hhexp.reproduction.difference import (
    Difference,
    find_differences,
    list_uncompared,
    tabulate_differences,
)

CONFIG = "epochs: 2\nruntime:\n  threads: 2\n  isa: native\ntracking:\n  label: null\n"


def provenance(**changes: Any) -> dict[str, str]:
    """A run's provenance; a change is ``machine={"cpu": "Other"}`` or a text for the file."""
    texts: dict[str, Any] = {
        "config.yaml": CONFIG,
        "packages.txt": "idna==3\nkeras==3.15.0\nmlflow==3.17\n",
        "data.json": {"files": [{"path": "train/a/1.png", "bytes": 9, "sha256": "a" * 64}]},
        "sources.json": {"hhexp/training/step.py": "1" * 64, "hhexp/ui.py": "2" * 64},
        "git.json": {"modules": ["hhexp"], "commit": "c" * 40, "others": []},
        "machine.json": {
            "cpu": "One CPU",
            "instruction_set": "avx512_core",
            "cpu_flags": ["avx", "avx2"],
            "caches": {"L2": "2048K of 0"},
        },
        "environment.json": {"TF_ENABLE_ONEDNN_OPTS": "1"},
    }
    for stem, change in changes.items():
        name = next(name for name in texts if name.startswith(stem))
        texts[name] = {**texts[name], **change} if isinstance(change, Mapping) else change
    return {
        f"provenance/{name}": value if isinstance(value, str) else json.dumps(value)
        for name, value in texts.items()
    }


def only(now: dict[str, str]) -> Difference:
    (found,) = find_differences(provenance(), now)
    return found


def test_equal_provenance_has_no_difference() -> None:
    assert find_differences(provenance(), provenance()) == []


def test_each_kind_is_found_and_named() -> None:
    changed = only(provenance(config=CONFIG.replace("epochs: 2", "epochs: 3")))
    assert changed == Difference("configuration", "epochs", "2", "3", 1)
    changed = only(provenance(config=CONFIG.replace("threads: 2", "threads: 4")))
    assert (changed.kind, changed.name, changed.now) == ("threads", "runtime.threads", "4")
    changed = only(provenance(packages="idna==3\nkeras==3.16.0\nmlflow==3.17\n"))
    assert (changed.kind, changed.name, changed.then) == ("packages", "keras", "3.15.0")
    pixel = [{"path": "train/a/1.png", "bytes": 9, "sha256": "b" * 64}]
    changed = only(provenance(data={"files": pixel}))
    assert (changed.kind, changed.name) == ("data", "train/a/1.png")
    assert (changed.then, changed.now) == ("aaaaaaaaaaaa (9 bytes)", "bbbbbbbbbbbb (9 bytes)")
    changed = only(provenance(sources={"hhexp/training/step.py": "3" * 64}))
    assert (changed.kind, changed.name) == ("code", "hhexp/training/step.py")
    changed = only(provenance(machine={"instruction_set": "avx2"}))
    assert (changed.kind, changed.name) == ("hardware", "instruction_set")
    changed = only(provenance(environment={"XLA_FLAGS": "x"}))
    assert (changed.kind, changed.then, changed.now) == ("environment", "–", "x")
    changed = only(provenance(environment={"OMP_NUM_THREADS": "8"}))
    assert changed.kind == "threads"


def test_an_empty_variable_is_none() -> None:
    now = provenance(environment={"CUDA_VISIBLE_DEVICES": ""})
    assert find_differences(provenance(), now) == find_differences(now, provenance()) == []


def test_the_large_pages_of_a_workers_memory_are_no_difference() -> None:
    worker = provenance(environment={"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"})
    assert find_differences(worker, provenance()) == find_differences(provenance(), worker) == []
    own = "glibc.cpu.hwcaps=-AVX2_Usable"
    capped = provenance(environment={"GLIBC_TUNABLES": f"{own}:glibc.malloc.hugetlb=1"})
    changed = only(capped)
    assert (changed.name, changed.then, changed.now) == ("GLIBC_TUNABLES", "–", own)


def test_files_packages_and_flags_that_came_or_went_are_named() -> None:
    gone = provenance(data={"files": []})
    assert only(gone).now == "–"
    assert only(provenance(packages="keras==3.15.0\nmlflow==3.17\n")).name == "idna"
    changed = only(provenance(machine={"cpu_flags": ["avx", "amx_tile"]}))
    assert (changed.then, changed.now) == ("avx2", "amx_tile")


def test_the_most_suspicious_comes_first() -> None:
    now = provenance(
        config=CONFIG.replace("null", "other"),
        packages="idna==4\nkeras==3.16.0\nmlflow==3.18\n",
        data={"files": []},
        sources={"hhexp/training/step.py": "3" * 64, "hhexp/ui.py": "3" * 64, "mine.py": "4" * 64},
        git={"commit": "d" * 40},
        machine={"cpu": "Another", "instruction_set": "avx2"},
        environment={"XLA_FLAGS": "x"},
    )
    assert [d.name for d in find_differences(provenance(), now)] == [
        "train/a/1.png",
        "hhexp/training/step.py",
        "mine.py",
        "instruction_set",
        "keras",
        "XLA_FLAGS",
        "cpu",
        "mlflow",
        "hhexp/ui.py",
        "commit of hhexp",
        "idna",
        "tracking.label",
    ]


def test_what_one_of_them_did_not_record_is_passed_over() -> None:
    then = provenance()
    del then["provenance/machine.json"]
    assert find_differences(then, provenance(machine={"cpu": "Another"})) == []


def test_the_folder_s_name_makes_no_difference() -> None:
    bare = {path.removeprefix("provenance/"): text for path, text in provenance().items()}
    assert find_differences(bare, provenance()) == []
    assert len(find_differences(bare, provenance(environment={"XLA_FLAGS": "x"}))) == 1


def show(found: list[Difference], most: int = 30) -> str:
    """The table on a terminal of 80 columns."""
    console = Console(file=io.StringIO(), width=80)
    console.print(tabulate_differences(found, ("then", "now"), most))
    return str(console.file.getvalue())  # type: ignore[attr-defined]


def test_the_table_shows_the_first_and_counts_the_rest() -> None:
    files = [{"path": f"train/a/{n:02}.png", "bytes": 9, "sha256": "b" * 64} for n in range(40)]
    shown = show(find_differences(provenance(), provenance(data={"files": files})), most=5)
    assert "train/a/04.png" in shown and "05.png" not in shown
    assert "and 36 more" in shown


def test_the_table_fits_and_shows_what_a_record_holds_as_it_is() -> None:
    name = "[red]A\x1b[2K" + "x" * 100
    shown = show([Difference("environment", name, "[/]", "–", 4)])
    assert max(map(len, shown.splitlines())) <= 80
    assert "[red]A" in shown and "\\x1b" in shown and "\x1b" not in shown and "[/]" in shown
    assert shown.count("x") >= 100  # folded, not cut


def test_what_is_not_compared_is_listed() -> None:
    then = provenance()
    assert list_uncompared(then, provenance()) == []
    del then["provenance/machine.json"]
    assert list_uncompared(then, provenance()) == list_uncompared(provenance(), then)
    assert list_uncompared(then, provenance()) == ["machine.json"]
