"""hhexp from Python: the same way as the commands, in a script or a notebook.

The package offers these functions as ``hhexp.run``, ``hhexp.sweep`` and ``hhexp.load``.
"""

import contextlib
import io
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from hhexp.config.catalogue import Catalogue
from hhexp.console import explain_error
from hhexp.errors import UserError
from hhexp.launching.words import MULTIRUN, order_words, read_options

if TYPE_CHECKING:
    import pandas as pd

    from hhexp.analysis.results import Results
    from hhexp.analysis.summary import Row
    from hhexp.experiment import Outcome
    from hhexp.launching.sweep import Best, Sweep
    from hhexp.prediction.predictor import Predictor
    from hhexp.terminal import Terminal
    from hhexp.tracking.store import Store

FLAGS = ("--config-dir=", "-cd=")
"""The command line's flags that mean something here."""
WIDTH = 100
"""Columns of the table of results."""


@dataclass(frozen=True, repr=False)
class TrainedRuns:
    """The runs that answer a call or a command, trained or reused. Its text is a table."""

    store: "Store | None"
    """Where they are; None where nothing was asked of a store."""
    run_ids: tuple[str, ...]
    """In the order of the values in the call; those of runs that failed are among them."""
    sweep_id: str | None
    """The ID of the sweep's own run; None for a single run."""
    failed: tuple["Outcome", ...]
    """The runs that did not finish, with the reasons."""
    rows: tuple["Row", ...] = ()
    """The table of results, with a row for each run; none where the store went away."""
    best: "Best | None" = None
    """Of a search: the best run, and what is to be said of it."""
    cautions: tuple[str, ...] = ()
    """What the table cannot tell, as of one seed or a few epochs, in lines for people."""
    unsent: int = 0
    """Runs of which something waits on this machine, as the store is away."""

    @property
    def failures(self) -> dict[str, str]:
        """What went wrong: from a run's values, such as ``seed=3``, to the error in one line."""
        return {outcome.key: outcome.error for outcome in self.failed}

    def frame(self) -> "pd.DataFrame":
        """The runs as ``hhexp.analysis.runs`` has them, one row each, in the order of ``run_ids``.

        Raises:
            UserError: there are none, or the store cannot be read.
        """
        from hhexp.analysis.frame import tabulate_runs

        with in_python():
            frame = tabulate_runs(self._select())
        places = {run_id: place for place, run_id in enumerate(self.run_ids)}
        return frame.sort_values("run_id", key=lambda ids: ids.map(places), ignore_index=True)

    def report(self, output: str | Path = "report", study: str | None = None) -> Path:
        """Write a report, as ``python -m hhexp.report`` does; on the sweep's own run too.

        Args:
            output: the folder, created if it does not exist.
            study: the study whose claims are checked with these runs.

        Returns:
            the page, report.html.

        Raises:
            UserError: there are no runs to report, or the folder cannot be written.
        """
        from hhexp.analysis import report

        with in_python():
            return report.write(self._select(study), Path(output)).page

    def _select(self, study: str | None = None) -> "Results":
        from hhexp.analysis.selection import select

        if self.store is None or not self.run_ids:
            raise UserError("there are no runs: nothing was trained")
        return select(self.store, self.sweep_id or self.run_ids[0], study)

    def __repr__(self) -> str:
        if not self.rows:
            return f"runs: {len(self.run_ids)}"
        from hhexp.analysis.terminal_table import render
        from hhexp.terminal import Terminal

        page = Terminal(file=io.StringIO(), width=WIDTH, force_jupyter=False, record=True)
        page.print(render(self.rows, "Results", WIDTH))
        return page.export_text().rstrip()


def run(words: Sequence[str] = ()) -> TrainedRuns:
    """Train one run, as ``python -m hhexp.run`` does, or find it in the store.

    It is trained in another process, whatever this one has imported. Progress is printed. Ctrl-C
    and a notebook's interrupt stop it as they stop the command: the same call goes on.

    Args:
        words: those of the command line, such as ``["aug=full", "epochs=5"]``; of its flags
            ``--config-dir`` alone.

    Returns:
        the run; with ``explain=true`` none.

    Raises:
        UserError: a word is wrong, or the run failed; the message is the command's.
    """
    return _train(_check_words(words))


def sweep(words: Sequence[str]) -> TrainedRuns:
    """Train a run for every combination of values, as ``python -m hhexp.run -m`` does.

    Args:
        words: those of the command line, such as ``["aug=none,full", "epochs=15,30"]``.

    Returns:
        the runs; those that failed are in ``failures``.

    Raises:
        UserError: a word is wrong, or no run finished.
    """
    return _train(["-m", *_check_words(words)])


def load(
    run_id: str,
    epoch: Literal["last", "best"] = "last",
    *,
    modules: Sequence[str] = (),
    tracking_uri: str | None = None,
) -> "Predictor":
    """The model of a run, to be asked about images.

    TensorFlow starts in this process with the run's threads and instruction set, unless it runs
    already: then the last digits of probabilities may be others than those that the run logged.

    Args:
        run_id: the run's ID, or its first digits.
        epoch: the model after the run's last epoch, or after its best by its objective.
        modules: your own modules that the model needs.
        tracking_uri: the store; by default $MLFLOW_TRACKING_URI, else the local one.

    Raises:
        UserError: there is no such run, it has no such model, or the model cannot be loaded safely.
    """
    if epoch not in ("last", "best"):
        raise UserError(f"epoch={epoch!r}: must be last or best")
    if not isinstance(run_id, str):  # as the sweep_id of a single run, which is None
        raise UserError(f"run_id={run_id!r}: must be a run's ID, such as results.run_ids[0]")
    from hhexp.prediction.predictor import open_predictor
    from hhexp.tracking.store import Store

    with in_python():
        return open_predictor(Store.resolve(tracking_uri), run_id, modules, epoch)


def train_words(words: Sequence[str], catalogue: Catalogue, console: "Terminal") -> TrainedRuns:
    """Train what a command line asks for, and log the table of results on the sweep's own run.

    Args:
        words: its words, in Hydra's order.
        catalogue: what they may name.
        console: where progress is shown.

    Raises:
        UserError: the configuration is not valid; nothing was trained or logged.
    """
    from hhexp.launching.command import train
    from hhexp.launching.sweep import Sweep

    with Sweep(console, multirun=bool(MULTIRUN & set(words))) as sweep:
        train(sweep, words, catalogue)
        unsent = sweep.send_left()
        rows, cautions = ((), ()) if unsent else _summarise(sweep)
        return TrainedRuns(
            sweep.store,
            tuple(sweep.trained),
            sweep.parent.run_id if sweep.parent else None,
            tuple(sweep.failures),
            rows,
            sweep.best,
            cautions,
            unsent,
        )


def _summarise(sweep: "Sweep") -> "tuple[tuple[Row, ...], tuple[str, ...]]":
    """The table of results, and what it cannot tell; logged where there is a run for it."""
    from hhexp.analysis import summary
    from hhexp.analysis.overview import show_sweep
    from hhexp.tracking.outages import is_away

    if sweep.store is None or not sweep.trained:
        return (), ()
    said: Sequence[str] = ()
    try:
        rows = summary.summarise(sweep.store, list(sweep.trained), sweep.trained)
        if sweep.parent:
            summary.log_summary(sweep.parent, rows)
            said = show_sweep(sweep.store, sweep.parent.run_id, list(sweep.trained))
    except Exception as error:
        if not is_away(error):
            raise
        sweep.say(f"the tracking store {sweep.store} is away: no table of results now")
        return (), ()
    return tuple(rows), tuple(said)


@contextlib.contextmanager
def in_python() -> Iterator[None]:
    """Raise each error that a person can mend as a UserError, and leave MLflow as it was set up.

    Raises:
        UserError: in place of an exception that the commands explain in one line.
    """
    from hhexp.tracking.store import keep_tracking_uri

    with keep_tracking_uri():
        try:
            yield
        except (UserError, KeyboardInterrupt) as error:
            if os.environ.get("HHEXP_DEBUG") == "1":
                raise
            raise error.with_traceback(None) from None  # its message says it all
        except Exception as error:
            if said := explain_error(error):
                raise UserError(said) from error
            raise


def _check_words(words: Sequence[str]) -> list[str]:
    """The words, in Hydra's order.

    Raises:
        UserError: one is no word for Python, or this process cannot train what they ask for.
    """
    if not isinstance(words, list | tuple) or not all(isinstance(word, str) for word in words):
        raise UserError(f'{words!r}: must be a list of words, such as ["aug=full", "epochs=5"]')
    ordered = order_words(words)
    for word in ordered:
        if word.startswith("-") and not word.startswith(FLAGS):
            raise UserError(
                f"{word}: is for the command line; in Python give words such as epochs=5, call "
                "hhexp.sweep for several values, and of the flags give --config-dir alone"
            )
    if "hydra/launcher=inline" in ordered and "tensorflow" in sys.modules:
        raise UserError(
            "hydra/launcher=inline: TensorFlow runs in this process already, with settings of its "
            "own; leave the word out, or start Python anew"
        )
    return ordered


def _train(words: Sequence[str]) -> TrainedRuns:
    from hhexp.display import console

    with in_python():
        trained = train_words(words, read_options(words), console())
    if trained.failed and not set(trained.run_ids) - {each.run_id for each in trained.failed}:
        first, more = trained.failed[0], len(trained.failed) - 1
        others = f"; and {more} more, none finished" if more else ""
        raise UserError(f"{first.status} {first.key}: {first.error}{others}")
    return trained
