"""A process is known by its name, where it can be seen, and to nobody else."""

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from hhexp.tracking import process
from hhexp.tracking.process import describe, is_running, name_process, name_this_process, read_place


def rename(name: str, **words: object) -> str:
    """A name with some of its words changed."""
    known = dict(zip(("host", "pid", "started", "place", "token"), name.split(" "), strict=True))
    return " ".join(str(word) for word in (known | words).values())


def test_this_process_runs() -> None:
    assert is_running(name_this_process()) is True


def test_a_process_that_has_ended_does_not() -> None:
    code = "from hhexp.tracking.process import name_this_process as name; print(name())"
    name = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
    assert name.count(" ") == 4
    assert is_running(name.strip()) is False


def test_a_process_that_nobody_has_taken_note_of_does_not_run() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    name = name_process(child.pid)
    assert is_running(name) is True
    child.kill()
    while psutil.Process(child.pid).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    assert is_running(name) is False
    child.communicate()


def test_another_process_under_the_same_number_is_not_it() -> None:
    name = name_this_process()
    started = float(name.split(" ")[2])
    assert is_running(rename(name, started=started - 60)) is False


@pytest.mark.parametrize("off", [-1.5, 1.5])
def test_a_process_is_known_by_its_start_to_a_few_seconds(off: float) -> None:
    name = name_this_process()
    assert is_running(rename(name, started=float(name.split(" ")[2]) + off)) is True


def test_a_process_of_another_place_cannot_be_seen_whatever_its_hosts_name() -> None:
    assert is_running(rename(name_this_process(), place="another-boot")) is None
    assert is_running("another-host 1 1") is None


def test_the_name_of_an_older_version_goes_by_the_hosts_name() -> None:
    host, pid, started, *_ = name_this_process().split(" ")
    assert is_running(f"{host} {pid} {started}") is True
    assert is_running(f"{host} {pid} {float(started) - 60}") is False
    for ticks in ("4211", ""):
        assert is_running(f"{host} {pid} {ticks}") is False


def test_a_process_has_one_name_though_the_clock_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    name = name_this_process()
    monkeypatch.setattr(psutil.Process, "create_time", lambda _: time.time())
    assert name_this_process() == name


@pytest.mark.skipif(sys.platform != "linux", reason="containers as on Linux")
@pytest.mark.parametrize("what", ["boot", "namespace"])
def test_a_place_is_one_boot_and_one_container(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    here = read_place()
    assert read_place() == here
    if what == "boot":
        monkeypatch.setattr(Path, "read_text", lambda *_: "another boot")
    else:
        monkeypatch.setattr(os, "readlink", lambda _: "pid:[1]")
    assert read_place() != here


@pytest.mark.skipif(sys.platform != "linux", reason="containers as on Linux")
def test_where_places_cannot_be_told_no_process_sees_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_: str) -> str:
        raise OSError

    monkeypatch.setattr(os, "readlink", refuse)
    assert read_place() != read_place()


def test_a_process_is_described_with_its_host_where_it_cannot_be_seen() -> None:
    name = name_this_process()
    host = name.split(" ")[0]
    assert describe(name) == f"process {os.getpid()} is training it"
    assert describe("box 17 99 there token") == "process 17 on box seems to be training it"
    assert describe(rename(name, place="there")) == (
        f"process {os.getpid()} on {host} (another machine or container of this name) "
        "seems to be training it"
    )


def test_two_owners_never_have_one_name() -> None:
    process.name_process.cache_clear()
    first = name_this_process()
    process.name_process.cache_clear()
    second = name_this_process()
    assert first != second
    assert first.rpartition(" ")[0] == second.rpartition(" ")[0]
