"""What will be trained for a sweep's jobs, and what they share, for people."""

from collections.abc import Callable, Iterator, Sequence

from rich.text import Text
from rich.tree import Tree as Drawing

from hhexp.config.schema import Runtime
from hhexp.experiment.identity import foresee_portability
from hhexp.experiment.plan import Plan, explain_miss
from hhexp.launching.devices import Target
from hhexp.launching.schedule import Branch, Planned
from hhexp.launching.tree import Tree
from hhexp.tracking.query import StoredRun

LEAST = 1.05
"""How many times less it must be to be said: below that it would be 1.0."""


def say_plans(
    planned: Sequence[Planned],
    tree: Tree,
    find_target: Callable[[Runtime], Target],
    known: Sequence[StoredRun] | None,
) -> Iterator[str]:
    """What is done for each job that is not trained from scratch, and what that saves, in lines.

    Args:
        planned: the jobs.
        tree: what is trained for them.
        find_target: what jobs of some runtime settings are trained on.
        known: earlier runs, the nearest of which each job that is trained from scratch is compared
            with; None where nothing is to be explained, and such a job has no line.
    """
    branches = {branch.job.key: branch for branch in tree.branches}
    if len(planned) > 1:
        yield say_sharing(planned, tree)
    for each in planned:
        branch = branches.get(each.job.key)
        trains_all = branch is not None and branch.start == 0
        if known is not None or each.plan.notes or not trains_all:
            yield f"{each.job.key}: {say_plan(each.plan, branch)}"
        if known is None:
            continue
        if find_target(each.job.config.runtime).device == "cpu":
            yield f"  {foresee_portability(each.job.config)}"
        if trains_all:
            yield f"  {_explain_training(each, known)}"


def say_plan(plan: Plan, branch: Branch | None) -> str:
    """What is done for a job; ``branch`` is its place in the tree, where it is not a hit."""
    if branch is None or branch.parent is None:
        return str(plan)
    if branch.after_end:
        return f"hit: the same as {branch.parent}"
    return f"continue: from {branch.parent} after epoch {branch.start}"


def say_sharing(planned: Sequence[Planned], tree: Tree) -> str:
    """How many epochs are asked for, and how many are trained."""
    asked = sum(each.job.config.epochs for each in planned)
    trained = sum(branch.epochs for branch in tree.branches)
    times = asked / trained if trained else 1.0
    less = f" ({times:.1f} times less)" if times >= LEAST else ""
    return f"{asked:,} epochs asked, {trained:,} to train{less}"


def draw_tree(tree: Tree) -> Drawing:
    """Who trains which epochs, and who continues from whom."""
    drawing = Drawing("what is trained")
    nodes: dict[str, Drawing] = {}
    for branch in tree.branches:
        parent = nodes[branch.parent] if branch.parent else drawing
        nodes[branch.job.key] = parent.add(Text(f"{branch.job.key}: {_say_epochs(branch)}"))
    return drawing


def _say_epochs(branch: Branch) -> str:
    first, last = branch.start + 1, branch.job.config.epochs
    stored = ", from a saved state" if first > 1 and branch.parent is None else ""
    if first > last:
        return f"nothing, it ends at epoch {last}{stored}"
    which = f"epoch {last}" if first == last else f"epochs {first} to {last}"
    patience = branch.job.config.stopping.patience
    early = f", or fewer (stopping.patience={patience})" if patience and first < last else ""
    return which + early + stored


def _explain_training(each: Planned, known: Sequence[StoredRun]) -> str:
    """Why a job is trained from scratch."""
    config = each.job.config
    if config.may_reuse:
        return explain_miss(known, each.chain)
    return "state.trace=true" if config.reuse else "reuse=false"
