"""What Hydra composes, as jobs; and what it refuses, in one line."""

import re
import shlex
from collections import Counter
from collections.abc import Sequence
from typing import Any

from hydra.errors import HydraException, OverrideParseException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from hhexp.config.catalogue import Catalogue
from hhexp.config.check import suggest
from hhexp.errors import UserError
from hhexp.experiment import Job, check_config
from hhexp.launching.composer import Composed
from hhexp.tracking.store import without_password

COMPOSITION_ERRORS = (HydraException, OmegaConfBaseException)


def make_job(composed: Composed, key: str | None = None) -> Job:
    """Make the job that a composed configuration describes.

    Args:
        composed: the configuration, with the overrides and the options taken.
        key: what tells the job from the others of its sweep; its own overrides by default.

    Raises:
        UserError: a key is missing or wrong, or the store's address has a password.
    """
    values: Any = composed.config
    if missing := composed.find_missing():
        raise UserError(f"{missing[0]}: required but not set; write {missing[0]}=…")
    if not isinstance(values, dict):
        values = OmegaConf.to_container(values, resolve=True)
    tracking = values.get("tracking")
    uri = tracking.get("uri") if isinstance(tracking, dict) else None
    if isinstance(uri, str) and without_password(uri) != uri:
        raise UserError(
            "tracking.uri: contains a password, which would be logged with the run; "
            "remove it, and set MLFLOW_TRACKING_URI instead"
        )
    key = key or " ".join(composed.overrides) or "defaults"
    return Job(key, check_config(values), composed.overrides, composed.choices)


def name_jobs(overrides: list[list[str]]) -> list[str]:
    """Give each of a sweep's jobs a key: the overrides that not all jobs share.

    Keys are unique: a job that is asked for twice is counted.
    """
    shared = set(overrides[0]).intersection(*overrides) if len(overrides) > 1 else set()
    seen: Counter[str] = Counter()
    keys = []
    for job in overrides:
        key = " ".join(o for o in job if o not in shared) or " ".join(job) or "defaults"
        seen[key] += 1
        keys.append(key if seen[key] == 1 else f"{key} ({seen[key]})")
    return keys


def check_options(words: Sequence[str], catalogue: Catalogue) -> None:
    """Check that no group is given a value that YAML does not read as a string.

    Hydra's own message would not name the group.

    Raises:
        UserError: one is given null, true, false or a number.
    """
    for word in words:
        group, _, value = word.partition("=")
        for option in value.split(",") if group in catalogue.groups else []:
            if re.fullmatch(r"null|true|false|[-+]?[\d.]+", option, re.IGNORECASE):
                names = ", ".join(catalogue.groups[group])
                raise UserError(f"{group}={option}: no such option; available: {names}")


def explain_refusal(error: Exception, catalogue: Catalogue) -> UserError:
    """Say in one line what Hydra or OmegaConf refused."""
    text = str(error)
    if isinstance(error, OverrideParseException):
        return UserError(_explain_unreadable(error.override))
    if isinstance(error, OmegaConfBaseException) and error.full_key:
        reason = text.partition("\n")[0].rpartition("resolving interpolation: ")[2].strip('"')
        return UserError(f"{error.full_key}: {reason}")
    if found := re.search(r"Could not override '([^']+)'", text):
        key = found.group(1)
        if having := _find_options(key, catalogue):
            return UserError(f"{key}: this key exists only with {having}")
        return UserError(f"{key}: no such key or group{suggest(key, catalogue.keys())}")
    if found := re.search(r"Could not find '([^']+)/([^'/]+)'", text):
        group, option = found.groups()
        block = text.partition("Available options in")[2].partition("Config search path")[0]
        options = re.findall(r"\n\t(\S+)", block)
        hint = suggest(option, options)
        if "available" not in hint:
            hint += f"; available: {', '.join(options)}"
        return UserError(f"{group}={option}: no such option{hint}")
    if found := re.search(r"Ambiguous value for argument '([^']+)'", text):
        return UserError(f"{found.group(1)}: several values need a sweep: add -m")
    return UserError("the command line: " + " ".join(text.partition("\nSee ")[0].split()))


def _explain_unreadable(override: str) -> str:
    """What to do about a word that Hydra's grammar cannot read, such as a path with spaces."""
    key, equals, value = override.partition("=")
    if not equals:
        return f"{override}: not of the form key=value"
    if '"' in value or re.match(r"[\[{'$]|\w+\([^)]*$", value):
        return f"{key}: {value} cannot be read: close all brackets and quotes"
    quoted = f'{key}="{value}"'
    return f"{key}: put quotes around the value: {shlex.quote(quoted)}"


def _find_options(key: str, catalogue: Catalogue) -> str:
    """The options that have a key, such as ``lr=cosine``; empty where none has it."""
    group, _, name = key.partition(".")
    options = catalogue.groups.get(group, {}).values()
    return " or ".join(f"{group}={option.name}" for option in options if name in option.keys)
