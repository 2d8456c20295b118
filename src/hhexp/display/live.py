"""A sweep's progress on a terminal: a line for the sweep, and one for each run in training."""

import logging
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.constrain import Constrain
from rich.live import Live as RichLive
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from hhexp.display.durations import format_duration
from hhexp.display.events import Event, Notice, RunEnded
from hhexp.display.progress import Progress, RunProgress

GAP = 2
MARGIN = 2
"""Columns left free on the right: a terminal's own "^C" would wrap there, and shift the display."""
STATUS_STYLES = {"FINISHED": "green", "FAILED": "red", "KILLED": "yellow", "STOPPED": "cyan"}


@dataclass(frozen=True)
class Column:
    """A column of the running runs: its heading, its width in characters, what it shows."""

    heading: str
    width: int
    cell: Callable[[RunProgress], RenderableType]


def _format_scores(scores: tuple[float, float] | None) -> Text:
    return Text(f"{scores[0]:.3f} {scores[1]:6.1%}" if scores else "")


def _format_number(value: float | None, form: Callable[[float], str]) -> Text:
    return Text("" if value is None else form(value))


COLUMNS = (
    Column("epoch", 7, lambda run: Text(f"{run.epoch}/{run.last_epoch}")),
    Column("steps", 8, lambda run: ProgressBar(total=run.steps, completed=run.step)),
    Column("train", 12, lambda run: _format_scores(run.train)),
    Column("val", 12, lambda run: _format_scores(run.val)),
    Column("s/epoch", 7, lambda run: _format_number(run.epoch_s, "{:.1f}".format)),
    Column("left", 10, lambda run: _format_number(run.left(), format_duration)),
)
DROPPED_FIRST = ("s/epoch", "steps", "train", "left", "val")
WIDEST_BAR = 24


@dataclass(frozen=True)
class Layout:
    """What fits a terminal: the width of the runs' keys, the columns beside them, the bar's."""

    key: int
    columns: tuple[Column, ...]
    bar: int


def layout(width: int, keys: Sequence[str]) -> Layout:
    """Fit the columns into a terminal: some are dropped, then keys are shortened."""
    longest = max(map(len, keys), default=0)
    columns = list(COLUMNS)

    def room() -> int:
        return width - sum(column.width + GAP for column in columns)

    for heading in DROPPED_FIRST:
        if room() >= min(longest, width // 2):
            break
        columns = [column for column in columns if column.heading != heading]
    key = max(1, min(longest, room()))
    bar = next((column.width for column in columns if column.heading == "steps"), 0)
    return Layout(key, tuple(columns), min(WIDEST_BAR, bar + room() - key))


def shorten(text: str, width: int) -> str:
    """Cut a text to a width in its first half: the keys of a sweep differ most in their ends."""
    if len(text) <= width:
        return text
    tail = 2 * (width - 1) // 3
    return text[: width - 1 - tail] + "…" + text[len(text) - tail :]


class Live:
    """Draws a sweep's state several times per second; lines of ended runs stay above it."""

    def __init__(self, sweep: Progress, console: Console, title: str = "") -> None:
        self._sweep = sweep
        self._console = console
        self._title = title or "sweep"
        self._lock = threading.Lock()
        self._stack = ExitStack()
        # A stream that goes into a file is left alone: it cannot tear the display.
        self._live = RichLive(
            console=console,
            get_renderable=self._draw_screen,
            redirect_stdout=sys.stdout.isatty(),
            redirect_stderr=sys.stderr.isatty(),
        )

    def __enter__(self) -> Self:
        streams = (sys.stdout, sys.stderr)
        self._stack.enter_context(self._live)
        self._stack.enter_context(_move_logging(streams, (sys.stdout, sys.stderr)))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def __call__(self, event: Event) -> None:
        with self._lock:
            run = self._sweep.update(event)
            line: RenderableType | None = None
            if isinstance(event, RunEnded):
                line = self._describe_end(run)
            elif isinstance(event, Notice):
                line = self._sweep.take_notice(event)
        if line:  # outside the lock: printing draws the screen again, which takes it
            self._console.print(line)

    def _fit_layout(self) -> Layout:
        keys = list(self._sweep.runs)
        return layout(self._console.width - MARGIN, keys if len(keys) > 1 else [])

    def _draw_screen(self) -> RenderableType:
        with self._lock:
            fitted, running = self._fit_layout(), self._sweep.running
            rows: list[RenderableType] = []
            if len(self._sweep.runs) > 1:
                rows.append(self._draw_sweep_line())
                rows += [_list_running(running, fitted)] if running else []
            elif running:
                name = Text(running[0].key, "bold", no_wrap=True, overflow="ellipsis")
                rows += [name, _list_running([replace(running[0], key="")], fitted)]
            return Constrain(Group(*rows), self._console.width - MARGIN)

    def _draw_sweep_line(self) -> RenderableType:
        sweep = self._sweep
        left = sweep.left()
        failed = sum(run.status == "FAILED" for run in sweep.ended)
        done = Text(f"{len(sweep.done)}/{len(sweep.runs)} runs done")
        if failed:
            done.append(f", {failed} failed", "red")
        times = Text(f"{format_duration(sweep.elapsed)} elapsed")
        if left != 0:
            times.append(
                f"  about {format_duration(left)} left" if left else "  estimating the time left"
            )
        line = Table.grid(padding=(0, GAP, 0, 0), expand=True)
        line.add_column(no_wrap=True, overflow="ellipsis", max_width=24)
        line.add_column(no_wrap=True)
        line.add_column(ratio=1, min_width=4)
        line.add_column(no_wrap=True, overflow="ellipsis")
        bar = ProgressBar(total=sweep.epochs or 1, completed=sweep.progress if sweep.epochs else 1)
        line.add_row(Text(self._title, "bold"), done, bar, times)
        return line

    def _describe_end(self, run: RunProgress) -> RenderableType:
        style = STATUS_STYLES.get(run.status, "")
        parts = [f"val {run.val[1]:.1%}"] if run.val else []
        if run.began is not None and run.ended is not None:
            parts.append(format_duration(run.ended - run.began))
        if run.run_id:
            parts.append(f"run {run.run_id[:8]}")
        text = Text.assemble((run.status, style), *(f"  {part}" for part in parts))
        if run.note:
            text.append("  " + " ".join(run.note.split()), style if run.status == "FAILED" else "")
        return _put_beside_key(run.key, text, self._fit_layout().key)


def _list_running(runs: Sequence[RunProgress], fitted: Layout) -> RenderableType:
    head = [Text(column.heading, "dim") for column in fitted.columns]
    lines = [_put_beside_key("", _make_cells(head, fitted), fitted.key)]
    for run in runs:
        if run.phase:
            row: RenderableType = Text(run.phase, "cyan", no_wrap=True, overflow="ellipsis")
        else:
            row = _make_cells([column.cell(run) for column in fitted.columns], fitted)
        lines.append(_put_beside_key(run.key, row, fitted.key))
    return Group(*lines)


def _make_cells(cells: Sequence[RenderableType], fitted: Layout) -> Table:
    row = Table.grid(padding=(0, GAP, 0, 0))
    for column in fitted.columns:
        bar = column.heading == "steps"
        width = fitted.bar if bar else column.width
        row.add_column(width=width, no_wrap=True, justify="left" if bar else "right")
    row.add_row(*cells)
    return row


def _put_beside_key(key: str, content: RenderableType, width: int) -> Table:
    row = Table.grid(padding=(0, GAP, 0, 0))
    row.add_column(width=width, no_wrap=True)
    row.add_column()
    row.add_row(Text(shorten(key, width), "bold"), content)
    return row


@contextmanager
def _move_logging(old: Sequence[object], new: Sequence[object]) -> Iterator[None]:
    """Point the logging handlers that hold an old stream at the new one for a while.

    They keep the stream of their making, so that redirecting sys.stderr does not reach them.
    """
    loggers = [logging.root, *logging.root.manager.loggerDict.values()]
    handlers = [
        handler
        for logger in loggers
        if isinstance(logger, logging.Logger)
        for handler in logger.handlers
        if isinstance(handler, logging.StreamHandler) and handler.stream in old
    ]
    before = [(handler, handler.stream) for handler in handlers]
    for handler, stream in before:
        handler.setStream(new[list(old).index(stream)])
    try:
        yield
    finally:
        for handler, stream in before:
            handler.setStream(stream)
