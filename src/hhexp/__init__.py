"""hhexp: training questions answered with evidence."""

__version__ = "0.1.0"
