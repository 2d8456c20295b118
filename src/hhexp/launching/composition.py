"""What Hydra composes, as jobs; and what it refuses, in one line."""

import re
import shlex
from collections import Counter
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

import yaml
from hydra import compose, initialize_config_module
from hydra.errors import HydraException, OverrideParseException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import MarkedYAMLError

from hhexp.config.catalogue import NOT_A_NAME, Catalogue, read_catalogue
from hhexp.config.check import check, suggest
from hhexp.config.registry import GROUPS
from hhexp.config.schema import Data
from hhexp.config.synonyms import find_meant
from hhexp.errors import UserError
from hhexp.experiment import Job, check_config
from hhexp.launching.composer import Composed
from hhexp.launching.own_options import offer_own_options
from hhexp.tracking.address import without_password

NUMBER = r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?"
COMPOSITION_ERRORS = (HydraException, OmegaConfBaseException, MarkedYAMLError)


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


def compose_data(words: Sequence[str]) -> Data:
    """The data that the words of a command line describe, whatever the model would need.

    Raises:
        UserError: a word is wrong.
    """
    catalogue = offer_own_options(words, read_catalogue())
    check_options(words, catalogue)
    try:
        with initialize_config_module("hhexp.conf", version_base="1.3"):
            config = compose("config", list(words))
        if missing := sorted(OmegaConf.missing_keys(config)):
            raise UserError(f"{missing[0]}: required but not set; write {missing[0]}=…")
        values: Any = OmegaConf.to_container(config, resolve=True)
    except COMPOSITION_ERRORS as error:
        raise explain_refusal(error, catalogue) from error
    return check(values).data


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
    """Check that each word has a key, and each group a value that YAML reads as a string.

    Hydra's own message would not name the key or the group.

    Raises:
        UserError: a key is missing, or a group is given nothing, null, true, false or a number.
    """
    for word in words:
        group, equals, value = word.partition("=")
        if equals and not group.lstrip("+~"):
            raise UserError(f"{word}: there must be a key before the =, such as epochs=15")
        known = group in catalogue.groups or group.partition("/")[0] == "hydra"
        for option in value.split(",") if known and equals else []:
            if not option or re.fullmatch(f"{NOT_A_NAME}|{NUMBER}", option, re.IGNORECASE):
                names = ", ".join(catalogue.groups.get(group, {}))
                hint = f"; available: {names}" if names else ""
                problem = "no such option" if option else "there must be an option after the ="
                meant = find_meant(group, {*catalogue.keys()} - {*catalogue.groups})
                if meant and re.fullmatch(NUMBER, option, re.IGNORECASE):
                    hint = f"; did you mean {meant}={option}? Available for {group}: {names}"
                raise UserError(f"{group}={option}: {problem}{hint}")


def explain_refusal(error: Exception, catalogue: Catalogue) -> UserError:
    """Say in one line what Hydra, OmegaConf or YAML refused."""
    text = str(error)
    if isinstance(error.__cause__, UserError):  # of what Hydra has called
        return UserError(str(error.__cause__))
    if isinstance(error, MarkedYAMLError) and (mark := error.problem_mark):
        return UserError(f"{mark.name}: not valid YAML: line {mark.line + 1}: {error.problem}")
    if isinstance(error, OverrideParseException):
        return UserError(_explain_unreadable(error.override))
    if isinstance(error, OmegaConfBaseException) and error.full_key:
        reason = text.partition("\n")[0].rpartition("resolving interpolation: ")[2].strip('"')
        return UserError(f"{error.full_key}: {reason}")
    if found := re.search(r"Could not override '([^']+)'", text):
        key = found.group(1)
        new = re.search(r"Key '([^']+)' is not in struct", str(error.__cause__))
        if new and isinstance(_find_default(key, catalogue), dict):
            return UserError(f"{key}: to add the key {new[1]}, write +{key}.{new[1]}=…")
        if launcher := _find_launcher(key):
            return UserError(f"{key}: {launcher}")
        if having := _find_options(key, catalogue):
            return UserError(f"{key}: this key exists only with {having}")
        meant = find_meant(key, catalogue.keys())
        hint = f"; did you mean {meant}=…?" if meant else suggest(key, catalogue.keys())
        return UserError(f"{key}: no such key or group{hint}")
    if found := re.search(r"Could not find '([^']+)/([^'/]+)'", text):
        group, option = found.groups()
        block = text.partition("Available options in")[2].partition("Config search path")[0]
        options = re.findall(r"\n\t(\S+)", block)
        hint = suggest(option, options)
        if "available" not in hint:
            hint += f"; available: {', '.join(options)}"
        if group in GROUPS:
            hint += " (if it is your own, name its module: modules=[my_module])"
        return UserError(f"{group}={option}: no such option{hint}")
    if found := re.search(r"Ambiguous value for argument '([^']+)'", text):
        word = found.group(1)
        key, _, value = word.partition("=")
        quoted = shlex.quote(f'{key}="{value}"')
        return UserError(
            f"{word}: several values need a sweep: add -m (in Python, call hhexp.sweep); or put "
            f"quotes around one with commas: {quoted}"
        )
    return UserError("the command line: " + " ".join(text.partition("\nSee ")[0].split()))


def _explain_unreadable(override: str) -> str:
    """What to do about a word that Hydra's grammar cannot read, such as a path with spaces."""
    key, equals, value = override.partition("=")
    if not equals:
        return f"{override}: not of the form key=value"
    if value.endswith('\\"'):
        return f"{key}: {value} cannot be read: double the backslash at the end"
    if '"' in value or re.match(r"[\[{'$]|\w+\([^)]*$", value):
        return f"{key}: {value} cannot be read: close all brackets and quotes"
    quoted = f'{key}="{value}"'
    return f"{key}: put quotes around the value: {shlex.quote(quoted)}"


def _find_default(key: str, catalogue: Catalogue) -> object:
    """The value of a group's key in the first option that has it; None where none has."""
    group, _, name = key.partition(".")
    options = catalogue.groups.get(group, {}).values()
    return next((option.keys[name][0] for option in options if name in option.keys), None)


def _find_launcher(key: str) -> str:
    """The launcher whose section a key is in, with its keys; empty where none has it."""
    name = key.partition(".")[0]
    file = files("hhexp.conf") / "hydra/launcher" / f"{name}.yaml"
    if not file.is_file():
        return ""
    section = yaml.safe_load(file.read_text("utf-8")).get(name) or {}
    keys = ", ".join(f"{name}.{each}" for each in section)
    return f"only hydra/launcher={name} has such keys: {keys}"


def _find_options(key: str, catalogue: Catalogue) -> str:
    """The options that have a key, such as ``lr=cosine``; empty where none has it."""
    group, _, name = key.partition(".")
    options = catalogue.groups.get(group, {}).values()
    return " or ".join(f"{group}={option.name}" for option in options if name in option.keys)
