"""What this hhexp needs to run, of which an older run's packages may lack some."""

from importlib.metadata import PackageNotFoundError, distribution


def find_lacking(names: set[str]) -> dict[str, str]:
    """The packages that hhexp needs, and those that they need, which are not among the names.

    Returns:
        from each one's name to its version here; nothing where hhexp's own needs are not known, as
        it is not installed.
    """
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    lacking: dict[str, str] = {}
    waiting = ["hhexp"]
    while waiting:
        try:
            found = distribution(waiting.pop())
        except PackageNotFoundError:  # it is not here either, and can be done without
            continue
        lacking[str(canonicalize_name(found.name))] = found.version
        for need in map(Requirement, found.requires or ()):
            name = str(canonicalize_name(need.name))
            is_needed = need.marker is None or need.marker.evaluate({"extra": ""})
            if is_needed and name not in names and name not in lacking:
                waiting.append(name)
    lacking.pop("hhexp", None)
    return lacking
