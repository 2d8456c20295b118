"""Optimizers and learning-rate schedules, by Keras."""

from typing import TYPE_CHECKING, Any

from hhexp.config.schema import Adam, CosineRate, LearningRate, Optimizer, RmsProp, StepRate

if TYPE_CHECKING:
    import keras


def build_optimizer(
    settings: Optimizer, rate: LearningRate, *, steps: int, epochs: int
) -> "keras.optimizers.Optimizer":
    """An optimizer whose learning rate follows a schedule.

    Args:
        settings: which optimizer, with the arguments of Keras's class.
        rate: the learning rate's schedule.
        steps: training steps in an epoch.
        epochs: epochs of the whole run; only a cosine depends on it.
    """
    from keras import optimizers

    arguments = settings.model_dump(exclude={"name"})
    arguments["learning_rate"] = _build_schedule(rate, steps=steps, epochs=epochs)
    if isinstance(settings, RmsProp):
        return optimizers.RMSprop(**arguments)
    if isinstance(settings, Adam):
        return optimizers.Adam(**arguments)
    return optimizers.SGD(**arguments)


def depends_on_epochs(rate: LearningRate) -> bool:
    """Whether a schedule gives an epoch another rate when a run has more epochs."""
    return isinstance(rate, CosineRate)


def _build_schedule(rate: LearningRate, *, steps: int, epochs: int) -> Any:
    from keras.optimizers import schedules

    if isinstance(rate, CosineRate):
        return schedules.CosineDecay(rate.value, steps * epochs, alpha=rate.final_fraction)
    if isinstance(rate, StepRate):
        return schedules.ExponentialDecay(
            rate.value, steps * rate.every, rate.factor, staircase=True
        )
    return rate.value
