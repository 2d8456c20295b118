"""The yardstick: the plain Keras program that people write for Horses or Humans.

    python yardstick.py DATA [--augment] [--epochs 15] [--side 300] [--in-turn]

It stands alone. TensorFlow is left at its defaults: no oneDNN variable, no pinned threads, no
determinism. It prints the seconds of each epoch as a line of JSON. With ``--in-turn`` an epoch
begins when a line comes in.
"""

import argparse
import json
import sys
import time
from pathlib import Path


def main() -> None:
    """Train and validate for some epochs."""
    from tensorflow import keras

    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--augment", action="store_true")
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--side", type=int, default=300)
    parser.add_argument("--in-turn", action="store_true")
    options = parser.parse_args()
    side = options.side

    layers, image = keras.layers, keras.preprocessing.image
    model = keras.Sequential(
        [
            keras.Input((side, side, 3)),
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(512, activation="relu"),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.RMSprop(learning_rate=0.001),
        loss="binary_crossentropy",
        metrics=["accuracy"],
    )
    transforms = {}
    if options.augment:
        transforms = {
            "rotation_range": 40,
            "width_shift_range": 0.2,
            "height_shift_range": 0.2,
            "shear_range": 0.2,
            "zoom_range": 0.2,
            "horizontal_flip": True,
            "fill_mode": "nearest",
        }
    training = image.ImageDataGenerator(rescale=1 / 255, **transforms).flow_from_directory(
        options.data / "train", target_size=(side, side), batch_size=32, class_mode="binary"
    )
    validation = image.ImageDataGenerator(rescale=1 / 255).flow_from_directory(
        options.data / "validation", target_size=(side, side), batch_size=32, class_mode="binary"
    )

    started = 0.0

    def begin(epoch: int, logs: object) -> None:
        nonlocal started
        if options.in_turn:
            sys.stdin.readline()
        started = time.perf_counter()

    def end(epoch: int, logs: object) -> None:
        print(json.dumps({"value": time.perf_counter() - started}), flush=True)

    clock = keras.callbacks.LambdaCallback(on_epoch_begin=begin, on_epoch_end=end)
    model.fit(
        training, epochs=options.epochs, validation_data=validation, callbacks=[clock], verbose=2
    )


if __name__ == "__main__":
    main()
