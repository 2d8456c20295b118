"""A study from its file to its report: look by look, until its primary claims are decided."""

import functools
from collections.abc import Sequence
from pathlib import Path

from rich.text import Text

from hhexp.analysis import summary
from hhexp.analysis.claims import ClaimVerdict, judge_claims
from hhexp.analysis.overview import show_in_mlflow, show_sweep
from hhexp.analysis.registration import register
from hhexp.analysis.results import Results
from hhexp.analysis.selection import select
from hhexp.analysis.study import Study
from hhexp.analysis.terminal_table import render
from hhexp.config.catalogue import Catalogue
from hhexp.inquiry.asked import check_asked
from hhexp.inquiry.budget import Budget
from hhexp.launching.command import train
from hhexp.launching.sweep import Sweep
from hhexp.terminal import Terminal
from hhexp.tracking.answers import make_answer_tags
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store


class Inquiry:
    """A study that is being answered."""

    def __init__(self, study: Study, file: Path, catalogue: Catalogue, console: Terminal) -> None:
        """Answer a study, which was read from a file."""
        self.study, self.file, self.catalogue, self.console = study, file, catalogue, console
        self.own: TrackedRun | None = None
        """The study's run."""
        self.answers: list[str] = []
        """The runs that answer it."""
        self.failed = False

    def conduct(self, budget: Budget) -> Results | None:
        """Train and judge, look by look.

        Returns:
            what there is; None where no run finished.

        Raises:
            UserError: the configuration is not valid; nothing was trained or logged.
        """
        done, status = 0, "KILLED"
        try:
            for look in self.study.looks:
                with budget.limit():
                    self._train(self.study.planned[done:look])
                if budget.is_spent or self.failed:
                    break
                done, verdicts = look, judge_claims(self._read())
                self._say_look(look, verdicts)
                if not is_open(verdicts):
                    break
            status = "FAILED" if self.failed else "KILLED" if budget.is_spent else "FINISHED"
        finally:
            if self.own:
                self.own.finish(status, None)
        if budget.is_spent:
            self.say("The budget is spent. The same command goes on.")
        if not (self.answers and self.own):
            return None
        results = self._read()
        for line in show_in_mlflow(results, self.own.run_id, judge_claims(results)):
            self.say(line)
        return results

    def _train(self, seeds: Sequence[int]) -> None:
        """Train all cells with some seeds, as one sweep."""
        words = self.study.words(seeds)
        check = functools.partial(check_asked, self.study, self.file)
        sweep = Sweep(self.console, multirun=True, open_study=self._open, check=check)
        try:
            with sweep:
                train(sweep, words, self.catalogue)
                self._conclude(sweep)
        finally:
            self.answers += [o.run_id for o in sweep.outcomes if o.finished and o.run_id]
            if self.own:
                self.own.set_tags(make_answer_tags(self.answers))

    def _open(self, store: Store, experiment: str) -> str:
        """Register the study, once: its run is the parent of its sweeps."""
        self.own = self.own or register(store, experiment, self.study)
        return self.own.run_id

    def _conclude(self, sweep: Sweep) -> None:
        """Print and log a sweep's table, and print its failures."""
        if (made := sweep.trained) and sweep.store:
            rows = summary.summarise(sweep.store, list(made), made)
            self.console.print(render(rows, "Results", self.console.width))
            if sweep.parent:
                summary.log_summary(sweep.parent, rows)
                show_sweep(sweep.store, sweep.parent.run_id, list(made))
        for failure in sweep.failures:
            self.failed = True
            line = Text(f"{failure.status} {failure.key}: {failure.error}", "red")
            Terminal(stderr=True).print(line, soft_wrap=True)

    def _read(self) -> Results:
        assert self.own is not None
        return select(self.own.store, str(self.file))

    def _say_look(self, look: int, verdicts: Sequence[ClaimVerdict]) -> None:
        """Print the verdicts of a look."""
        self.say(f"\nAfter {look} seeds:")
        for verdict in verdicts:
            kind = "" if verdict.is_primary else " (secondary)"
            self.say(f"  {verdict.claim.name}{kind}: {verdict}")

    def say(self, text: str) -> None:
        """Print a line exactly as it is."""
        self.console.print(text, soft_wrap=True)


def is_open(verdicts: Sequence[ClaimVerdict]) -> bool:
    """Whether more seeds could still decide a primary claim."""
    return any(verdict.is_primary and verdict.can_be_decided for verdict in verdicts)
