"""Optimizers, by Keras. The training loop sets their learning rate before each step."""

from typing import TYPE_CHECKING

from hhexp.config.schema import Adam, Optimizer, RmsProp

if TYPE_CHECKING:
    import keras


def build_optimizer(settings: Optimizer) -> "keras.optimizers.Optimizer":
    """An optimizer, with the arguments of Keras's class."""
    from keras import optimizers

    arguments = settings.model_dump(exclude={"name"})
    if isinstance(settings, RmsProp):
        return optimizers.RMSprop(**arguments)
    if isinstance(settings, Adam):
        return optimizers.Adam(**arguments)
    return optimizers.SGD(**arguments)
