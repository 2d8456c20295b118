"""How entry points end."""

import fcntl
import os
import pty
import signal
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from hhexp.errors import is_interruption

PROGRAM = """
import pathlib, sys, time
from hhexp.console import entry

@entry
def main(argv=None):
    try:
        print("ready", flush=True)
        time.sleep(60)
    finally:
        print("the last words", flush=True)
        pathlib.Path(sys.argv[1]).write_text("marked")

sys.exit(main())
"""


def test_a_terminal_that_closes_is_as_ctrl_c(tmp_path: Path) -> None:
    def take_the_terminal() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)  # these tests may run under nohup
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, tmp_path / "mark"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=take_the_terminal,
    )
    os.close(theirs)
    said = b""
    while b"\n" not in said:  # else it could still be writing when the terminal closes
        said += os.read(ours, 100)
    assert said.startswith(b"ready")
    os.close(ours)
    assert process.wait(30) == 130
    assert (tmp_path / "mark").read_text() == "marked"


@pytest.mark.parametrize(
    ("ignored", "number", "status"),
    [(False, signal.SIGTERM, 130), (False, signal.SIGHUP, 130), (True, signal.SIGHUP, -9)],
)
def test_a_signal_ends_a_command_unless_nohup_ignores_it(
    tmp_path: Path, ignored: bool, number: signal.Signals, status: int
) -> None:
    handler = signal.SIG_IGN if ignored else signal.SIG_DFL
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, tmp_path / "mark"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, handler),
    )
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(number)
        if ignored:
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(1)
            process.kill()
        assert process.wait(30) == status


TRACKED = """
import sys, time
from multiprocessing.shared_memory import SharedMemory
from hhexp.console import entry

@entry
def main(argv):
    memory = SharedMemory(create=True, size=8)
    try:
        print("ready", flush=True)
        time.sleep(60)
    finally:
        memory.close()
        memory.unlink()

sys.exit(main())
"""


def test_a_hang_up_of_the_whole_group_is_said_in_one_line() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", TRACKED],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
    )
    with process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.readline()
        os.killpg(process.pid, signal.SIGHUP)
        assert process.stderr.read() == b"hhexp: interrupted\n"
        assert process.wait(30) == 130


WAITING = """
import sys, threading, time
from hhexp.console import entry

@entry
def main(argv=None):
    threading.Thread(target=time.sleep, args=(60,)).start()
    raise KeyboardInterrupt

sys.exit(main())
"""


def test_ctrl_c_ends_a_command_that_waits_for_a_thread_after_its_last_words() -> None:
    with subprocess.Popen([sys.executable, "-c", WAITING], stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == b"hhexp: interrupted\n"
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == b""
        assert process.wait(30) == -signal.SIGINT


CLOSING = """
import sys
from hhexp.console import entry

@entry
def main(argv=None):
    try:
        raise KeyboardInterrupt
    finally:
        never_opened.close()

sys.exit(main())
"""


def test_what_fails_as_ctrl_c_stops_it_is_no_error_of_its_own() -> None:
    ended = subprocess.run([sys.executable, "-c", CLOSING], capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (130, "hhexp: interrupted\n")


def test_causes_that_go_round_in_a_ring_are_no_interruption() -> None:
    one, other = ValueError("one"), ValueError("other")
    one.__cause__, other.__cause__ = other, one
    assert not is_interruption(one)
    other.__cause__ = KeyboardInterrupt()
    assert is_interruption(one)
