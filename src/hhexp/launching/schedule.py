"""A sweep's jobs by trajectory: each is trained once, the longest groups first."""

from collections.abc import Sequence
from dataclasses import dataclass

from hhexp.config.schema import Config
from hhexp.data import Dataset
from hhexp.experiment.identity import Identity, identity, trajectory
from hhexp.experiment.job import Job
from hhexp.experiment.plan import Plan, plan
from hhexp.launching.devices import device_kind
from hhexp.tracking.store import Store


@dataclass(frozen=True)
class Scheduled:
    """A job with what will be done for it."""

    job: Job
    config: Config
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


def schedule(jobs: Sequence[tuple[Job, Config, Dataset]], store: Store) -> list[list[Scheduled]]:
    """Group jobs by trajectory, each group by its epochs, the groups with most to train first."""
    groups: dict[str, list[tuple[Job, Config, Identity]]] = {}
    for job, config, dataset in jobs:
        parts = identity(config, dataset, device_kind(config.runtime.device))
        groups.setdefault(trajectory(parts), []).append((job, config, parts))
    scheduled = [_scheduled(members, name, store) for name, members in groups.items()]
    return sorted(scheduled, key=lambda group: -sum(member.epochs for member in group))


def _scheduled(
    members: list[tuple[Job, Config, Identity]], name: str, store: Store
) -> list[Scheduled]:
    ordered = sorted(members, key=lambda member: member[1].epochs)
    group: list[Scheduled] = []
    for job, config, parts in ordered:
        chosen = plan(store, name, config.epochs, reuse=config.reuse)
        before = group[-1] if group else None
        follows = None
        start = chosen.first_epoch - 1
        # Where nothing in the store leads further, the job before in this group does.
        if before and config.reuse and chosen.action != "hit" and before.config.epochs >= start:
            follows, start = before.job.key, before.config.epochs
        epochs = 0 if chosen.action == "hit" else max(0, config.epochs - start)
        group.append(Scheduled(job, config, parts, chosen, follows, epochs))
    return group
