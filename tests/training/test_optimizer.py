"""Optimizers take their settings."""

from hhexp.config.schema import Adam
from hhexp.training.optimizer import build_optimizer


def test_settings_reach_kerass_optimizer() -> None:
    built = build_optimizer(Adam(name="adam", beta_1=0.8, beta_2=0.99, epsilon=1e-5))
    assert (built.beta_1, built.beta_2, built.epsilon) == (0.8, 0.99, 1e-5)
