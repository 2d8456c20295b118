"""Files that cannot be used: all of a data set are named at once."""

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path

from hhexp.atomic import replace_file
from hhexp.data.cache import cache_folder
from hhexp.errors import UserError
from hhexp.limits import IMAGE_PIXELS

NAMED = 10
"""Bad files that a message names."""


class BadFilesError(UserError):
    """Files that cannot be read or decoded."""

    def __init__(self, bad: Mapping[str, str]) -> None:
        """Name them.

        Args:
            bad: from each file's path in the data set to a line that names it and says why.
        """
        self.bad = dict(bad)
        lines = list(bad.values())
        said = "; ".join(lines[:NAMED])
        if len(lines) == 1:
            super().__init__(f"{said} (data.skip_bad=true leaves it out)")
            return
        more = f"; and {len(lines) - NAMED:,} more" if len(lines) > NAMED else ""
        super().__init__(
            f"{len(lines):,} files cannot be used: {said}{more} "
            "(data.skip_bad=true leaves them out)"
        )


def keep_bad(name: str, error: BadFilesError) -> None:
    """Keep which files of a data set cannot be decoded, so that nobody tries it again.

    Args:
        name: of the decoded data set's folder.
        error: names them.
    """
    file = _name_file(name)
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        with replace_file(file) as unfinished:
            unfinished.write_text(json.dumps(error.bad), encoding="utf-8")


def recall_bad(name: str) -> None:
    """Say again what is known of a data set.

    Raises:
        BadFilesError: it has files that cannot be decoded.
    """
    with contextlib.suppress(OSError, ValueError, AttributeError):
        bad = json.loads(_name_file(name).read_text(encoding="utf-8"))
        raise BadFilesError({str(path): str(why) for path, why in bad.items()})


def _name_file(name: str) -> Path:
    """Where it is kept; a limit on images decides on bad ones too."""
    return cache_folder() / "bad" / f"{name}-{IMAGE_PIXELS.most}.json"
