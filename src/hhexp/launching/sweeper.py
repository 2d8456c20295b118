"""``hydra/sweeper=grid``: a run for every combination of the values given."""

from collections.abc import Sequence

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper


class GridSweeper(BasicSweeper):
    """Hydra's own sweeper, but for its check, which composes all jobs a first time.

    The launcher composes and checks all of them before it trains one.
    """

    def validate_batch_is_legal(self, batch: Sequence[Sequence[str]]) -> None:
        """Leave that to the launcher."""
