"""Wait for a run that another process trains, and show how far it is."""

import time

from hhexp.display.events import EpochDone, Phase, Report, RunAwaited, StateSaved
from hhexp.experiment.job import Job
from hhexp.tracking.histories import read_many
from hhexp.tracking.process import describe
from hhexp.tracking.query import NoSuchRunError, StoredRun, find_runs
from hhexp.tracking.states import read_states
from hhexp.tracking.store import Store
from hhexp.tracking.watch import Watch

POLL_S = 2.0
"""Seconds between two questions to the store on a run that is waited for."""
TICK_S = 0.25
"""Seconds between two reports that it is still waited for, at which Ctrl-C ends the waiting."""
SHOWN = ("train/loss", "train/accuracy", "val/loss", "val/accuracy", "time/epoch_s")
"""The metrics that are shown of an epoch."""


class Spectator:
    """Reports of a job what another process does for it."""

    def __init__(self, job: Job, store: Store, watch: Watch, report: Report) -> None:
        """Look at runs in a store, with what ``watch`` knows of their owners."""
        self._job = job
        self._store = store
        self._watch = watch
        self._report = report
        self._epochs: dict[str, int] = {}
        """How many were reported, by the runs' IDs."""
        self._states: set[tuple[str, int]] = set()

    def wait(self, run_id: str, until: int | None) -> None:
        """Wait until a run has ended or was withdrawn, or its process is gone.

        Args:
            run_id: the run.
            until: wait no longer than for the state after this epoch.

        Raises:
            KeyboardInterrupt: from the report, within ``TICK_S`` and a question to the store.
        """
        known, last = None, until or self._job.config.epochs
        while (run := self._find(run_id)) and (
            trainer := self._watch.find_trainer(run_id, run.status, run.tags)
        ):
            said = describe(trainer)
            if trainer != known:
                self._report(RunAwaited(self._job.key, run_id, said))
                known = trainer
            done = self._show(run, last)
            if until and any(state.epoch >= until for state in read_states(run)):
                return
            text = f"waits for run {run_id[:8]}: {said}, {done} of {last} epochs"
            asked_again = time.monotonic() + POLL_S
            while time.monotonic() < asked_again:
                self._report(Phase(self._job.key, text))
                time.sleep(TICK_S)

    def _find(self, run_id: str) -> StoredRun | None:
        try:
            return find_runs(self._store, [run_id])[0]
        except NoSuchRunError:  # withdrawn
            return None

    def _show(self, run: StoredRun, last: int) -> int:
        """Report the epochs and states up to a last one that are new; how many epochs there are."""
        names = tuple(name for name in SHOWN if name in run.metrics)
        histories = read_many(self._store, {run.run_id: names})[run.run_id]
        done = min(last, *(len(histories.get(name, ())) for name in SHOWN))
        for epoch in range(self._epochs.get(run.run_id, 0) + 1, done + 1):
            metrics = {name: values[epoch - 1] for name, values in histories.items()}
            self._report(EpochDone(self._job.key, epoch, metrics))
        self._epochs[run.run_id] = done
        for state in read_states(run):
            place = run.run_id, state.epoch
            if (
                state.stays and state.epoch <= last and place not in self._states
            ):  # another one may be gone soon
                self._states.add(place)
                self._report(StateSaved(self._job.key, state.epoch))
        return done
