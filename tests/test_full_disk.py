"""A disk that is full: said in one line, and no run is left as if it were in training."""

import contextlib
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hhexp.tracking.query import find_recent
from tests.conftest import Shell

pytestmark = pytest.mark.slow


@pytest.fixture
def small_disk(shell: Shell, tmp_path: Path) -> Iterator[Shell]:
    """A folder on a disk of 4 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only root can mount a small disk, and not in every container")
    try:
        yield replace(shell, folder=disk)
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)  # the store is open


def test_a_run_that_fills_the_disk_ends_as_failed_and_goes_on_when_there_is_room(
    small_disk: Shell,
) -> None:
    words = ["model.dense_units=300", "epochs=6", "state.every=1", "state.keep=all"]
    done = small_disk.train(*words)
    assert done.returncode == 1, done.stdout
    assert "no space left on the disk: free some" in done.stderr
    assert "Traceback" not in done.stderr and "SQL" not in done.stderr
    (run,) = small_disk.runs()
    assert run.status == "FAILED"
    mount = ["mount", "-o", "remount,size=40m", str(small_disk.folder)]
    subprocess.run(mount, check=True)
    again = small_disk.train(*words)
    assert again.returncode == 0, again.stderr
    (same,) = small_disk.runs()
    assert (same.run_id, same.status) == (run.run_id, "FINISHED")
    assert f"run {run.run_id[:8]} continues from the state" in again.stdout


def test_a_store_that_takes_nothing_at_all_is_named(small_disk: Shell) -> None:
    assert small_disk.train("epochs=1").returncode == 0
    filling = (small_disk.folder / "filling").open("wb", buffering=0)
    with filling, contextlib.suppress(OSError):  # no space left
        while True:
            filling.write(b"0" * 4096)
    for words in (["seed=1"], ["-m", "seed=2,3"]):
        done = small_disk.train("epochs=1", *words)
        assert done.returncode == 2
        assert "mlflow.db: no space left on the disk: free some" in done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert [run.status for run in find_recent(small_disk.store, 9)] == ["FINISHED"]
