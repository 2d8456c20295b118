"""What a run must record so that it can be trained again elsewhere, a year later.

Everything here is text, and each file can be read by itself.
"""

from hhexp.provenance.collection import FOLDER, collect, list_files
from hhexp.provenance.sources import list_own_sources

__all__ = ["FOLDER", "collect", "list_files", "list_own_sources"]
