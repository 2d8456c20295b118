"""Two small steps of every optimizer, loss, engine and many layers, and the hash of each.

    python benchmarks/one_step.py --isa avx2 --threads 2 --precision float32

The network is tiny, so that each machine that runs the tests tries them all in a minute.
``benchmarks/bits.py --record`` puts the hashes on record.
"""

import argparse
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np

SIDE, CLASSES, STEPS = 24, 3, (5, 3)
"""Pixels of an image, the softmax's classes, and the images of each step."""

OPTIMIZERS: dict[str, dict[str, Any]] = {
    "rmsprop": {"name": "rmsprop", "rho": 0.9, "momentum": 0.0, "epsilon": 1e-7},
    "rmsprop momentum": {"name": "rmsprop", "rho": 0.9, "momentum": 0.9, "epsilon": 1e-7},
    "adam": {"name": "adam", "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7},
    "sgd": {"name": "sgd", "momentum": 0.0, "nesterov": False},
    "sgd momentum": {"name": "sgd", "momentum": 0.9, "nesterov": False},
    "sgd nesterov": {"name": "sgd", "momentum": 0.9, "nesterov": True},
}
ENGINES = ("affine", "image_data_generator", "keras_layers")
RANGES = {
    "rotation_range": 40.0,
    "width_shift_range": 0.2,
    "height_shift_range": 0.2,
    "shear_range": 0.2,
    "zoom_range": 0.2,
    "horizontal_flip": True,
    "fill_mode": "nearest",
}


@dataclass(frozen=True)
class Trial:
    """What two steps are taken with."""

    name: str
    optimizer: str = "rmsprop"
    outputs: int = 1
    engine: str | None = None
    layers: Callable[[], list[Any]] = list
    """Layers between the convolution and the dense ones."""


def list_trials() -> Iterator[Trial]:
    """Each optimizer with each loss, each engine, and layers of a person's own model."""
    for optimizer in OPTIMIZERS:
        yield Trial(f"{optimizer}, sigmoid", optimizer)
        yield Trial(f"{optimizer}, softmax", optimizer, CLASSES)
    for engine in ENGINES:
        yield Trial(f"engine {engine}", engine=engine)
    for name, layers in list_layers().items():
        yield Trial(f"layer {name}", layers=layers)


def list_layers() -> dict[str, Callable[[], list[Any]]]:
    """Layers that a person may use, and that TensorFlow computes with approximations by itself."""
    import tensorflow as tf
    from keras import layers

    class RootOfOne(layers.Layer):  # type: ignore[misc]  # Keras has no type information
        def call(self, x: Any) -> Any:
            return tf.math.rsqrt(tf.abs(x) + 0.1) + 1 / (tf.abs(x) + 0.2) + tf.atan(x) / 3

    return {
        "batch normalization": lambda: [layers.BatchNormalization()],
        "layer normalization": lambda: [layers.LayerNormalization()],
        "group normalization": lambda: [layers.GroupNormalization(2)],
        "unit normalization": lambda: [layers.UnitNormalization()],
        "gelu": lambda: [layers.Activation("gelu")],
        "depthwise": lambda: [layers.DepthwiseConv2D(3)],
        "separable": lambda: [layers.SeparableConv2D(4, 3)],
        "dropout": lambda: [layers.Dropout(0.3, seed=1)],
        "tf.math.rsqrt, 1 / x, atan": lambda: [RootOfOne(dtype="float32")],
    }


def build_network(trial: Trial) -> Any:
    """A convolution, max pooling and ReLU, the trial's layers, two dense ones."""
    import keras
    from keras import layers

    from hhexp.models.builder import output_layer

    x = images = keras.Input((SIDE, SIDE, 3))
    x = layers.Rescaling(1 / 255, dtype="float32")(x)
    row = [layers.Conv2D(4, 3), layers.MaxPooling2D(), layers.ReLU(), *trial.layers()]
    for layer in [*row, layers.Flatten(), layers.Dense(8, activation="relu")]:
        x = layer(x)
    return keras.Model(images, output_layer(trial.outputs)(x))


def take_steps(trial: Trial, precision: str) -> tuple[str, str]:
    """The SHA-256 of all that a trial's steps gave, and whether its graphs say portable."""
    import keras
    import tensorflow as tf

    from hhexp.augment import build_transform
    from hhexp.config.schema import Augmentation, Optimizer
    from hhexp.training.evaluation import build_evaluator
    from hhexp.training.exact import trace_exactly
    from hhexp.training.optimizer import build_optimizer
    from hhexp.training.portability import check_portability
    from hhexp.training.step import build_training_step

    keras.backend.clear_session()
    keras.config.set_dtype_policy(precision)
    keras.utils.set_random_seed(1)
    random = np.random.default_rng(2)
    images = random.integers(0, 256, (sum(STEPS), SIDE, SIDE, 3)).astype(np.uint8)
    labels = np.arange(sum(STEPS)) % max(2, trial.outputs)
    with trace_exactly():
        model = build_network(trial)
    settings = Optimizer.model_validate(OPTIMIZERS[trial.optimizer])
    optimizer = build_optimizer(settings)
    optimizer.learning_rate = 0.01
    step, evaluate = build_training_step(model, optimizer), build_evaluator(model, batch_size=5)
    seen: Any = images
    if trial.engine:
        aug = Augmentation.model_validate({**RANGES, "engine": trial.engine})
        transform = build_transform(aug.engine, aug, 3, "cpu")
        assert transform is not None
        seen = np.asarray(transform(images, np.arange(len(images)), 1))
    functions = [
        function.get_concrete_function(
            tf.TensorSpec([None, SIDE, SIDE, 3], dtype), tf.TensorSpec([None], labels.dtype)
        )
        for function, dtype in ((step.function, seen.dtype), (evaluate.step, images.dtype))
    ]
    first, second = STEPS
    told = [step(seen[:first], labels[:first]), step(seen[-second:], labels[-second:])]
    answers = evaluate(images, labels)
    variables = [variable.numpy() for variable in (*model.variables, *optimizer.variables)]
    digest = hashlib.sha256(repr(told).encode())
    for array in (seen, *variables, answers.probabilities, answers.losses):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest(), str(check_portability(functions, model))


def main() -> None:
    """Take the steps, and print a line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--isa", default="native")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--precision", default="float32")
    chosen = parser.parse_args()

    from hhexp.experiment.identity import PACKAGES
    from hhexp.training.isa import find_effective
    from hhexp.training.runtime import start_tensorflow

    start_tensorflow(device="cpu", **vars(chosen))
    trials = {trial.name: take_steps(trial, chosen.precision) for trial in list_trials()}
    found = {
        "versions": {name: version(name) for name in PACKAGES},
        "effective": find_effective(chosen.isa),
        "threads": chosen.threads,
        "precision": chosen.precision,
        "hashes": {name: sha256 for name, (sha256, _) in trials.items()},
        "portability": {name: portability for name, (_, portability) in trials.items()},
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
