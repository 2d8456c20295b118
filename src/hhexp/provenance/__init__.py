"""What a run has to keep of itself so that it can be trained again elsewhere, a year later.

Everything here is text, and each file can be read by itself.
"""

from hhexp.provenance.collection import FOLDER, collect

__all__ = ["FOLDER", "collect"]
