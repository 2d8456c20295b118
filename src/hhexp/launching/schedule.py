"""A sweep's jobs by trajectory: each is trained once, the longest groups first."""

from collections.abc import Sequence
from dataclasses import dataclass

from hhexp.data import Dataset
from hhexp.experiment.identity import Identity, identify, name_trajectory
from hhexp.experiment.job import Job
from hhexp.experiment.plan import Plan, make_plan
from hhexp.launching.devices import choose_device
from hhexp.tracking.store import Store


@dataclass(frozen=True)
class Scheduled:
    """A job with what will be done for it."""

    job: Job
    identity: Identity
    plan: Plan
    follows: str | None
    """The job of this sweep whose end it continues from."""
    epochs: int
    """How many epochs it will train."""

    def __str__(self) -> str:
        if self.follows:
            return f"continue: from the end of {self.follows}"
        return str(self.plan)


def schedule(jobs: Sequence[tuple[Job, Dataset]], store: Store) -> list[list[Scheduled]]:
    """Group jobs by trajectory, each group by its epochs, the groups with most to train first."""
    groups: dict[str, list[tuple[Job, Identity]]] = {}
    for job, dataset in jobs:
        parts = identify(job.config, dataset, choose_device(job.config.runtime.device))
        groups.setdefault(name_trajectory(parts), []).append((job, parts))
    scheduled = [_schedule_group(members, name, store) for name, members in groups.items()]
    return sorted(scheduled, key=lambda group: -sum(member.epochs for member in group))


def _schedule_group(
    members: list[tuple[Job, Identity]], name: str, store: Store
) -> list[Scheduled]:
    group: list[Scheduled] = []
    for job, parts in sorted(members, key=lambda member: member[0].config.epochs):
        config = job.config
        chosen = make_plan(store, name, config.epochs, reuse=config.may_reuse)
        before = group[-1] if group else None
        follows = None
        start = chosen.first_epoch - 1
        # Where nothing in the store leads further, the job before in this group does.
        if (
            before
            and config.may_reuse
            and chosen.action != "hit"
            and before.job.config.epochs >= start
        ):
            follows, start = before.job.key, before.job.config.epochs
        epochs = 0 if chosen.action == "hit" else max(0, config.epochs - start)
        group.append(Scheduled(job, parts, chosen, follows, epochs))
    return group
