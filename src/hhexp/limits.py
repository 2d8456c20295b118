"""Limits on what other people's files may take up, each raised by a variable of the environment.

They are no keys of the configuration: a run's record has that, and so could raise them.
"""

import os
from dataclasses import dataclass

from hhexp.errors import UserError


@dataclass(frozen=True)
class Limit:
    """The most that is taken of something."""

    variable: str
    """The variable that sets another number."""
    default: int
    unit: str
    scale: int = 1
    """How many of what is counted make a unit."""

    @property
    def most(self) -> int:
        """The most that may be there, in what is counted.

        Raises:
            UserError: the variable is not a whole number.
        """
        return self._units * self.scale

    @property
    def _units(self) -> int:
        text = os.environ.get(self.variable) or str(self.default)
        if not (text.isascii() and text.isdigit()):
            raise UserError(f"{self.variable}={text}: must be a whole number of {self.unit}")
        return int(text)

    def check(self, found: int, what: str) -> None:
        """Check a number before anything is made of that size.

        Args:
            found: how many there are, or at least.
            what: which thing it is, for the message.

        Raises:
            UserError: there are too many.
        """
        if found > self.most:
            units = found / self.scale
            shown = f"{units:,.3g}" if units < 1000 else f"{units:,.0f}"
            raise UserError(
                f"{what}: too large: {shown} {self.unit}; the limit is {self._units:,}: "
                f"to raise it, set {self.variable}"
            )


IMAGE_PIXELS = Limit("HHEXP_MAX_MEGAPIXELS", 50, "megapixels", 10**6)
"""Of an image; decoding takes a dozen bytes a pixel, on each core at the same time."""
IMAGE_BYTES = Limit("HHEXP_MAX_IMAGE_MB", 256, "MB", 10**6)
"""Of an image's file, which is read as a whole."""
TEXT_BYTES = Limit("HHEXP_MAX_TEXT_MB", 64, "MB", 10**6)
"""Of a text of a record or a study."""
YAML_BYTES = Limit("HHEXP_MAX_YAML_MB", 4, "MB", 10**6)
"""Of a text in YAML, of which PyYAML reads about 0.15 MB a second."""
YAML_VALUES = Limit("HHEXP_MAX_YAML_VALUES", 100_000, "values")
"""In a text in YAML with aliases, each counted wherever an alias puts it."""
MODEL_BYTES = Limit("HHEXP_MAX_MODEL_MB", 2000, "MB", 10**6)
"""Of what a model from a store takes up: its weights, and its layers' results for one image."""
ANSWERS_BYTES = Limit("HHEXP_MAX_ANSWERS_MB", 500, "MB", 10**6)
"""Of a run's answers to the validation images in all its epochs, unpacked."""
DOWNLOAD_BYTES = Limit("HHEXP_MAX_DOWNLOAD_MB", 1000, "MB", 10**6)
"""Of a file from the network."""
UNPACKED_BYTES = Limit("HHEXP_MAX_UNPACKED_MB", 4000, "MB", 10**6)
"""Of all that is in an archive."""
UNPACKED_FILES = Limit("HHEXP_MAX_FILES", 100_000, "files")
"""In an archive."""
RATIO = Limit("HHEXP_MAX_RATIO", 100, "times its own size")
"""How many times as large as the archive what is in it may be."""
RUNS = Limit("HHEXP_MAX_RUNS", 10_000, "runs")
"""Of a sweep or a study's grid."""
EPOCHS = Limit("HHEXP_MAX_EPOCHS", 100_000, "epochs")
"""Of a metric in a store: all epochs up to the last are kept in memory."""
