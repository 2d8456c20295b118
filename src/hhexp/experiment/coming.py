"""The states that a run in training will come to: another job can wait for one of them."""

from collections.abc import Iterable

from hhexp.experiment.stages import Chain
from hhexp.tracking.query import StoredRun
from hhexp.tracking.states import read_states
from hhexp.tracking.tags import COMING

DIGITS = 8
"""Of a stage's name: enough to wait, as what is continued from is compared in full."""
MOST = 300
"""States that fit into a tag."""


def write_coming(epochs: Iterable[int], chain: Chain) -> str:
    """The tag that lists after which epochs a run saves its state, and at which stages."""
    listed = [f"{epoch}:{chain.stages[epoch][:DIGITS]}" for epoch in epochs]
    return " ".join(listed[:MOST])


def find_coming(run: StoredRun, chain: Chain) -> int:
    """The last epoch of a job's for which a run in training still saves a state; 0 for none."""
    newest = max((state.epoch for state in read_states(run)), default=0)
    coming = [0]
    for word in run.tags.get(COMING, "").split():
        number, _, stage = word.partition(":")
        epoch = int(number) if number.isdecimal() else 0
        if newest < epoch <= chain.epochs and chain.stages[epoch][:DIGITS] == stage:
            coming.append(epoch)
    return max(coming)
