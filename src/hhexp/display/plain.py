"""A sweep's progress as plain lines, for files and pipes: no colours, nothing overwritten."""

import threading
from typing import IO, Self

from hhexp.display.durations import format_duration
from hhexp.display.events import (
    EpochDone,
    Event,
    Notice,
    RunAwaited,
    RunEnded,
    RunLost,
    RunStarted,
)
from hhexp.display.progress import Progress, RunProgress
from hhexp.terminal import say


class Plain:
    """Writes one line for each event that matters, at once."""

    def __init__(self, sweep: Progress, file: IO[str], title: str = "") -> None:
        self._sweep = sweep
        self._file = file
        self._title = title
        self._estimated = False
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        if self._title:
            self._write(self._title)
        return self

    def __exit__(self, *_: object) -> None:
        self._file.flush()

    def __call__(self, event: Event) -> None:
        with self._lock:
            run = self._sweep.update(event)
            self._estimate()
            match event:
                case RunStarted():
                    reused = f", {run.phase}" if event.first_epoch > 1 else ""
                    self._write(f"{run.key}: started, run {event.run_id[:8]}{reused}")
                case RunAwaited():
                    self._write(f"{run.key}: {run.phase}")
                case EpochDone():
                    self._write(f"{run.key}: {self._describe_epoch(event, run)}")
                case RunLost():
                    self._write(f"{run.key}: {event.note}")
                case RunEnded():
                    self._write(f"{run.key}: {self._describe_end(run)}")
                case Notice():
                    if text := self._sweep.take_notice(event):
                        self._write(text)

    def _estimate(self) -> None:
        """Print once, as soon as it is known, how long everything takes."""
        left = self._sweep.left()
        if self._estimated or not left:
            return
        self._estimated = True
        runs, epochs = len(self._sweep.runs), self._sweep.epochs
        what, size = "this run", f"{epochs} epochs"
        if runs > 1:
            what, size = "the whole sweep", f"{runs} runs, {epochs} epochs"
            if self._sweep.workers > 1:
                size += f", {self._sweep.workers} at a time"
        self._write(f"about {format_duration(self._sweep.elapsed + left)} for {what} ({size})")

    def _describe_epoch(self, event: EpochDone, run: RunProgress) -> str:
        metrics = event.metrics
        train, val = (
            f"{split} loss {_format_loss(metrics[f'{split}/loss'])} "
            f"accuracy {metrics[f'{split}/accuracy']:.1%}"
            for split in ("train", "val")
        )
        parts = [
            f"epoch {event.epoch}/{run.last_epoch}",
            train,
            val,
            f"{metrics['time/epoch_s']:.1f} s/epoch",
        ]
        if run_left := run.left():
            parts.append(f"{format_duration(run_left)} left")
        sweep_left = self._sweep.left()
        if sweep_left and len(self._sweep.runs) > 1:
            parts.append(f"{format_duration(sweep_left)} for the sweep")
        return ", ".join(parts)

    def _describe_end(self, run: RunProgress) -> str:
        parts = [run.status]
        if run.val:
            parts.append(f"val accuracy {run.val[1]:.1%}")
        if run.began is not None and run.ended is not None:
            parts.append(format_duration(run.ended - run.began))
        if run.run_id:
            parts.append(f"run {run.run_id[:8]}")
        if len(self._sweep.runs) > 1:
            parts.append(f"{len(self._sweep.done)} of {len(self._sweep.runs)} runs done")
        note = f": {' '.join(run.note.split())}" if run.note else ""
        return ", ".join(parts) + note

    def _write(self, line: str) -> None:
        say(line, self._file)


def _format_loss(value: float) -> str:
    """Four digits after the point; a diverging run may have thirty digits before it."""
    return f"{value:.4f}" if abs(value) < 1e4 else f"{value:.1e}"
