"""A run left behind is told from one that another process still trains."""

import subprocess
import sys

from hhexp.tracking.process import is_alive, this_process


def test_this_process_is_alive() -> None:
    assert is_alive(this_process())


def test_a_process_that_has_ended_is_not() -> None:
    code = "from hhexp.tracking.process import this_process; print(this_process())"
    name = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
    assert name.count(" ") == 2
    assert not is_alive(name.strip())
    assert not is_alive(None)


def test_another_process_under_the_same_number_is_not_it() -> None:
    host, pid, _ = this_process().split(" ")
    assert not is_alive(f"{host} {pid} 1")


def test_a_process_on_another_host_is_taken_to_be_alive() -> None:
    assert is_alive("another-host 1 1")
