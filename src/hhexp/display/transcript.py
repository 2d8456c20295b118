"""All that is said of one run and printed while it trains, as a text that can be kept."""

import contextlib
import io
import sys
from collections.abc import Iterator
from typing import IO, Any, cast

from hhexp.display.events import Event, Report, RunStarted
from hhexp.display.plain import Plain
from hhexp.display.progress import PlannedRun, Progress


class Transcript:
    """Lines as the plain display writes them, with what the run's own code prints between them."""

    def __init__(self, key: str, epochs: int) -> None:
        """Of the job ``key``, which has so many epochs."""
        self._text = io.StringIO()
        self._lines = Plain(Progress([PlannedRun(key, epochs)], workers=1), self._text)
        self._first = 1

    @property
    def text(self) -> str:
        """What was said so far."""
        return self._text.getvalue()

    @property
    def path(self) -> str:
        """The artifact: a run that continues adds another one."""
        return f"console/from_epoch_{self._first:03}.txt"

    def hear(self, report: Report) -> Report:
        """A report that writes each event down before it passes it on."""

        def write_and_report(event: Event) -> None:
            if isinstance(event, RunStarted):
                self._first = event.first_epoch
            self._lines(event)
            report(event)

        return write_and_report

    @contextlib.contextmanager
    def copy_prints(self) -> Iterator[None]:
        """Write down meanwhile what Python code prints, besides where it goes."""
        out, err = (cast(IO[str], _Copied(each, self._text)) for each in (sys.stdout, sys.stderr))
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            yield


class _Copied:
    """A stream whose text goes to a second one too."""

    def __init__(self, stream: IO[str], copy: IO[str]) -> None:
        self._stream = stream
        self._copy = copy

    def write(self, text: str) -> int:
        self._copy.write(text)
        return self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
