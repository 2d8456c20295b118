"""A sweep's jobs as a tree: where they share epochs, one of them trains these for all."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from math import inf

from hhexp.config.schema import Runtime
from hhexp.data import Dataset
from hhexp.experiment.job import Job
from hhexp.experiment.plan import Plan, find_lost_answers, foresee_stop, make_plan
from hhexp.experiment.stages import Chain, build_chain, count_shared
from hhexp.launching.devices import Target
from hhexp.tracking.query import find_families
from hhexp.tracking.store import Store
from hhexp.tracking.watch import Watch


@dataclass(frozen=True)
class Planned:
    """A job, its stages, and what the store has for it."""

    job: Job
    chain: Chain
    plan: Plan


@dataclass(frozen=True)
class Branch:
    """A job's place in the tree."""

    job: Job
    start: int
    """How many epochs it need not train."""
    parent: str | None = None
    """The job from whose state after epoch ``start`` it continues; None where it needs none."""
    after_end: bool = False
    """Whether that job has to end first, as it answers this one too."""
    longest: int = 0
    """Epochs of the longest way through the tree from here on."""

    @property
    def epochs(self) -> int:
        """How many it has to train."""
        return self.job.config.epochs - self.start


def plan_jobs(
    jobs: Sequence[tuple[Job, Dataset]], store: Store, find_target: Callable[[Runtime], Target]
) -> list[Planned]:
    """Find what the store has for each job; it is asked once for all of them.

    Args:
        jobs: each with its data.
        store: where runs are.
        find_target: what jobs of some runtime settings will be trained on.
    """
    chains = []
    for job, dataset in jobs:
        target = find_target(job.config.runtime)
        chain = build_chain(
            job.config, dataset, target.device, instruction_set=target.instruction_set
        )
        chains.append(chain)
    wanted = {
        chain.stages[0]
        for (job, _), chain in zip(jobs, chains, strict=True)
        if job.config.may_reuse
    }
    families, watch = find_families(store, wanted), Watch()
    lost = find_lost_answers(store, families.values(), chains)

    def plan(job: Job, chain: Chain) -> Plan:
        if not job.config.may_reuse:
            return Plan("train")
        family = families[chain.stages[0]]
        return make_plan(family, chain, watch, lost, foresee_stop(store, family, chain))

    return [
        Planned(job, chain, plan(job, chain)) for (job, _), chain in zip(jobs, chains, strict=True)
    ]


def arrange(planned: Iterable[Planned]) -> list[Branch]:
    """Find who trains what, and who continues from whom: no epoch is trained twice.

    Where jobs part, each way is trained by the job that ends first on the longest way through; the
    others continue from its states. What must not reuse anything stands alone.

    Returns:
        the branches, each after the one that it continues from.
    """
    alone = [Branch(each.job, 0) for each in planned if not each.job.config.may_reuse]
    grouped: dict[tuple[str, int], list[Planned]] = defaultdict(list)
    for each in planned:
        if each.job.config.may_reuse:
            start = each.plan.start
            grouped[each.chain.stages[start], start].append(each)
    branches: list[Branch] = []
    left: list[tuple[Planned | None, int, list[Planned]]]
    left = [(None, start, group) for (_, start), group in grouped.items()]
    while left:
        parent, start, group = left.pop()
        for members in _part(group, start):
            first = _choose_first(members)
            same = parent is not None and first.chain.request == parent.chain.request
            key = parent.job.key if parent else None
            branches.append(Branch(first.job, start, key, same))
            leaving: dict[int, list[Planned]] = defaultdict(list)
            for member in members:
                if member is not first:
                    leaving[count_shared(first.chain, member.chain)].append(member)
            left += [(first, epoch, others) for epoch, others in leaving.items()]
    return _measure([*branches, *alone])


def _part(group: Sequence[Planned], start: int) -> Iterable[list[Planned]]:
    """The jobs of a group by their next stage; those that end here by what they ask for."""
    ways: dict[str, list[Planned]] = defaultdict(list)
    for member in group:
        chain = member.chain
        ways[chain.stages[start + 1] if chain.epochs > start else chain.request].append(member)
    return ways.values()


def _choose_first(members: Sequence[Planned]) -> Planned:
    """The one that ends first on the way of the one that takes longest.

    One that may stop early comes before those that do not: they can go on where it stops.
    """
    longest = max(members, key=lambda member: member.chain.epochs)
    on_the_way = (
        member
        for member in members
        if count_shared(member.chain, longest.chain) == member.chain.epochs
    )
    return min(on_the_way, key=lambda member: (member.chain.patience or inf, member.chain.epochs))


def _measure(branches: Sequence[Branch]) -> list[Branch]:
    """Give each job the epochs whose states it has to keep, and each branch its longest way."""
    keep: dict[str, set[int]] = defaultdict(set)
    longest: dict[str, int] = {}
    measured = []
    for branch in reversed(branches):
        key = branch.job.key
        way = max(branch.epochs, longest.get(key, 0) - branch.start)
        kept = tuple(sorted(keep[key]))
        measured.append(replace(branch, job=replace(branch.job, keep=kept), longest=way))
        if branch.parent is not None:
            keep[branch.parent].add(branch.start)
            ends = branch.start + way
            longest[branch.parent] = max(longest.get(branch.parent, 0), ends)
    return measured[::-1]
