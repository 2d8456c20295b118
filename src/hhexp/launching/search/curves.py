"""What a run has come to, epoch by epoch: that is all that a search looks at."""

from collections.abc import Sequence
from dataclasses import dataclass

from hhexp.experiment.course import LOSSES, find_diverged
from hhexp.tracking.histories import read_many
from hhexp.tracking.names import find_name
from hhexp.tracking.outages import is_away
from hhexp.tracking.query import NoSuchRunError, find_runs
from hhexp.tracking.store import Store


@dataclass
class Curve:
    """A run's epochs so far."""

    values: Sequence[float] = ()
    """The objective after each epoch; NaN where it was not measured."""
    diverged: str = ""
    """The loss that is not a finite number after the last one; empty where all are."""


def read_curve(store: Store, run_id: str | None, objective: str) -> Curve:
    """A run's curve, as the store has it; empty where there is no such run, or no store now."""
    if run_id is None:
        return Curve()
    try:
        (run,) = find_runs(store, [run_id])
        names = [find_name(objective, run.metrics), *LOSSES]
        found = read_many(store, {run_id: [name for name in names if name in run.metrics]})[run_id]
    except NoSuchRunError:  # it was deleted since
        return Curve()
    except Exception as error:
        if not is_away(error):
            raise
        return Curve()
    last = {name: found[name][-1] for name in LOSSES if name in found}
    return Curve(found.get(str(names[0]), ()), find_diverged(last))
