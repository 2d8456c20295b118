"""What will be trained for a sweep's jobs, and what they share, for people."""

from collections.abc import Sequence

from rich.text import Text
from rich.tree import Tree as Drawing

from hhexp.experiment.plan import Plan
from hhexp.launching.schedule import Branch, Planned
from hhexp.launching.tree import Tree


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
    less = f" ({asked / trained:.1f} times less)" if 0 < trained < asked else ""
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
