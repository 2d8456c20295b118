"""Optimizers and learning-rate schedules, by Keras."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras


def optimizer(
    settings: Mapping[str, Any], rate: Mapping[str, Any], *, steps: int, epochs: int
) -> "keras.optimizers.Optimizer":
    """An optimizer whose learning rate follows a schedule.

    Args:
        settings: ``name`` (rmsprop, adam or sgd) and the arguments of Keras's class.
        rate: ``schedule`` (constant, cosine or step), ``value`` and the schedule's own keys.
        steps: training steps in an epoch.
        epochs: epochs of the whole run; only ``cosine`` depends on it.
    """
    import keras

    classes = {
        "rmsprop": keras.optimizers.RMSprop,
        "adam": keras.optimizers.Adam,
        "sgd": keras.optimizers.SGD,
    }
    arguments = dict(settings)
    build = classes[arguments.pop("name")]
    return build(learning_rate=_rate(rate, steps=steps, epochs=epochs), **arguments)


def depends_on_epochs(rate: Mapping[str, Any]) -> bool:
    """Whether a schedule gives an epoch another rate when a run has more epochs."""
    return rate["schedule"] == "cosine"


def _rate(rate: Mapping[str, Any], *, steps: int, epochs: int) -> Any:
    from keras.optimizers import schedules

    if rate["schedule"] == "cosine":
        return schedules.CosineDecay(rate["value"], steps * epochs, alpha=rate["final_fraction"])
    if rate["schedule"] == "step":
        return schedules.ExponentialDecay(
            rate["value"], steps * rate["every"], rate["factor"], staircase=True
        )
    return rate["value"]
