"""Programs that live side by side, each in its own process, and measure when they are told to.

A worker gets a line for each measurement, and answers with a line of JSON: ``{"value": 1.5}``. So
two programs can be measured in turn, and a slow minute of the machine hits both.
"""

import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

from benchmarks.programs import clean_environment, read_value


class Worker:
    """A process of Python that answers line by line, in an empty folder of its own."""

    def __init__(self, words: Sequence[str], environment: dict[str, str]) -> None:
        self._name = " ".join(words[:2])
        self._folder = tempfile.TemporaryDirectory()
        self._process = subprocess.Popen(
            [sys.executable, *words],
            cwd=self._folder.name,
            env=clean_environment() | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def measure(self, what: str) -> float:
        """Let it measure something; what else it prints is passed over.

        Raises:
            RuntimeError: it has ended; the message ends with its last output.
        """
        assert self._process.stdin is not None and self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):  # what it printed before it ended says why
            self._process.stdin.write(f"{what}\n")
            self._process.stdin.flush()
        said = ""
        for line in self._process.stdout:
            if (value := read_value(line)) is not None:
                return value
            said += line
        last = said.strip()[-2000:]
        raise RuntimeError(f"python {self._name} ended with {self._process.wait()}: {last}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the process: it has nothing to keep."""
        self._process.kill()
        self._process.communicate()
        self._folder.cleanup()


def serve(meters: Mapping[str, Callable[[], float]]) -> None:
    """Be a worker: measure what each line of the input names, until the input ends."""
    for line in sys.stdin:
        print(json.dumps({"value": meters[line.strip()]()}), flush=True)
