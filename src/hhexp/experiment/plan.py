"""How to get a job's run: reuse a finished one, wait for another process's, continue, or train."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hhexp.config.objective import find_stop
from hhexp.experiment.artifacts import NEEDED
from hhexp.experiment.coming import find_coming
from hhexp.experiment.identity import list_differences
from hhexp.experiment.stages import Chain
from hhexp.reading import parse_json
from hhexp.tracking.artifacts import find_lost
from hhexp.tracking.claims import is_settled
from hhexp.tracking.histories import read_many
from hhexp.tracking.names import find_name
from hhexp.tracking.process import describe
from hhexp.tracking.query import StoredRun
from hhexp.tracking.states import SavedState, read_states
from hhexp.tracking.store import Store
from hhexp.tracking.tags import IDENTITY, PROCESS, REQUEST
from hhexp.tracking.watch import Watch


@dataclass(frozen=True)
class Plan:
    """What is done for a job, and why."""

    action: str
    """hit: a finished run is reused; wait: another process trains the run now, or epochs that it
    shares; resume: an interrupted run continues under its ID; continue: a new run starts from a
    saved state of its stages; train: from scratch."""
    run_id: str | None = None
    """The run that is reused (hit), waited for (wait) or continues (resume)."""
    states: tuple[SavedState, ...] = ()
    """The states to start from: the first that is whole."""
    notes: tuple[str, ...] = ()
    """Why more must be trained than the store might suggest, or who trains."""
    until: int | None = None
    """The epoch whose state is waited for; None for the run's end."""

    @property
    def state(self) -> SavedState | None:
        """The state to start from."""
        return self.states[0] if self.states else None

    @property
    def start(self) -> int:
        """How many epochs need no training."""
        return self.state.epoch if self.state else 0

    def __str__(self) -> str:
        if self.action == "hit":
            return f"hit: reuses the finished run {self.run_id}"
        if self.action == "wait":
            run = f"run {str(self.run_id)[:8]}"
            awaited = f"the state of {run} after epoch {self.until}" if self.until else run
            return f"wait: for {awaited}, as {self.notes[0]}"
        start = f"from {describe_state(self.state)}" if self.state else "from scratch"
        if self.action == "resume":
            start = f"run {str(self.run_id)[:8]} continues {start}"
        return "; ".join([f"{self.action}: {start}", *self.notes])

    def without_state(self, problem: str = "is missing or damaged") -> "Plan":
        """The plan where the state to start from turned out to be of no use, and why."""
        assert self.state is not None
        note = f"{describe_state(self.state)} {problem}"
        left = self.states[1:]
        action = "train" if self.action == "continue" and not left else self.action
        return replace(self, action=action, states=left, notes=(*self.notes, note))


def describe_state(state: SavedState) -> str:
    """A state for people."""
    return f"the state of run {state.run_id[:8]} after epoch {state.epoch}"


def make_plan(
    family: Iterable[StoredRun],
    chain: Chain,
    watch: Watch,
    lost: Mapping[str, str] | None = None,
    stop: int | None = None,
) -> Plan:
    """Look for a run or state that a job can reuse.

    Args:
        family: the runs in the store that were trained from the same stage 0, the oldest first.
        chain: the job's.
        watch: knows which runs are being trained.
        lost: as ``find_lost_answers`` gives them.
        stop: as ``foresee_stop`` gives it; states beyond it are of no use.
    """
    runs, lost = list(family), lost or {}
    same = select_same(runs, chain)
    done = [run for run in same if run.status == "FINISHED"]
    if whole := [run for run in done if run.run_id not in lost]:
        return Plan("hit", whole[-1].run_id)
    for run in same:
        if trainer := watch.find_trainer(run.run_id, run.status, run.tags):
            return Plan("wait", run.run_id, notes=(describe(trainer),))
    at = {stage: epoch for epoch, stage in enumerate(chain.stages[: stop and stop + 1])}
    found = [state for run in runs for state in read_states(run) if state.stage in at]
    states = tuple(sorted(found, key=lambda state: state.epoch, reverse=True))
    start = states[0].epoch if states else 0
    if helpers := find_helpers(runs, chain, watch, start):
        helper, until = max(helpers, key=lambda each: each[1])
        who = describe(helper.tags[PROCESS])
        return Plan("wait", helper.run_id, states, (who,), until)
    notes = tuple(lost[run.run_id] for run in done)
    if stop is not None:
        notes = (*notes, f"it will stop after epoch {stop}, as epochs in the store show")
    if left := [run for run in same if is_settled(run) and run not in done]:
        return Plan("resume", left[-1].run_id, states, notes)
    return Plan("continue" if states else "train", None, states, notes)


def foresee_stop(store: Store, family: Iterable[StoredRun], chain: Chain) -> int | None:
    """The epoch after which a job stops early, as far as its epochs in the store tell; else None.

    Args:
        store: where the runs are.
        family: as ``make_plan`` takes it.
        chain: the job's.
    """
    at = set(chain.stages[1:])
    states = ((run, state) for run in family for state in read_states(run) if state.stage in at)
    run, newest = max(states, key=lambda each: each[1].epoch, default=(None, None))
    if chain.patience is None or run is None or newest is None:
        return None
    name = find_name(chain.objective, run.metrics)
    values = read_many(store, {run.run_id: [name]})[run.run_id].get(name, ()) if name else ()
    return find_stop(values[: newest.epoch], chain.objective, chain.patience)


def find_lost_answers(
    store: Store, families: Iterable[Sequence[StoredRun]], chains: Iterable[Chain]
) -> dict[str, str]:
    """The finished runs that would answer jobs, but have lost artifacts: by their IDs what is lost.

    Args:
        store: where the runs are.
        families: as ``make_plan`` takes them.
        chains: the jobs'.
    """
    requests = {chain.request for chain in chains}
    done = [
        run
        for family in families
        for run in family
        if run.status == "FINISHED" and run.tags.get(REQUEST) in requests
    ]
    return find_lost(store, done, NEEDED)


def find_helpers(
    family: Iterable[StoredRun], chain: Chain, watch: Watch, start: int
) -> list[tuple[StoredRun, int]]:
    """The runs that other processes train, and that come to a state which a job can continue.

    Args:
        family: as ``make_plan`` takes it.
        chain: the job's.
        watch: knows which runs are being trained.
        start: what comes up to this epoch is of no use: there is a state.

    Returns:
        the runs, each with the last epoch whose state is of use.
    """
    return [
        (run, epoch)
        for run in family
        if run.tags.get(REQUEST) != chain.request
        and (epoch := find_coming(run, chain)) > start
        and watch.find_trainer(run.run_id, run.status, run.tags)
    ]


def select_same(family: Iterable[StoredRun], chain: Chain) -> list[StoredRun]:
    """Those of a family that were asked for all that a job asks for."""
    return [run for run in family if run.tags.get(REQUEST) == chain.request]


def explain_miss(known: Iterable[StoredRun], chain: Chain) -> str:
    """Which parts of the identity differ from those of the nearest of the runs that are known."""
    nearest: tuple[list[str], StoredRun] | None = None
    wanted = {**chain.identity, "epochs": chain.epochs}
    for run in known:
        if (identity := _read_identity(run)) is None:
            continue
        differing = list_differences(identity, wanted)
        if nearest is None or len(differing) < len(nearest[0]):
            nearest = differing, run
    if nearest is None:
        return "the store has no run to compare with"
    differing, run = nearest
    if not differing:
        return f"nearest run {run.run_id[:8]} ({run.name}) is {run.status}, and has no state left"
    return f"nearest run {run.run_id[:8]} ({run.name}) differs in: {join_parts(differing)}"


def _read_identity(run: StoredRun) -> dict[str, Any] | None:
    """A run's identity with its epochs; None where it has none that can be read."""
    try:
        return {**parse_json(run.tags[IDENTITY]), "epochs": int(run.params["epochs"])}
    except (LookupError, ValueError, TypeError):
        return None


def join_parts(parts: Sequence[str], most: int = 8) -> str:
    """Parts as one line, cut where there are many."""
    rest = len(parts) - most
    return "; ".join(parts[:most]) + (f"; and {rest} more" if rest > 0 else "")
