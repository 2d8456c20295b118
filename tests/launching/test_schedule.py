"""No epoch that jobs share is trained twice, whatever the order in which they run and fail."""

import random
from collections import Counter
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from hhexp.display.events import RunEnded, StateSaved
from hhexp.experiment import Job
from hhexp.experiment.plan import Plan
from hhexp.experiment.stages import Chain
from hhexp.launching.explanation import draw_tree, say_plan, say_sharing
from hhexp.launching.schedule import Planned, arrange
from hhexp.launching.tree import Tree
from hhexp.tracking.states import SavedState


def planned(
    key: str,
    *,
    state: int = 0,
    request: str | None = None,
    reuse: bool = True,
    patience: int | None = None,
) -> Planned:
    """A job whose epochs are the letters of its key; ``state`` is where the store has one."""
    letters = key.rstrip("'")
    stages = tuple(letters[:epoch] for epoch in range(len(letters) + 1))
    stopping = SimpleNamespace(patience=patience)
    config: Any = SimpleNamespace(epochs=len(letters), may_reuse=reuse, stopping=stopping)
    saved = SavedState("", state, letters[:state], "", 0, stays=True)
    plan = Plan("continue", states=(saved,)) if state else Plan("train")
    chain = Chain({}, stages, request or key, patience=patience)
    return Planned(Job(key, config), chain, plan)


def show(jobs: list[Planned]) -> list[tuple[str, int, str | None, tuple[int, ...]]]:
    return sorted((b.job.key, b.start, b.parent, b.job.keep) for b in arrange(jobs))


def test_a_longer_run_continues_a_shorter_one() -> None:
    assert show([planned("aaaa"), planned("aa")]) == [
        ("aa", 0, None, (2,)),
        ("aaaa", 2, "aa", ()),
    ]


def test_a_branch_starts_where_it_leaves_the_longest_way() -> None:
    assert show([planned("aabb"), planned("aacccc"), planned("aacd"), planned("x")]) == [
        ("aabb", 2, "aacccc", ()),
        ("aacccc", 0, None, (2, 3)),
        ("aacd", 3, "aacccc", ()),
        ("x", 0, None, ()),
    ]


def test_what_may_stop_early_trains_first_and_the_others_go_on_where_it_stops() -> None:
    jobs = [planned("aaaa"), planned("aaaa'", patience=2), planned("aa")]
    assert show(jobs) == [
        ("aa", 2, "aaaa'", ()),
        ("aaaa", 4, "aaaa'", ()),
        ("aaaa'", 0, None, (2, 4)),
    ]
    tree = Tree(jobs)
    first = tree.take()
    assert first is not None and first.key == "aaaa'"
    tree.hear(RunEnded("aaaa'", "f00", "FINISHED", "stopped after epoch 1"))
    second = tree.take()
    assert second is not None and second.key == "aa"  # trains what both need


def test_what_the_store_has_is_not_trained_and_not_waited_for() -> None:
    assert show([planned("aabb", state=2), planned("aacc", state=2), planned("a", state=1)]) == [
        ("a", 1, None, ()),
        ("aabb", 2, None, ()),
        ("aacc", 2, None, ()),
    ]
    assert show([planned("aabbc", state=2), planned("aabbd", state=2)]) == [
        ("aabbc", 2, None, (4,)),
        ("aabbd", 4, "aabbc", ()),
    ]


def test_what_may_not_reuse_anything_stands_alone() -> None:
    jobs = [planned("aa", reuse=False), planned("aaa", reuse=False)]
    assert [(start, parent) for _, start, parent, _ in show(jobs)] == [(0, None), (0, None)]


def test_a_job_that_is_asked_for_twice_waits_for_the_first_to_end() -> None:
    for jobs in (
        [planned("aa", request="same"), planned("aa'", request="same")],
        [planned(k, request="same", state=2) for k in ("aa", "aa'")],
    ):
        first, second = arrange(jobs)
        assert (second.parent, second.after_end, second.epochs) == (first.job.key, True, 0)
        assert say_plan(jobs[1].plan, second) == f"hit: the same as {first.job.key}"


def test_where_two_ask_for_the_same_epochs_otherwise_the_second_has_nothing_to_train() -> None:
    _, second = arrange([planned("aa"), planned("aa'")])
    assert (second.parent, second.after_end, second.epochs) == ("aa", False, 0)


def test_an_explanation_says_what_is_shared_and_draws_it(capsys: Any) -> None:
    from rich.console import Console

    jobs = [planned("aaaa"), planned("aa"), planned("aabb")]
    tree = Tree(jobs)
    assert say_sharing(jobs, tree) == "10 epochs asked, 6 to train (1.7 times less)"
    branches = {branch.job.key: branch for branch in tree.branches}
    assert say_plan(jobs[2].plan, branches["aabb"]) == "continue: from aa after epoch 2"
    Console(width=60, color_system=None).print(draw_tree(tree))
    assert [line.strip() for line in capsys.readouterr().out.splitlines()] == [
        "what is trained",
        "└── aa: epochs 1 to 2",
        "├── aaaa: epochs 3 to 4",
        "└── aabb: epochs 3 to 4",
    ]


def has_ready(tree: Tree) -> bool:
    """Whether ``take`` would give a job at once."""
    return any(map(tree._is_ready, tree._waiting.values()))


@dataclass
class Machine:
    """Trains a tree's jobs, several at once, in an order that chance decides."""

    tree: Tree
    chance: random.Random
    fails: set[str] = field(default_factory=set)
    states: set[str] = field(default_factory=set)
    trained: Counter[str] = field(default_factory=Counter)
    running: dict[str, int] = field(default_factory=dict)
    most: int = 0

    def run(self, slots: int) -> None:
        while self.running or has_ready(self.tree):
            if len(self.running) < slots and has_ready(self.tree):
                job = self.tree.take()
                assert job is not None
                own = [n for n in range(len(job.key) + 1) if job.key[:n] in self.states]
                self.running[job.key] = max(own, default=0)
            else:
                self.advance(self.chance.choice(sorted(self.running)))
            self.most = max(self.most, len(self.running))

    def advance(self, key: str) -> None:
        """Train an epoch of a job, or end it."""
        (job,) = [job for job in self.tree.jobs if job.key == key]
        epoch = self.running[key]
        if (key in self.fails and epoch >= 2) or epoch == len(key):
            del self.running[key]
            status = "FINISHED" if epoch == len(key) else "FAILED"
            if status == "FINISHED":
                self.save(key, epoch)
            self.tree.hear(RunEnded(key, "run", status, ""))
            return
        self.trained[key[: epoch + 1]] += 1
        self.running[key] = epoch + 1
        if epoch + 1 in job.keep or epoch + 1 == len(key):
            self.save(key, epoch + 1)

    def save(self, key: str, epoch: int) -> None:
        self.states.add(key[:epoch])
        self.tree.hear(StateSaved(key, epoch))


def draw_jobs(chance: random.Random) -> list[Planned]:
    lengths = range(chance.randint(1, 12))
    keys = {"".join(chance.choice("ab") for _ in range(chance.randint(1, 7))) for _ in lengths}
    return [planned(key) for key in sorted(keys)]


@pytest.mark.parametrize("slots", [1, 3])
@pytest.mark.parametrize("seed", range(40))
def test_each_epoch_is_trained_once_whatever_the_tree(seed: int, slots: int) -> None:
    chance = random.Random(seed)
    jobs = draw_jobs(chance)
    machine = Machine(Tree(jobs), chance)
    machine.run(slots)
    needed = {stage for each in jobs for stage in each.chain.stages[1:]}
    assert machine.trained == dict.fromkeys(needed, 1)
    assert {o.status for o in machine.tree.outcomes.values()} == {"FINISHED"}
    assert len(machine.tree.outcomes) == len(jobs)
    assert sum(branch.epochs for branch in machine.tree.branches) == len(needed)


@pytest.mark.parametrize("seed", range(40))
def test_where_a_job_fails_the_others_train_what_it_owed_them_once(seed: int) -> None:
    chance = random.Random(seed)
    jobs = draw_jobs(chance)
    fails = {each.job.key for each in jobs if len(each.job.key) > 2 and chance.random() < 0.3}
    machine = Machine(Tree(jobs), chance, fails)
    machine.run(slots=2)
    assert len(machine.tree.outcomes) == len(jobs)
    for each in jobs:
        status = machine.tree.outcomes[each.job.key].status
        assert status == "FINISHED" or each.job.key in fails
    lost = sum(len(key) for key in fails)  # what a job trained before it failed may be lost
    assert sum(count - 1 for count in machine.trained.values()) <= lost


def test_the_longest_way_goes_first_and_branches_run_beside_it() -> None:
    jobs = [planned("b"), planned("aacccc"), planned("aad"), planned("aabbbb")]
    tree = Tree(jobs)
    first = tree.take()
    assert first is not None
    assert (len(first.key), first.keep) == (6, (2,))
    assert [tree.take()] == [jobs[0].job]
    assert not has_ready(tree)
    tree.hear(StateSaved(first.key, 2))
    taken = [tree.take(), tree.take()]
    assert [len(job.key) for job in taken if job] == [6, 3]
    assert tree.take() is None


def test_a_job_that_is_put_back_is_taken_again_and_what_waits_is_in_demand() -> None:
    tree = Tree([planned("ab"), planned("cdef")])
    assert tree.demand == 2
    first = tree.take()
    assert first is not None and (first.key, tree.demand) == ("cdef", 1)
    tree.put_back(first)
    assert tree.demand == 2 and tree.take() == first
    tree.stop()
    assert tree.demand == 0 and tree.take() is None
