"""The exact versions of all that is installed."""

import functools
import re
from importlib.metadata import distributions


@functools.cache
def list_packages() -> str:
    """A line ``name==version`` for each installed distribution, sorted, as pip freeze has them.

    Names are spelled as the package index does (lower case, hyphens). Where two of a name are
    there, the one that Python imports counts. As they are when a process first asks.
    """
    versions: dict[str, str] = {}
    for distribution in distributions():  # in the order of sys.path
        name = distribution.metadata["Name"]
        if name:  # what a broken installation leaves behind has none
            versions.setdefault(re.sub(r"[-_.]+", "-", name).lower(), distribution.version)
    return "".join(f"{name}=={version}\n" for name, version in sorted(versions.items()))
