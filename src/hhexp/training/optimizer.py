"""Optimizers, Keras's and your own. The training loop sets their rate before each step."""

from typing import TYPE_CHECKING

from hhexp.config.registry import optimizer_builder
from hhexp.config.schema import Momentum, Optimizer, Positive
from hhexp.errors import UserError, locate

if TYPE_CHECKING:
    import keras


def build_optimizer(settings: Optimizer) -> "keras.optimizers.Optimizer":
    """The optimizer that a configuration names.

    Raises:
        UserError: its function fails, or returns something else.
    """
    from keras import optimizers

    key, build = f"optimizer.name={settings.name}", optimizer_builder.functions[settings.name]
    try:
        optimizer = build(**settings.arguments)
    except UserError:
        raise
    except Exception as error:
        raise UserError(f"{key}: {locate(error, build)}") from error
    if not isinstance(optimizer, optimizers.Optimizer):
        raise UserError(
            f"{key}: must return a keras.optimizers.Optimizer, not {type(optimizer).__name__}"
        )
    if isinstance(optimizer._learning_rate, optimizers.schedules.LearningRateSchedule):
        raise UserError(f"{key}: must have no schedule of its own: lr=… sets the learning rate")
    return optimizer


@optimizer_builder
def rmsprop(
    *, rho: Momentum, momentum: Momentum, epsilon: Positive
) -> "keras.optimizers.Optimizer":
    """``keras.optimizers.RMSprop``."""
    from keras import optimizers

    return optimizers.RMSprop(rho=rho, momentum=momentum, epsilon=epsilon)


@optimizer_builder
def adam(*, beta_1: Momentum, beta_2: Momentum, epsilon: Positive) -> "keras.optimizers.Optimizer":
    """``keras.optimizers.Adam``."""
    from keras import optimizers

    return optimizers.Adam(beta_1=beta_1, beta_2=beta_2, epsilon=epsilon)


@optimizer_builder
def sgd(*, momentum: Momentum, nesterov: bool) -> "keras.optimizers.Optimizer":
    """``keras.optimizers.SGD``."""
    from keras import optimizers

    return optimizers.SGD(momentum=momentum, nesterov=nesterov)
