"""What a study had registered before its runs: its question, plan and claims, on a run of its own.

Each registration is a run of the kind ``study``. Its artifact ``registered.json`` has the SHA-256
that its tag says. A study whose file has changed is registered anew, beside what it was before.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hhexp import __version__
from hhexp.analysis.results import Results
from hhexp.analysis.study import Study
from hhexp.experiment.identity import list_differences
from hhexp.experiment.job import flatten
from hhexp.reading import parse_json
from hhexp.tracking.answers import read_answers
from hhexp.tracking.artifacts import read_text
from hhexp.tracking.query import find_matching
from hhexp.tracking.run import TrackedRun
from hhexp.tracking.store import Store
from hhexp.tracking.tags import COMMAND, KIND, STUDY, STUDY_SHA256, VERSION, tag_equals

ARTIFACT = "registered.json"
MOST_NAMED = 6
"""Changes that a note names."""


@dataclass(frozen=True)
class Registration:
    """What a study was when it first trained, or trained after a change."""

    run_id: str
    when: datetime
    """In UTC."""
    sha256: str
    answers: list[str]
    """The IDs of the runs that it trained or reused, the last ones last."""


def find_registrations(store: Store, name: str) -> list[Registration]:
    """A study's registrations, the oldest first."""
    quoted = name.replace("'", "")  # which MLflow's search language cannot escape
    found = find_matching(store, f"{tag_equals(KIND, 'study')} AND {tag_equals(STUDY, quoted)}")
    return [
        Registration(run.run_id, run.start, run.tags.get(STUDY_SHA256, ""), read_answers(run))
        for run in found
    ]


def register(store: Store, experiment: str, study: Study) -> TrackedRun:
    """The run of a study: the last one again, or a new one where the study is new or has changed.

    Raises:
        UserError: the store cannot be used.
    """
    text = write_registered(study)
    sha256 = compute_sha256(text)
    known = find_registrations(store, study.name)
    if known and known[-1].sha256 == sha256:
        return TrackedRun.resume(store, known[-1].run_id)
    tags = {
        VERSION: __version__,
        KIND: "study",
        STUDY: study.name.replace("'", ""),
        STUDY_SHA256: sha256,
        COMMAND: study.command,
    }
    run = TrackedRun.start(store, experiment, f"study {study.name}", None, tags)
    run.log_text(text, ARTIFACT)
    return run


def write_registered(study: Study) -> str:
    """What is registered of a study, as the text whose SHA-256 is taken."""
    return json.dumps(study.registered, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def compute_sha256(text: str) -> str:
    """The SHA-256 of a text in UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()


def describe_registration(results: Results) -> list[str]:
    """When a study was registered and what was changed since, one sentence each."""
    study = results.study
    if study is None:
        return []
    found = find_registrations(results.store, study.name)
    if not found:
        return ["The study's claims and plan were not registered in this store before its runs."]
    texts = [read_text(results.store, each.run_id, ARTIFACT) for each in found]
    notes = [_describe_first(results, found[0])]
    for number in range(1, len(found)):
        before = _count_before(results, found[number].when)
        what = _list_changes(texts[number - 1], texts[number])
        notes.append(f"Changed on {_say_time(found[number].when)}, after {before}: {what}.")
    for each, text in zip(found, texts, strict=True):
        if text is None or compute_sha256(text) != each.sha256:
            notes.append(
                f"The registration of {_say_time(each.when)} ({each.run_id[:8]}) was edited or is "
                "damaged: its SHA-256 is another."
            )
    if (now := write_registered(study)) != texts[-1]:
        notes.append(f"Changed since, and not registered: {_list_changes(texts[-1], now)}.")
    elif len(found) == 1:
        notes[0] += f", unchanged since (SHA-256 {found[0].sha256[:16]}…)."
        return notes
    notes[0] += "."
    return notes


def _describe_first(results: Results, first: Registration) -> str:
    """When a study was registered, and whether that was before its runs."""
    earlier = [result for result in results.all if result.run.start < first.when]
    told = f"Registered on {_say_time(first.when)}"
    if not earlier:
        return f"{told}, before the first {'of these runs' if results.sweep else 'run'}"
    return f"{told}, after {_count_before(results, first.when)}"


def _count_before(results: Results, when: datetime) -> str:
    """How many of a study's runs had been started by then."""
    count = sum(result.run.start < when for result in results.all)
    return f"{count} of its {len(results.all)} runs had been started"


def _say_time(when: datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M} UTC"


def _list_changes(before: str | None, after: str | None) -> str:
    """What differs between two registered texts."""
    changes = list_differences(_flatten(before), _flatten(after))
    rest = len(changes) - MOST_NAMED
    listed = "; ".join(changes[:MOST_NAMED]) or "nothing that is registered"
    return f"{listed}; and {rest} more" if rest > 0 else listed


def _flatten(text: str | None) -> dict[str, Any]:
    """What was registered under dotted keys, claims by their names."""
    try:
        content = parse_json(text or "{}")
    except ValueError:
        return {}
    return flatten(_name_parts(content)) if isinstance(content, dict) else {}


def _name_parts(content: Any) -> Any:
    """Lists of mappings as mappings, by the names in them or their numbers."""
    if isinstance(content, Mapping):
        return {key: _name_parts(value) for key, value in content.items()}
    if isinstance(content, Sequence) and content and isinstance(content[0], Mapping):
        return {str(each.get("name", n)): _name_parts(each) for n, each in enumerate(content)}
    return content
