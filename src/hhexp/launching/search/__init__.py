"""``hydra/sweeper=search``: looks for good values, one trial after the other."""
