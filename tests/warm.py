"""Commands that start at once: forked from a process that has imported what others wrote.

Most of what a short command costs are imports: of MLflow, pandas, SQLAlchemy. Here they happen once
for many commands. Nothing of hhexp is imported before the fork, and neither is TensorFlow, for
which hhexp sets the environment first. A command has its own folder, environment, files and exit
status as ever, and starts its own processes anew.
"""

import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import socket
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

IMPORTED = (
    *("mlflow", "mlflow.artifacts", "mlflow.store.tracking.sqlalchemy_store", "sqlalchemy.orm"),
    *("hydra", "hydra.core.override_parser.overrides_parser", "numpy", "pandas", "scipy.stats"),
    *("sklearn.metrics", "PIL.Image", "rich.live", "rich.table", "rich.tree", "psutil", "filelock"),
)
READ_AT_START = ("PYTHON", "LANG", "LC_", "LD_", "OMP_", "OPENBLAS_", "GLIBC_")
"""Variables that Python, or what is imported, reads before a command begins."""


class Forge:
    """The process from which commands are forked; it starts when the first is asked for."""

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def run(
        self,
        words: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        said: str | None,
        timeout_s: float,
    ) -> "subprocess.CompletedProcess[str]":
        """Run ``python -m WORDS`` to its end, as ``subprocess.run`` does.

        Args:
            words: the module's name, and the command's own words.
            folder: where it runs.
            environment: all of its variables.
            said: what is typed into it.
            timeout_s: seconds after which it is killed.

        Raises:
            subprocess.TimeoutExpired: it was killed.
        """
        message = {"words": words, "folder": str(folder), "environment": dict(environment)}
        with contextlib.ExitStack() as stack:
            files = [stack.enter_context(tempfile.TemporaryFile("w+")) for _ in range(3)]
            files[0].write(said or "")
            files[0].seek(0)
            asked = stack.enter_context(socket.socket(socket.AF_UNIX))
            asked.connect(self._start())
            socket.send_fds(
                asked, [json.dumps(message).encode() + b"\n"], [file.fileno() for file in files]
            )
            asked.settimeout(timeout_s)
            answers = stack.enter_context(asked.makefile())
            pid = int(answers.readline())
            try:
                status = int(answers.readline())
            except TimeoutError:
                os.kill(pid, 9)
                raise subprocess.TimeoutExpired(list(words), timeout_s) from None
            texts = [file.read() for file in files[1:] if file.seek(0) == 0]
        return subprocess.CompletedProcess(list(words), os.waitstatus_to_exitcode(status), *texts)

    def end(self) -> None:
        """End the process; its commands have ended."""
        if self._process and self._folder:
            self._process.communicate()
            self._folder.cleanup()

    def _start(self) -> str:
        """The address at which it listens, once it does."""
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="hhexp-")
            self._process = subprocess.Popen(
                [sys.executable, __file__, f"{self._folder.name}/socket"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            assert self._process.stdout
            assert self._process.stdout.readline(), "the process that forks commands has ended"
        return f"{self._folder.name}/socket"


def starts_alike(environment: Mapping[str, str]) -> bool:
    """Whether what is read at a process's start is as it is here."""
    names = {name for name in {*environment, *os.environ} if name.startswith(READ_AT_START)}
    return all(environment.get(name) == os.environ.get(name) for name in names)


# In the process.


def wait_for_command(address: str) -> str:
    """Fork for each command that is asked for; return in the fork, as that command's process.

    Returns:
        The module that the command runs. Folder, environment, words and files are the command's.
    """
    for name in IMPORTED:
        importlib.import_module(name)
    # Of NumPy's threads, which it ends before a fork and starts after it.
    warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
    gc.freeze()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        print("ready", flush=True)
        while True:
            ready, _, _ = select.select([listener, sys.stdin], [], [])
            if sys.stdin in ready:  # who asked is gone
                sys.exit()
            connection, _ = listener.accept()
            if not os.fork():
                break
            connection.close()
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG) != (0, 0):
                    pass
    return _become(connection)


def _become(connection: socket.socket) -> str:
    """Fork the command that is asked for, and wait for it; return in the command."""
    text, files, _, _ = socket.recv_fds(connection, 1 << 16, 3)
    while not text.endswith(b"\n"):
        text += connection.recv(1 << 16)
    message = json.loads(text)
    if pid := os.fork():
        connection.sendall(f"{pid}\n".encode())
        _, status = os.waitpid(pid, 0)
        connection.sendall(f"{status}\n".encode())
        os._exit(0)
    connection.close()
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(message["environment"])
    os.chdir(message["folder"])
    module, *words = message["words"]
    sys.path[0] = message["folder"]
    sys.argv[1:] = words
    return str(module)


if __name__ == "__main__":
    # This is what `python -m` calls.
    runpy._run_module_as_main(wait_for_command(sys.argv[1]))  # type: ignore[attr-defined]
