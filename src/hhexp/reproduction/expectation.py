"""What to expect of a reproduction before it is trained: exact numbers, or why not for sure."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from hhexp.experiment.identity import PACKAGES
from hhexp.provenance import FOLDER
from hhexp.reproduction.record import Record
from hhexp.reproduction.retrain import Reproduction

NAMES = {
    "Intel": "intel",
    "AMD": r"\b(authentic)?amd\b|epyc|ryzen|opteron",
    "Hygon": "hygon",
    "Zhaoxin": "zhaoxin|centaur",
    "Apple": "apple",
}
"""Patterns of what is in a CPU's name, by its vendor; AMD64 alone names the kind of machine."""
FLAGS = {
    "Intel": {"vmx", "hle", "rtm", "mpx", "amx_tile", "dtes64", "pdcm"},
    "AMD": {"svm", "sse4a", "misalignsse", "mmxext", "3dnowext", "fxsr_opt"},
}
"""Flags that CPUs of one vendor have, where the name does not say (as in some virtual machines)."""
SHOWN = 3
"""Reasons that are listed."""


def list_reasons(reproduction: Reproduction) -> list[str]:
    """Why the numbers may not come back exactly; empty where they should."""
    return [*reproduction.moved, *_compare_machines(reproduction)]


def describe_expectation(reproduction: Reproduction) -> list[str]:
    """What can be expected, why, and what to do about it, in a few lines."""
    reasons = list_reasons(reproduction)
    if not reasons:
        return [
            f"Nothing that affects the numbers has changed, and {_say_where(reproduction)}: the "
            "numbers should come back exactly."
        ]
    said = "The numbers may not come back exactly"
    if _is_code(reasons):
        said = "The numbers come back exactly if the changed code does not affect them"
    lines = [f"{said}: {_shorten(reasons)}."]
    if any(part.startswith(f"{name} ") for part in reasons for name in PACKAGES):
        lines.append("For the recorded versions: --packages recorded")
    if any(part.startswith("source hhexp/") for part in reasons):
        lines.append("For the recorded code: --code recorded")
    return lines


def explain_difference(reproduction: Reproduction) -> str:
    """Why numbers may not have come back exactly, after they did not."""
    reasons = list_reasons(reproduction)
    if not reasons:
        return "Nothing on record explains the difference."
    cause = "The changed code may be the cause" if _is_code(reasons) else "A possible cause"
    return f"{cause}: {_shorten(reasons)}."


def is_portable(record: Record) -> bool | None:
    """Whether a run has the same bits on every vendor's CPUs; None where nobody has looked."""
    if "portability" in record.identity:
        return False
    return record.portability.portable if record.portability else None


def find_vendor(machine: Mapping[str, Any]) -> str | None:
    """The vendor of the CPU that a ``machine.json`` describes; None where it does not say."""
    name = str(machine.get("cpu", ""))
    for vendor, pattern in NAMES.items():
        if re.search(pattern, name, re.IGNORECASE):
            return vendor
    flags = set(machine.get("cpu_flags") or ())
    found = [vendor for vendor, own in FLAGS.items() if flags & own]
    return found[0] if len(found) == 1 else None


def _compare_machines(reproduction: Reproduction) -> list[str]:
    """Why the machine that is here may give other numbers, though the identity is the same."""
    record = reproduction.record
    then = json.loads(record.files.get("machine.json", "{}"))
    now = json.loads(reproduction.provenance[f"{FOLDER}/machine.json"])
    if record.identity.get("device") == "gpu":
        return _compare_gpus(then, now)
    if is_portable(record):
        return []
    before, after = find_vendor(then), find_vendor(now)
    if before is None or after is None:
        which = "it was trained on" if before is None else "of this machine"
        return [f"the vendor of the CPU {which} is not known"]
    if before != after:
        return [f"recorded on {_add_article(before)} CPU, this is {after}"]
    return []


def _compare_gpus(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Whether the GPUs, with their drivers, are not surely the same."""
    before, after = (", ".join(each.get("gpus") or ["not known"]) for each in (then, now))
    same = before == after != "not known"
    return [] if same else [f"recorded on the GPU {before}, this is {after}"]


def _say_where(reproduction: Reproduction) -> str:
    """What about the machine lets the numbers come back."""
    if reproduction.record.identity.get("device") == "gpu":
        return "the GPU is of the same model"
    if is_portable(reproduction.record):
        return "the run is portable"
    return "the CPU is of the same vendor"


def _is_code(reasons: Sequence[str]) -> bool:
    """Whether nothing but code differs; a changed comment, for one, affects no number."""
    return all(reason.startswith("source ") for reason in reasons)


def _shorten(reasons: Sequence[str]) -> str:
    shown = "; ".join(reasons[:SHOWN])
    return f"{shown}; and {len(reasons) - SHOWN} more" if len(reasons) > SHOWN else shown


def _add_article(name: str) -> str:
    return f"{'an' if name[0] in 'AEIOU' else 'a'} {name}"
