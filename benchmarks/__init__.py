"""The project's speed in ratios, against the plain Keras program in ``yardstick``."""
