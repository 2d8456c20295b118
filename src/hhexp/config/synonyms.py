"""What keys are called in other tools, and here."""

from collections.abc import Collection

SYNONYMS = {
    "augment": "aug",
    "augmentation": "aug",
    "batch": "batch_size",
    "bs": "batch_size",
    "classifier": "model",
    "criterion": "loss",
    "dataset": "data",
    "early_stopping": "stopping.patience",
    "image_dir": "data.root",
    "iters": "epochs",
    "learning_rate": "lr.value",
    "lr": "lr.value",
    "network": "model",
    "random_state": "seed",
    "scheduler": "lr",
    "tracking_uri": "tracking.uri",
}
"""From the last part of a key to the key here."""


def find_meant(key: str, keys: Collection[str]) -> str:
    """The key that someone who writes ``key`` means; empty where it is not known.

    Args:
        key: dotted, such as ``optimizer.lr``, or a flag without its dashes, such as ``batch-size``.
        keys: all that there are.
    """
    written = key.replace("-", "_").lower()
    if written in keys:
        return written
    last = written.rpartition(".")[2]
    meant = SYNONYMS.get(last, "")
    if meant in keys:
        return meant
    same = [each for each in keys if each.rpartition(".")[2] == last]
    return same[0] if len(same) == 1 else ""
